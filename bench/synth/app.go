package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// editable is a text in the source of both apps that stands in their templates.
const editable = "Asks a question from any machine"

// app is one of the apps that are compared.
type app struct {
	directory string
	command   string   // as cdk.json has it
	source    string   // the file with the editable text
	original  string   // its content before the first edit
	edits     int      // so far
	run       string   // in each edit: Go's cache has the programs of earlier runs
	settings  []string // arguments of `cdk synth`
	environ   []string // what the CLI gives the app command
}

// warm records the environment that the CLI gives the app command, and goes
// the ways once, so that all caches are warm.
func (a *app) warm(ctx context.Context, ways []way) error {
	recorder := *a
	recorder.command = "env -0 >environment; " + a.command
	if _, err := recorder.synth(ctx, way{cli: true, validate: true}); err != nil {
		return err
	}
	environ, err := os.ReadFile(filepath.Join(a.directory, "environment"))
	if err != nil {
		return fmt.Errorf("read the recorded environment: %w", err)
	}
	a.environ = splitNUL(environ)

	for _, w := range ways {
		if _, err := a.synth(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// synth synthesizes in one way and returns how long that took.
func (a *app) synth(ctx context.Context, w way) (time.Duration, error) {
	if w.edit {
		if err := a.edit(); err != nil {
			return 0, err
		}
	}
	cmd := a.alone(ctx, w)
	if w.cli {
		cmd = a.throughCLI(ctx, w)
	}
	cmd.Dir = a.directory
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	err := cmd.Run()
	taken := time.Since(start)
	if err != nil {
		return 0, fmt.Errorf("%s (%s): %w\n%s", a.command, w, err, output.String())
	}
	if !w.edit {
		return taken, nil
	}
	text, err := os.ReadFile(a.template())
	if err == nil && !strings.Contains(string(text), a.edited()) {
		err = fmt.Errorf("%s (%s): the template does not show the edit", a.command, w)
	}
	return taken, err
}

// alone runs the app as the CLI does.
func (a *app) alone(ctx context.Context, w way) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", a.command)
	cmd.Env = slices.Clone(a.environ)
	if !w.validate {
		cmd.Env = append(cmd.Env, "CDK_VALIDATION=false")
	}
	return cmd
}

// throughCLI runs the CDK CLI on the pinned Node and keeps the network out.
func (a *app) throughCLI(ctx context.Context, w way) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "cdk", "synth", "--quiet", "--no-notices", "--app", a.command)
	cmd.Args = append(cmd.Args, a.settings...)
	if !w.validate {
		cmd.Args = append(cmd.Args, "--no-validation")
	}
	cmd.Env = append(os.Environ(),
		"AWS_EC2_METADATA_DISABLED=true", "CDK_DISABLE_CLI_TELEMETRY=true", "CDK_DISABLE_VERSION_CHECK=true")
	return cmd
}

// edit changes one line to what it never was before.
func (a *app) edit() error {
	path := filepath.Join(a.directory, a.source)
	if a.edits == 0 {
		source, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read the source to edit: %w", err)
		}
		a.original = string(source)
	}
	if !strings.Contains(a.original, editable) {
		return fmt.Errorf("%s lacks the text %q", a.source, editable)
	}
	a.edits++
	changed := strings.Replace(a.original, editable, a.edited(), 1)
	return os.WriteFile(path, []byte(changed), 0o644)
}

// template is the path of the template that a synth wrote.
func (a *app) template() string {
	return filepath.Join(a.directory, "cdk.out", stackName+".template.json")
}

func (a *app) edited() string { return fmt.Sprintf("%s, edit %d of %s", editable, a.edits, a.run) }

func splitNUL(text []byte) []string {
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}
