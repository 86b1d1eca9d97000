package stacks

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// tailSize is how much of an object's end is read at once. It usually holds a
// zip's whole directory.
const tailSize = 2 << 20

// object is an object in S3 as an [io.ReaderAt]. It keeps its end, where a zip's
// directory is.
type object struct {
	ctx    context.Context //nolint:containedctx // it lives for one look
	client *s3.Client
	bucket string
	source
	etag *string
	size int64

	tail  []byte
	fault error // the first that S3 gave
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
	wanted := into[:min(int64(len(into)), o.size-offset)]
	if start := o.size - int64(len(o.tail)); offset >= start {
		copy(wanted, o.tail[offset-start:])
	} else if err := o.read(wanted, offset); err != nil {
		return 0, err
	}
	if len(wanted) < len(into) {
		return len(wanted), io.EOF
	}
	return len(wanted), nil
}

// read fills into from the object as it was when it was opened.
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

// save writes all of the object.
func (o *object) save(to io.Writer) error {
	got, err := o.client.GetObject(o.ctx, &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.key, VersionId: optional(o.version), IfMatch: o.etag})
	if err != nil {
		return err
	}
	defer got.Body.Close()
	_, err = io.Copy(to, got.Body)
	return err
}
