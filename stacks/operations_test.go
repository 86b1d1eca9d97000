package stacks_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/operations"
	"defog-cdk/stacks/construct"
	"defog-cdk/stacks/stacktest"
)

// requiredActions are the actions that operations require, where they do not have the
// operation's name.
var requiredActions = map[string][]string{
	"bedrock-runtime:Converse": {"bedrock:InvokeModel"},
	"s3:PutObject":             {"s3:PutObject", "s3:AbortMultipartUpload"}, // large objects have several parts
}

// serviceActions are the actions that AWS's services take with the function's role, or
// that no operation of an SDK has, by reason.
var serviceActions = map[string][]string{
	"Lambda writes the log":                                   {"logs:CreateLogStream", "logs:PutLogEvents"},
	"Lambda connects the function to the VPC":                 {"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses"},
	"Lambda reads the queue of long questions":                {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
	"Lambda decrypts the environment":                         {"kms:Decrypt"},
	"Lambda's daemon sends the segments":                      {"xray:PutTelemetryRecords", "xray:PutTraceSegments"},
	"the database accepts a signature in place of a password": {"rds-db:connect"},
}

// TestQueryRoleAllowsOperationsInCode compares the role's actions in all variants with
// the operations in the function's code. Each one needs the other.
func TestQueryRoleAllowsOperationsInCode(t *testing.T) {
	t.Chdir("..") // files in settings are relative to the checkout
	allowed := map[string]bool{}
	for _, line := range readVariants(t, ".ci/variants") {
		for _, action := range queryActions(t, variantApp(t, line)) {
			allowed[action] = true
		}
	}
	required := map[string]bool{}
	used, err := operations.InCode(".", "lambda")
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range used {
		actions, differ := requiredActions[operation]
		if !differ {
			actions = []string{operation}
		}
		for _, action := range actions {
			required[action] = true
			if !allowed[action] {
				t.Errorf("no variant's role allows %s, which the operation %s requires", action, operation)
			}
		}
	}
	for _, actions := range serviceActions {
		for _, action := range actions {
			required[action] = true
		}
	}
	for _, action := range slices.Sorted(maps.Keys(allowed)) {
		if !required[action] {
			t.Errorf("the role allows %s, which no operation in lambda requires", action)
		}
	}
}

// queryActions returns the allowed actions of the query function's role in an app.
func queryActions(t *testing.T, app awscdk.App) (actions []string) {
	t.Helper()
	for _, resource := range construct.Resources(app, "AWS::IAM::Role") {
		if !strings.HasSuffix(*resource.Node().Path(), "/Query/Role/Resource") {
			continue
		}
		var role awsiam.CfnRole
		jsii.UnsafeCast(resource, &role)
		var policies []struct {
			PolicyDocument struct{ Statement []map[string]any }
		}
		stacktest.Decode(t, awscdk.Stack_Of(role).Resolve(role.Policies()), &policies)
		for _, policy := range policies {
			for _, statement := range policy.PolicyDocument.Statement {
				if statement["Effect"] == "Allow" {
					actions = append(actions, stacktest.List(statement["Action"])...)
				}
			}
		}
	}
	return actions
}
