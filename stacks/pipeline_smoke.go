package stacks

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/pipelines"
	"github.com/aws/jsii-runtime-go"
)

// smokeTest asks a stage that was just deployed a question. The pipeline stops
// when the answer is missing or wrong.
type smokeTest struct {
	*deployer
	id     string  // of the stage in one region
	inputs *Inputs // the stage's
}

// name is that of the step's role, which the stage's own role lets take it: an
// HTTP API lets in nobody from another account.
func (s smokeTest) name() string { return s.id + "-smoke" }

func (s smokeTest) caller() string {
	return roleName(s.deployer.inputs.Config.PipelineName() + "-" + s.name())
}

// step makes the step for the stage's stack. Question and expectation travel as
// variables, which the shell does not take apart.
func (s smokeTest) step(stack awscdk.Stack) pipelines.CodeBuildStep {
	conf := s.inputs.Config
	var url awscdk.CfnOutput
	jsii.UnsafeCast(stack.Node().FindChild(jsii.String("QueryUrl")), &url)
	command := []string{"./defog smoke", `--url="$QUERY_URL"`, "--auth=" + conf.APIAuth, `--question="$SMOKE_QUESTION"`}
	variables := map[string]string{"SMOKE_QUESTION": conf.SmokeQuestion}
	if conf.SmokeExpect != "" {
		command = append(command, `--expect="$SMOKE_EXPECT"`)
		variables["SMOKE_EXPECT"] = conf.SmokeExpect
	}
	if s.inputs.Region != "" {
		command = append(command, "--region="+s.inputs.Region)
	}
	var may []awsiam.PolicyStatement
	if s.inputs.Smoke != nil {
		role := s.stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("iam"), Region: jsii.String(""), Account: optional(s.inputs.Account),
			Resource: jsii.String("role"), ResourceName: jsii.String(s.inputs.Smoke.Name),
		})
		command = append(command, `--role-arn="$SMOKE_ROLE"`)
		variables["SMOKE_ROLE"] = *role
		may = append(may, allow(role, "sts:AssumeRole"))
	}
	return pipelines.NewCodeBuildStep(jsii.String("Smoke"), &pipelines.CodeBuildStepProps{
		Input:                s.build.programs,
		Commands:             jsii.Strings("chmod +x defog", strings.Join(command, " ")),
		Env:                  texts(variables),
		EnvFromCfnOutputs:    &map[string]awscdk.CfnOutput{"QUERY_URL": url},
		Role:                 s.newStepRole(s.name(), "Asks "+conf.StackName()+" its smoke question"),
		RolePolicyStatements: &may,
	})
}
