package dependencies

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// transfer is how an object is fetched. Together its buffers are what an
// extraction needs of memory.
type transfer struct {
	tail  int64 // bytes of the first request, the object's last
	piece int64 // bytes of every other request
	ahead int   // pieces that are in memory or on their way
	span  int64 // bytes that one worker takes at a time, or a little more
}

// orDefault fills in what measurements chose. Two MiB hold the members' list
// of most zips, pieces of four MiB hide S3's time to the first byte, and six
// of them keep two CPUs inflating.
func (t transfer) orDefault() transfer {
	if t == (transfer{}) {
		return transfer{tail: 2 << 20, piece: 4 << 20, ahead: 6, span: 1 << 20}
	}
	return t
}

const (
	// stalled is how long a request may bring no byte before it is given up
	// and made again.
	stalled = 5 * time.Second

	// attempts is how often one range is asked for.
	attempts = 10

	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// source reads one object, the same version of it throughout.
type source struct {
	s3       S3
	object   Object
	transfer transfer
	log      *slog.Logger

	// What open finds out.
	region string // the bucket's, where it is not the client's
	etag   string
	size   int64
	tail   []byte // the object's last bytes
}

// tailStart is the offset of the object's bytes that are in memory.
func (s *source) tailStart() int64 { return s.size - int64(len(s.tail)) }

// open asks for the object's tail, and so for its size and ETag.
func (s *source) open(ctx context.Context) error {
	return s.retry(ctx, func(ctx context.Context, alive func()) error {
		tail := fmt.Sprintf("bytes=-%d", s.transfer.tail)
		out, err := s.get(ctx, tail, nil)
		if region := bucketRegion(err); region != "" && s.region == "" {
			s.region = region
			s.log.InfoContext(ctx, "the dependencies' bucket is in another region", "object", s.object.String(), "region", region)
			out, err = s.get(ctx, tail, nil)
		}
		if err != nil {
			return err
		}
		defer out.Body.Close()
		start, size, err := contentRange(out)
		if err != nil {
			return err
		}
		if size-start > s.transfer.tail || aws.ToString(out.ETag) == "" {
			return &FetchError{Cause: errors.New("the server ignores byte ranges or sends no ETag")}
		}
		s.etag, s.size, s.tail = *out.ETag, size, make([]byte, size-start)
		_, err = readFull(out.Body, s.tail, alive)
		return err
	})
}

// fill reads the object's bytes from offset on into buf. After a fault it
// goes on where it was.
func (s *source) fill(ctx context.Context, offset int64, buf []byte) error {
	return s.retry(ctx, func(ctx context.Context, alive func()) error {
		out, err := s.get(ctx, fmt.Sprintf("bytes=%d-%d", offset, offset+int64(len(buf))-1), &s.etag)
		if err != nil {
			return err
		}
		defer out.Body.Close()
		start, size, err := contentRange(out)
		if err != nil {
			return err
		}
		if size != s.size || aws.ToString(out.ETag) != s.etag {
			return errChanged
		}
		if start != offset {
			return &FetchError{Cause: fmt.Errorf("asked for bytes from %d on, got them from %d on", offset, start)}
		}
		n, err := readFull(out.Body, buf, alive)
		offset, buf = offset+int64(n), buf[n:]
		return err
	})
}

func (s *source) get(ctx context.Context, byteRange string, ifMatch *string) (*s3.GetObjectOutput, error) {
	input := &s3.GetObjectInput{Bucket: &s.object.Bucket, Key: &s.object.Key, Range: &byteRange, IfMatch: ifMatch}
	if s.object.VersionID != "" {
		input.VersionId = &s.object.VersionID
	}
	return s.s3.GetObject(ctx, input, func(o *s3.Options) {
		o.Retryer = aws.NopRetryer{} // retry sees requests and bodies alike
		o.DisableLogOutputChecksumValidationSkipped = true
		o.Region = cmp.Or(s.region, o.Region)
	})
}

// contentRange returns where the answer's body begins in the object, and the
// object's size.
func contentRange(out *s3.GetObjectOutput) (start, size int64, err error) {
	if out.ContentRange == nil { // the whole object
		return 0, aws.ToInt64(out.ContentLength), nil
	}
	var last int64
	_, err = fmt.Sscanf(*out.ContentRange, "bytes %d-%d/%d", &start, &last, &size)
	switch {
	case err == nil && size == 0: // S3 answers 416; others do this
		return 0, 0, errEmpty
	case err != nil || start < 0 || start > last || last >= size:
		return 0, 0, &FetchError{Cause: fmt.Errorf("content range %q makes no sense", *out.ContentRange)}
	default:
		return start, size, nil
	}
}

// bodyError is a fault in the middle of an answer.
type bodyError struct{ error }

func (e bodyError) Unwrap() error { return e.error }

// readFull fills buf and says alive after each read.
func readFull(body io.Reader, buf []byte, alive func()) (n int, err error) {
	for n < len(buf) {
		read, err := body.Read(buf[n:])
		n += read
		alive()
		if n < len(buf) && err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return n, bodyError{fmt.Errorf("read the answer's body: %w", err)}
		}
	}
	return n, nil
}

// retry makes attempts, ten at most, until one succeeds, fails for good, or
// ctx ends. An attempt that says alive too seldom is cut off and counts as a fault.
func (s *source) retry(ctx context.Context, attempt func(ctx context.Context, alive func()) error) error {
	for count := 1; ; count++ {
		err := watch(ctx, attempt)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("fetch from S3: %w", ctx.Err())
		}
		if count == attempts || !transient(err) {
			return asOurs(err)
		}
		s.log.WarnContext(ctx, "fetching dependencies again", "object", s.object.String(), "attempt", count, "error", err)
		pause := min(firstPause<<(count-1), lastPause)
		pause = pause/2 + rand.N(pause/2)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("fetch from S3: %w after %w", ctx.Err(), err)
		}
	}
}

var errStalled = fmt.Errorf("S3 sent nothing for %s", stalled)

func watch(ctx context.Context, attempt func(ctx context.Context, alive func()) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(stalled, func() { cancel(errStalled) })
	defer watchdog.Stop()
	err := attempt(ctx, func() { watchdog.Reset(stalled) })
	if err != nil && errors.Is(context.Cause(ctx), errStalled) {
		return bodyError{errStalled}
	}
	return err
}

// transient leaves it to the SDK which of its errors are worth another try.
func transient(err error) bool {
	if _, ok := errors.AsType[bodyError](err); ok {
		return true
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool()
}

func asOurs(err error) error {
	if _, ok := errors.AsType[*RefusedError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*FetchError](err); ok {
		return err
	}
	return fetchError(err)
}
