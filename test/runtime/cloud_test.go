package runtime

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"defog-cdk/internal/environ"
)

// cloud stands in for S3 with one object, s3://packages/deps.zip, and for Secrets
// Manager with one secret.
type cloud struct {
	url string

	mu       sync.Mutex
	zip      []byte
	secret   string
	held     func(*http.Request) bool // the requests to S3 that get no answer
	requests int                      // to S3
	reads    int                      // of the secret
	written  []string                 // paths of objects
}

func newCloud(t *testing.T, files map[string]string) *cloud {
	t.Helper()
	c := &cloud{zip: zipOf(t, files)}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// hold leaves requests to S3 without an answer, until the client disconnects.
func (c *cloud) hold(held func(*http.Request) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = held
}

func (c *cloud) put(zip []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.zip = zip
}

func (c *cloud) putSecret(value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secret = value
}

// counts returns the number of requests to S3 and of reads of the secret.
func (c *cloud) counts() (requests, reads int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests, c.reads
}

// writes returns the paths of the objects that were written.
func (c *cloud) writes() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.written)
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") == "secretsmanager.GetSecretValue" {
		c.serveSecret(w)
		return
	}
	if r.Method == http.MethodPut {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			panic(http.ErrAbortHandler) // the client has disconnected
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.written = append(c.written, r.URL.Path)
		return
	}
	c.mu.Lock()
	c.requests++
	content, held := c.zip, c.held != nil && c.held(r)
	c.mu.Unlock()
	if held {
		<-r.Context().Done()
		return
	}
	if r.URL.Path != "/packages/deps.zip" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", `"`+sha(content)[:32]+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (c *cloud) serveSecret(w http.ResponseWriter) {
	c.mu.Lock()
	c.reads++
	secret := c.secret
	c.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err := json.NewEncoder(w).Encode(map[string]string{"Name": "secret", "SecretString": secret}); err != nil {
		panic(http.ErrAbortHandler) // the client has disconnected
	}
}

// environment returns the variables that the stack and Lambda set.
func (c *cloud) environment() map[string]string {
	return map[string]string{
		environ.DependenciesBucket: "packages",
		environ.DependenciesKey:    "deps.zip",
		environ.DependenciesHash:   sha(c.zip),
		"AWS_ENDPOINT_URL":         c.url,
		"AWS_REGION":               "eu-central-1",
		"AWS_ACCESS_KEY_ID":        "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":    "example",
		"AWS_SESSION_TOKEN":        "token",
	}
}

func sha(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// zipOf returns a zip of files.
func zipOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	members := fstest.MapFS{}
	for name, content := range files {
		members[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	if err := errors.Join(w.AddFS(members), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
