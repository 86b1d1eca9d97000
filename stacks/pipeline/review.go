package pipeline

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/pipelines"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
)

// reviewVariable is the variable that passes the review's summary to the approval.
const reviewVariable = "REVIEW"

// newApproval makes the steps before a stage that requires approval: a review of
// the changes, and the approval, which shows the summary. The log of the review
// has the rest.
func (d *deployer) newApproval(stage Wave) *[]pipelines.Step {
	name := stage.Regions[0].StackName
	var statements []awsiam.PolicyStatement
	for _, region := range stage.Regions {
		statements = append(statements, construct.AllowStatement(d.lookupRole(region.Environment), "sts:AssumeRole"))
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
		Role:                 d.newStepRole(stage.Name+"-review", "Compares "+name+" with the assembly to be deployed"),
		RolePolicyStatements: &statements,
	})
	approval := pipelines.NewManualApprovalStep(jsii.String("Approve"), &pipelines.ManualApprovalStepProps{
		Comment: jsii.String("Deploy this? " + *review.ExportedVariable(jsii.String(reviewVariable))),
	})
	approval.AddStepDependency(review)
	return &[]pipelines.Step{review, approval}
}

// lookupRole returns the ARN of the read-only role that cdk bootstrap makes in
// the stage's environment.
func (d *deployer) lookupRole(environment artifact.Environment) *string {
	account, region := *d.stack.Account(), *d.stack.Region()
	if environment.Account != "" {
		account = environment.Account
	}
	if environment.Region != "" {
		region = environment.Region
	}
	return d.stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("iam"), Region: jsii.String(""), Account: &account,
		Resource: jsii.String("role"), ResourceName: jsii.Sprintf("cdk-%s-lookup-role-%s-%s", *awscdk.DefaultStackSynthesizer_DEFAULT_QUALIFIER(), account, region),
	})
}
