// Package show has the common parts of the demos: a local AWS with a
// bootstrapped account, steps with progress, and the program defog. It removes all files.
package show

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"

	"defog-cdk/local"
)

// Show is one run of a demo, in the checkout's root.
type Show struct {
	Out     io.Writer
	Verbose bool   // the output of every step is shown
	Expect  string // how long it takes, printed first; "" prints nothing

	Directory string     // of this run, for files of its own
	AWS       *local.AWS // set when the show begins
	Began     time.Time

	progress progress
}

// Main runs a demo by its name, and exits with 1 if it fails. The end of ctx,
// which an interrupt brings, ends the demo and has it clean up.
func Main(name string, s *Show, run func(context.Context) error) {
	s.Out = os.Stdout
	s.progress = progress{out: os.Stdout, verbose: s.Verbose}
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		s.progress.width = width
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A reader that has seen enough (grep -q) must not end the demo before it
	// has cleaned up.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	err := s.play(ctx, run)
	switch {
	case err == nil:
		return
	case ctx.Err() != nil:
		err = fmt.Errorf("interrupted: %w", err)
	}
	fmt.Fprintln(os.Stderr, name+":", err)
	os.Exit(1)
}

// play starts the local AWS, runs the demo with it, and takes all down.
func (s *Show) play(ctx context.Context, run func(context.Context) error) (err error) {
	s.Began = time.Now()
	s.Directory, err = os.MkdirTemp("", "defog-demo-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.Directory)) }()

	if s.Expect != "" {
		fmt.Fprintf(s.Out, "%s\n\n", s.Expect)
	}
	if err := s.Step("start local AWS", func(io.Writer) error {
		s.AWS, err = local.Start(ctx, ".")
		return err
	}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.AWS.Stop()) }()
	return run(ctx)
}

// Step does one thing that takes a while, and shows for how long. What it
// writes is shown when it fails.
func (s *Show) Step(title string, do func(out io.Writer) error) error {
	if err := s.progress.step(title, do); err != nil {
		return fmt.Errorf("%s: %w", title, err)
	}
	return nil
}

// Bootstrap prepares the account for the CDK.
func (s *Show) Bootstrap(ctx context.Context) error {
	return s.Step("bootstrap the account for the CDK", func(out io.Writer) error { return s.AWS.Bootstrap(ctx, out) })
}

// Build compiles the operator's program.
func (s *Show) Build(ctx context.Context) error {
	return s.Step("build the operator's program", func(out io.Writer) error {
		return s.Command(ctx, out, "go", "build", "-o", s.program(), "./cmd/defog").Run()
	})
}

// DefogCommand prepares the operator's program, with its output going to out.
func (s *Show) DefogCommand(ctx context.Context, out io.Writer, arguments ...string) *exec.Cmd {
	return s.Command(ctx, out, s.program(), arguments...)
}

func (s *Show) program() string { return filepath.Join(s.Directory, "defog") }

// Command prepares a program that works with the local AWS.
func (s *Show) Command(ctx context.Context, out io.Writer, name string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Env = s.AWS.Environ(os.Environ())
	command.Stdout, command.Stderr = out, out
	return command
}
