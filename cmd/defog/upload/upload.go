// Package upload uploads the zips of package pack to a bucket, from which the app
// deploys a function.
package upload

import (
	"archive/zip"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Options are the input of [Run].
type Options struct {
	Bucket  string
	Prefix  string // of the keys, before the version; "" is Name
	Version string // in the keys; "" is a hash of the zips
	DistDir string // folder of the zips
	Name    string // prefix of the zips' names

	Progress func(message string) // receives progress messages
}

// Object is a zip in the bucket.
type Object struct {
	Key     string
	Version string // of the object, in a bucket with versions
	Existed bool   // whether the object existed with the same content
}

// Result holds the uploaded objects.
type Result struct {
	Bucket       string
	Dist         Object
	Dependencies *Object // nil without a dependencies zip
}

// archive is a zip on this machine.
type archive struct {
	path   string
	size   int64
	sha256 string
}

// abortTimeout limits the removal of the parts of an incomplete upload, also after
// an interrupt.
const abortTimeout = 10 * time.Second

// hashField is the name of the SHA-256 in an object's metadata. S3 stores no such
// checksum of an object that was uploaded in parts.
const hashField = "sha256"

var (
	validBucket = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	validKey    = regexp.MustCompile(`^[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*$`)
)

// Run uploads both zips below ‹prefix›/‹version›/. It keeps an existing object with
// the same content, and returns an error for one with other content.
func Run(ctx context.Context, client *s3.Client, o Options) (*Result, error) {
	o.Prefix = cmp.Or(strings.Trim(o.Prefix, "/"), o.Name)
	dist, dependencies, err := o.check()
	if err != nil {
		return nil, err
	}
	if o.Version == "" {
		sum := sha256.Sum256([]byte(dist.sha256 + hashOf(dependencies)))
		o.Version = hex.EncodeToString(sum[:8])
	}
	result := &Result{Bucket: o.Bucket}
	// The dependencies come first: they exist when the dist zip does.
	if dependencies != nil {
		object, err := o.put(ctx, client, dependencies)
		if err != nil {
			return nil, err
		}
		result.Dependencies = &object
	}
	result.Dist, err = o.put(ctx, client, dist)
	if err != nil {
		return nil, err
	}
	return result, nil
}

// check returns the zips, or all problems of the options.
func (o *Options) check() (dist, dependencies *archive, err error) {
	var problems []error
	if !validBucket.MatchString(o.Bucket) {
		problems = append(problems, fmt.Errorf("--bucket: %q is not a valid name; want 3 to 63 lower-case letters, digits, dots and hyphens", o.Bucket))
	}
	for _, part := range [][2]string{{"--prefix", o.Prefix}, {"--version", cmp.Or(o.Version, "1")}} {
		if !validKey.MatchString(part[1]) {
			problems = append(problems, fmt.Errorf("%s: %q is not valid in a key; want letters, digits, the characters !_.*'()- and slashes between them", part[0], part[1]))
		}
	}
	dist, err = readArchive(filepath.Join(o.DistDir, o.Name+"_dist.zip"))
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; run defog pack first, with the same --dist-dir and --name", err)
	}
	problems = append(problems, err)
	dependencies, err = readArchive(filepath.Join(o.DistDir, o.Name+"_deps.zip"))
	if !errors.Is(err, fs.ErrNotExist) {
		problems = append(problems, err)
	}
	return dist, dependencies, errors.Join(problems...)
}

func readArchive(path string) (*archive, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if _, err := zip.NewReader(file, size); err != nil {
		return nil, fmt.Errorf("%s: is not a zip: %w", path, err)
	}
	return &archive{path, size, hex.EncodeToString(sum.Sum(nil))}, nil
}

func hashOf(a *archive) string {
	if a == nil {
		return ""
	}
	return a.sha256
}

// put uploads a zip unless the object exists.
func (o *Options) put(ctx context.Context, client *s3.Client, a *archive) (Object, error) {
	key := strings.Join([]string{o.Prefix, o.Version, filepath.Base(a.path)}, "/")
	location := fmt.Sprintf("s3://%s/%s", o.Bucket, key)
	existing, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &o.Bucket, Key: &key})
	switch status := statusOf(err); {
	case err == nil && existing.Metadata[hashField] == a.sha256 && aws.ToInt64(existing.ContentLength) == a.size:
		o.Progress(location + " exists")
		return Object{Key: key, Version: aws.ToString(existing.VersionId), Existed: true}, nil
	case err == nil:
		return Object{}, o.taken(location)
	case status != http.StatusNotFound && status != http.StatusForbidden: // S3 answers 403 without s3:ListBucket
		return Object{}, o.explain(location, err)
	}
	file, err := os.Open(a.path)
	if err != nil {
		return Object{}, err
	}
	defer file.Close()
	manager := transfermanager.New(client, func(options *transfermanager.Options) {
		options.FailTimeout = abortTimeout
		options.ObjectProgressListeners.Register(&listener{location: location, size: a.size, progress: o.Progress})
	})
	output, err := manager.UploadObject(ctx, &transfermanager.UploadObjectInput{
		Bucket: &o.Bucket, Key: &key, Body: file,
		IfNoneMatch:       aws.String("*"), // never overwrites an object
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ContentType:       aws.String("application/zip"),
		Metadata:          map[string]string{hashField: a.sha256},
	})
	if err != nil {
		return Object{}, o.explain(location, err)
	}
	return Object{Key: key, Version: aws.ToString(output.VersionID)}, nil
}

func (o *Options) taken(location string) error {
	return fmt.Errorf("%s exists with other content and is unchanged; want another --version or --prefix", location)
}

// explain adds the remedy to an error of S3.
func (o *Options) explain(location string, err error) error {
	var response *smithyhttp.ResponseError
	var api smithy.APIError
	switch status := statusOf(err); {
	case status == http.StatusPreconditionFailed || status == http.StatusConflict:
		return o.taken(location)
	case status == http.StatusMovedPermanently && errors.As(err, &response):
		return fmt.Errorf("%s: the bucket is in region %s; want that region as --region, and for the deployment", location, response.Response.Header.Get("X-Amz-Bucket-Region"))
	case status == http.StatusForbidden:
		return fmt.Errorf("%s: access denied; the caller needs s3:PutObject, and s3:GetObject to compare existing objects: %w", location, err)
	case errors.As(err, &api) && api.ErrorCode() == "NoSuchBucket":
		return fmt.Errorf("%s: the bucket does not exist", location)
	}
	return fmt.Errorf("upload %s: %w", location, err)
}

func statusOf(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// listener reports the progress of an upload, in tenths.
type listener struct {
	location string
	size     int64
	progress func(string)
	reported atomic.Int64
}

// OnObjectBytesTransferred implements the interface of the transfer manager.
func (l *listener) OnObjectBytesTransferred(_ context.Context, event *transfermanager.ObjectBytesTransferredEvent) {
	tenth := event.BytesTransferred * 10 / max(l.size, 1)
	if before := l.reported.Load(); tenth > before && l.reported.CompareAndSwap(before, tenth) {
		l.progress(fmt.Sprintf("%s: %d %%", l.location, tenth*10))
	}
}
