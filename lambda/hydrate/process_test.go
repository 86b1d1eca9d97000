package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"defog-cdk/internal/testserver/daemon"
	"defog-cdk/internal/testserver/runtimeapi"
)

// program is the path of hydrate, built once for all tests.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		directory, err := os.MkdirTemp("", "hydrate-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(directory)
		program = filepath.Join(directory, "hydrate")
		if err := runtimeapi.BuildHydrate(context.Background(), program); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// task is a function's code, environment and /tmp.
type task struct {
	root, temporary string
	environment     map[string]string
	command         []string
}

// python returns a function with Lambda's Python runtime, which make setup
// installs, and with hydrate as its wrapper.
func python(t *testing.T, b *bucket, content []byte, handler string) *task {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("Lambda's Python runtime requires Linux")
	}
	checkout, err := daemon.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	interpreter := filepath.Join(checkout, ".venv", "bin", "python3")
	if found, err := filepath.Glob(filepath.Join(checkout, ".venv", "lib", "python*", "site-packages", "awslambdaric")); err != nil || len(found) == 0 {
		t.Fatalf("awslambdaric is missing in %s (%v): run `make setup`", filepath.Join(checkout, ".venv"), err)
	}
	f := &task{root: t.TempDir(), temporary: t.TempDir()}
	f.environment = b.environment(f.temporary, content)
	f.environment["LAMBDA_TASK_ROOT"] = f.root
	f.environment["PYTHONDONTWRITEBYTECODE"] = "1"
	f.command = []string{program, interpreter, "-m", "awslambdaric", "handler.handler"}
	f.write(t, "handler.py", handler)
	return f
}

func (f *task) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.root, name), []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

func (f *task) start(t *testing.T) *runtimeapi.Function {
	t.Helper()
	running, err := runtimeapi.Start(runtimeapi.Config{Command: f.command, Environment: f.environment, Directory: f.root})
	if err != nil {
		t.Fatal(err)
	}
	return running
}

// answer starts the function, sends one event, and stops it.
func (f *task) answer(t *testing.T, event string) (answer, log string) {
	t.Helper()
	running := f.start(t)
	body, err := running.Invoke([]byte(event))
	log = running.Stop()
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	return string(body), log
}

// refused runs a function whose start must fail, and returns the error in its
// log. Lambda must receive the same error, of the given kind.
func (f *task) refused(t *testing.T, kind string) string {
	t.Helper()
	code, reason, log := f.start(t).End()
	var failures []string
	for line := range strings.Lines(log) {
		var l struct{ Level, Msg, Error string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Errorf("log line is not JSON: %s", line)
		}
		if l.Level == "ERROR" {
			failures = append(failures, l.Error)
		}
	}
	var reported struct{ ErrorType, ErrorMessage string }
	if err := json.Unmarshal([]byte(reason), &reported); err != nil {
		t.Fatalf("reported error %q: %v\n%s", reason, err, log)
	}
	if code != 1 || len(failures) != 1 || reported.ErrorType != kind || reported.ErrorMessage != failures[0] {
		t.Fatalf("exit code %d, reported error %s; want type %s, and one error in the log:\n%s", code, reason, kind, log)
	}
	if strings.Contains(log, secretKey) {
		t.Errorf("the log holds a secret: %s", log)
	}
	return failures[0]
}

// left returns the names in the directory of extracted dependencies.
func (f *task) left(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(f.temporary, "hydrate"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.Name() != ".lock" {
			names = append(names, entry.Name())
		}
	}
	return names
}
