// Package runtimeapi runs a Lambda function's program on this machine with a
// runtime API, as Lambda does.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
package runtimeapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

const (
	// RequestID is the id of every invocation.
	RequestID = "r-1"

	// TraceID is the tracing header of every invocation.
	TraceID = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
)

// Function is a running function. It answers one event at a time.
type Function struct {
	api     *httptest.Server
	timeout time.Duration
	next    chan []byte
	answers chan answer

	process *exec.Cmd
	exited  chan struct{}
	log     bytes.Buffer // complete once exited is closed

	extension extension

	mu        sync.Mutex
	initError []byte
}

type answer struct {
	body   []byte
	failed bool
}

// Config is the program to run.
type Config struct {
	Command     []string          // program and arguments
	Directory   string            // where it runs; empty means the test's
	Environment map[string]string // all that the program gets besides the runtime API's address
	Timeout     time.Duration     // of an invocation, which its deadline header shows; zero is a minute
	Extensions  bool              // serve the Extensions API
}

// Build compiles the query function with the given drivers and none else, as
// a deployment has it, into the file output.
func Build(ctx context.Context, output string, drivers ...string) error {
	return BuildFor(ctx, runtime.GOARCH, output, drivers...)
}

// BuildFor is Build for a processor, such as arm64.
func BuildFor(ctx context.Context, processor, output string, drivers ...string) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w",
		"-tags", "lambda.norpc,minicore_disabled,onedriver,"+strings.Join(drivers, ","), "-o", output, "defog-cdk/lambda/query")
	build.Env = append(build.Environ(), "CGO_ENABLED=0", "GOARCH="+processor)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the query function: %w\n%s", err, out)
	}
	return nil
}

// BuildHydrate compiles hydrate as a deployment has it into the file output.
func BuildHydrate(ctx context.Context, output string) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", output, "defog-cdk/lambda/hydrate")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build hydrate: %w\n%s", err, out)
	}
	return nil
}

// Start runs a function. The caller stops it.
func Start(config Config) (*Function, error) {
	f := &Function{
		timeout: config.Timeout,
		next:    make(chan []byte),
		answers: make(chan answer),
		exited:  make(chan struct{}),
	}
	f.extension.init(config.Extensions)
	if f.timeout == 0 {
		f.timeout = time.Minute
	}
	f.api = httptest.NewServer(f)
	f.process = exec.CommandContext(context.Background(), config.Command[0], config.Command[1:]...)
	f.process.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(f.api.URL, "http://")}
	for name, value := range config.Environment {
		f.process.Env = append(f.process.Env, name+"="+value)
	}
	f.process.Dir = config.Directory
	f.process.Stdout, f.process.Stderr = &f.log, &f.log
	if err := f.process.Start(); err != nil {
		f.api.Close()
		return nil, fmt.Errorf("start the function: %w", err)
	}
	go func() {
		_ = f.process.Wait() // it ends by being killed
		close(f.exited)
	}()
	return f, nil
}

// Stop ends the function and returns its log.
func (f *Function) Stop() string {
	_ = f.process.Process.Kill() // it may have ended by itself
	<-f.exited
	f.api.CloseClientConnections()
	f.api.Close()
	return f.log.String()
}

// End waits for a function that ends by itself. It returns the exit code, the
// initialization error that the function sent, as JSON or empty, and the log.
func (f *Function) End() (code int, initError, log string) {
	<-f.exited
	log = f.Stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.process.ProcessState.ExitCode(), string(f.initError), log
}

// Process is the function's process, to be killed as Lambda does.
func (f *Function) Process() *os.Process { return f.process.Process }

// PeakMemory returns the peak memory of the running function, in bytes.
func (f *Function) PeakMemory() (int64, error) { return PeakMemoryOf(f.process.Process.Pid) }

// PeakMemoryOf returns the peak memory of a running process, in bytes. The value
// of an ended process would include its parent.
func PeakMemoryOf(process int) (int64, error) {
	file := fmt.Sprintf("/proc/%d/status", process)
	var rest string
	// A process that replaces its program has no memory for a moment.
	for tries, found := 0, false; !found && tries < 500; tries++ {
		if tries > 0 {
			time.Sleep(10 * time.Millisecond)
		}
		status, err := os.ReadFile(file)
		if err != nil {
			return 0, fmt.Errorf("read the function's memory: %w", err)
		}
		_, rest, found = strings.Cut(string(status), "VmHWM:")
	}
	var kilobytes int64
	if _, err := fmt.Sscanf(rest, "%d kB", &kilobytes); err != nil {
		return 0, fmt.Errorf("read the function's memory in %s: %w", file, err)
	}
	return kilobytes << 10, nil
}

// ServeHTTP is Lambda's runtime API.
func (f *Function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const invocation = "/2018-06-01/runtime/invocation/"
	switch r.URL.Path {
	case invocation + "next":
		f.serveNext(w, r)
	case "/2018-06-01/runtime/init/error":
		f.serveInitError(w, r)
	case invocation + RequestID + "/response", invocation + RequestID + "/error":
		f.serveAnswer(w, r)
	default:
		f.extension.ServeHTTP(w, r)
	}
}

func (f *Function) serveNext(w http.ResponseWriter, r *http.Request) {
	f.extension.runtimeWaits(true)
	select {
	case payload := <-f.next:
		f.extension.runtimeWaits(false)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", RequestID)
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:test")
		w.Header().Set("Lambda-Runtime-Trace-Id", TraceID)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(f.timeout).UnixMilli()))
		_, _ = w.Write(payload)
	case <-r.Context().Done():
	}
}

func (f *Function) serveInitError(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Lambda-Runtime-Function-Error-Type") == "" {
		http.Error(w, "no init error", http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	f.initError = body
	f.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
}

func (f *Function) serveAnswer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the function has ended
	}
	w.WriteHeader(http.StatusAccepted)
	select {
	case f.answers <- answer{body, strings.HasSuffix(r.URL.Path, "/error")}:
	case <-r.Context().Done():
	}
}

var errEnded = errors.New("the function has ended")

// Invoke sends one event and returns the answer. Like Lambda, it ends a
// function whose time is up.
func (f *Function) Invoke(payload []byte) ([]byte, error) {
	f.thaw()
	select {
	case f.next <- payload:
	case <-f.exited:
		return nil, errEnded
	}
	if !f.extension.invoke(time.Now().Add(f.timeout), f.exited) {
		return nil, errEnded
	}
	select {
	case answer := <-f.answers:
		if answer.failed {
			return nil, fmt.Errorf("the function failed: %s", answer.body)
		}
		return answer.body, nil
	case <-f.exited:
		return nil, errEnded
	case <-time.After(f.timeout):
		_ = f.process.Process.Kill() // it may have ended by itself
		return nil, fmt.Errorf("the function did not answer within %s", f.timeout)
	}
}
