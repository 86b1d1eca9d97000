package query

import (
	"cmp"
	"path"
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/construct"
)

// Model is a model on Bedrock.
type Model struct {
	ID     string // of the model or of an inference profile, or an ARN; "" for no model
	Region string // "" for the stack's
}

// profileID matches the ids of Bedrock's cross-region inference profiles: their
// geography, then the model's id.
// https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
var profileID = regexp.MustCompile(`^(us|us-gov|eu|apac|jp|au|ca|sa|global)\.(.+)$`)

// permissions let the function invoke the model, and no other one. An inference
// profile forwards the request to its model in regions that it chooses: the model
// may be invoked there only through the profile.
// https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
func (m Model) permissions(stack awscdk.Stack) []construct.Permission {
	if m.ID == "" {
		return nil
	}
	const invoke = "bedrock:InvokeModel" // the Converse API requires it
	region := cmp.Or(m.Region, *stack.Region())
	arn := func(region, account, kind, name string) *string {
		return stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("bedrock"), Region: &region, Account: &account, Resource: &kind, ResourceName: &name,
		})
	}
	isARN := strings.HasPrefix(m.ID, "arn:")
	if !profileID.MatchString(m.ID) && !strings.Contains(m.ID, "inference-profile/") {
		if isARN {
			return []construct.Permission{construct.Allow(&m.ID, invoke)}
		}
		return []construct.Permission{construct.Allow(arn(region, "", "foundation-model", m.ID), invoke)}
	}
	profile, name := arn(region, *stack.Account(), "inference-profile", m.ID), "*"
	if isARN {
		profile = &m.ID
	}
	if match := profileID.FindStringSubmatch(path.Base(m.ID)); match != nil {
		name = match[2] // the id of an application's own profile does not contain the model's
	}
	model := construct.AllowWildcard("an inference profile chooses the model's regions; the model may be invoked only through that profile",
		arn("*", "", "foundation-model", name), invoke)
	model.Statement.AddCondition(jsii.String("StringEquals"), map[string]any{"bedrock:InferenceProfileArn": profile})
	return []construct.Permission{construct.Allow(profile, invoke), model}
}
