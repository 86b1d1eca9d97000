package dependencies

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"
)

// status fails the requests for whose number chosen returns true. A retry has
// another number.
func status(code int, name string, chosen func(int) bool) fault {
	return func(number int, w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) {
		if chosen(number) {
			failure(w, code, name)
			return nil, true
		}
		return w, false
	}
}

func fifth(number int) bool { return number%5 == 1 }

func always(int) bool { return true }

func TestExtractRetriesTransientErrors(t *testing.T) {
	content, want := big(4)
	for name, f := range map[string]fault{
		"500":       status(http.StatusInternalServerError, "InternalError", fifth),
		"503":       status(http.StatusServiceUnavailable, "SlowDown", fifth),
		"throttled": status(http.StatusBadRequest, "RequestTimeout", fifth),
		"reset before the header": func(number int, w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) {
			if fifth(number) {
				panic(http.ErrAbortHandler)
			}
			return w, false
		},
		"reset in the middle": func(number int, w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) {
			if fifth(number) {
				return &cut{w, 100 * number}, false
			}
			return w, false
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, content)
			s.inject(f)
			if diff := cmp.Diff(want, tree(t, extracted(t, s.extractor(t), object(content)))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestRetryResumesInterruptedBody(t *testing.T) {
	content, _ := big(5)
	s := serve(t, content)
	s.inject(func(_ int, w http.ResponseWriter, r *http.Request) (http.ResponseWriter, bool) {
		if r.Header.Get("Range") == "bytes=8192-16383" {
			return &cut{w, 5000}, false
		}
		return w, false
	})
	extracted(t, s.extractor(t), object(content))
	if ranges := strings.Join(s.received(), " "); !strings.Contains(ranges, "bytes=13192-16383") {
		t.Errorf("requested %s", ranges)
	}
}

func TestExtractReportsPermanentErrors(t *testing.T) {
	content, _ := big(6)
	tests := map[string]struct {
		fault    fault
		want     string
		requests int
	}{
		"403":       {status(http.StatusForbidden, "AccessDenied", always), "check that the function's role allows s3:GetObject", 1},
		"no key":    {status(http.StatusNotFound, "NoSuchKey", always), "check the key", 1},
		"no bucket": {status(http.StatusNotFound, "NoSuchBucket", always), "check the bucket's name", 1},
		"version":   {status(http.StatusNotFound, "NoSuchVersion", always), "check the object's version", 1},
		"deleted":   {status(http.StatusMethodNotAllowed, "MethodNotAllowed", always), "delete marker", 1},
		"region":    {status(http.StatusMovedPermanently, "PermanentRedirect", always), "check the region", 1},
		"no ranges": {func(_ int, w http.ResponseWriter, r *http.Request) (http.ResponseWriter, bool) {
			r.Header.Del("Range")
			return w, false
		}, "ignores byte ranges", 1},
		"odd range": {func(_ int, w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) {
			w.Header().Set("Content-Range", "bytes 7-3/9")
			w.WriteHeader(http.StatusPartialContent)
			return nil, true
		}, "is invalid", 1},
		"forbidden later": {status(http.StatusForbidden, "AccessDenied", func(n int) bool { return n > 1 }), "check that the function's role", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, content)
			s.inject(test.fault)
			e := s.extractor(t)
			_, err := e.Extract(t.Context(), object(content))
			if _, ok := errors.AsType[*FetchError](err); !ok || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v; want a *FetchError with %q", err, test.want)
			}
			if text := err.Error(); !strings.Contains(text, "s3://assets/deps/v1.zip") || strings.Contains(text, "\n") || strings.Contains(text, secretKey) {
				t.Errorf("error is not one line with the object and without secrets: %q", text)
			}
			if got := len(s.received()); test.requests != 0 && got != test.requests {
				t.Errorf("%d requests, want %d", got, test.requests)
			}
			requireOnlyLock(t, e)
		})
	}
}

// requireOnlyLock fails the test if the directory holds anything but the lock.
func requireOnlyLock(t *testing.T, e *Extractor) {
	t.Helper()
	if diff := cmp.Diff(map[string]string{".lock": "-rw------- "}, tree(t, e.Directory)); diff != "" {
		t.Errorf("left behind: -want +got\n%s", diff)
	}
}

func TestExtractRefusesChangingObject(t *testing.T) {
	content, _ := big(7)
	other, _ := big(8)
	for name, ignoreIfMatch := range map[string]bool{"412": false, "another ETag": true} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, content)
			s.inject(func(number int, w http.ResponseWriter, r *http.Request) (http.ResponseWriter, bool) {
				if number == 3 {
					s.put(other)
				}
				if ignoreIfMatch {
					r.Header.Del("If-Match")
				}
				return w, false
			})
			e := s.extractor(t)
			_, err := e.Extract(t.Context(), object(content))
			if _, ok := errors.AsType[*RefusedError](err); !ok || !strings.Contains(err.Error(), "changed while it was read") {
				t.Errorf("error %v", err)
			}
			requireOnlyLock(t, e)
		})
	}
}

