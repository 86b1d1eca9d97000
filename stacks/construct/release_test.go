package construct_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func TestAPIInvokesOnlyLiveVersion(t *testing.T) {
	stack := stacktest.Query(t, nil)
	live := stacktest.Ref(stacktest.OnlyID(t, stack, "AWS::Lambda::Alias"))
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Integration"), map[string]any{"IntegrationUri": live})
	stack.ResourceCountIs(jsii.String("AWS::Lambda::Permission"), jsii.Number(1))
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Permission"), map[string]any{
		"FunctionName": live, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
	})
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Alias"), map[string]any{
		"Name": "live", "FunctionVersion": map[string]any{"Fn::GetAtt": []string{stacktest.OnlyID(t, stack, "AWS::Lambda::Version"), "Version"}},
	})
	stack.HasResource(jsii.String("AWS::Lambda::Version"), map[string]any{"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"})
}

func TestFunctionChangePublishesVersion(t *testing.T) {
	version := func(changes map[string]any) string {
		return stacktest.OnlyID(t, stacktest.Query(t, changes), "AWS::Lambda::Version")
	}
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
			t.Errorf("%s makes a new version, and no version contains it", key)
		}
	}
	if subnets := version(settings.InSubnets()); subnets == before {
		t.Error("the network makes no new version")
	}
}

func TestCanaryRollsBackWhenAlarmFires(t *testing.T) {
	for _, canary := range []string{"linear", "all-at-once"} {
		for _, more := range []map[string]any{nil, settings.OnCall()} {
			stack := stacktest.Query(t, settings.With(more, map[string]any{"canary": canary}))
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
				"AlarmConfiguration":        map[string]any{"Enabled": true, "Alarms": []any{map[string]any{"Name": stacktest.Ref(alarms[0])}, map[string]any{"Name": stacktest.Ref(requests[0])}}},
				"AutoRollbackConfiguration": map[string]any{"Enabled": true, "Events": []string{"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST", "DEPLOYMENT_STOP_ON_ALARM"}},
			})
			stack.HasResource(jsii.String("AWS::Lambda::Alias"), map[string]any{"UpdatePolicy": map[string]any{"CodeDeployLambdaAliasUpdate": map[string]any{
				"ApplicationName":     stacktest.Ref(stacktest.OnlyID(t, stack, "AWS::CodeDeploy::Application")),
				"DeploymentGroupName": stacktest.Ref(stacktest.OnlyID(t, stack, "AWS::CodeDeploy::DeploymentGroup")),
			}}})
		}
	}
}

func TestCodeDeployMovesOnlyAlias(t *testing.T) {
	stack := stacktest.Query(t, map[string]any{"canary": "linear"})
	function := stacktest.OnlyID(t, stack, "AWS::Lambda::Function")
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

// CodeDeploy's own all-at-once ends before an alarm can fire.
func TestReleaseLastsUntilAlarmCanFire(t *testing.T) {
	stacktest.Query(t, map[string]any{"canary": "linear"}).HasResourceProperties(jsii.String("AWS::CodeDeploy::DeploymentGroup"), map[string]any{
		"DeploymentConfigName": "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
	})
	stack := stacktest.Query(t, map[string]any{"canary": "all-at-once"})
	stack.HasResourceProperties(jsii.String("AWS::CodeDeploy::DeploymentConfig"), map[string]any{
		"TrafficRoutingConfig": map[string]any{"TimeBasedCanary": map[string]any{"CanaryPercentage": 99, "CanaryInterval": 5}},
	})
	stack.HasResourceProperties(jsii.String("AWS::CodeDeploy::DeploymentGroup"), map[string]any{
		"DeploymentConfigName": stacktest.Ref(stacktest.OnlyID(t, stack, "AWS::CodeDeploy::DeploymentConfig")),
	})
}
