// Package local runs a local AWS: MiniStack, on a free loopback port. The real CDK CLI
// deploys to it. Stop removes every process and file. The demo, the end-to-end tests
// and `make local` use the package.
//
// A deploy to it is the same as a real one but for the environment, the folder of the
// cloud assembly and the architecture.
package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// startTimeout is how long MiniStack may take until it answers. It takes half
// a second on an idle machine.
const startTimeout = time.Minute

// AWS is a running local AWS.
//
// A supervisor process runs it and watches a pipe from this process. However
// this process ends, even by SIGKILL, the supervisor then kills all that runs
// in the local AWS and removes its directory.
type AWS struct {
	checkout  string
	endpoint  *url.URL
	directory string // private: whatever it and its functions write
	group     int    // process group of MiniStack, its functions and CDK

	application string // of MiniStack, for the server

	enforces  bool              // IAM
	options   []string          // more of MiniStack's environment
	transport http.RoundTripper // trusts the endpoint

	supervisor int
	lifeline   io.WriteCloser
	kept       bool
	done       chan struct{}
	exit       error // valid when done is closed
}

// Start starts a local AWS with MiniStack from the .venv of the given checkout,
// and returns when it answers. The caller must call Stop. The end of ctx ends
// the start, not what was started.
func Start(ctx context.Context, checkout string, options ...Option) (*AWS, error) {
	checkout, err := filepath.Abs(checkout)
	if err != nil {
		return nil, fmt.Errorf("start local AWS: %w", err)
	}
	aws := &AWS{
		checkout:  checkout,
		endpoint:  &url.URL{Scheme: "http", Host: "127.0.0.1:0"},
		transport: http.DefaultTransport,
		done:      make(chan struct{}),

		application: filepath.Join(checkout, "local", "patched.py") + ":app",
	}
	for _, option := range options {
		if err := option(aws); err != nil {
			return nil, fmt.Errorf("start local AWS: %w", err)
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", aws.endpoint.Host)
	if err != nil {
		return nil, fmt.Errorf("start local AWS: find a port: %w", err)
	}
	defer listener.Close()
	aws.endpoint.Host = listener.Addr().String()
	if err := aws.supervise(ctx, listener.(*net.TCPListener)); err != nil {
		return nil, fmt.Errorf("start local AWS: %w", err)
	}
	// The socket belongs to MiniStack now. Held open here too, it would let
	// connections hang when MiniStack is gone.
	listener.Close()
	if err := aws.ready(ctx); err != nil {
		log := aws.Log()
		return nil, fmt.Errorf("start local AWS: %w\n%s", errors.Join(err, aws.Stop()), log)
	}
	return aws, nil
}

// keepAlive is how long MiniStack keeps a connection without requests. Every client closes
// it earlier. If a server closes it while a request arrives, the server can run that request
// and lose its answer. The client then repeats it, for example to create a secret that now
// exists.
const keepAlive = time.Hour

// supervise starts the supervisor, and hands it the socket that MiniStack
// serves: a port that is never free in between cannot go to another program.
func (a *AWS) supervise(ctx context.Context, listener *net.TCPListener) error {
	python := filepath.Join(a.checkout, ".venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		return fmt.Errorf("MiniStack is not installed, run `make setup`: %w", err)
	}
	socket, err := listener.File()
	if err != nil {
		return fmt.Errorf("pass on the port: %w", err)
	}
	defer socket.Close()

	// MiniStack as its own main would serve it, but for keepAlive and the socket: that
	// one insists on a port. No workers means no further processes. -B keeps the
	// bytecode of local/*.py out of the checkout.
	var errorText bytes.Buffer
	command := []string{
		filepath.Join(a.checkout, "local", "supervise.py"),
		python, "-B", "-m", "hypercorn", "--workers", "0", "--bind", "fd://3", "--keep-alive", strconv.Itoa(int(keepAlive.Seconds())),
	}
	if a.enforces {
		command = append(command, "--certfile", certificateFile, "--keyfile", keyFile)
	}
	supervisor := exec.CommandContext(context.WithoutCancel(ctx), // Stop ends it
		python, append(command, a.application)...)
	supervisor.Env = a.serverEnviron()
	supervisor.ExtraFiles = []*os.File{socket}
	supervisor.Stderr = &errorText
	// In a group of its own, it does not get the Ctrl-C that is meant for its
	// caller, and is there to clean up.
	supervisor.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a.lifeline, err = supervisor.StdinPipe(); err != nil {
		return fmt.Errorf("connect to the supervisor: %w", err)
	}
	started, err := supervisor.StdoutPipe()
	if err != nil {
		return fmt.Errorf("connect to the supervisor: %w", err)
	}
	if err := supervisor.Start(); err != nil {
		return fmt.Errorf("run the supervisor: %w", err)
	}
	a.supervisor = supervisor.Process.Pid

	var where struct {
		Group     int
		Directory string
	}
	decodeErr := json.NewDecoder(started).Decode(&where)
	a.group, a.directory = where.Group, where.Directory
	go func() {
		defer close(a.done)
		if err := supervisor.Wait(); err != nil {
			a.exit = fmt.Errorf("local AWS ended: %w: %s", err, strings.TrimSpace(errorText.String()))
		}
	}()
	if decodeErr != nil {
		return errors.Join(fmt.Errorf("read from the supervisor: %w", decodeErr), a.Stop())
	}
	return nil
}

// ready waits until MiniStack answers. The connection is accepted at once, by
// the socket, and answered when MiniStack serves it.
func (a *AWS) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Endpoint()+"/_localstack/health", nil)
	if err != nil {
		return fmt.Errorf("check its health: %w", err)
	}
	response, err := a.Client().Do(request)
	if err != nil {
		return fmt.Errorf("check its health: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("check its health: it answers %s", response.Status)
	}
	return nil
}

// Stop kills every process of the local AWS, waits until they are gone, and
// removes its directory. It may be called twice. After Keep it does nothing.
func (a *AWS) Stop() error {
	if a.kept {
		return nil
	}
	a.lifeline.Close()
	<-a.done
	return a.exit
}

// Keep lets the local AWS outlive this process. A SIGTERM to the process it
// returns stops everything, as Stop does.
func (a *AWS) Keep() (pid int, err error) {
	if _, err := io.WriteString(a.lifeline, "keep"); err != nil {
		return 0, fmt.Errorf("keep local AWS: %w", err)
	}
	a.kept = true
	if err := a.lifeline.Close(); err != nil {
		return 0, fmt.Errorf("keep local AWS: %w", err)
	}
	return a.supervisor, nil
}

// Done is closed when the local AWS has ended, by Stop or by itself.
func (a *AWS) Done() <-chan struct{} { return a.done }

// Endpoint returns the URL of every AWS service, http://127.0.0.1:port, or
// https if it enforces IAM.
func (a *AWS) Endpoint() string { return a.endpoint.String() }

// Log returns the end of MiniStack's log, to show when something failed. It is
// empty after Stop.
func (a *AWS) Log() string {
	const most = 4000
	log, err := os.ReadFile(filepath.Join(a.directory, "ministack.log"))
	if err != nil {
		return ""
	}
	return string(log[max(0, len(log)-most):])
}
