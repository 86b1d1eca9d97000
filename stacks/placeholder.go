package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// NewPlaceholder makes a stack in place of one whose files or secret are missing. The CDK CLI
// bootstraps, lists and destroys with it, for which the stack's name suffices. The
// problems are errors of the stack, with which the CLI rejects all other commands.
// --ignore-errors overrides them: the CLI then rejects a deployment without a value of
// the parameter, and CloudFormation one with a value.
func NewPlaceholder(app constructs.Construct, conf config.Config, problems []error) error {
	name := conf.StackName()
	if conf.Pipeline {
		name = conf.PipelineName()
	}
	stack := awscdk.NewStack(app, jsii.String(name), &awscdk.StackProps{StackName: jsii.String(name)})
	for _, problem := range problems {
		awscdk.Annotations_Of(stack).AddError(jsii.String(problem.Error()))
	}
	awscdk.NewCfnWaitConditionHandle(stack, jsii.String("Placeholder"), nil) // the CLI deletes a stack without resources
	awscdk.NewCfnParameter(stack, jsii.String("MissingFiles"), &awscdk.CfnParameterProps{
		Description: jsii.String("Files or secrets of the settings are missing: see the errors of cdk synth"),
		MinLength:   jsii.Number(1), AllowedPattern: jsii.String("^$"),
	})
	return nil
}
