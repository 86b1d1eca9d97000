package construct

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
)

// LiveAlias is the alias that every caller invokes.
const LiveAlias = "live"

// Values of the setting canary. "" and NoCanary deploy without CodeDeploy.
const (
	NoCanary        = "none"
	LinearCanary    = "linear"
	AllAtOnceCanary = "all-at-once"
)

// Construct ids of the role with which CodeDeploy moves the alias, and of the
// alarm on requests during a release.
const (
	ReleaseRoleID  = "ReleaseRole"
	ReleaseAlarmID = "ReleaseAlarm"
)

// ReleaseProps are the properties of a release.
type ReleaseProps struct {
	Stack       string // the stack's name
	Function    awslambda.Function
	Description string // of the alias
	Canary      string
}

// Release publishes a function's versions under the alias live.
type Release struct {
	Alias awslambda.Alias

	// Errors is the alarm that rolls a canary back, and Canary moves the alias.
	// Both are nil without one.
	Errors awscloudwatch.Alarm
	Canary awscodedeploy.LambdaDeploymentGroup
}

// NewRelease makes the alias under the id. With a canary, CodeDeploy moves it to
// a new version, and back when an alarm fires.
func NewRelease(scope constructs.Construct, id string, props ReleaseProps) *Release {
	release := &Release{Alias: awslambda.NewAlias(scope, jsii.String(id), &awslambda.AliasProps{
		AliasName:   jsii.String(LiveAlias),
		Description: jsii.String(props.Description),
		Version:     props.Function.CurrentVersion(),
	})}
	if props.Canary != "" && props.Canary != NoCanary {
		release.addCanary(scope, props)
	}
	return release
}

func (r *Release) addCanary(scope constructs.Construct, props ReleaseProps) {
	function := props.Function
	r.Errors = NewAlarm(scope, "Errors", ErrorAlarm(function))
	account := SourceAccount(awscdk.Stack_Of(scope))
	role := awsiam.NewRole(scope, jsii.String(ReleaseRoleID), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewPrincipalWithConditions(ServicePrincipal("codedeploy"), &account),
		Description: jsii.Sprintf("Moves the alias %s of %s to a new version", LiveAlias, props.Stack),
		InlinePolicies: &map[string]awsiam.PolicyDocument{"Release": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{
			Statements: &[]awsiam.PolicyStatement{
				AllowStatement(function.FunctionArn(), "lambda:GetAlias", "lambda:UpdateAlias"),
				// The ARN as text: the alias depends on the canary, which depends on this role.
				AllowStatement(jsii.String(*function.FunctionArn()+":"+LiveAlias), "lambda:GetProvisionedConcurrencyConfig"),
				AllowStatement(jsii.String("*"), "cloudwatch:DescribeAlarms"),
			},
		})},
	})
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
	AcceptFinding(role, NagWildcard, "CloudWatch requires cloudwatch:DescribeAlarms on all alarms for composite ones, and AWS's own policy for CodeDeploy has the same",
		"Resource::*")

	pace := awscodedeploy.LambdaDeploymentConfig_LINEAR_10PERCENT_EVERY_1MINUTE()
	if props.Canary == AllAtOnceCanary {
		// CodeDeploy evaluates alarms only while it moves the alias, and its own
		// all-at-once ends before one can fire.
		pace = awscodedeploy.NewLambdaDeploymentConfig(scope, jsii.String("AtOnce"), &awscodedeploy.LambdaDeploymentConfigProps{
			TrafficRouting: awscodedeploy.TrafficRouting_TimeBasedCanary(&awscodedeploy.TimeBasedCanaryTrafficRoutingProps{
				Percentage: jsii.Number(99),
				Interval:   awscdk.Duration_Minutes(jsii.Number(5)),
			}),
		})
	}
	r.Canary = awscodedeploy.NewLambdaDeploymentGroup(scope, jsii.String("Canary"), &awscodedeploy.LambdaDeploymentGroupProps{
		Alias:            r.Alias,
		Role:             role.WithoutPolicyUpdates(nil), // the CDK would add AWS's policy, which allows more
		DeploymentConfig: pace,
		Alarms:           &[]interfacesawscloudwatch.IAlarmRef{r.Errors},
		AutoRollback: &awscodedeploy.AutoRollbackConfig{
			DeploymentInAlarm: jsii.Bool(true),
			FailedDeployment:  jsii.Bool(true),
			StoppedDeployment: jsii.Bool(true),
		},
	})
}

// WatchRequests makes an alarm that rolls a canary back on failed requests. A
// version that lacks a permission or a file answers 503, and Lambda counts no
// error. Without a canary, WatchRequests does nothing.
func (r *Release) WatchRequests(scope constructs.Construct, id string, stage awsapigatewayv2.HttpStage) {
	if r.Canary == nil {
		return
	}
	r.Canary.AddAlarm(NewAlarm(scope, id, AlarmProps{
		Description: "During a release: requests ended with a status from 500.",
		Metric: stage.MetricServerError(&awscloudwatch.MetricOptions{
			Statistic: jsii.String("Sum"),
			Period:    awscdk.Duration_Minutes(jsii.Number(1)),
		}),
		Threshold: Once,
		Evaluated: 2,
	}))
}
