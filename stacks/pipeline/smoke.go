package pipeline

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/pipelines"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/construct"
)

// SmokeTest is a question for a stage that was just deployed. The pipeline stops
// when the answer is missing or wrong.
type SmokeTest struct {
	Question string // "" for no test
	Expect   string // a value in the answer; "" accepts any answer with a row
	Auth     string // of the stage's API

	// Set is a file of the checkout with questions and results; "" for none. The
	// accuracy of the answers must be at least MinAccuracy, in percent.
	Set         string
	MinAccuracy int
}

// checkoutFolder is where the step has the checkout.
const checkoutFolder = "checkout"

// smokeStep is the name of the test's step and the end of its role's.
func smokeStep(id string) string { return id + "-smoke" }

// smokeRole returns the properties of the stage's role that the test assumes, nil
// without one: an HTTP API with IAM rejects callers of other accounts.
func (d *deployer) smokeRole(id string, region Region) *construct.SmokeRoleProps {
	if region.Smoke.Question == "" || region.Smoke.Auth != "iam" {
		return nil
	}
	return &construct.SmokeRoleProps{
		Name:          construct.RoleName(region.AppName + "-" + smokeStep(id)),
		CallerAccount: d.environment.Account,
		Caller:        construct.RoleName(d.name + "-" + smokeStep(id)),
	}
}

// newSmokeTest makes the step for the stage's stack. Question and expected value
// are variables, which the shell does not split.
func (d *deployer) newSmokeTest(id string, region Region, role *construct.SmokeRoleProps, stack awscdk.Stack) pipelines.CodeBuildStep {
	var url awscdk.CfnOutput
	jsii.UnsafeCast(stack.Node().FindChild(jsii.String("QueryUrl")), &url)
	command := []string{"./defog smoke", `--url="$QUERY_URL"`, "--auth=" + region.Smoke.Auth, `--question="$SMOKE_QUESTION"`}
	variables := map[string]string{"SMOKE_QUESTION": region.Smoke.Question}
	if region.Smoke.Expect != "" {
		command = append(command, `--expect="$SMOKE_EXPECT"`)
		variables["SMOKE_EXPECT"] = region.Smoke.Expect
	}
	if region.Environment.Region != "" {
		command = append(command, "--region="+region.Environment.Region)
	}
	var statements []awsiam.PolicyStatement
	if role != nil {
		arn := d.stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("iam"), Region: jsii.String(""), Account: construct.Optional(region.Environment.Account),
			Resource: jsii.String("role"), ResourceName: jsii.String(role.Name),
		})
		command = append(command, `--role-arn="$SMOKE_ROLE"`)
		variables["SMOKE_ROLE"] = *arn
		statements = append(statements, construct.AllowStatement(arn, "sts:AssumeRole"))
	}
	commands := []string{"chmod +x defog", strings.Join(command, " ")}
	var inputs *map[string]pipelines.IFileSetProducer
	if region.Smoke.Set != "" {
		inputs = &map[string]pipelines.IFileSetProducer{checkoutFolder: d.build.checkout}
		variables["SMOKE_SET"] = region.Smoke.Set
		evaluate := []string{"./defog evaluate", `--url="$QUERY_URL"`, "--auth=" + region.Smoke.Auth, fmt.Sprintf("--min-accuracy=%.2f", float64(region.Smoke.MinAccuracy)/100)}
		if region.Environment.Region != "" {
			evaluate = append(evaluate, "--region="+region.Environment.Region)
		}
		if role != nil {
			evaluate = append(evaluate, `--role-arn="$SMOKE_ROLE"`)
		}
		// A build's log keeps its output, and misses show rows.
		commands = append(commands, strings.Join(evaluate, " ")+` "`+checkoutFolder+`/$SMOKE_SET" >/dev/null`)
	}
	return pipelines.NewCodeBuildStep(jsii.String("Smoke"), &pipelines.CodeBuildStepProps{
		Input:                d.build.programs,
		AdditionalInputs:     inputs,
		Commands:             jsii.Strings(commands...),
		Env:                  construct.Texts(variables),
		EnvFromCfnOutputs:    &map[string]awscdk.CfnOutput{"QUERY_URL": url},
		Role:                 d.newStepRole(smokeStep(id), "Asks "+region.StackName+" its smoke question"),
		RolePolicyStatements: &statements,
	})
}
