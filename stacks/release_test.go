package stacks

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
)

// the returns the logical id of the only resource of a type.
func the(t *testing.T, stack assertions.Template, kind string) string {
	t.Helper()
	ids := slices.Collect(maps.Keys(*stack.FindResources(jsii.String(kind), nil)))
	if len(ids) != 1 {
		t.Fatalf("%d resources of type %s", len(ids), kind)
	}
	return ids[0]
}

func TestTheAPIMayCallTheLiveVersionAlone(t *testing.T) {
	stack := template(t, nil)
	live := ref(the(t, stack, "AWS::Lambda::Alias"))
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Integration"), map[string]any{"IntegrationUri": live})
	stack.ResourceCountIs(jsii.String("AWS::Lambda::Permission"), jsii.Number(1))
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Permission"), map[string]any{
		"FunctionName": live, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
	})
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Alias"), map[string]any{
		"Name": "live", "FunctionVersion": map[string]any{"Fn::GetAtt": []string{the(t, stack, "AWS::Lambda::Version"), "Version"}},
	})
	stack.HasResource(jsii.String("AWS::Lambda::Version"), map[string]any{"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"})
}

func TestAVersionIsPublishedWhenTheFunctionChanges(t *testing.T) {
	version := func(changes map[string]any) string { return the(t, template(t, changes), "AWS::Lambda::Version") }
	before := version(nil)
	if same := version(nil); same != before {
		t.Errorf("%s and %s of the same function", before, same)
	}
	for key, value := range map[string]any{
		"lambda_memory_size": 256, "max_rows": 5, "xray": true, "log_level": "DEBUG", "environment_variables.A1": "b",
		"layers": "arn:aws:lambda:eu-west-1:123456789012:layer:ours:3",
	} {
		if version(map[string]any{key: value}) == before {
			t.Errorf("%s makes no new version", key)
		}
	}
	for key, value := range map[string]any{"reserved_concurrency": 3, "tags.team": "data", "throttle_rate": 3} {
		if version(map[string]any{key: value}) != before {
			t.Errorf("%s, which no version holds, makes a new one", key)
		}
	}
	if subnets := version(inSubnets()); subnets == before {
		t.Error("the network makes no new version")
	}
}

func TestACanaryGoesBackWhenAnAlarmRings(t *testing.T) {
	for _, canary := range []string{"linear", "all-at-once"} {
		for _, more := range []map[string]any{nil, onCall()} {
			stack := template(t, with(more, map[string]any{"canary": canary}))
			alarms := slices.Collect(maps.Keys(*stack.FindResources(jsii.String("AWS::CloudWatch::Alarm"), map[string]any{
				"Properties": map[string]any{"MetricName": "Errors", "Namespace": "AWS/Lambda"},
			})))
			if len(alarms) != 1 {
				t.Fatalf("error alarms %v", alarms)
			}
			requests := slices.Collect(maps.Keys(*stack.FindResources(jsii.String("AWS::CloudWatch::Alarm"), map[string]any{
				"Properties": map[string]any{"MetricName": "5xx", "Namespace": "AWS/ApiGateway", "Period": 60},
			})))
			if len(requests) != 1 {
				t.Fatalf("alarms on requests %v", requests)
			}
			stack.HasResourceProperties(jsii.String("AWS::CodeDeploy::DeploymentGroup"), map[string]any{
				"AlarmConfiguration":        map[string]any{"Enabled": true, "Alarms": []any{map[string]any{"Name": ref(alarms[0])}, map[string]any{"Name": ref(requests[0])}}},
				"AutoRollbackConfiguration": map[string]any{"Enabled": true, "Events": []string{"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST", "DEPLOYMENT_STOP_ON_ALARM"}},
			})
			stack.HasResource(jsii.String("AWS::Lambda::Alias"), map[string]any{"UpdatePolicy": map[string]any{"CodeDeployLambdaAliasUpdate": map[string]any{
				"ApplicationName":     ref(the(t, stack, "AWS::CodeDeploy::Application")),
				"DeploymentGroupName": ref(the(t, stack, "AWS::CodeDeploy::DeploymentGroup")),
			}}})
		}
	}
}

