package local

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Bootstrap prepares the local account for CDK deploys. The CLI's output goes
// to out.
func (a *AWS) Bootstrap(ctx context.Context, out io.Writer) error {
	// Outside of the checkout, where the CLI would synthesize the app first.
	return a.cdk(ctx, a.directory, out, "bootstrap", "aws://000000000000/"+region)
}

// Deploy deploys the checkout's app without asking. args are added to the
// command line, such as "-c", "app_name=defog". The CLI's output goes to out.
func (a *AWS) Deploy(ctx context.Context, out io.Writer, args ...string) error {
	return a.CDK(ctx, out, slices.Concat([]string{"deploy", "--require-approval", "never"}, args)...)
}

// Join has a command start in the process group of the local AWS, so that Stop
// kills it, too.
func (a *AWS) Join(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: a.group}
}

// CDK runs the checkout's CDK CLI, in the checkout, against this local AWS,
// with its output going to out. Each run writes its cloud assembly to a new
// folder in the private directory, so that several may run at once.
//
// The end of ctx interrupts the CLI. What the CLI leaves running, or leaves in
// its temporary directory, goes with Stop.
func (a *AWS) CDK(ctx context.Context, out io.Writer, args ...string) error {
	return a.cdk(ctx, a.checkout, out, args...)
}

func (a *AWS) cdk(ctx context.Context, directory string, out io.Writer, args ...string) error {
	bin := filepath.Join(a.checkout, "node_modules", ".bin")
	program := filepath.Join(bin, "cdk")
	if _, err := os.Stat(program); err != nil {
		return fmt.Errorf("the CDK CLI is not installed, run `make setup`: %w", err)
	}
	assembly, err := os.MkdirTemp(a.directory, "cdk.out-")
	if err != nil {
		return fmt.Errorf("create the folder of the cloud assembly: %w", err)
	}
	cdk := exec.CommandContext(ctx, program, slices.Concat(args, []string{"--output", assembly, "--no-notices"})...)
	cdk.Dir = directory
	// As npx does, so that the CLI and the app run on the Node of package.json.
	cdk.Env = append(prependPath(a.Environ(cdk.Environ()), bin), "TMPDIR="+a.directory)
	cdk.Stdout, cdk.Stderr = out, out
	a.Join(cdk)
	cdk.Cancel = func() error { return cdk.Process.Signal(os.Interrupt) }
	cdk.WaitDelay = 3 * time.Second
	if err := cdk.Run(); err != nil {
		return fmt.Errorf("cdk %s: %w", strings.Join(args, " "), err)
	}
	return nil
}
