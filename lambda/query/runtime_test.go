package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// bootstrap is the function, built once for all tests.
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
		build := exec.Command("go", "build", "-tags", "lambda.norpc,onedriver,sqlite", "-o", bootstrap, ".")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build the function: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// function is a running bootstrap, and the Lambda runtime API that drives it.
type function struct {
	next    chan string
	answers chan string // "error: …" for a failed invocation

	process *exec.Cmd
	exited  chan struct{}
	log     bytes.Buffer // complete once exited is closed
}

// stop ends the function and returns its log.
func (f *function) stop() string {
	_ = f.process.Process.Kill() // it may have ended by itself
	<-f.exited
	return f.log.String()
}

// start runs the function with the given environment and nothing else.
func start(t *testing.T, environment map[string]string) *function {
	t.Helper()
	f := &function{next: make(chan string), answers: make(chan string), exited: make(chan struct{})}
	api := httptest.NewServer(f)

	f.process = exec.Command(bootstrap)
	f.process.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(api.URL, "http://"), "TMPDIR=" + t.TempDir()}
	for name, value := range environment {
		f.process.Env = append(f.process.Env, name+"="+value)
	}
	f.process.Stdout, f.process.Stderr = &f.log, &f.log
	if err := f.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = f.process.Wait() // it ends by being killed
		close(f.exited)
	}()
	t.Cleanup(func() {
		log := f.stop()
		api.CloseClientConnections()
		api.Close()
		if t.Failed() {
			t.Logf("the function's log:\n%s", log)
		}
	})
	return f
}

// ServeHTTP is Lambda's runtime API.
func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const invocation = "/2018-06-01/runtime/invocation/"
	switch r.URL.Path {
	case invocation + "next":
		select {
		case payload := <-f.next:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "r-1")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			_, _ = io.WriteString(w, payload)
		case <-r.Context().Done():
		}
	case invocation + "r-1/response", invocation + "r-1/error":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		w.WriteHeader(http.StatusAccepted)
		if strings.HasSuffix(r.URL.Path, "error") {
			body = append([]byte("error: "), body...)
		}
		select {
		case f.answers <- string(body):
		case <-r.Context().Done():
		}
	default:
		http.NotFound(w, r)
	}
}

// invoke sends one event and returns the answer.
func (f *function) invoke(t *testing.T, payload string) string {
	t.Helper()
	select {
	case f.next <- payload:
	case <-f.exited:
		t.Fatal("the function has ended")
	}
	select {
	case answer := <-f.answers:
		return answer
	case <-f.exited:
		t.Fatal("the function ended without an answer")
	}
	return ""
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

// serveS3 serves one zip with the given files as an object of a local S3, and
// returns its address and SHA-256.
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