func TestCodeDeployMayMoveTheAliasAndNoMore(t *testing.T) {
	stack := template(t, map[string]any{"canary": "linear"})
	function := the(t, stack, "AWS::Lambda::Function")
	stack.HasResourceProperties(jsii.String("AWS::IAM::Role"), map[string]any{
		"ManagedPolicyArns": assertions.Match_Absent(),
		"AssumeRolePolicyDocument": assertions.Match_ObjectLike(&map[string]any{"Statement": []any{map[string]any{
			"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": map[string]any{"Service": "codedeploy.amazonaws.com"},
		}}}),
		"Policies": []any{assertions.Match_ObjectLike(&map[string]any{"PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{
			map[string]any{"Effect": "Allow", "Action": []string{"lambda:GetAlias", "lambda:UpdateAlias"}, "Resource": map[string]any{"Fn::GetAtt": []string{function, "Arn"}}},
			map[string]any{"Effect": "Allow", "Action": "lambda:GetProvisionedConcurrencyConfig", "Resource": map[string]any{"Fn::Join": []any{"", []any{map[string]any{"Fn::GetAtt": []string{function, "Arn"}}, ":live"}}}},
			map[string]any{"Effect": "Allow", "Action": "cloudwatch:DescribeAlarms", "Resource": "*"},
		}}})},
	})
}

func TestLocalAWSGetsNoCanary(t *testing.T) {
	inputs := newInputs(t, settings(t, map[string]any{"canary": "linear"}))
	inputs.Local = true
	stack, err := newStack(t, inputs)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, resource := range (*assertions.Template_FromStack(stack, nil).ToJSON())["Resources"].(map[string]any) {
		kinds = append(kinds, resource.(map[string]any)["Type"].(string))
	}
	if slices.ContainsFunc(kinds, func(kind string) bool { return strings.HasPrefix(kind, "AWS::CodeDeploy") }) || !slices.Contains(kinds, "AWS::Lambda::Alias") {
		t.Errorf("resources %v", kinds)
	}
	assertions.Annotations_FromStack(stack).HasInfo(jsii.String("*"), assertions.Match_StringLikeRegexp(jsii.String("AWS::CodeDeploy")))
}

func TestAnEndpointOnThisMachineIsLocalAWS(t *testing.T) {
	got := map[string]bool{}
	want := map[string]bool{
		"": false, "https://vpce-1.lambda.eu-west-1.vpce.amazonaws.com": false, "http://10.0.0.1:4566": false, "::": false,
		"http://127.0.0.1:4566": true, "https://localhost:4566": true, "http://[::1]:4566": true,
	}
	for endpoint := range want {
		got[endpoint] = IsLocal(endpoint)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAReleaseLastsUntilAnAlarmCanRing: CodeDeploy's own all-at-once is over at
// once.
func TestAReleaseLastsUntilAnAlarmCanRing(t *testing.T) {
	template(t, map[string]any{"canary": "linear"}).HasResourceProperties(jsii.String("AWS::CodeDeploy::DeploymentGroup"), map[string]any{
		"DeploymentConfigName": "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
	})
	stack := template(t, map[string]any{"canary": "all-at-once"})
	stack.HasResourceProperties(jsii.String("AWS::CodeDeploy::DeploymentConfig"), map[string]any{
		"TrafficRoutingConfig": map[string]any{"TimeBasedCanary": map[string]any{"CanaryPercentage": 99, "CanaryInterval": 5}},
	})
	stack.HasResourceProperties(jsii.String("AWS::CodeDeploy::DeploymentGroup"), map[string]any{
		"DeploymentConfigName": ref(the(t, stack, "AWS::CodeDeploy::DeploymentConfig")),
	})
}
