package stacks

import (
	"cmp"
	"path"
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

// throughProfile reports whether the model is asked through an inference
// profile.
func throughProfile(conf config.Config) bool {
	return conf.Generator == "bedrock" &&
		(profileID.MatchString(conf.GeneratorModel) || strings.Contains(conf.GeneratorModel, "inference-profile/"))
}

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
	isARN := strings.HasPrefix(conf.GeneratorModel, "arn:")
	if !throughProfile(conf) {
		if isARN {
			return []awsiam.PolicyStatement{allow(&conf.GeneratorModel, ask)}
		}
		return []awsiam.PolicyStatement{allow(arn(region, "", "foundation-model", conf.GeneratorModel), ask)}
	}
	through, name := arn(region, *stack.Account(), "inference-profile", conf.GeneratorModel), "*"
	if isARN {
		through = &conf.GeneratorModel
	}
	if profile := profileID.FindStringSubmatch(path.Base(conf.GeneratorModel)); profile != nil {
		name = profile[2] // an application's own profile does not say its model
	}
	model := allow(arn("*", "", "foundation-model", name), ask)
	model.AddCondition(jsii.String("StringEquals"), map[string]any{"bedrock:InferenceProfileArn": through})
	return []awsiam.PolicyStatement{allow(through, ask), model}
}
