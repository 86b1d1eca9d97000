package construct_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

// PODPAC's client compares the trust policy as text. Templates that a test decodes have
// no order of keys, so this one reads the file.
func TestTrustPolicyHasOrderOfPodpacClient(t *testing.T) {
	stack := stacktest.MustStack(t, settings.Custom(t, nil), stacktest.Setup{})
	var app awscdk.App
	jsii.UnsafeCast(stack.Node().Root(), &app)
	data, err := os.ReadFile(*app.Synth(nil).GetStackArtifact(stack.ArtifactId()).TemplateFullPath())
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Properties struct{ AssumeRolePolicyDocument json.RawMessage }
		}
	}
	if err := json.Unmarshal(data, &template); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Compact(&got, template.Resources["OwnRoleC7AF7477"].Properties.AssumeRolePolicyDocument); err != nil {
		t.Fatal(err)
	}
	const want = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	if got.String() != want {
		t.Errorf("trust policy %s, want %s", got.String(), want)
	}
}

func TestRoleAllowsOnlyRequiredActions(t *testing.T) {
	const (
		logs    = "Allow logs:CreateLogStream logs:PutLogEvents"
		object  = "Allow s3:GetObject"
		network = "ec2:AssignPrivateIpAddresses ec2:CreateNetworkInterface ec2:DeleteNetworkInterface " +
			"ec2:DescribeNetworkInterfaces ec2:DescribeSubnets ec2:UnassignPrivateIpAddresses"
	)
	tests := map[string]struct {
		changes map[string]any
		want    []string // the statements' effects and actions
		wide    []string // those with a * among their resources
	}{
		"credentials in the environment": {nil, []string{logs, object}, nil},
		"credentials in a secret": {
			map[string]any{"credentials_secret": "prod/defog", "db_type": "postgres"},
			[]string{logs, object, "Allow secretsmanager:GetSecretValue"}, nil,
		},
		"IAM database authentication": {
			map[string]any{
				"credentials_secret": "prod/defog", "db_type": "postgres",
				"database_user_arn": "arn:aws:rds-db:eu-west-1:123456789012:dbuser:db-ABC/reader",
			},
			[]string{logs, object, "Allow secretsmanager:GetSecretValue", "Allow rds-db:connect"}, nil,
		},
		"a bucket for results": {
			map[string]any{"results_bucket": "our-results"},
			[]string{logs, object, "Allow s3:AbortMultipartUpload s3:GetObject s3:PutObject"},
			[]string{"Allow s3:AbortMultipartUpload s3:GetObject s3:PutObject"}, // below the stack's name
		},
		"a key": {map[string]any{"kms_key_arn": settings.KeyARN}, []string{logs, object, "Allow kms:Decrypt"}, nil},
		"X-Ray": {
			map[string]any{"xray": true},
			[]string{logs, object, "Allow xray:PutTelemetryRecords xray:PutTraceSegments"},
			[]string{"Allow xray:PutTelemetryRecords xray:PutTraceSegments"},
		},
		"a network": {
			settings.InSubnets(),
			[]string{logs, object, "Allow " + network, "Deny " + network},
			[]string{"Allow " + network, "Deny " + network},
		},
		"a canary": {map[string]any{"canary": "linear"}, []string{logs, object}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			stack := stacktest.Query(t, test.changes)
			stack.ResourceCountIs(jsii.String("AWS::IAM::Policy"), jsii.Number(0))
			stack.ResourceCountIs(jsii.String("AWS::IAM::ManagedPolicy"), jsii.Number(0))
			stack.AllResourcesProperties(jsii.String("AWS::IAM::Role"), map[string]any{"ManagedPolicyArns": assertions.Match_Absent()})

			var got, wide []string
			for _, statement := range stacktest.Statements(t, stack) {
				what := statement["Effect"].(string) + " " + strings.Join(stacktest.List(statement["Action"]), " ")
				got = append(got, what)
				if slices.ContainsFunc(stacktest.List(statement["Resource"]), func(resource string) bool { return strings.Contains(resource, "*") }) {
					wide = append(wide, what)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.wide, wide); diff != "" {
				t.Errorf("with a *: -want +got:\n%s", diff)
			}
		})
	}
}

func TestFunctionCodeCannotChangeNetwork(t *testing.T) {
	for _, statement := range stacktest.Statements(t, stacktest.Query(t, settings.InSubnets())) {
		text, err := json.Marshal(statement["Condition"])
		if err != nil {
			t.Fatal(err)
		}
		denies := statement["Effect"] == "Deny"
		if bound := strings.Contains(string(text), `"lambda:SourceFunctionArn"`); bound != denies {
			t.Errorf("%v under the condition %s", statement["Effect"], text)
		}
	}
}

func TestRoleContainsOperatorPolicies(t *testing.T) {
	changes := map[string]any{
		"iam_policy_file":               settings.PolicyFile(t, "dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/t"),
		"function_role_policy_document": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:123456789012:q"}]}`,
		"function_role_policy_arns":     "arn:aws:iam::123456789012:policy/ours",
		"function_role_name":            "reader", "function_role_description": "Reads", "function_role_tags.team": "data",
	}
	for autogen, want := range map[bool][]string{
		true:  {"logs:CreateLogStream", "s3:GetObject", "sqs:SendMessage", "dynamodb:GetItem"},
		false: {"sqs:SendMessage", "dynamodb:GetItem"},
	} {
		stack := stacktest.Query(t, settings.With(changes, map[string]any{"autogen_policy": autogen}))
		var got []string
		for _, statement := range stacktest.Statements(t, stack) {
			got = append(got, stacktest.List(statement["Action"])[0])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("autogen_policy=%t: -want +got:\n%s", autogen, diff)
		}
		stack.HasResourceProperties(jsii.String("AWS::IAM::Role"), map[string]any{
			"RoleName": "reader", "Description": "Reads",
			"ManagedPolicyArns": []string{"arn:aws:iam::123456789012:policy/ours"},
			"Tags":              []any{map[string]any{"Key": "team", "Value": "data"}},
		})
	}
}

func TestTrustPolicyFollowsSetting(t *testing.T) {
	custom := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]}, "Action": "sts:AssumeRole"}]}`
	for policy, want := range map[string]any{
		"":     "lambda.amazonaws.com",
		custom: []any{"lambda.amazonaws.com", "edgelambda.amazonaws.com"},
	} {
		changes := map[string]any{}
		if policy != "" {
			changes["function_role_assume_policy_document"] = policy
		}
		var role struct {
			AssumeRolePolicyDocument struct {
				Statement []struct{ Principal map[string]any }
			}
		}
		stacktest.Properties(t, stacktest.Query(t, changes), "AWS::IAM::Role", &role)
		if diff := cmp.Diff(map[string]any{"Service": want}, role.AssumeRolePolicyDocument.Statement[0].Principal); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestExistingRoleStaysUnchanged(t *testing.T) {
	stack := stacktest.Query(t, settings.With(settings.InSubnets(), map[string]any{"manage_iam_role": false, "iam_role_arn": settings.RoleARN, "xray": true}))
	for _, kind := range []string{"AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"} {
		stack.ResourceCountIs(jsii.String(kind), jsii.Number(0))
	}
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{"Role": settings.RoleARN})
}
