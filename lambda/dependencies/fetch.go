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

// transfer holds the sizes of requests and buffers. They determine the memory of
// an extraction.
type transfer struct {
	tail  int64 // bytes of the first request, at the object's end
	piece int64 // bytes of each other request
	ahead int   // pieces in memory or in transit
	span  int64 // minimum bytes of a worker's unit of work
}

// orDefault returns sizes chosen by measurement. Two MiB hold the members' list
// of most zips. Pieces of four MiB hide S3's time to the first byte, and six of
// them keep two CPUs busy.
func (t transfer) orDefault() transfer {
	if t == (transfer{}) {
		return transfer{tail: 2 << 20, piece: 4 << 20, ahead: 6, span: 1 << 20}
	}
	return t
}

const (
	// stallTime is the timeout of a request that returns no byte. The request is
	// then repeated.
	stallTime = 5 * time.Second

	// attempts is the limit of requests for one range.
	attempts = 10

	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// source reads one version of one object.
type source struct {
	s3       S3
	object   Object
	transfer transfer
	log      *slog.Logger

	// Set by open.
	region string // of the bucket, if it differs from the client's
	etag   string
	size   int64
	tail   []byte // the object's last bytes
}

// tailStart returns the offset of tail in the object.
func (s *source) tailStart() int64 { return s.size - int64(len(s.tail)) }

// open requests the object's tail, and with it the size and the ETag.
func (s *source) open(ctx context.Context) error {
	return s.retry(ctx, func(ctx context.Context, alive func()) error {
		tail := fmt.Sprintf("bytes=-%d", s.transfer.tail)
		out, err := s.get(ctx, tail, nil)
		if region := bucketRegion(err); region != "" && s.region == "" {
			s.region = region
			s.log.InfoContext(ctx, "the bucket of the dependencies is in another region", "object", s.object.String(), "region", region)
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

// fill reads len(buf) bytes at offset into buf. A retry resumes after the last
// byte received.
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
			return &FetchError{Cause: fmt.Errorf("requested bytes at %d, received bytes at %d", offset, start)}
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
		o.Retryer = aws.NopRetryer{} // source.retry covers the body too
		o.DisableLogOutputChecksumValidationSkipped = true
		o.Region = cmp.Or(s.region, o.Region)
	})
}

// contentRange returns the offset of the response's body in the object, and the
// object's size.
func contentRange(out *s3.GetObjectOutput) (start, size int64, err error) {
	if out.ContentRange == nil { // the whole object
		return 0, aws.ToInt64(out.ContentLength), nil
	}
	var last int64
	_, err = fmt.Sscanf(*out.ContentRange, "bytes %d-%d/%d", &start, &last, &size)
	switch {
	case err == nil && size == 0: // of servers that do not answer 416 as S3 does
		return 0, 0, errEmpty
	case err != nil || start < 0 || start > last || last >= size:
		return 0, 0, &FetchError{Cause: fmt.Errorf("content range %q is invalid", *out.ContentRange)}
	default:
		return start, size, nil
	}
}

// bodyError is an error within a response's body.
type bodyError struct{ error }

func (e bodyError) Unwrap() error { return e.error }

// readFull fills buf and calls alive after each read.
func readFull(body io.Reader, buf []byte, alive func()) (n int, err error) {
	for n < len(buf) {
		read, err := body.Read(buf[n:])
		n += read
		alive()
		if n < len(buf) && err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return n, bodyError{fmt.Errorf("read the response's body: %w", err)}
		}
	}
	return n, nil
}

// retry repeats attempt after transient errors, up to the limit and until ctx
// ends. An attempt must call alive at least every stallTime, or it is canceled,
// which counts as a transient error.
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
			return convert(err)
		}
		s.log.WarnContext(ctx, "retrying a request for dependencies", "object", s.object.String(), "attempt", count, "error", err)
		pause := min(firstPause<<(count-1), lastPause)
		pause = pause/2 + rand.N(pause/2)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("fetch from S3: %w after %w", ctx.Err(), err)
		}
	}
}

var errStalled = fmt.Errorf("no data from S3 for %s", stallTime)

func watch(ctx context.Context, attempt func(ctx context.Context, alive func()) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(stallTime, func() { cancel(errStalled) })
	defer watchdog.Stop()
	err := attempt(ctx, func() { watchdog.Reset(stallTime) })
	if err != nil && errors.Is(context.Cause(ctx), errStalled) {
		return bodyError{errStalled}
	}
	return err
}

// transient reports whether a retry may succeed: after a bodyError, or after an
// error that the SDK would retry.
func transient(err error) bool {
	if _, ok := errors.AsType[bodyError](err); ok {
		return true
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool()
}

// convert returns errors of this package unchanged, and converts the SDK's.
func convert(err error) error {
	if _, ok := errors.AsType[*RefusedError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*FetchError](err); ok {
		return err
	}
	return fetchError(err)
}
