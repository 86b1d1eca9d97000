// Package test holds the end-to-end tests. The real CDK CLI deploys the app to local
// AWS, and questions go through the deployed HTTP API to a real PostgreSQL.
//
// The tests share what is slow to start: two local AWS, a PostgreSQL and the built
// defog. Each test has stacks of a different name, so that tests run in parallel.
// A step also runs alone:
//
//	go test ./test -run TestDeploy/rollback
package test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/local"
)

// checkout is the path of the app, relative to this folder.
const checkout = ".."

// region is the region of local AWS.
const region = "us-east-1"

func TestMain(m *testing.M) {
	code := m.Run()
	if err := errors.Join(plainAWS.stop(), enforcingAWS.stop(), database.stop(), defog.stop()); err != nil {
		fmt.Fprintln(os.Stderr, "end the shared servers:", err)
		code = max(code, 1)
	}
	if err := errors.Join(requests.check(), requests.remove()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

var (
	plainAWS     = &shared[*local.AWS]{start: startPlainAWS, end: (*local.AWS).Stop}
	enforcingAWS = &shared[*local.AWS]{start: func() (*local.AWS, error) { return startAWS(local.EnforceIAM()) }, end: (*local.AWS).Stop}
	database     = &shared[*postgres.Server]{start: func() (*postgres.Server, error) { return postgres.Run(postgres.Setting("timezone", "UTC")) }, end: (*postgres.Server).Close}
	defog        = &shared[string]{start: buildDefog, end: func(program string) error { return os.RemoveAll(filepath.Dir(program)) }}
)

// shared is a value that the first test to need it starts, and that TestMain ends.
type shared[Value any] struct {
	start func() (Value, error)
	end   func(Value) error

	once    sync.Once
	value   Value
	err     error
	started bool
}

func (s *shared[Value]) get(t *testing.T) Value {
	t.Helper()
	if testing.Short() {
		t.Skip("needs local AWS and the CDK CLI: make test-e2e")
	}
	s.once.Do(func() {
		s.value, s.err = s.start()
		s.started = s.err == nil
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.value
}

func (s *shared[Value]) stop() error {
	if !s.started {
		return nil
	}
	return s.end(s.value)
}

// startAWS starts a local AWS and bootstraps it.
func startAWS(options ...local.Option) (*local.AWS, error) {
	record, err := requests.option()
	if err != nil {
		return nil, err
	}
	started, err := local.Start(context.Background(), checkout, append(options, record)...)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := started.Bootstrap(context.Background(), &out); err != nil {
		return nil, errors.Join(fmt.Errorf("%w\n%s", err, out.String()), started.Stop())
	}
	return started, nil
}

// buildDefog builds cmd/defog and returns the program's path.
func buildDefog() (string, error) {
	folder, err := os.MkdirTemp("", "defog-test-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(folder, "defog")
	build := exec.Command("go", "build", "-o", program, "./cmd/defog")
	build.Dir = checkout
	if output, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build defog: %w\n%s", err, output), os.RemoveAll(folder))
	}
	return program, nil
}

// sharedAWS returns a local AWS, which enforces IAM if the test needs that. Its
// log is part of a failed test's output.
func sharedAWS(t *testing.T, source *shared[*local.AWS]) *local.AWS {
	t.Helper()
	cloud := source.get(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("local AWS:\n%s", cloud.Log())
		}
	})
	return cloud
}

// run runs a step and shows what it printed if it fails.
func run(t *testing.T, name string, step func(io.Writer) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := step(&out); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out.String())
	}
	return out.String()
}

// command runs a program in the checkout and returns its output and exit code.
// Environ is the environment, nil for that of this process.
func command(t *testing.T, environ []string, name string, args ...string) (output string, code int) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs the CDK CLI: make test-e2e")
	}
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = checkout
	command.Env = environ
	data, err := command.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatalf("%s: %v", name, err)
	}
	return string(data), command.ProcessState.ExitCode()
}
