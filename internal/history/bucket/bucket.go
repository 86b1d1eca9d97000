// Package bucket keeps history and feedback in S3.
package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"defog-cdk/internal/history"
)

// maxObject is the limit of an object, in bytes. A statement has a megabyte at most.
const maxObject = 16 << 20

// Bucket is a bucket with history. It implements history.Source.
type Bucket struct {
	Client *s3.Client
	Name   string
}

// Write replaces the object of a record or of feedback.
func (b Bucket) Write(ctx context.Context, key string, content []byte) error {
	_, err := b.Client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.Name, Key: &key, Body: bytes.NewReader(content), ContentType: aws.String("application/x-ndjson"),
	})
	if err != nil {
		return fmt.Errorf("write s3://%s/%s: %w", b.Name, key, err)
	}
	return nil
}

// Read implements history.Source.
func (b Bucket) Read(ctx context.Context, key string) (content []byte, err error) {
	object, err := b.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.Name, Key: &key})
	if err == nil {
		defer object.Body.Close()
		content, err = io.ReadAll(io.LimitReader(object.Body, maxObject))
	}
	if hasStatus(err, http.StatusNotFound) {
		err = errors.Join(fs.ErrNotExist, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read s3://%s/%s: %w", b.Name, key, err)
	}
	return content, nil
}

// IsDenied reports whether S3 denied access. Without the right to list the bucket, it
// also denies access to an object that does not exist.
func IsDenied(err error) bool { return hasStatus(err, http.StatusForbidden) }

func hasStatus(err error, status int) bool {
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && response.HTTPStatusCode() == status
}

// List implements history.Source.
func (b Bucket) List(ctx context.Context, prefix, after string) (keys []string, err error) {
	pages := s3.NewListObjectsV2Paginator(b.Client, &s3.ListObjectsV2Input{Bucket: &b.Name, Prefix: &prefix, StartAfter: &after})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list s3://%s/%s: %w", b.Name, prefix, err)
		}
		for _, object := range page.Contents {
			keys = append(keys, *object.Key)
		}
	}
	return keys, nil
}

var _ history.Source = Bucket{}
