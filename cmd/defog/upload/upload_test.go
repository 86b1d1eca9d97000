package upload

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// bucket is a fake of S3 for objects in one part. The end-to-end tests upload to a
// local AWS.
type bucket struct {
	objects map[string]*http.Request // by path, with their headers
	refuse  func(http.ResponseWriter, *http.Request) bool
	puts    int
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if b.refuse != nil && b.refuse(w, r) {
		return
	}
	existing := b.objects[r.URL.Path]
	switch {
	case r.Method == http.MethodHead && existing == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodHead:
		w.Header().Set("X-Amz-Meta-Sha256", existing.Header.Get("X-Amz-Meta-Sha256"))
		w.Header().Set("Content-Length", existing.Header.Get("X-Amz-Decoded-Content-Length"))
	case r.Method == http.MethodPut && existing != nil && r.Header.Get("If-None-Match") == "*":
		w.WriteHeader(http.StatusPreconditionFailed)
	case r.Method == http.MethodPut:
		data, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		if r.Header.Get("X-Amz-Decoded-Content-Length") == "" {
			r.Header.Set("X-Amz-Decoded-Content-Length", fmt.Sprint(len(data)))
		}
		b.puts++
		b.objects[r.URL.Path] = r
	default:
		w.WriteHeader(http.StatusNotImplemented)
	}
}

func newBucket(t *testing.T) (*bucket, *s3.Client) {
	t.Helper()
	b := &bucket{objects: map[string]*http.Request{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return b, s3.New(s3.Options{
		BaseEndpoint: &server.URL, UsePathStyle: true, Region: "eu-central-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
}

func options(t *testing.T, files ...string) Options {
	t.Helper()
	folder := t.TempDir()
	for _, name := range files {
		writeZip(t, filepath.Join(folder, name), 100)
	}
	return Options{Bucket: "my-bucket", DistDir: folder, Name: "shop", Progress: func(about string) { t.Log(about) }}
}

func writeZip(t *testing.T, path string, size int) {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	member, err := archive.Create("noise")
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, size)
	rand.New(rand.NewSource(int64(size))).Read(noise)
	if _, err := member.Write(noise); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRunUploadsBelowTheVersion(t *testing.T) {
	b, client := newBucket(t)
	o := options(t, "shop_dist.zip", "shop_deps.zip")
	first, err := Run(t.Context(), client, o)
	if err != nil {
		t.Fatal(err)
	}
	version := strings.Split(first.Dist.Key, "/")[1]
	if len(version) != 16 || first.Dist.Key != "shop/"+version+"/shop_dist.zip" || first.Dependencies.Key != "shop/"+version+"/shop_deps.zip" {
		t.Errorf("got %+v and %+v", first.Dist, first.Dependencies)
	}
	put := b.objects["/my-bucket/"+first.Dist.Key]
	if put == nil || put.Header.Get("X-Amz-Sdk-Checksum-Algorithm") != "SHA256" || put.Header.Get("X-Amz-Server-Side-Encryption") != "" {
		t.Errorf("got %+v", put)
	}

	again, err := Run(t.Context(), client, o)
	if err != nil || b.puts != 2 || !again.Dist.Existed || again.Dist.Key != first.Dist.Key {
		t.Errorf("%d uploads, %+v, %v; want no upload", b.puts, again, err)
	}

	writeZip(t, filepath.Join(o.DistDir, "shop_deps.zip"), 200)
	changed, err := Run(t.Context(), client, o)
	if err != nil || b.puts != 4 || changed.Dist.Key == first.Dist.Key {
		t.Errorf("%d uploads, %+v, %v; want another version of both", b.puts, changed, err)
	}
}

func TestRunUploadsADistWithoutDependencies(t *testing.T) {
	_, client := newBucket(t)
	o := options(t, "shop_dist.zip")
	o.Prefix, o.Version = "/team/shop/", "1.0"
	result, err := Run(t.Context(), client, o)
	if err != nil || result.Dependencies != nil || result.Dist.Key != "team/shop/1.0/shop_dist.zip" {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestRunDoesNotOverwriteAnotherObject(t *testing.T) {
	b, client := newBucket(t)
	o := options(t, "shop_dist.zip")
	o.Version = "1.0"
	if _, err := Run(t.Context(), client, o); err != nil {
		t.Fatal(err)
	}
	writeZip(t, filepath.Join(o.DistDir, "shop_dist.zip"), 200)
	want := "s3://my-bucket/shop/1.0/shop_dist.zip exists with other content"
	if _, err := Run(t.Context(), client, o); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	// The caller cannot read the object, or another caller uploads at the same time.
	b.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusForbidden)
		}
		return r.Method == http.MethodHead
	}
	if _, err := Run(t.Context(), client, o); err == nil || !strings.Contains(err.Error(), want) || b.puts != 1 {
		t.Errorf("%d uploads, %v", b.puts, err)
	}
}

func TestErrorsOfS3HaveARemedy(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusMovedPermanently: "the bucket is in region ap-south-1; want that region as --region",
		http.StatusForbidden:        "access denied; the caller needs s3:PutObject",
		http.StatusNotFound:         "the bucket does not exist",
		http.StatusBadRequest:       "upload s3://my-bucket/shop/",
	} {
		b, client := newBucket(t)
		b.refuse = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("X-Amz-Bucket-Region", "ap-south-1")
			w.WriteHeader(status)
			if status == http.StatusNotFound && r.Method == http.MethodPut {
				fmt.Fprint(w, "<Error><Code>NoSuchBucket</Code></Error>")
			}
			return true
		}
		if _, err := Run(t.Context(), client, options(t, "shop_dist.zip")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: got %v, want %q", status, err, want)
		}
	}
}

func TestRunReportsAllInvalidOptions(t *testing.T) {
	_, client := newBucket(t)
	o := options(t)
	o.Bucket, o.Prefix, o.Version = "My_Bucket", "a b", "1//2"
	if err := os.WriteFile(filepath.Join(o.DistDir, "shop_deps.zip"), []byte("no zip"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), client, o)
	if err == nil {
		t.Fatal("want an error")
	}
	for _, want := range []string{"--bucket", "--prefix", "--version", "shop_dist.zip", "run defog pack first", "shop_deps.zip: is not a zip"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q in it", err, want)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	_, client := newBucket(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, client, options(t, "shop_dist.zip")); err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("got %v", err)
	}
}
