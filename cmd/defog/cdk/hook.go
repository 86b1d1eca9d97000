package cdk

import (
	"bufio"
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

	"defog-cdk/internal/process"
)

// RunAppCommand is the hidden subcommand by which the CLI runs the app.
const RunAppCommand = "run-app"

// succeeded is the hook's answer to an assembly that it accepts.
const succeeded = "done"

// Hook runs the app in place of the CLI. It reads each assembly before the CLI does,
// so that it has the secrets before the CLI prints one. The two processes communicate
// by a socket in the private folder.
type Hook struct {
	Command string // the app's command, for the CLI

	listener net.Listener
	cancel   context.CancelFunc
	done     chan struct{}
}

// NewHook starts a hook for an app. It calls synthesised with the folder of each
// assembly; an error of synthesised ends the app. The app also ends with ctx and
// with this process. The caller must call Close.
func (r *Run) NewHook(ctx context.Context, app string, synthesised func(ctx context.Context, folder string) error) (*Hook, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	socket := filepath.Join(r.folder, "hook")
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("listen for the app: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	h := &Hook{
		// The CLI removes a quote at the beginning of a command.
		Command:  strings.Join([]string{"exec", quote(self), RunAppCommand, quote(socket), quote(app)}, " "),
		listener: listener,
		cancel:   cancel,
		done:     make(chan struct{}),
	}
	r.Secrets.Replace(h.Command, app) // in the CLI's error messages
	go func() {
		defer close(h.done)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // the listener is closed
			}
			answer(ctx, connection, synthesised)
		}
	}()
	return h, nil
}

// answer waits for the app's assembly, calls synthesised, and reports its error
// to the app.
func answer(ctx context.Context, connection net.Conn, synthesised func(ctx context.Context, folder string) error) {
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { connection.Close() })()
	folder, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		return // the app failed or was stopped
	}
	answer := succeeded
	if err := synthesised(ctx, strings.TrimSuffix(folder, "\n")); err != nil {
		answer = err.Error()
	}
	// Without an answer the app fails and reports that.
	_, _ = io.WriteString(connection, answer)
}

// Close stops the hook and the app.
func (h *Hook) Close() error {
	h.cancel()
	err := h.listener.Close()
	<-h.done
	return err
}

// quote quotes a text as one word of a POSIX shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// RunApp runs the app, reports the folder of its assembly to the hook behind the
// socket, and returns the hook's error.
func RunApp(ctx context.Context, socket, app string) error {
	connection, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("connect to defog diff: %w", err)
	}
	defer connection.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan string, 1)
	go func() {
		answer, _ := io.ReadAll(connection) // a truncated answer does not count
		answers <- string(answer)
		cancel()
	}()

	if err := runShell(ctx, app); err != nil {
		return err
	}
	folder, err := filepath.Abs(os.Getenv("CDK_OUTDIR"))
	if err != nil {
		return fmt.Errorf("find the cloud assembly: %w", err)
	}
	if _, err := io.WriteString(connection, folder+"\n"); err != nil {
		return fmt.Errorf("report to defog diff: %w", err)
	}
	switch answer := <-answers; answer {
	case succeeded:
		return nil
	case "":
		return errors.New("defog diff ended")
	default:
		return errors.New(answer)
	}
}

// runShell runs a command as the CLI runs an app. The end of ctx ends all
// processes of the command.
func runShell(ctx context.Context, command string) error {
	shell := exec.CommandContext(ctx, "sh", "-c", command)
	shell.Stdin, shell.Stdout, shell.Stderr = os.Stdin, os.Stdout, os.Stderr
	process.Group(shell, syscall.SIGTERM)
	shell.WaitDelay = stopTimeout
	return exitCode("run the app", shell.Run())
}
