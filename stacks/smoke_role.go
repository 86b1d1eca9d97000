package stacks

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// SmokeRoleProps names a role that may ask a stage's API, and who may take it.
type SmokeRoleProps struct {
	Name          string
	CallerAccount string // "" for the stage's own
	Caller        string // the name of a role there
	Local         bool   // see Inputs
}

// newSmokeRole makes the role with which a pipeline asks its smoke question: it
// may call the API, which is named as an ARN of execute-api, and nothing else,
// and one role of the pipeline alone may take it. That one is named by a
// condition, and so need not exist yet.
func newSmokeRole(scope constructs.Construct, props SmokeRoleProps, api *string) {
	stack := awscdk.Stack_Of(scope)
	caller := func(service, resource, name string) *string {
		return stack.FormatArn(&awscdk.ArnComponents{
			Service: &service, Region: jsii.String(""), Account: optional(props.CallerAccount), Resource: &resource, ResourceName: &name,
		})
	}
	callers := []*string{caller("iam", "role", props.Caller)}
	if props.Local { // which compares the session's ARN, where AWS compares its role's
		callers = append(callers, caller("sts", "assumed-role", props.Caller+"/*"))
	}
	account := props.CallerAccount
	if account == "" {
		account = *stack.Account()
	}
	awsiam.NewRole(scope, jsii.String("SmokeRole"), &awsiam.RoleProps{
		RoleName:    jsii.String(props.Name),
		Description: jsii.String("Lets the pipeline ask this stage its smoke question"),
		AssumedBy: awsiam.NewPrincipalWithConditions(awsiam.NewAccountPrincipal(jsii.String(account)), &map[string]any{
			"ArnLike": map[string]any{"aws:PrincipalArn": callers},
		}),
		MaxSessionDuration: awscdk.Duration_Hours(jsii.Number(1)),
		InlinePolicies: &map[string]awsiam.PolicyDocument{"Ask": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{
			Statements: &[]awsiam.PolicyStatement{allow(api, "execute-api:Invoke")},
		})},
	})
}

// roleName cuts a role's name to the 64 characters that IAM takes, keeping it
// one of a kind.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func roleName(name string) string {
	const most = 64
	if len(name) <= most {
		return name
	}
	hash := sha256.Sum256([]byte(name))
	end := "-" + hex.EncodeToString(hash[:4])
	return name[:most-len(end)] + end
}
