package results

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
)

// errIncomplete aborts the upload of an answer that ended early.
var errIncomplete = errors.New("the answer was not read to its end")

// Object is the upload of one answer. The bucket holds nothing before Start,
// and nothing unless Finish is called with complete set.
type Object struct {
	store *Store
	ctx   context.Context // of the question; io.Writer has no parameter for it
	until time.Time
	key   string

	text *io.PipeWriter // receives the JSON rows; nil before Start
	done chan struct{}  // closed at the end of the upload
	rows int
	err  error
}

// Object returns the object <prefix>/<name>.csv. The upload is aborted at until,
// so that time remains to encode the response.
func (s *Store) Object(ctx context.Context, name string, until time.Time) *Object {
	return &Object{store: s, ctx: ctx, until: until, key: s.Prefix + "/" + name + ".csv"}
}

// Start begins the upload and returns the writer for the rows, one JSON array
// of arrays. Writes fail after the upload has failed and after the deadline.
func (o *Object) Start(columns []string) io.Writer {
	text, converted := io.Pipe()
	body, upload := io.Pipe()
	o.text, o.done = converted, make(chan struct{})
	tooLate := time.AfterFunc(time.Until(o.until), func() {
		o.text.CloseWithError(fmt.Errorf("%w in time", errIncomplete))
	})
	go func() {
		rows, err := writeCSV(upload, columns, text)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // EOF would end the upload without an error
		}
		o.rows = rows
		upload.CloseWithError(err)
		text.CloseWithError(err)
	}()
	go func() {
		defer close(o.done)
		defer tooLate.Stop()
		_, o.err = o.store.uploader.UploadObject(o.ctx, &transfermanager.UploadObjectInput{
			Bucket:      &o.store.Bucket,
			Key:         &o.key,
			Body:        body,
			ContentType: aws.String("text/csv; charset=utf-8"),
		})
		body.CloseWithError(o.err)
	}()
	return o.text
}

// Finish ends the upload and returns a link to the object. It returns nil if
// Start was not called. If complete is false, it aborts the upload and returns
// nil.
func (o *Object) Finish(complete bool) (*Link, error) {
	if o.text == nil {
		return nil, nil
	}
	if !complete {
		o.text.CloseWithError(errIncomplete)
	}
	o.text.Close()
	<-o.done
	switch {
	case !complete:
		return nil, nil
	case o.err != nil:
		return nil, fmt.Errorf("upload the answer to s3://%s/%s: %w", o.store.Bucket, o.key, o.err)
	}
	return o.store.link(o.ctx, o.key, o.rows)
}
