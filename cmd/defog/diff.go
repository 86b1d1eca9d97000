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
	"defog-cdk/cmd/defog/cdk"
	"defog-cdk/cmd/defog/redact"
	"defog-cdk/cmd/defog/session"
	"defog-cdk/config"
)

func newDiff() *cobra.Command {
	return &cobra.Command{
		Use:   "diff [arguments of cdk diff]",
		Short: "Run cdk diff with fingerprints in place of secrets",
		Long: `Diff runs cdk diff with its arguments and exit code. In place of each secret, old or
new, it prints a fingerprint: "sha256:1a2b3c4d…", which changes with the secret, if
DEFOG_FINGERPRINT_KEY holds your team's key. Otherwise it prints
"(secret, changed)" or "(secret, unchanged)".

The cloud assembly goes to a private folder, which diff removes. You need
cloudformation:GetTemplate on the stack, as for cdk diff. All flags are those of
the CDK CLI: npx cdk diff --help lists them.`,
		Example: `  defog diff -c app_name=defog
  DEFOG_FINGERPRINT_KEY=… defog diff -c app_name=defog -c stage=prod --fail`,
		DisableFlagParsing: true, // the CLI parses them
		RunE: func(cmd *cobra.Command, args []string) error {
			flags, err := cdk.ParseFlags(args)
			if err != nil {
				return err
			}
			if flags.Help {
				return cmd.Help()
			}
			return diff(cmd.Context(), flags, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
}

// newCDKRun prepares a run that redacts the secrets of the settings' connection.
// The app reports errors of the settings.
func newCDKRun(d *deployment) (*cdk.Run, error) {
	if err := checkFolder(); err != nil {
		return nil, err
	}
	secrets := map[string]string{}
	if values, err := d.values(); err == nil {
		conf, _ := config.Load(values)
		secrets = conf.Connection.Secrets()
	}
	return cdk.NewRun(secrets)
}

func diff(ctx context.Context, flags cdk.Flags, stdout, stderr io.Writer) (err error) {
	if flags.Output != "" {
		return errors.New("--output: is not supported, because the cloud assembly can hold credentials; to keep one, use npx cdk synth")
	}
	d := &deployment{context: flags.Context, profile: flags.Profile, region: flags.Region}
	run, err := newCDKRun(d)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Remove()) }()
	if flags.Template != "" {
		if err := collectFile(run.Secrets, flags.Template); err != nil {
			return err
		}
	}
	app, err := cdk.AppCommand(flags.App)
	if err != nil {
		return err
	}
	if err := cdk.CheckInstalled(); err != nil {
		return err
	}
	cfg, err := d.session(ctx)
	if err != nil {
		return err
	}
	if err := session.Verify(ctx, cfg); err != nil { // before a synth, which takes long
		return err
	}
	output := []string{"--output", run.Assembly()}
	if info, err := os.Stat(app); err == nil && info.IsDir() {
		if err := collect(ctx, cfg, run.Secrets, app); err != nil {
			return err
		}
		output = nil
	} else {
		hook, err := run.NewHook(ctx, app, func(ctx context.Context, folder string) error {
			return session.Explain(collect(ctx, cfg, run.Secrets, folder))
		})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, hook.Close()) }()
		app = hook.Command
	}
	return run.CLI(ctx, stdout, stderr, slices.Concat([]string{"diff"}, flags.Rest, []string{"--app", app}, output)...)
}

// collect adds the secrets of an assembly's stacks, and of the deployed stacks of
// the same names.
func collect(ctx context.Context, cfg aws.Config, secrets *redact.Secrets, folder string) error {
	stacks, err := assembly.Read(folder)
	if err != nil {
		return err
	}
	for _, stack := range stacks {
		secrets.Add(redact.New, redact.InTemplate(stack.Template)...)
		deployed, err := assembly.Deployed(ctx, cfg, stack)
		if err != nil && !stack.Nested {
			return fmt.Errorf("the deployed secrets are unknown, so no difference is printed: %w", err)
		}
		// The CLI reads nested stacks by the same calls: what fails here, fails there.
		secrets.Add(redact.Old, redact.InTemplate(deployed)...)
	}
	secrets.Compared()
	return nil
}

// collectFile adds the secrets of a template in a file.
func collectFile(secrets *redact.Secrets, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("--template: %w", err)
	}
	template, err := assembly.Parse(string(data))
	if err != nil {
		return fmt.Errorf("--template: %s: %w", path, err)
	}
	secrets.Add(redact.Old, redact.InTemplate(template)...)
	return nil
}
