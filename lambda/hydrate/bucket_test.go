package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"defog-cdk/internal/environ"
)

// bucket is a test server for S3 with one object, s3://packages/deps/v1.zip.
type bucket struct {
	endpoint string

	mu       sync.Mutex
	content  []byte
	fault    func(number int, w http.ResponseWriter, r *http.Request) (done bool)
	requests []*http.Request
}

func newBucket(t *testing.T, content []byte) *bucket {
	t.Helper()
	b := &bucket{content: content}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.endpoint = server.URL
	return b
}

func (b *bucket) put(content []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.content = content
}

// inject sets a fault, which handles a request or lets the bucket handle it.
// Requests are numbered from 1.
func (b *bucket) inject(fault func(number int, w http.ResponseWriter, r *http.Request) (done bool)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault, b.requests = fault, nil
}

// received returns the requests since the last inject.
func (b *bucket) received() []*http.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.requests = append(b.requests, r)
	number, fault, content := len(b.requests), b.fault, b.content
	b.mu.Unlock()
	if r.URL.Path != "/packages/deps/v1.zip" {
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	if fault != nil && fault(number, w, r) {
		return
	}
	w.Header().Set("ETag", `"`+sha(content)[:32]+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>injected fault</Message></Error>`, code)
}

func sha(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// zipOf returns a zip of files. Scripts are executable.
func zipOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate}
		header.SetMode(0o644)
		if strings.HasPrefix(files[name], "#!") {
			header.SetMode(0o755)
		}
		f, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// environment returns the environment that the stack and Lambda set, with
// temporary instead of /tmp.
func (b *bucket) environment(temporary string, content []byte) map[string]string {
	return map[string]string{
		environ.DependenciesBucket: "packages",
		environ.DependenciesKey:    "deps/v1.zip",
		environ.DependenciesHash:   sha(content),
		"TMPDIR":                   temporary,
		"PATH":                     "/usr/bin:/bin",
		"AWS_ENDPOINT_URL":         b.endpoint,
		"AWS_REGION":               "eu-central-1",
		"AWS_ACCESS_KEY_ID":        "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":    secretKey,
	}
}

const secretKey = "wJalrXUtnFEMI-not-for-logs"
