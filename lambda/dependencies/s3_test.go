package dependencies

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const secretKey = "wJalrXUtnFEMI-not-for-logs"

// store is a test server for S3 with one object.
type store struct {
	endpoint string

	mu       sync.Mutex
	content  []byte
	fault    fault
	requests []string // range headers
}

// fault handles a request (done is true), or returns a writer that alters the
// store's response. Requests are numbered from 1.
type fault func(number int, w http.ResponseWriter, r *http.Request) (http.ResponseWriter, bool)

func serve(t *testing.T, content []byte) *store {
	t.Helper()
	s := &store{content: content}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.endpoint = server.URL
	return s
}

func (s *store) put(content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.content = content
}

func (s *store) inject(f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *store) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Header.Get("Range"))
	number, fault, content := len(s.requests), s.fault, s.content
	s.mu.Unlock()
	if fault != nil {
		var done bool
		if w, done = fault(number, w, r); done {
			return
		}
	}
	if len(content) == 0 {
		failure(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
		return
	}
	w.Header().Set("ETag", `"`+sha(content)[:32]+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func failure(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>injected fault</Message></Error>`, code)
}

// cut closes the connection after left bytes of the body.
type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(p []byte) (int, error) {
	if len(p) <= c.left {
		c.left -= len(p)
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.left]) // an error has the same effect as the abort
	c.ResponseWriter.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func client(endpoint string) *s3.Client {
	return s3.New(s3.Options{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(endpoint),
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", secretKey, ""),
	})
}

func sha(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func object(content []byte) Object {
	return Object{Bucket: "assets", Key: "deps/v1.zip", SHA256: sha(content)}
}

// tiny divides an object into many requests and spans of a few kilobytes.
var tiny = transfer{tail: 4 << 10, piece: 8 << 10, ahead: 3, span: 16 << 10}

func (s *store) extractor(t *testing.T) *Extractor {
	t.Helper()
	return &Extractor{S3: client(s.endpoint), Directory: t.TempDir() + "/deps", MaxBytes: 64 << 20, transfer: tiny}
}
