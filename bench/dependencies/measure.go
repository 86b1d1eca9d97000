package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"defog-cdk/lambda/dependencies"
)

// The ways to get from S3 to files.
const (
	wayUnzip    = "download, unzip, delete"
	wayStandard = "download, archive/zip, delete"
	wayOurs     = "lambda/dependencies"
)

// result is what one process measured.
type result struct {
	Seconds float64 // until the files are there
	Warm    float64 // seconds of a second call; 0 where there is none
	Peak    int     // bytes of memory at most; 0 where the system does not tell
}

func (r result) warm() string {
	if r.Warm == 0 {
		return "-"
	}
	return time.Duration(r.Warm * float64(time.Second)).Round(10 * time.Microsecond).String()
}

// measure goes one way and prints the result as JSON.
func measure(ctx context.Context, way, endpoint, directory, hash string) error {
	if err := os.MkdirAll(directory, 0o750); err != nil {
		return fmt.Errorf("make the directory: %w", err)
	}
	var r result
	start := time.Now()
	var err error
	switch way {
	case wayUnzip:
		err = old(ctx, endpoint, directory, unzip)
	case wayStandard:
		err = old(ctx, endpoint, directory, unzipByStandardLibrary)
	default:
		r.Warm, err = ours(ctx, endpoint, directory, hash)
	}
	if err != nil {
		return err
	}
	r.Seconds = time.Since(start).Seconds() - r.Warm
	r.Peak = peak()
	return json.NewEncoder(os.Stdout).Encode(r)
}

func ours(ctx context.Context, endpoint, directory, hash string) (warm float64, err error) {
	e := dependencies.Extractor{
		S3: s3.New(s3.Options{
			Region: "eu-central-1", BaseEndpoint: &endpoint, UsePathStyle: true, Credentials: aws.AnonymousCredentials{},
		}),
		Directory: directory,
		MaxBytes:  4 << 30,
	}
	object := dependencies.Object{Bucket: "bench", Key: "dependencies.zip", SHA256: hash}
	if _, err := e.Ready(ctx, object); err != nil {
		return 0, err
	}
	start := time.Now()
	_, err = e.Ready(ctx, object)
	return time.Since(start).Seconds(), err
}

// old downloads the zip by one request, as PODPAC's handler does, and deletes
// it in the end.
func old(ctx context.Context, endpoint, directory string, extract func(ctx context.Context, name, directory string) error) error {
	name := filepath.Join(directory, "dependencies.zip")
	if err := download(ctx, endpoint+"/bench/dependencies.zip", name); err != nil {
		return fmt.Errorf("download: %w", err)
	}
	if err := extract(ctx, name, directory); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	return os.Remove(name)
}

func download(ctx context.Context, url, name string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return writeFile(name, response.Body)
}

func unzip(ctx context.Context, name, directory string) error {
	return exec.CommandContext(ctx, "unzip", "-q", name, "-d", directory).Run()
}

func unzipByStandardLibrary(_ context.Context, name, directory string) error {
	r, err := zip.OpenReader(name)
	if err != nil {
		return err
	}
	defer r.Close()
	for _, member := range r.File {
		in, err := member.Open()
		if err != nil {
			return err
		}
		to := filepath.Join(directory, filepath.FromSlash(member.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
			return err
		}
		if err := writeFile(to, in); err != nil {
			return err
		}
		in.Close()
	}
	return nil
}

func writeFile(name string, from io.Reader) error {
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, from); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

var highWater = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// peak returns the most memory that this process has had, where Linux says.
func peak() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	if found := highWater.FindStringSubmatch(string(status)); found != nil {
		kB, _ := strconv.Atoi(strings.TrimSpace(found[1]))
		return kB << 10
	}
	return 0
}
