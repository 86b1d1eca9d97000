// Package cdk runs the CDK CLI of the checkout without disclosing secrets. It redacts
// the CLI's output, and directs its files to a private folder.
package cdk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"defog-cdk/cmd/defog/redact"
)

const (
	// fingerprintKey names the variable with the key of the fingerprints.
	fingerprintKey = "DEFOG_FINGERPRINT_KEY"

	// minKeyBytes is the length of a key that cannot be guessed.
	minKeyBytes = 16

	// stopTimeout is the time that the CLI and the app have to end after a signal.
	stopTimeout = 10 * time.Second
)

// ExitCode is the exit code of a program that has already printed its error.
type ExitCode int

func (c ExitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// Run is one run of the CDK CLI.
type Run struct {
	Secrets *redact.Secrets

	folder string // private
}

// NewRun prepares a run that redacts the secrets. The caller must call Remove.
func NewRun(secrets map[string]string) (*Run, error) {
	key := os.Getenv(fingerprintKey)
	if key != "" && len(key) < minKeyBytes {
		return nil, fmt.Errorf("%s: has %d bytes; want at least %d, for example of openssl rand -hex 16", fingerprintKey, len(key), minKeyBytes)
	}
	folder, err := os.MkdirTemp("", "defog-cdk-") // with mode 0700
	if err != nil {
		return nil, fmt.Errorf("make a private folder: %w", err)
	}
	run := &Run{Secrets: redact.NewSecrets(key), folder: folder}
	if err := os.Mkdir(run.temporary(), 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("make a private folder: %w", err), run.Remove())
	}
	for _, secret := range secrets {
		run.Secrets.Add(redact.New, secret)
	}
	return run, nil
}

// Assembly returns the folder of the run's cloud assembly.
func (r *Run) Assembly() string { return filepath.Join(r.folder, "cdk.out") }

func (r *Run) temporary() string { return filepath.Join(r.folder, "tmp") }

// Remove removes the private folder.
func (r *Run) Remove() error {
	if err := os.RemoveAll(r.folder); err != nil {
		return fmt.Errorf("remove the private folder, which holds credentials: %w", err)
	}
	return nil
}

// CheckInstalled returns an error if the checkout has no CDK CLI.
func CheckInstalled() error {
	_, err := program()
	return err
}

func program() (string, error) {
	path, err := filepath.Abs(filepath.Join("node_modules", ".bin", "cdk"))
	if err != nil {
		return "", fmt.Errorf("find the CDK CLI: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the CDK CLI is not installed; want it in node_modules of the checkout's folder: run npm ci there (%w)", err)
	}
	return path, nil
}

// CLI runs the CDK CLI. A non-zero exit code is an [ExitCode].
func (r *Run) CLI(ctx context.Context, stdout, stderr io.Writer, args ...string) error {
	path, err := program()
	if err != nil {
		return err
	}
	out, errOut := redact.NewWriter(stdout, r.Secrets), redact.NewWriter(stderr, r.Secrets)
	command := exec.CommandContext(ctx, path, args...)
	// The app does not need the key of the fingerprints.
	environ := slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, fingerprintKey+"=") })
	command.Env = append(environ, "TMPDIR="+r.temporary(),
		"PATH="+filepath.Dir(path)+string(os.PathListSeparator)+os.Getenv("PATH")) // the pinned Node comes first, as with npx
	if wantsColour(stderr) {
		command.Env = append(command.Env, "FORCE_COLOR=1")
	}
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, out, errOut
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = stopTimeout
	return exitCode("run the CDK CLI", errors.Join(command.Run(), out.Close(), errOut.Close()))
}

// exitCode turns a program's exit code into an [ExitCode].
func exitCode(action string, err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return ExitCode(exit.ExitCode())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

// wantsColour reports whether the output goes to a terminal, which the CLI itself
// cannot see behind the redaction.
func wantsColour(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("FORCE_COLOR") == ""
}

// AppCommand returns the command of the app: that of the flag --app, of the
// environment or of cdk.json, in this order.
func AppCommand(flag string) (string, error) {
	if app := cmp.Or(flag, os.Getenv("CDK_APP")); app != "" {
		return app, nil
	}
	home, _ := os.UserHomeDir() // without a home there is no file in it
	for _, path := range []string{"cdk.json", filepath.Join(home, ".cdk.json")} {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var file struct {
			App string `json:"app"`
		}
		if err == nil {
			err = json.Unmarshal(data, &file)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		if file.App != "" {
			return file.App, nil
		}
	}
	return "", errors.New(`cdk.json: has no "app" or does not exist; want the checkout's folder as the current folder`)
}

// Flags are the flags of the CLI that diff reads, by their long names.
type Flags struct {
	Context                        []string
	App, Output, Template, Profile string
	Region                         string
	Help                           bool
	Rest                           []string // all arguments except --app
}

// ParseFlags finds the flags in a command line of the CLI, and keeps all other
// arguments.
func ParseFlags(args []string) (flags Flags, err error) {
	short := map[string]string{"-c": "--context", "-a": "--app", "-o": "--output", "-h": "--help"}
	texts := map[string]*string{"--app": &flags.App, "--output": &flags.Output, "--template": &flags.Template, "--profile": &flags.Profile, "--region": &flags.Region}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			flags.Rest = append(flags.Rest, args[i:]...)
			break
		}
		name, value, attached := strings.Cut(arg, "=")
		if long, ok := short[name]; ok {
			name = long
		} else if len(arg) > 2 && short[arg[:2]] != "" { // -cname=value
			name, value, attached = short[arg[:2]], arg[2:], true
		}
		target, isText := texts[name]
		if name == "--help" {
			flags.Help = true
		}
		if !isText && name != "--context" {
			flags.Rest = append(flags.Rest, arg)
			continue
		}
		given := []string{arg}
		if !attached {
			if i+1 == len(args) {
				return flags, fmt.Errorf("%s: has no value; want %[1]s value", arg)
			}
			i++
			value, given = args[i], append(given, args[i]) //nolint:gosec // i is below len(args)
		}
		if isText {
			*target = value
		} else {
			flags.Context = append(flags.Context, value)
		}
		if name != "--app" {
			flags.Rest = append(flags.Rest, given...)
		}
	}
	return flags, nil
}
