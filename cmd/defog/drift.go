package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/assembly"
	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/drift"
	"defog-cdk/cmd/defog/review"
	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config"
)

// detectionInterval is the time between two requests for a detection's status.
const detectionInterval = 3 * time.Second

func newDrift(d *deployment) *cobra.Command {
	r := reviewCommand{deployment: d}
	command := &cobra.Command{
		Use:   "drift",
		Short: "Report in Markdown what changed on AWS since the deployment",
		Long: `Drift runs CloudFormation's drift detection on the deployed stacks, and reports each
difference between a resource and its template. Changes of security come first, then
lost data, then all others. Each change names the setting that determines the value.

With pipeline=true, drift reports the pipeline's stack and the stacks of its stages.
It prints fingerprints in place of secrets, and no value of an environment variable
that the app does not set. The progress is on standard error.

CloudFormation compares only properties in the template, and not all types of
resources. The report lists the types that it does not check.

You need these rights, and the right to read each resource; AWS's policy
ReadOnlyAccess and the CDK's lookup role have them:

  ` + strings.Join(drift.Actions, "\n  ") + `

The exit code has these meanings:

  0  no drift
  1  an error, or an incomplete detection
  2  drift
  3  drift of security, or one that loses data.`,
		Example: `  defog drift -c app_name=defog -c stage=prod
  defog drift -c app_name=defog -c pipeline=true --stack defog-prod --output drift.md`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.runDrift(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&r.app, "app", "", "the `folder` of a cloud assembly that names the stacks (default: the settings)")
	r.addFlags(flags)
	return command
}

func (r *reviewCommand) runDrift(ctx context.Context, stdout, stderr io.Writer) (err error) {
	run, err := newCDKRun(r.deployment)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Remove()) }()
	stacks, settings, err := r.deployedStacks()
	if err != nil {
		return err
	}
	cfg, err := r.session(ctx)
	if err != nil {
		return err
	}
	progress := func(text string) { fmt.Fprintln(stderr, terminal.Line(text)) }
	var found []review.DriftedStack
	for _, stack := range stacks {
		results, err := drift.Detect(ctx, cfg, stack, drift.Options{Interval: detectionInterval, Progress: progress})
		if _, ok := errors.AsType[*client.NotDeployedError](err); ok {
			return fmt.Errorf("%w; select another by -c app_name=… -c stage=…, --stack or --region", err)
		}
		if err != nil {
			return err
		}
		for i := range results {
			results[i].Settings = settings[stack.Name]
			if severalRegions(stacks, stack.Name) {
				results[i].Name += " in " + stack.Region
			}
		}
		found = append(found, results...)
	}
	reports := review.Drift(found, run.Secrets)
	if err := r.write(reports, stdout); err != nil {
		return err
	}
	for _, report := range reports {
		if len(report.Unknown) > 0 || report.Incomplete != "" {
			return fmt.Errorf("%s: the drift detection is incomplete; the report names the resources and the reasons. It needs the right to read each resource", report.Stack)
		}
	}
	return verdict(reports)
}

// severalRegions reports whether several stacks have a name.
func severalRegions(stacks []assembly.Stack, name string) bool {
	count := 0
	for _, stack := range stacks {
		if stack.Name == name {
			count++
		}
	}
	return count > 1
}

// deployedStacks returns the stacks of the assembly or of the settings, and the
// effective settings of each, if they are known.
func (r *reviewCommand) deployedStacks() ([]assembly.Stack, map[string][]config.Value, error) {
	settings := map[string][]config.Value{}
	if r.app != "" {
		stacks, err := r.choose(r.app)
		if err != nil || len(r.context) == 0 {
			return stacks, settings, err
		}
		values, err := r.effective()
		for _, stack := range stacks {
			if !stack.Nested { // a nested stack has the settings of its stage
				settings[stack.Name] = values
			}
		}
		return stacks, settings, err
	}
	values, err := r.values()
	if err != nil {
		return nil, nil, err
	}
	parsed, err := config.Parse(values)
	if err != nil {
		return nil, nil, err
	}
	roles := lookupRoles(values)
	var stacks []assembly.Stack
	add := func(name, account, region string, context map[string]any) error {
		stacks = append(stacks, assembly.Stack{Name: name, Account: account, Region: region, Roles: roles})
		effective, err := config.Effective(context)
		settings[name] = effective
		return err
	}
	if !parsed.Pipeline {
		err = add(parsed.StackName(), "", "", values)
	} else {
		err = addPipeline(parsed, values, add)
	}
	if err != nil {
		return nil, nil, err
	}
	stacks, err = r.named(stacks)
	return stacks, settings, err
}

// addPipeline adds the stack of a pipeline, and that of each stage in each region.
func addPipeline(parsed config.Settings, values map[string]any, add func(name, account, region string, context map[string]any) error) error {
	if err := add(parsed.PipelineName(), parsed.PipelineAccount, parsed.PipelineRegion, values); err != nil {
		return err
	}
	for _, stage := range parsed.PipelineStages {
		context := maps.Clone(values)
		context["stage"], context["pipeline"] = stage.Stage, "false"
		selected, err := config.Parse(context)
		if err != nil {
			return fmt.Errorf("stage %s: %w", stage.Stage, err)
		}
		regions := stage.Regions
		if len(regions) == 0 {
			regions = []string{parsed.PipelineRegion}
		}
		for _, region := range regions {
			if err := add(selected.StackName(), cmp.Or(stage.Account, parsed.PipelineAccount), region, context); err != nil {
				return fmt.Errorf("stage %s: %w", stage.Stage, err)
			}
		}
	}
	return nil
}

// Names of the CDK's role that reads stacks.
// https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
const (
	qualifierKey     = "@aws-cdk/core:bootstrapQualifier"
	defaultQualifier = "hnb659fds"
)

// lookupRoles returns the CDK's role that reads stacks, with placeholders as in an
// assembly.
func lookupRoles(context map[string]any) []string {
	qualifier, _ := context[qualifierKey].(string)
	return []string{"arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-" + cmp.Or(qualifier, defaultQualifier) + "-lookup-role-${AWS::AccountId}-${AWS::Region}"}
}
