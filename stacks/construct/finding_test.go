package construct_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/construct"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

// A suppression accepts the wildcards that it names, and no others in the same
// role.
func TestNagReportsNewWildcardInAcceptedRole(t *testing.T) {
	changes := settings.With(settings.InSubnets(), map[string]any{
		"xray": true, "results_bucket": "our-results", "iam_policy_file": settings.PolicyFile(t, "sqs:Send*", "arn:aws:sqs:*:123456789012:q"),
	})
	for _, wildcard := range []struct{ action, resource, finding string }{
		{"dynamodb:*", "arn:aws:dynamodb:eu-west-1:123456789012:table/t", "Action::dynamodb:*"},
		{"dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/*", "Resource::arn:aws:dynamodb:eu-west-1:123456789012:table/*"},
	} {
		t.Run(wildcard.finding, func(t *testing.T) {
			stack := stacktest.MustStack(t, settings.Query(t, changes), stacktest.Setup{})
			addStatement(t, stack, wildcard.action, wildcard.resource)
			findings := stacktest.Findings(t, stack)
			if len(findings) == 0 || !strings.Contains(strings.Join(findings, "\n"), wildcard.finding) {
				t.Errorf("findings %q, want %s", findings, wildcard.finding)
			}
		})
	}
}

// addStatement adds a policy to the function's role.
func addStatement(t *testing.T, stack awscdk.Stack, action, resource string) {
	t.Helper()
	for _, found := range construct.Resources(stack, "AWS::IAM::Role") {
		var role awsiam.CfnRole
		jsii.UnsafeCast(found, &role)
		policies, _ := stack.Resolve(role.Policies()).([]any)
		var properties []any
		for _, policy := range policies {
			policy := policy.(map[string]any)
			properties = append(properties, &awsiam.CfnRole_PolicyProperty{PolicyName: jsii.String(policy["policyName"].(string)), PolicyDocument: policy["policyDocument"]})
		}
		role.SetPolicies(append(properties, &awsiam.CfnRole_PolicyProperty{PolicyName: jsii.String("New"), PolicyDocument: map[string]any{
			"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": action, "Resource": resource}},
		}}))
	}
}

// DropRoleDependencies removes what the CDK adds. When this test fails, the CDK
// has changed: remove DropRoleDependencies.
func TestCDKAddsRoleToDependenciesOfFunction(t *testing.T) {
	for name, prepare := range map[string]func(constructs.IConstruct){
		"dropped": construct.DropRoleDependencies,
		"added":   func(constructs.IConstruct) {},
	} {
		stack := awscdk.NewStack(stacktest.App(t, nil), jsii.String("stack"), nil)
		awslambda.NewFunction(stack, jsii.String("Function"), &awslambda.FunctionProps{
			Runtime: awslambda.Runtime_PYTHON_3_14(), Handler: jsii.String("index.handler"), Code: awslambda.Code_FromInline(jsii.String("x")),
		})
		prepare(stack)
		template := assertions.Template_FromStack(stack, nil)
		role := stacktest.OnlyID(t, template, "AWS::IAM::Role")
		var want any = []any{role}
		if name == "dropped" {
			want = assertions.Match_Absent()
		}
		template.HasResource(jsii.String("AWS::Lambda::Function"), map[string]any{"DependsOn": want})
	}
}
