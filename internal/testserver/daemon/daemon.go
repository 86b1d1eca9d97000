// Package daemon runs a private database server for tests, in one temporary
// directory, on a free loopback port.
//
// Neither the server nor the directory outlives the test process, even a killed
// one. A shell waits for the end of a pipe that only the test process holds, and
// then cleans up.
package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startTime is the timeout for the first answer.
const startTime = time.Minute

// Daemon is a server program. Its methods are for one goroutine at a time.
type Daemon struct {
	name      string              // for errors
	owner     *syscall.Credential // the user that it runs as; nil for the test's own
	directory string
	port      int

	process *exec.Cmd
	exited  chan struct{} // closed when process has ended
	watcher *watcher
}

// New makes the directory of a server that is called name in errors. While it
// runs, its process id is the first line of pidFile, which is relative to the
// directory. Owner is the user that it runs as, nil for the test's own.
func New(name, pidFile string, owner *syscall.Credential) (*Daemon, error) {
	parent := os.TempDir()
	if owner != nil {
		parent = "/tmp" // another user has access, regardless of TMPDIR
	}
	directory, err := os.MkdirTemp(parent, "defog-"+strings.ToLower(name)+"-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for %s: %w", name, err)
	}
	d := &Daemon{name: name, owner: owner, directory: directory}
	if d.watcher, err = watch(directory, filepath.Join(directory, pidFile)); err != nil {
		return nil, errors.Join(fmt.Errorf("watch over %s: %w", name, err), os.RemoveAll(directory))
	}
	return d, nil
}

// Start runs a server until the test ends, and fails the test if it can't.
//
// Short tests (go test -short) start no server and skip.
func Start[Server io.Closer](tb testing.TB, run func() (Server, error)) Server {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs a database server: make test")
	}
	server, err := run()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Error(err)
		}
	})
	return server
}

// Path returns a path in the server's directory.
func (d *Daemon) Path(elements ...string) string {
	return filepath.Join(append([]string{d.directory}, elements...)...)
}

// Command prepares one of the server's programs. It gets a process group of its
// own, so that an interrupt on the terminal reaches the test alone.
func (d *Daemon) Command(program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), program, args...)
	cmd.Dir = d.directory
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: d.owner}
	return cmd
}

// ChoosePort calls start with a free port. If another process takes the port
// first, so that start's error contains inUse, it tries another port.
func (d *Daemon) ChoosePort(inUse string, start func() error) (err error) {
	for range 5 {
		if d.port, err = freePort(); err != nil {
			return err
		}
		if err = start(); err == nil || !strings.Contains(err.Error(), inUse) {
			return err
		}
	}
	return err
}

// Launch runs the server, whose output goes to the log, and waits until ready
// returns nil.
func (d *Daemon) Launch(process *exec.Cmd, ready func(context.Context) error) error {
	log, err := os.OpenFile(d.Path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open %s's log: %w", d.name, err)
	}
	defer log.Close()
	process.Stdout, process.Stderr = log, log
	if err := process.Start(); err != nil {
		return fmt.Errorf("start %s: %w", d.name, err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = process.Wait() // the log has the reason
	}()
	d.process, d.exited = process, exited
	return d.await(ready)
}

func (d *Daemon) await(ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-d.exited:
			return fmt.Errorf("start %s: it ended:\n%s", d.name, d.Log())
		case <-ctx.Done():
			return fmt.Errorf("start %s: no answer within %s: %w\n%s", d.name, startTime, err, d.Log())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// End sends the server, if it runs, a signal that ends it, and returns when it
// has ended.
func (d *Daemon) End(signal os.Signal) error {
	if d.process == nil {
		return nil
	}
	if err := d.process.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", d.name, err)
	}
	<-d.exited
	d.process = nil
	return nil
}

// Remove removes the directory of a stopped server.
func (d *Daemon) Remove() error {
	if err := d.watcher.finish(); err != nil {
		return fmt.Errorf("remove %s's directory: %w", d.name, err)
	}
	return nil
}

// Running reports whether the server was started and not ended since.
func (d *Daemon) Running() bool { return d.process != nil }

// PID returns the process id of the running server.
func (d *Daemon) PID() int { return d.process.Process.Pid }

// Host returns the address that the server listens on.
func (d *Daemon) Host() string { return "127.0.0.1" }

// Port returns the port that the server listens on.
func (d *Daemon) Port() int { return d.port }

// Log returns what the server has logged.
func (d *Daemon) Log() string {
	log, err := os.ReadFile(d.Path("log"))
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(log))
}

// freePort returns an unused port of the loopback interface.
func freePort() (int, error) {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// Checkout returns the directory of the go.mod above the working directory.
func Checkout() (string, error) {
	directory, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find go.mod: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(directory, "go.mod")); err == nil {
			return directory, nil
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return "", errors.New("find go.mod: there is none above the working directory")
		}
		directory = parent
	}
}
