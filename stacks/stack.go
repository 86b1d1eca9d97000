// Package stacks makes the app's stacks from artifacts: the pipeline's, or that of
// one stage.
package stacks

import (
	"context"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
	"defog-cdk/stacks/custom"
	"defog-cdk/stacks/pipeline"
	"defog-cdk/stacks/query"
)

// NewApp makes an app whose assemblies are reproducible. The caller calls Synth:
// the CDK's automatic one would write an assembly even after an error.
func NewApp() awscdk.App {
	return awscdk.NewApp(&awscdk.AppProps{
		AutoSynth:            jsii.Bool(false),
		PerformanceReporting: jsii.Bool(false), // times differ from one assembly to the next
		StackTraces:          jsii.Bool(false), // as do jsii's stack traces
		Context:              &map[string]any{"aws:cdk:disable-creation-stack-traces": true},
	})
}

// Options are the app's options besides its settings.
type Options struct {
	LocalAWS bool // adapts the stacks to local AWS
}

// New makes the app's top-level stack.
func New(ctx context.Context, app constructs.Construct, artifacts *artifact.Artifacts, options Options) error {
	newStage := func(scope constructs.Construct, stage *artifact.Stage, smoke *construct.SmokeRoleProps) (awscdk.Stack, error) {
		return NewStage(ctx, scope, stage, smoke, options)
	}
	if artifacts.Pipeline == nil {
		_, err := newStage(app, artifacts.Stage, nil)
		return err
	}
	name := artifacts.Pipeline.Config.PipelineName()
	stack, err := pipeline.NewStack(app, name, pipeline.StackPropsOf(artifacts.Pipeline, newStage))
	if err != nil || !options.LocalAWS {
		return err
	}
	return adaptToLocalAWS(ctx, stack, nil)
}

// NewStage makes the stack of a stage, with the query function or a custom one.
// The stage's name is the stack's name and id in every scope.
func NewStage(ctx context.Context, scope constructs.Construct, stage *artifact.Stage, smoke *construct.SmokeRoleProps, options Options) (awscdk.Stack, error) {
	var stack awscdk.Stack
	var err error
	if stage.Custom != nil {
		stack, err = custom.NewStack(scope, stage.Config.StackName(), custom.StackPropsOf(stage))
	} else {
		props := query.StackPropsOf(stage)
		props.Smoke = smoke
		stack, err = query.NewStack(scope, stage.Config.StackName(), props)
	}
	if err != nil || !options.LocalAWS {
		return stack, err
	}
	return stack, adaptToLocalAWS(ctx, stack, stage.Custom)
}
