package main

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

	"github.com/spf13/cobra"
)

// hook has this program run the CDK app in the CLI's place, and look at the
// assembly before the CLI does: the secrets are known then before one can be
// printed. The two processes talk through a socket in a private folder.
type hook struct {
	command  string // the app, for the CLI
	listener net.Listener
	cancel   context.CancelFunc
	done     chan struct{}
}

// hookDone is what the hook answers when all went well.
const hookDone = "done"

// newHook listens. synthesised is called with the folder of each assembly, and
// its error ends the app. The app ends, too, when ctx or this process does. The
// caller must call close.
func newHook(ctx context.Context, folder, app string, synthesised func(ctx context.Context, folder string) error) (*hook, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	socket := filepath.Join(folder, "hook")
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("listen for the app: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	h := &hook{
		// The CLI takes quotes at the beginning off.
		command:  strings.Join([]string{"exec", quoteShell(self), hookName, quoteShell(socket), quoteShell(app)}, " "),
		listener: listener,
		cancel:   cancel,
		done:     make(chan struct{}),
	}
	go func() {
		defer close(h.done)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // it is closed
			}
			answer(ctx, connection, synthesised)
		}
	}()
	return h, nil
}

// answer waits until the app has made an assembly, and answers when the
// assembly has been looked at.
func answer(ctx context.Context, connection net.Conn, synthesised func(ctx context.Context, folder string) error) {
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { connection.Close() })()
	folder, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		return // the app has failed, or is to end
	}
	answer := hookDone
	if err := synthesised(ctx, strings.TrimSuffix(folder, "\n")); err != nil {
		answer = err.Error()
	}
	// Without an answer the app fails, which it says.
	_, _ = io.WriteString(connection, answer)
}

func (h *hook) close() error {
	h.cancel()
	err := h.listener.Close()
	<-h.done
	return err
}

// quoteShell is a text as a POSIX shell takes it for one word.
func quoteShell(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// hookName is the subcommand that the CLI runs.
const hookName = "run-app"

func newRunApp() *cobra.Command {
	return &cobra.Command{
		Use:                hookName + " socket command",
		Short:              "Run the CDK app for defog diff",
		Hidden:             true,
		DisableFlagParsing: true,
		Args:               cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runApp(cmd.Context(), args[0], args[1])
		},
	}
}

func runApp(ctx context.Context, socket, app string) error {
	connection, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("report to defog diff: %w", err)
	}
	defer connection.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan string, 1)
	go func() {
		answer, _ := io.ReadAll(connection) // what is cut short is no answer
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
	case hookDone:
		return nil
	case "":
		return errors.New("defog diff has ended")
	default:
		return errors.New(answer)
	}
}

// runShell runs a command as the CLI runs an app. The end of ctx ends all that
// it started.
func runShell(ctx context.Context, command string) error {
	shell := exec.CommandContext(ctx, "sh", "-c", command)
	shell.Stdin, shell.Stdout, shell.Stderr = os.Stdin, os.Stdout, os.Stderr
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGTERM) }
	shell.WaitDelay = cdkPatience
	err := shell.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return exitCode(exit.ExitCode())
	}
	if err != nil {
		return fmt.Errorf("run the app: %w", err)
	}
	return nil
}
