package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// uvVersion is the uv that is installed where there is none. It resolves with
// the target's environment markers, which pip takes from the Python it runs on.
const uvVersion = "0.13.9"

// A uv of another age may say or write things otherwise.
var oldestUV = [2]int{0, 9}

// buildConstraints pin what builds a package that exists only as source: another
// version could write other metadata, and so another zip.
const buildConstraints = `setuptools==80.9.0
wheel==0.45.1
`

// uv runs uv.
type uv struct {
	program string
	python  string // that uv runs builds with
	folder  string // that it runs in
	scratch string // for files of ours
	flags   []string
}

// findUV returns uv's program: a uv on the PATH that is new enough, or the pinned
// one, installed from PyPI into a virtual environment among the user's caches.
func (o *Options) findUV(ctx context.Context, python string) (string, error) {
	if o.UV != "" {
		return o.UV, nil
	}
	for _, folder := range filepath.SplitList(o.Machine.Path) {
		program := filepath.Join(folder, "uv")
		output, err := exec.CommandContext(ctx, program, "--version").Output()
		var major, minor int
		if err != nil {
			continue
		}
		if _, err := fmt.Sscanf(string(output), "uv %d.%d", &major, &minor); err != nil {
			continue
		}
		if major > oldestUV[0] || major == oldestUV[0] && minor >= oldestUV[1] {
			return program, nil
		}
	}
	environment := filepath.Join(o.Machine.Caches, "uv-"+uvVersion)
	program := filepath.Join(environment, "bin", "uv")
	if exec.CommandContext(ctx, program, "--version").Run() == nil {
		return program, nil
	}
	o.Progress("Installing uv " + uvVersion + ", which resolves the packages, in " + environment)
	for _, command := range [][]string{
		{python, "-m", "venv", "--clear", environment},
		{filepath.Join(environment, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv==" + uvVersion},
	} {
		if output, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil {
			return "", errors.Join(fmt.Errorf("install uv: %s: %w: %s; or put uv %d.%d or later on the PATH",
				strings.Join(command, " "), err, bytes.TrimSpace(output), oldestUV[0], oldestUV[1]), os.RemoveAll(environment))
		}
	}
	return program, nil
}

// unresolved is uv's exit code where requirements cannot be met. Others are for
// trouble, as with the network.
const unresolved = 1

// uvError is a run of uv that failed, with what it said.
type uvError struct {
	err  error
	said string
}

func (e *uvError) Error() string { return fmt.Sprintf("%v: %s", e.err, e.said) }
func (e *uvError) Unwrap() error { return e.err }

// isUnresolved reports whether uv ran and found that requirements cannot be met.
func isUnresolved(err error) (*uvError, bool) {
	var failed *uvError
	var exit *exec.ExitError
	ok := errors.As(err, &failed) && errors.As(err, &exit) && exit.ExitCode() == unresolved
	return failed, ok
}

// run runs a command of `uv pip` and returns what it printed.
func (u *uv) run(ctx context.Context, input string, args ...string) (string, error) {
	args = append(append([]string{"pip"}, args...), u.flags...)
	args = append(args, "--python", u.python, "--no-python-downloads", "--quiet", "--color", "never", "--no-progress")
	command := exec.CommandContext(ctx, u.program, args...)
	// Ctrl-C goes to uv too, which then removes what it has begun.
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGINT) }
	command.WaitDelay = 10 * time.Second
	command.Dir = u.folder
	command.Stdin = strings.NewReader(input)
	// Pure wheels are the same on every machine if their builder tells no time.
	command.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=315532800")
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", &uvError{fmt.Errorf("uv pip %s: %w", args[1], err), strings.TrimSpace(stderr.String())}
	}
	return stdout.String(), nil
}