func TestExtractRefusesOtherHash(t *testing.T) {
	gap := func(gap string) []byte {
		return zipOf(entry{name: "a", data: strings.Repeat("x", 9000), gap: gap}, entry{name: "b", data: strings.Repeat("y", 9000)})
	}
	content := gap("between members")
	for name, other := range map[string][]byte{"large": content, "small": zipOf(entry{name: "a"})} {
		s := serve(t, other)
		e := s.extractor(t)
		_, err := e.Extract(t.Context(), object(gap("BETWEEN MEMBERS"))) // no member differs
		if _, ok := errors.AsType[*RefusedError](err); !ok || !strings.Contains(err.Error(), "SHA-256 is "+sha(other)) {
			t.Errorf("%s: error %v", name, err)
		}
		requireOnlyLock(t, e)
	}
}

func TestRetryStopsWithContext(t *testing.T) {
	content, _ := big(9)
	s := serve(t, content)
	ctx, cancel := context.WithCancel(t.Context())
	s.inject(func(number int, w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) {
		if number == 3 {
			cancel()
		}
		failure(w, http.StatusServiceUnavailable, "SlowDown")
		return nil, true
	})
	e := s.extractor(t)
	if _, err := e.Extract(ctx, object(content)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context canceled", err)
	}
	if n := len(s.received()); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
	requireOnlyLock(t, e)
}

// silent is an S3 whose first response has a body without data.
type silent struct {
	content  []byte
	requests int
}

func (s *silent) GetObject(ctx context.Context, _ *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	s.requests++
	out := &s3.GetObjectOutput{ETag: aws.String(`"e"`), ContentLength: aws.Int64(int64(len(s.content)))}
	out.Body = io.NopCloser(bytes.NewReader(s.content))
	if s.requests == 1 {
		out.Body = io.NopCloser(untilDone{ctx})
	}
	return out, nil
}

type untilDone struct{ ctx context.Context }

func (u untilDone) Read([]byte) (int, error) {
	<-u.ctx.Done()
	return 0, u.ctx.Err()
}

func TestExtractRetriesStalledBody(t *testing.T) {
	content := zipOf(entry{name: "a", data: "1"})
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		fake := &silent{content: content}
		var logged bytes.Buffer
		e := &Extractor{S3: fake, Directory: directory, Log: slog.New(slog.NewTextHandler(&logged, nil))}
		if diff := cmp.Diff(map[string]string{"a": "1"}, tree(t, extracted(t, e, object(content)))); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if fake.requests != 2 || !strings.Contains(logged.String(), "no data from S3 for 5s") {
			t.Errorf("%d requests, log %s", fake.requests, &logged)
		}
	})
}

func TestExtractReportsUnusableDirectory(t *testing.T) {
	blocked := t.TempDir() + "/file"
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	content := zipOf(entry{name: "a"})
	e := serve(t, content).extractor(t)
	e.Directory = blocked + "/deps"
	if _, err := e.Extract(t.Context(), object(content)); err == nil || !strings.Contains(err.Error(), "create the directory") {
		t.Errorf("error %v", err)
	}
}

func TestExtractFollowsBucketRegion(t *testing.T) {
	content, want := big(15)
	for name, status := range map[string]int{
		"PermanentRedirect":            http.StatusMovedPermanently,
		"AuthorizationHeaderMalformed": http.StatusBadRequest,
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, content)
			redirected := 0
			s.inject(func(_ int, w http.ResponseWriter, r *http.Request) (http.ResponseWriter, bool) {
				w.Header().Set("x-amz-bucket-region", "us-west-2")
				if strings.Contains(r.Header.Get("Authorization"), "/us-west-2/s3/aws4_request") {
					return w, false
				}
				redirected++
				failure(w, status, name)
				return nil, true
			})
			if diff := cmp.Diff(want, tree(t, extracted(t, s.extractor(t), object(content)))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if redirected != 1 {
				t.Errorf("%d requests to the wrong region", redirected)
			}
		})
	}
	t.Run("endless redirects", func(t *testing.T) {
		s := serve(t, content)
		s.inject(func(_ int, w http.ResponseWriter, _ *http.Request) (http.ResponseWriter, bool) {
			w.Header().Set("x-amz-bucket-region", "us-west-2")
			failure(w, http.StatusMovedPermanently, "PermanentRedirect")
			return nil, true
		})
		_, err := s.extractor(t).Extract(t.Context(), object(content))
		if err == nil || !strings.Contains(err.Error(), "check the region") || len(s.received()) != 2 {
			t.Errorf("%d requests, error %v", len(s.received()), err)
		}
	})
}

// failing is an S3 that answers each request with status 500.
type failing struct{ requests int }

func (f *failing) GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	f.requests++
	response := &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusInternalServerError}}
	return nil, &smithyhttp.ResponseError{Response: response, Err: errors.New("InternalError")}
}

func TestExtractGivesUpWithinStartTimeout(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		const startTimeout = 10 * time.Second
		fake, began := &failing{}, time.Now()
		_, err := (&Extractor{S3: fake, Directory: directory}).Extract(t.Context(), Object{Bucket: "b", Key: "k"})
		if _, ok := errors.AsType[*FetchError](err); !ok || fake.requests != attempts || time.Since(began) >= startTimeout {
			t.Errorf("after %s and %d requests: error %v", time.Since(began), fake.requests, err)
		}
	})
}
