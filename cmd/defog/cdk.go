package main

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
	"defog-cdk/config"
)

// fingerprintKey names the variable with the key of the fingerprints, and
// leastKey is how many bytes make one that nobody can guess.
const (
	fingerprintKey = "DEFOG_FINGERPRINT_KEY"
	leastKey       = 16
)

// cdkPatience is how long the CLI may take to end when it is told to.
const cdkPatience = 10 * time.Second

// cdkRun is one run of the CDK CLI of which nothing secret gets out: what it
// prints is redacted, and what it writes goes to a private folder that is
// removed.
type cdkRun struct {
	folder  string // private
	secrets *redact.Secrets
}

// newCDKRun prepares a run with the settings of the command line. The caller
// must call remove.
func newCDKRun(pairs []string) (*cdkRun, error) {
	key := os.Getenv(fingerprintKey)
	if key != "" && len(key) < leastKey {
		return nil, fmt.Errorf("%s: has %d bytes; valid: at least %d, as of openssl rand -hex 16", fingerprintKey, len(key), leastKey)
	}
	folder, err := os.MkdirTemp("", "defog-cdk-") // for its owner alone
	if err != nil {
		return nil, fmt.Errorf("make a private folder: %w", err)
	}
	run := &cdkRun{folder: folder, secrets: redact.NewSecrets(key)}
	if err := os.Mkdir(run.temporary(), 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("make a private folder: %w", err), run.remove())
	}
	// What is wrong with the settings is the app's to say.
	if values, err := config.ContextFile(pairs); err == nil {
		conf, _ := config.Load(values)
		for _, secret := range conf.Connection.Secrets() {
			run.secrets.Add(redact.New, secret)
		}
	}
	return run, nil
}

func (r *cdkRun) assembly() string  { return filepath.Join(r.folder, "cdk.out") }
func (r *cdkRun) temporary() string { return filepath.Join(r.folder, "tmp") }

func (r *cdkRun) remove() error {
	if err := os.RemoveAll(r.folder); err != nil {
		return fmt.Errorf("remove the private folder, which holds credentials: %w", err)
	}
	return nil
}

// cdk runs the CLI of this checkout and returns its exit code.
func (r *cdkRun) cdk(ctx context.Context, stdout, stderr io.Writer, args ...string) (code int, err error) {
	bin, err := filepath.Abs(filepath.Join("node_modules", ".bin"))
	if err != nil {
		return 0, fmt.Errorf("find the CDK CLI: %w", err)
	}
	program := filepath.Join(bin, "cdk")
	if _, err := os.Stat(program); err != nil {
		return 0, fmt.Errorf("the CDK CLI is not here; run npm ci, and this in the checkout's folder: %w", err)
	}
	out, errOut := redact.NewWriter(stdout, r.secrets), redact.NewWriter(stderr, r.secrets)
	command := exec.CommandContext(ctx, program, args...)
	// The key is not for the app.
	environ := slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, fingerprintKey+"=") })
	command.Env = append(environ, "TMPDIR="+r.temporary(),
		"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH")) // for the pinned Node, as npx does
	if colours(stderr) {
		command.Env = append(command.Env, "FORCE_COLOR=1")
	}
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, out, errOut
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = cdkPatience
	err = errors.Join(command.Run(), out.Close(), errOut.Close())
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 0, fmt.Errorf("run the CDK CLI: %w", err)
	}
	return 0, nil
}

// colours reports whether the CLI is to print colours though it sees no
// terminal, because there is one behind us.
func colours(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("FORCE_COLOR") == ""
}

// appCommand is how the CLI runs the app: what the command line says, or the
// environment, or cdk.json.
func appCommand(said string) (string, error) {
	if app := cmp.Or(said, os.Getenv("CDK_APP")); app != "" {
		return app, nil
	}
	home, _ := os.UserHomeDir() // without one there is no file in it
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
			return "", fmt.Errorf("find the app in %s: %w", path, err)
		}
		if file.App != "" {
			return file.App, nil
		}
	}
	return "", errors.New("there is no app: cdk.json has no \"app\"; run this in the checkout's folder")
}

// cdkFlags are the flags of the CLI that matter here, by their long names.
type cdkFlags struct {
	context                        []string
	app, output, template, profile string
	region                         string
	help                           bool
	rest                           []string // everything but --app
}

// parseCDKFlags finds them in a command line for the CLI, and leaves alone what
// it does not know.
func parseCDKFlags(args []string) (flags cdkFlags, err error) {
	short := map[string]string{"-c": "--context", "-a": "--app", "-o": "--output", "-h": "--help"}
	texts := map[string]*string{"--app": &flags.app, "--output": &flags.output, "--template": &flags.template, "--profile": &flags.profile, "--region": &flags.region}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			flags.rest = append(flags.rest, args[i:]...)
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
			flags.help = true
		}
		if !isText && name != "--context" {
			flags.rest = append(flags.rest, arg)
			continue
		}
		said := []string{arg}
		if !attached {
			behind := args[i+1:]
			if len(behind) == 0 {
				return flags, fmt.Errorf("%s: has no value", arg)
			}
			i++
			value, said = behind[0], append(said, behind[0])
		}
		if isText {
			*target = value
		} else {
			flags.context = append(flags.context, value)
		}
		if name != "--app" {
			flags.rest = append(flags.rest, said...)
		}
	}
	return flags, nil
}
