package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// liveAlias is the alias that whoever calls the function calls.
const liveAlias = "live"

// newAlias publishes what the function is now as a version, and has the alias
// live name it. Versions stay when newer ones come, so that the alias can go
// back to them.
func newAlias(scope constructs.Construct, function awslambda.Function, description string) awslambda.Alias {
	return awslambda.NewAlias(scope, jsii.String("Live"), &awslambda.AliasProps{
		AliasName:   jsii.String(liveAlias),
		Description: jsii.String(description),
		Version:     function.CurrentVersion(),
	})
}

// addCanary has CodeDeploy move the alias to a new version, and back when an
// alarm rings. It returns the function's alarm, and the release to which others
// can be added.
func addCanary(scope constructs.Construct, conf config.Config, function awslambda.IFunction, alias awslambda.Alias) (awscloudwatch.Alarm, awscodedeploy.LambdaDeploymentGroup) {
	alarm := newErrorAlarm(scope, function)
	role := awsiam.NewRole(scope, jsii.String("ReleaseRole"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("codedeploy.amazonaws.com"), nil),
		Description: jsii.Sprintf("Moves the alias %s of %s to a new version", liveAlias, conf.StackName()),
		InlinePolicies: &map[string]awsiam.PolicyDocument{"Release": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{
			Statements: &[]awsiam.PolicyStatement{
				allow(function.FunctionArn(), "lambda:GetAlias", "lambda:UpdateAlias"),
				// By its ARN as text: the alias depends on the canary, and that on this role.
				allow(jsii.String(*function.FunctionArn()+":"+liveAlias), "lambda:GetProvisionedConcurrencyConfig"),
				allow(jsii.String("*"), "cloudwatch:DescribeAlarms"),
			},
		})},
	})
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
	acceptFinding(role, "AwsSolutions-IAM5", "CloudWatch describes composite alarms only to who may describe all, and AWS's own policy for CodeDeploy asks for no less")

	pace := awscodedeploy.LambdaDeploymentConfig_LINEAR_10PERCENT_EVERY_1MINUTE()
	if conf.Canary == "all-at-once" {
		// CodeDeploy looks at alarms while it moves the alias, and its own
		// all-at-once is over before one can ring.
		pace = awscodedeploy.NewLambdaDeploymentConfig(scope, jsii.String("AtOnce"), &awscodedeploy.LambdaDeploymentConfigProps{
			TrafficRouting: awscodedeploy.TrafficRouting_TimeBasedCanary(&awscodedeploy.TimeBasedCanaryTrafficRoutingProps{
				Percentage: jsii.Number(99),
				Interval:   awscdk.Duration_Minutes(jsii.Number(5)),
			}),
		})
	}
	release := awscodedeploy.NewLambdaDeploymentGroup(scope, jsii.String("Canary"), &awscodedeploy.LambdaDeploymentGroupProps{
		Alias:            alias,
		Role:             role.WithoutPolicyUpdates(nil), // the CDK would add AWS's policy, which allows more
		DeploymentConfig: pace,
		Alarms:           &[]interfacesawscloudwatch.IAlarmRef{alarm},
		AutoRollback: &awscodedeploy.AutoRollbackConfig{
			DeploymentInAlarm: jsii.Bool(true),
			FailedDeployment:  jsii.Bool(true),
			StoppedDeployment: jsii.Bool(true),
		},
	})
	return alarm, release
}

// watchRequests sends a release back on failed requests: a version that lacks a
// right or a file answers 503, and Lambda counts no error.
func watchRequests(scope constructs.Construct, release awscodedeploy.LambdaDeploymentGroup, api awsapigatewayv2.HttpStage) {
	release.AddAlarm(awscloudwatch.NewAlarm(scope, jsii.String("ReleaseAlarm"), &awscloudwatch.AlarmProps{
		AlarmDescription: jsii.String("While a release goes on: requests ended with a status from 500."),
		Metric: api.MetricServerError(&awscloudwatch.MetricOptions{
			Statistic: jsii.String("Sum"),
			Period:    awscdk.Duration_Minutes(jsii.Number(1)),
		}),
		Threshold:          jsii.Number(anyAtAll),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		EvaluationPeriods:  jsii.Number(2),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	}))
}

// keptVersions is how the function's versions outlive newer ones. They go with
// the function.
func keptVersions() *awslambda.VersionOptions {
	return &awslambda.VersionOptions{RemovalPolicy: awscdk.RemovalPolicy_RETAIN}
}
