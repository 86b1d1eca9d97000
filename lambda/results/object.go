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

// errIncomplete ends the upload of an answer that did not come to its end.
var errIncomplete = errors.New("the answer was not read to its end")

// Object is one answer on its way into the bucket. Nothing is there before
// Start, and nothing of it if Finish is not told that the answer is complete.
type Object struct {
	store *Store
	ctx   context.Context // of the question, which an io.Writer cannot be told
	until time.Time
	key   string

	text *io.PipeWriter // the JSON rows, to be converted; nil before Start
	done chan struct{}  // closed when the upload has ended
	rows int
	err  error
}

// Object returns the object for the answer of that name. Rows that come after
// until are too late: the rest of the question's time is for what is left to
// do.
func (s *Store) Object(ctx context.Context, name string, until time.Time) *Object {
	return &Object{store: s, ctx: ctx, until: until, key: s.Prefix + "/" + name + ".csv"}
}

// Start begins the upload of rows with these columns, and returns where they
// go, as the text of one JSON array of arrays. The writer fails once the upload
// has failed or it is too late.
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
			err = io.ErrUnexpectedEOF // EOF itself would end the upload well
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

// Finish ends the upload and returns where the answer is. It returns nil if
// Start was never called, and if complete is false, when the object is not
// made.
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
		return nil, fmt.Errorf("store the answer in s3://%s/%s: %w", o.store.Bucket, o.key, o.err)
	}
	return o.store.link(o.ctx, o.key, o.rows)
}
