package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"defog-cdk/cmd/defog/assembly"
	"defog-cdk/cmd/defog/cdk"
	"defog-cdk/cmd/defog/review"
	"defog-cdk/cmd/defog/session"
	"defog-cdk/config"
)

// Exit codes of review besides 0 (no change) and 1 (an error).
const (
	exitChanges  cdk.ExitCode = 2
	exitSecurity cdk.ExitCode = 3
)

// reviewCommand holds the flags of review.
type reviewCommand struct {
	*deployment
	app    string
	stacks []string
	output string
	drift  bool
}

func newReview(d *deployment) *cobra.Command {
	r := reviewCommand{deployment: d}
	command := &cobra.Command{
		Use:   "review",
		Short: "Report in Markdown what a deployment would change",
		Long: `Review compares the deployed stacks with the proposed ones, and writes a report for
a pull request. Changes of security come first, then changes that lose data, then
all others. Each change names its setting.

Review changes nothing on AWS and needs only cloudformation:GetTemplate. It prints
fingerprints in place of secrets, as diff does. With --app, it runs no code of the
assembly; -c then gives the settings that the report names.

The exit code has these meanings:

  0  no changes
  1  an error, and no report
  2  changes
  3  a change of security, or one that loses data.`,
		Example: `  defog review -c app_name=defog -c stage=prod
  defog review -c app_name=defog -c stage=prod --app cdk.out --stack defog-prod --output review.md`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if r.drift {
				return r.runDrift(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			return r.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&r.app, "app", "", "the `folder` of a cloud assembly (default: synthesise one from the settings)")
	flags.BoolVar(&r.drift, "drift", false, "report instead what differs from the deployed templates, as defog drift does")
	r.addFlags(flags)
	return command
}

// addFlags adds the flags that drift has, too.
func (r *reviewCommand) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&r.stacks, "stack", nil, "the `name` of a stack to review (repeatable; default: all stacks, with those of a pipeline's stages)")
	flags.StringVar(&r.output, "output", "", "the `file` for the report (default: standard output)")
}

func (r *reviewCommand) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	run, err := newCDKRun(r.deployment)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Remove()) }()
	folder, values := r.app, []config.Value(nil)
	if folder == "" {
		if err := cdk.CheckInstalled(); err != nil {
			return err
		}
	}
	cfg, err := r.session(ctx)
	if err != nil {
		return err
	}
	if err := session.Verify(ctx, cfg); err != nil { // before a synth, which takes long
		return err
	}
	if folder == "" {
		if values, err = r.synth(ctx, run, stderr); err != nil {
			return err
		}
		folder = run.Assembly()
	} else if len(r.context) > 0 {
		if values, err = r.effective(); err != nil {
			return err
		}
	}
	stacks, err := r.choose(folder)
	if err != nil {
		return err
	}
	reports, err := r.compare(ctx, cfg, run, stacks, values)
	if err != nil {
		return err
	}
	if err := r.write(reports, stdout); err != nil {
		return err
	}
	return verdict(reports)
}

// synth synthesises the assembly, and returns the effective settings.
func (r *reviewCommand) synth(ctx context.Context, run *cdk.Run, stderr io.Writer) ([]config.Value, error) {
	args := []string{"synth", "--quiet", "--output", run.Assembly()}
	for _, pair := range r.context {
		args = append(args, "--context", pair)
	}
	if r.profile != "" {
		args = append(args, "--profile", r.profile)
	}
	if r.region != "" {
		args = append(args, "--region", r.region)
	}
	err := run.CLI(ctx, stderr, stderr, args...)
	if _, ok := errors.AsType[cdk.ExitCode](err); ok {
		return nil, errors.New("cdk synth failed with the error above")
	}
	if err != nil {
		return nil, err
	}
	return r.effective()
}

// effective returns the effective settings, which the report names.
func (r *reviewCommand) effective() ([]config.Value, error) {
	values, err := r.values()
	if err != nil {
		return nil, err
	}
	return config.Effective(values)
}

// choose returns the assembly's stacks that --stack names.
func (r *reviewCommand) choose(folder string) ([]assembly.Stack, error) {
	stacks, err := assembly.Read(folder)
	if err != nil {
		return nil, err
	}
	return r.named(stacks)
}

// named returns the stacks that --stack names, or without that flag all.
func (r *reviewCommand) named(stacks []assembly.Stack) ([]assembly.Stack, error) {
	if len(r.stacks) == 0 {
		return stacks, nil
	}
	var names []string
	for _, stack := range stacks {
		names = append(names, stack.Name)
	}
	for _, name := range r.stacks {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("--stack: %s is unknown; want one of: %s", name, strings.Join(names, ", "))
		}
	}
	return slices.DeleteFunc(stacks, func(stack assembly.Stack) bool { return !slices.Contains(r.stacks, stack.Name) }), nil
}

func (r *reviewCommand) compare(ctx context.Context, cfg aws.Config, run *cdk.Run, stacks []assembly.Stack, values []config.Value) ([]review.Report, error) {
	compared := make([]review.Stack, len(stacks))
	for i, stack := range stacks {
		deployed, err := assembly.Deployed(ctx, cfg, stack)
		if err != nil {
			return nil, err
		}
		compared[i] = review.Stack{Name: stack.Name, Deployed: deployed, Proposed: stack.Template}
		if !stack.Nested { // a nested stack has the settings of its stage
			compared[i].Settings = values
		}
	}
	return review.Compare(ctx, compared, review.Options{Secrets: run.Secrets})
}

func (r *reviewCommand) write(reports []review.Report, stdout io.Writer) error {
	texts := make([]string, len(reports))
	for i, report := range reports {
		texts[i] = report.Markdown()
	}
	text := strings.Join(texts, "\n")
	if r.output == "" {
		_, err := io.WriteString(stdout, text)
		return err
	}
	if err := os.WriteFile(r.output, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// verdict returns the exit code for all reports.
func verdict(reports []review.Report) error {
	var code error
	for _, report := range reports {
		switch {
		case report.Count(review.Security)+report.Count(review.Loss) > 0:
			return exitSecurity
		case len(report.Changes) > 0:
			code = exitChanges
		}
	}
	return code
}
