package stacks

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// profileID matches the ids of Bedrock's cross-region inference profiles: where
// they may go, then the model's id.
// https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
var profileID = regexp.MustCompile(`^(us|us-gov|eu|apac|jp|au|ca|sa|global)\.(.+)$`)

// modelStatements let the function ask Bedrock's model, and no other one. An
// inference profile passes the question on to its model in regions of its own
// choice: the model may be asked there through the profile alone.
// https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
func modelStatements(stack awscdk.Stack, conf config.Config) []awsiam.PolicyStatement {
	const ask = "bedrock:InvokeModel" // the right that the Converse API takes
	region := cmp.Or(conf.GeneratorRegion, *stack.Region())
	arn := func(region, account, kind, name string) *string {
		return stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("bedrock"), Region: &region, Account: &account, Resource: &kind, ResourceName: &name,
		})
	}
	if strings.HasPrefix(conf.GeneratorModel, "arn:") {
		return []awsiam.PolicyStatement{allow(&conf.GeneratorModel, ask)}
	}
	profile := profileID.FindStringSubmatch(conf.GeneratorModel)
	if profile == nil {
		return []awsiam.PolicyStatement{allow(arn(region, "", "foundation-model", conf.GeneratorModel), ask)}
	}
	through := arn(region, *stack.Account(), "inference-profile", conf.GeneratorModel)
	model := allow(arn("*", "", "foundation-model", profile[2]), ask)
	model.AddCondition(jsii.String("StringEquals"), map[string]any{"bedrock:InferenceProfileArn": through})
	return []awsiam.PolicyStatement{allow(through, ask), model}
}
