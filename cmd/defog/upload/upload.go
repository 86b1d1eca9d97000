// Package upload puts the zips that pack has made into a bucket, from where a
// function is deployed.
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

// Options say what to upload, and where to.
type Options struct {
	Bucket  string
	Prefix  string // before the version; "" is Name
	Version string // "" is made of the zips' content
	DistDir string // where the zips are
	Name    string // what their names begin with

	Progress func(string) // is told how far it is
}

// Object is a zip in the bucket.
type Object struct {
	Key     string
	Version string // of the object, in a bucket that keeps versions
	Existed bool   // with the same content, from an earlier upload
}

// Result is where the zips are.
type Result struct {
	Bucket       string
	Dist         Object
	Dependencies *Object // nil if there are none
}

// archive is a zip on this machine.
type archive struct {
	path   string
	size   int64
	sha256 string
}

// abortTimeout is how long it may take, after a Ctrl-C too, to remove from the
// bucket the parts of what was not uploaded in full.
const abortTimeout = 10 * time.Second

// The name, in an object's metadata, of its SHA-256. S3 keeps no such checksum of
// an object that came in parts.
const hashField = "sha256"

var (
	validBucket = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	validKey    = regexp.MustCompile(`^[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*$`)
)

// Run uploads both zips below ‹prefix›/‹version›/. An object that is there
// already is left alone if it is the same, and an error if it is another.
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
	// The dependencies first: who sees the dist finds them there.
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

// check returns the zips, or every problem at once.
func (o *Options) check() (dist, dependencies *archive, err error) {
	var problems []error
	if !validBucket.MatchString(o.Bucket) {
		problems = append(problems, fmt.Errorf("--bucket: %q is no name of a bucket; valid: 3 to 63 lower-case letters, digits, dots and hyphens", o.Bucket))
	}
	for _, part := range [][2]string{{"--prefix", o.Prefix}, {"--version", cmp.Or(o.Version, "1")}} {
		if !validKey.MatchString(part[1]) {
			problems = append(problems, fmt.Errorf("%s: %q; valid: letters, digits, the characters !_.*'()- and slashes between them", part[0], part[1]))
		}
	}
	dist, err = readArchive(filepath.Join(o.DistDir, o.Name+"_dist.zip"))
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: run defog pack first, with the same --dist-dir and --name", err)
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
		return nil, fmt.Errorf("%s is no zip: %w", path, err)
	}
	return &archive{path, size, hex.EncodeToString(sum.Sum(nil))}, nil
}

func hashOf(a *archive) string {
	if a == nil {
		return ""
	}
	return a.sha256
}

// put uploads a zip, unless it is there.
func (o *Options) put(ctx context.Context, client *s3.Client, a *archive) (Object, error) {
	key := strings.Join([]string{o.Prefix, o.Version, filepath.Base(a.path)}, "/")
	where := fmt.Sprintf("s3://%s/%s", o.Bucket, key)
	there, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &o.Bucket, Key: &key})
	switch status := statusOf(err); {
	case err == nil && there.Metadata[hashField] == a.sha256 && aws.ToInt64(there.ContentLength) == a.size:
		o.Progress(where + " is there already")
		return Object{Key: key, Version: aws.ToString(there.VersionId), Existed: true}, nil
	case err == nil:
		return Object{}, o.taken(where)
	case status != http.StatusNotFound && status != http.StatusForbidden: // 403 without the right to list, too
		return Object{}, o.explain(where, err)
	}
	file, err := os.Open(a.path)
	if err != nil {
		return Object{}, err
	}
	defer file.Close()
	manager := transfermanager.New(client, func(options *transfermanager.Options) {
		options.FailTimeout = abortTimeout
		options.ObjectProgressListeners.Register(&listener{where: where, size: a.size, progress: o.Progress})
	})
	output, err := manager.UploadObject(ctx, &transfermanager.UploadObjectInput{
		Bucket: &o.Bucket, Key: &key, Body: file,
		IfNoneMatch:       aws.String("*"), // never over another object
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ContentType:       aws.String("application/zip"),
		Metadata:          map[string]string{hashField: a.sha256},
	})
	if err != nil {
		return Object{}, o.explain(where, err)
	}
	return Object{Key: key, Version: aws.ToString(output.VersionID)}, nil
}

func (o *Options) taken(where string) error {
	return fmt.Errorf("%s is there already, with other content, and is left as it is: name another --version or --prefix", where)
}

// explain says what to do about an answer of S3's.
func (o *Options) explain(where string, err error) error {
	var response *smithyhttp.ResponseError
	var api smithy.APIError
	switch status := statusOf(err); {
	case status == http.StatusPreconditionFailed || status == http.StatusConflict:
		return o.taken(where)
	case status == http.StatusMovedPermanently && errors.As(err, &response):
		return fmt.Errorf("%s: the bucket is in the region %s: use --region, and deploy there", where, response.Response.Header.Get("X-Amz-Bucket-Region"))
	case status == http.StatusForbidden:
		return fmt.Errorf("%s: access denied: the caller needs s3:PutObject there, and s3:GetObject to see what is there already: %w", where, err)
	case errors.As(err, &api) && api.ErrorCode() == "NoSuchBucket":
		return fmt.Errorf("%s: there is no such bucket", where)
	}
	return fmt.Errorf("upload %s: %w", where, err)
}

func statusOf(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// listener tells of an upload's progress, in tenths.
type listener struct {
	where    string
	size     int64
	progress func(string)
	said     atomic.Int64
}

// OnObjectBytesTransferred implements transfermanager's interface.
func (l *listener) OnObjectBytesTransferred(_ context.Context, event *transfermanager.ObjectBytesTransferredEvent) {
	tenth := event.BytesTransferred * 10 / max(l.size, 1)
	if before := l.said.Load(); tenth > before && l.said.CompareAndSwap(before, tenth) {
		l.progress(fmt.Sprintf("%s: %d %%", l.where, tenth*10))
	}
}
