package stacks

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/pipelines"
	"github.com/aws/jsii-runtime-go"
)

// reviewVariable is the variable in which the step hands its summary to the approval.
const reviewVariable = "REVIEW"

// newApproval makes the steps before a stage that somebody must approve: a
// review of what would change, and the question, which shows its summary. The
// whole review is in the log of its step.
func (d *deployer) newApproval(stage StageInputs) *[]pipelines.Step {
	name := stage.Regions[0].Config.StackName()
	var may []awsiam.PolicyStatement
	for _, inputs := range stage.Regions {
		may = append(may, allow(d.lookupRole(inputs), "sts:AssumeRole"))
	}
	review := pipelines.NewCodeBuildStep(jsii.String("Review"), &pipelines.CodeBuildStepProps{
		Input: d.build.checkout,
		AdditionalInputs: &map[string]pipelines.IFileSetProducer{
			"../programs": d.build.programs,
			"../assembly": d.build.step.PrimaryOutput(),
		},
		Commands: jsii.Strings(
			"npm ci --no-audit --no-fund",
			"chmod +x ../programs/defog",
			fmt.Sprintf("%s=$(bash pipeline/review.sh ../programs/defog ../assembly %s)", reviewVariable, name),
			"export "+reviewVariable,
		),
		Role:                 d.newStepRole(stage.Name+"-review", "Compares "+name+" with what would be deployed"),
		RolePolicyStatements: &may,
	})
	approval := pipelines.NewManualApprovalStep(jsii.String("Approve"), &pipelines.ManualApprovalStepProps{
		Comment: jsii.String("Deploy this? " + *review.ExportedVariable(jsii.String(reviewVariable))),
	})
	approval.AddStepDependency(review)
	return &[]pipelines.Step{review, approval}
}

// lookupRole is the ARN of the role that cdk bootstrap makes in the stack's
// account and region for those who only look.
func (d *deployer) lookupRole(inputs *Inputs) *string {
	account, region := *d.stack.Account(), *d.stack.Region()
	if inputs.Account != "" {
		account = inputs.Account
	}
	if inputs.Region != "" {
		region = inputs.Region
	}
	return d.stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("iam"), Region: jsii.String(""), Account: &account,
		Resource: jsii.String("role"), ResourceName: jsii.Sprintf("cdk-%s-lookup-role-%s-%s", *awscdk.DefaultStackSynthesizer_DEFAULT_QUALIFIER(), account, region),
	})
}
