package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/assembly"
	"defog-cdk/cmd/defog/redact"
)

// exitCode is the exit code of a program that has said itself what was wrong.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// leave is a program's exit code as an error.
func leave(code int, err error) error {
	if err == nil && code != 0 {
		return exitCode(code)
	}
	return err
}

func newDiff() *cobra.Command {
	return &cobra.Command{
		Use:   "diff [arguments of cdk diff]",
		Short: "Run cdk diff with fingerprints in place of secrets",
		Long: `Diff runs cdk diff with its arguments, and shows a fingerprint in place of each
secret, deployed or to be deployed: "sha256:1a2b3c4d…", which changes with the
secret, if DEFOG_FINGERPRINT_KEY holds the team's key; else "(secret, changed)"
or "(secret, unchanged)". Everything else is the CLI's own, its exit code too.

The cloud assembly goes to a private folder that is removed. It needs
cloudformation:GetTemplate on the stack, as cdk diff does.`,
		Example: `  defog diff -c app_name=defog
  DEFOG_FINGERPRINT_KEY=… defog diff -c app_name=defog -c stage=prod --fail`,
		DisableFlagParsing: true, // they are the CLI's
		RunE: func(cmd *cobra.Command, args []string) error {
			return diff(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
}

func diff(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags, err := parseCDKFlags(args)
	switch {
	case err != nil:
		return err
	case flags.output != "":
		return errors.New("--output: the cloud assembly can hold credentials, and goes to a private folder here; to keep one, use npx cdk synth")
	}
	run, err := newCDKRun(flags.context)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.remove()) }()
	if flags.help {
		return leave(run.cdk(ctx, stdout, stderr, slices.Concat([]string{"diff"}, args)...))
	}
	if flags.template != "" {
		if err := run.learnFile(flags.template); err != nil {
			return err
		}
	}
	common := common{profile: flags.profile, region: flags.region}
	learn := func(ctx context.Context, folder string) error {
		cfg, err := common.aws(ctx)
		if err != nil {
			return err
		}
		return run.learn(ctx, cfg, folder)
	}
	app, err := appCommand(flags.app)
	if err != nil {
		return err
	}
	output := []string{"--output", run.assembly()}
	if info, err := os.Stat(app); err == nil && info.IsDir() {
		if err := learn(ctx, app); err != nil {
			return err
		}
		output = nil
	} else {
		hook, err := newHook(ctx, run.folder, app, learn)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, hook.close()) }()
		run.secrets.Replace(hook.command, app) // in the CLI's errors
		app = hook.command
	}
	return leave(run.cdk(ctx, stdout, stderr, slices.Concat([]string{"diff"}, flags.rest, []string{"--app", app}, output)...))
}

// learn notes the secrets of an assembly's stacks, and of what is deployed under
// their names.
func (r *cdkRun) learn(ctx context.Context, cfg aws.Config, folder string) error {
	stacks, err := assembly.Read(folder)
	if err != nil {
		return err
	}
	for _, stack := range stacks {
		r.secrets.Add(redact.New, redact.InTemplate(stack.Template)...)
		deployed, err := assembly.Deployed(ctx, cfg, stack)
		if err != nil && !stack.Nested {
			return fmt.Errorf("what is secret there is not known, and so nothing is shown: %w", err)
		}
		// What this cannot read of nested stacks, the CLI cannot either: it asks
		// in the same ways.
		r.secrets.Add(redact.Old, redact.InTemplate(deployed)...)
	}
	r.secrets.Compared()
	return nil
}

// learnFile notes the secrets of a template in a file.
func (r *cdkRun) learnFile(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("--template: %w", err)
	}
	template, err := assembly.Parse(string(data))
	if err != nil {
		return fmt.Errorf("--template: %s: %w", path, err)
	}
	r.secrets.Add(redact.Old, redact.InTemplate(template)...)
	return nil
}
