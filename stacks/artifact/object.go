package artifact

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// tailSize is how much of an object's end one request reads. It usually covers
// the directory of a zip.
const tailSize = 2 << 20

// object reads an object in S3 as an [io.ReaderAt]. It keeps the object's end,
// which has the directory of a zip.
type object struct {
	ctx    context.Context //nolint:containedctx // the object lives for one check
	client *s3.Client
	bucket string
	zipSource
	etag *string
	size int64

	tail  []byte
	fault error // the first one of S3
}

// ReadAt implements io.ReaderAt.
func (o *object) ReadAt(into []byte, offset int64) (int, error) {
	if offset >= o.size {
		return 0, io.EOF
	}
	if o.tail == nil {
		o.tail = make([]byte, min(tailSize, o.size))
		if err := o.read(o.tail, o.size-int64(len(o.tail))); err != nil {
			return 0, err
		}
	}
	requested := into[:min(int64(len(into)), o.size-offset)]
	if start := o.size - int64(len(o.tail)); offset >= start {
		copy(requested, o.tail[offset-start:])
	} else if err := o.read(requested, offset); err != nil {
		return 0, err
	}
	if len(requested) < len(into) {
		return len(requested), io.EOF
	}
	return len(requested), nil
}

// read fills into from the version of the object that was opened.
func (o *object) read(into []byte, offset int64) (err error) {
	defer func() {
		if o.fault == nil {
			o.fault = err
		}
	}()
	got, err := o.client.GetObject(o.ctx, &s3.GetObjectInput{
		Bucket: &o.bucket, Key: &o.key, VersionId: optional(o.version), IfMatch: o.etag,
		Range: aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+int64(len(into))-1)),
	})
	if err != nil {
		return err
	}
	defer got.Body.Close()
	_, err = io.ReadFull(got.Body, into)
	return err
}

// save writes the whole object.
func (o *object) save(to io.Writer) error {
	got, err := o.client.GetObject(o.ctx, &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.key, VersionId: optional(o.version), IfMatch: o.etag})
	if err != nil {
		return err
	}
	defer got.Body.Close()
	_, err = io.Copy(to, got.Body)
	return err
}
