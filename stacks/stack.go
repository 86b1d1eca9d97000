package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
)

// New makes the app's top-level stack: the pipeline if the settings ask for
// one, or else the stack of the one stage.
func New(app constructs.Construct, inputs *Inputs) error {
	if inputs.Config.Pipeline {
		return NewPipelineStack(app, inputs.Config.PipelineName(), inputs)
	}
	_, err := NewStageStack(app, inputs)
	return err
}

// NewStageStack makes the stack of one stage, of the kind that its settings
// say. Its name is the stage's, wherever it stands.
func NewStageStack(scope constructs.Construct, inputs *Inputs) (awscdk.Stack, error) {
	if inputs.Config.CustomFunction() {
		return NewOwnStack(scope, inputs.Config.StackName(), inputs)
	}
	return NewQueryStack(scope, inputs.Config.StackName(), inputs)
}
