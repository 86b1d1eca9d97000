package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/assembly"
	"defog-cdk/cmd/defog/review"
	"defog-cdk/config"
)

// What review ends with besides 0 (no change) and 1 (an error).
const (
	exitChanges  exitCode = 2
	exitSecurity exitCode = 3
)

// reviewCommand is the subcommand's flags.
type reviewCommand struct {
	*common
	app    string
	stacks []string
	output string
}

func newReview(common *common) *cobra.Command {
	r := reviewCommand{common: common}
	command := &cobra.Command{
		Use:   "review",
		Short: "Say in Markdown what a deployment would change",
		Long: `Review compares what is deployed with what would be deployed, and writes a
report for a pull request: what touches security, what loses data, then the
rest, each with the setting that it comes from. It changes nothing on AWS and
needs cloudformation:GetTemplate alone. Secrets are shown as defog diff does.

The exit code says what to do:
  0  nothing changes
  1  there is no report
  2  there are changes
  3  a change touches security, or loses what a resource holds`,
		Example: `  defog review -c app_name=defog -c stage=prod
  defog review --app cdk.out --stack defog-prod --output review.md`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&r.app, "app", "", "a cloud assembly's `folder`, to review instead of what the settings give")
	flags.StringArrayVar(&r.stacks, "stack", nil, "the `name` of a stack to review (default: all, of a pipeline those of its stages too)")
	flags.StringVar(&r.output, "output", "", "a `file` for the report, instead of standard output")
	return command
}

func (r *reviewCommand) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	run, err := newCDKRun(r.context)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.remove()) }()
	folder, values := r.app, []config.Value(nil)
	if folder == "" {
		if values, err = r.synth(ctx, run, stderr); err != nil {
			return err
		}
		folder = run.assembly()
	}
	stacks, err := r.choose(folder)
	if err != nil {
		return err
	}
	reports, err := r.compare(ctx, run, stacks, values)
	if err != nil {
		return err
	}
	if err := r.write(reports, stdout); err != nil {
		return err
	}
	return verdict(reports)
}

// synth makes the assembly, and returns the settings that it is made from.
func (r *reviewCommand) synth(ctx context.Context, run *cdkRun, stderr io.Writer) ([]config.Value, error) {
	args := []string{"synth", "--quiet", "--output", run.assembly()}
	for _, pair := range r.context {
		args = append(args, "--context", pair)
	}
	if r.profile != "" {
		args = append(args, "--profile", r.profile)
	}
	if r.region != "" {
		args = append(args, "--region", r.region)
	}
	code, err := run.cdk(ctx, stderr, stderr, args...)
	if err != nil {
		return nil, err
	}
	if code != 0 {
		return nil, errors.New("the app could not be synthesised, as said above")
	}
	context, err := config.ContextFile(r.context)
	if err != nil {
		return nil, err
	}
	return config.Effective(context)
}

// choose returns the stacks of the assembly that are asked for.
func (r *reviewCommand) choose(folder string) ([]assembly.Stack, error) {
	stacks, err := assembly.Read(folder)
	if err != nil || len(r.stacks) == 0 {
		return stacks, err
	}
	var names []string
	for _, stack := range stacks {
		names = append(names, stack.Name)
	}
	for _, name := range r.stacks {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("--stack: there is no %s; valid: %s", name, strings.Join(names, ", "))
		}
	}
	return slices.DeleteFunc(stacks, func(stack assembly.Stack) bool { return !slices.Contains(r.stacks, stack.Name) }), nil
}

func (r *reviewCommand) compare(ctx context.Context, run *cdkRun, stacks []assembly.Stack, values []config.Value) ([]review.Report, error) {
	cfg, err := r.aws(ctx)
	if err != nil {
		return nil, err
	}
	compared := make([]review.Stack, len(stacks))
	for i, stack := range stacks {
		deployed, err := assembly.Deployed(ctx, cfg, stack)
		if err != nil {
			return nil, err
		}
		compared[i] = review.Stack{Name: stack.Name, Deployed: deployed, Proposed: stack.Template}
		if !stack.Nested { // whose settings are those of a stage
			compared[i].Settings = values
		}
	}
	return review.Compare(ctx, compared, review.Options{Secrets: run.secrets})
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

// verdict is the exit code for all reports.
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
