package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"defog-cdk/internal/testserver/runtimeapi"
)

// bootstrap is the path of the function, built once for all tests.
var bootstrap string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		directory, err := os.MkdirTemp("", "bootstrap-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(directory)
		bootstrap = filepath.Join(directory, "bootstrap")
		if err := runtimeapi.Build(context.Background(), bootstrap, "sqlite", "postgres", "mcp"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// running is a process of the function with a test server of Lambda's runtime
// API. It is stopped at the end of the test.
type running struct {
	*runtimeapi.Function
	stopped *string // the log, after stop
}

// start runs the function with the given environment only.
func start(t *testing.T, environment map[string]string) running {
	t.Helper()
	return startWithin(t, time.Minute, environment)
}

// startWithin runs the function with timeout for each answer.
func startWithin(t *testing.T, timeout time.Duration, environment map[string]string) running {
	t.Helper()
	variables := map[string]string{"TMPDIR": t.TempDir()}
	maps.Copy(variables, environment)
	return startConfigured(t, runtimeapi.Config{Command: []string{bootstrap}, Environment: variables, Timeout: timeout})
}

// startConfigured runs the function.
func startConfigured(t *testing.T, config runtimeapi.Config) running {
	t.Helper()
	f, err := runtimeapi.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	r := running{f, new(string)}
	t.Cleanup(func() {
		if *r.stopped == "" {
			r.stop()
		}
		if t.Failed() {
			t.Logf("the function's log:\n%s", *r.stopped)
		}
	})
	return r
}

// stop ends the function and returns its log.
func (r running) stop() string {
	*r.stopped = r.Stop()
	return *r.stopped
}

// invoke sends one event and returns the answer.
func (r running) invoke(t *testing.T, payload string) string {
	t.Helper()
	answer, err := r.Invoke([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// writeShop writes a small SQLite database.
func writeShop(t *testing.T, path string) {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = sqlitex.ExecuteScript(conn, `
		CREATE TABLE coffee (name TEXT, price REAL, roasted TEXT);
		INSERT INTO coffee VALUES ('Löwen "dark"', 9.5, '2024-02-29'), ('Zebra\', 12, NULL);`, nil)
	if err != nil {
		t.Fatal(err)
	}
}

// serveS3 serves a zip of files as s3://assets/deps.zip. It returns the endpoint
// and the zip's SHA-256.
func serveS3(t *testing.T, files map[string][]byte) (endpoint, hash string) {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for name, content := range files {
		member, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := member.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(archive.Bytes())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/assets/deps.zip" || !strings.Contains(r.Header.Get("Authorization"), "Credential=AKIDEXAMPLE/") {
			http.Error(w, r.URL.Path, http.StatusForbidden)
			return
		}
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(archive.Bytes()))
	}))
	t.Cleanup(server.Close)
	return server.URL, hex.EncodeToString(sum[:])
}
