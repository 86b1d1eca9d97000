package construct

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// SmokeRoleID is the construct id of the role of a smoke test.
const SmokeRoleID = "SmokeRole"

// SmokeRoleProps name the role with which a pipeline's smoke test calls a stage's
// API, and its only caller.
type SmokeRoleProps struct {
	Name          string
	CallerAccount string // "" for the stage's own
	Caller        string // the name of a role there
	InvokeARN     string // of the API's route
}

// NewSmokeRole makes the role. It may call the route and nothing else. A
// condition names the caller, so that the caller need not exist yet.
func NewSmokeRole(scope constructs.Construct, id string, props SmokeRoleProps) {
	stack := awscdk.Stack_Of(scope)
	caller := stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("iam"), Region: jsii.String(""), Account: Optional(props.CallerAccount),
		Resource: jsii.String("role"), ResourceName: jsii.String(props.Caller),
	})
	account := props.CallerAccount
	if account == "" {
		account = *stack.Account()
	}
	awsiam.NewRole(scope, jsii.String(id), &awsiam.RoleProps{
		RoleName:    jsii.String(props.Name),
		Description: jsii.String("Lets the pipeline's smoke test call this stage's API"),
		AssumedBy: awsiam.NewPrincipalWithConditions(awsiam.NewAccountPrincipal(jsii.String(account)), &map[string]any{
			"ArnLike": map[string]any{"aws:PrincipalArn": []*string{caller}},
		}),
		MaxSessionDuration: awscdk.Duration_Hours(jsii.Number(1)),
		InlinePolicies: &map[string]awsiam.PolicyDocument{"Ask": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{
			Statements: &[]awsiam.PolicyStatement{AllowStatement(&props.InvokeARN, "execute-api:Invoke")},
		})},
	})
}

// RoleName shortens a role's name to IAM's 64 characters and keeps it unique.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func RoleName(name string) string {
	const limit = 64
	if len(name) <= limit {
		return name
	}
	hash := sha256.Sum256([]byte(name))
	end := "-" + hex.EncodeToString(hash[:4])
	return name[:limit-len(end)] + end
}
