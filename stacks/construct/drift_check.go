package construct

import (
	"fmt"
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// DriftCheckID is the construct id of a stack's drift check.
const DriftCheckID = "DriftCheck"

// DriftCheckProps are the properties of a drift check.
type DriftCheckProps struct {
	Schedule       string // "daily", or "off"
	AppName, Stage string // in the command that reports the drift
	StackName      string
	KeyARN         string // of the key for the function's environment; "" for AWS's
	Topic          awssns.ITopic
}

// NewDriftCheck makes EventBridge Scheduler start CloudFormation's drift detection of
// the stack each night. An alarm fires when resources differ from their template, or
// when the detection fails. Make it after all other resources of the stack: its role
// may read each of them.
//
// CloudFormation sends the result as an event, and so no function waits for it.
func NewDriftCheck(stack awscdk.Stack, id string, props DriftCheckProps) {
	if props.Schedule != "daily" {
		return
	}
	node := constructs.NewConstruct(stack, jsii.String(id))
	queue := awssqs.NewQueue(node, jsii.String("Events"), &awssqs.QueueProps{
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)), // SQS's limit
	})
	AcceptFinding(queue, "AwsSolutions-SQS3", "it keeps events for an operator, and nothing processes them")
	newDriftRule(node, "Found", props.StackName, queue)
	role := newDriftSchedule(node, "Daily", props.StackName, queue)
	Notify(props.Topic, NewAlarm(node, "Alarm", AlarmProps{
		Description: fmt.Sprintf("The stack differs from its template, or the daily check failed. Run: npm run review -- --drift -c app_name=%s -c stage=%s", props.AppName, props.Stage),
		Metric: queue.MetricNumberOfMessagesSent(&awscloudwatch.MetricOptions{
			Statistic: jsii.String("Sum"),
			Period:    awscdk.Duration_Days(jsii.Number(1)),
		}),
		Threshold: Once,
		// A check can be in the next period by a few minutes.
		Evaluated: 2, Breaching: 1,
	}))
	permissions := []Permission{Allow(queue.QueueArn(), "sqs:SendMessage")}
	if props.KeyARN != "" { // reads of a function decrypt its variables
		permissions = append(permissions, Allow(&props.KeyARN, "kms:Decrypt"))
	}
	allowDriftDetection(node, stack, role, permissions)
}

// newDriftRule sends the events of the stack's drift, and of a failed detection, to a
// queue.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stack-drift-detection-change.html
func newDriftRule(scope constructs.Construct, id, name string, queue awssqs.Queue) {
	arn := awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("cloudformation"), Resource: jsii.String("stack"), ResourceName: jsii.String(name),
	})
	rule := awsevents.NewRule(scope, jsii.String(id), &awsevents.RuleProps{
		Description: jsii.Sprintf("The stack %s has drifted, or its drift is unknown", name),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings("aws.cloudformation"),
			DetailType: jsii.Strings("CloudFormation Drift Detection Status Change"),
			Detail: &map[string]any{
				// AWS's example has no unique id after the name.
				"stack-id": []any{*arn, map[string]any{"prefix": *arn + "/"}},
				"$or": []any{
					map[string]any{"status-details": map[string]any{"stack-drift-status": []string{"DRIFTED"}}},
					map[string]any{"status-details": map[string]any{"detection-status": []string{"DETECTION_FAILED"}}},
				},
			},
		},
	})
	SetTarget(rule, &awsevents.CfnRule_TargetProperty{Id: jsii.String("Queue"), Arn: queue.QueueArn()})
	queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{ServicePrincipal("events")},
		Actions:    jsii.Strings("sqs:SendMessage"),
		Resources:  &[]*string{queue.QueueArn()},
		Conditions: &map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": rule.RuleArn()}},
	}))
}

// newDriftSchedule calls CloudFormation each night. The queue receives calls that
// fail. It returns the role of the calls.
func newDriftSchedule(scope constructs.Construct, id, name string, failed awssqs.IQueue) awsiam.Role {
	stack := awscdk.Stack_Of(scope)
	// Scheduler sends the group of the schedule.
	// https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
	conditions := SourceAccount(stack)
	maps.Copy(conditions["StringEquals"].(map[string]any), map[string]any{"aws:SourceArn": stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("scheduler"), Resource: jsii.String("schedule-group"), ResourceName: jsii.String("default"),
	})})
	role := awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewPrincipalWithConditions(ServicePrincipal("scheduler"), &conditions),
		Description: jsii.Sprintf("Detects the drift of %s, and reads its resources for that", name),
	})
	// The CDK's module for this one type would be one more to compile.
	awscdk.NewCfnResource(scope, jsii.String(id), &awscdk.CfnResourceProps{Type: jsii.String("AWS::Scheduler::Schedule"), Properties: &map[string]any{
		"Description":        fmt.Sprintf("Starts the drift detection of %s", name),
		"ScheduleExpression": "cron(0 3 * * ? *)", // UTC; a rate would start during the deployment
		"FlexibleTimeWindow": map[string]any{"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60},
		"Target": map[string]any{
			// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
			"Arn":              fmt.Sprintf("arn:%s:scheduler:::aws-sdk:cloudformation:detectStackDrift", *stack.Partition()),
			"RoleArn":          role.RoleArn(),
			"Input":            stack.ToJsonString(map[string]any{"StackName": stack.StackId()}, nil),
			"DeadLetterConfig": map[string]any{"Arn": failed.QueueArn()},
			"RetryPolicy":      map[string]any{"MaximumRetryAttempts": 10, "MaximumEventAgeInSeconds": 3600},
		},
	}})
	return role
}

// allowDriftDetection adds permissions, and those that a detection needs: CloudFormation
// reads each resource with the rights of the detection's caller.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
func allowDriftDetection(scope constructs.Construct, stack awscdk.Stack, role awsiam.IRole, permissions []Permission) {
	permissions = append(permissions,
		Allow(stack.StackId(), "cloudformation:DetectStackDrift", "cloudformation:DetectStackResourceDrift"),
		AllowWildcard("AWS has no narrower form for this action", jsii.String("*"), "cloudformation:BatchDescribeTypeConfigurations"))
	policy := awsiam.NewPolicy(scope, jsii.String("Reads"), &awsiam.PolicyProps{Roles: &[]awsiam.IRole{role}})
	permissions = append(permissions, driftReads(stack)...)
	for _, permission := range permissions {
		policy.AddStatements(permission.Statement)
		if permission.Wildcard != "" {
			statement, _ := stack.Resolve(permission.Statement.ToStatementJson()).(map[string]any)
			AcceptFinding(policy, NagWildcard, permission.Wildcard, wildcards(statement)...)
		}
	}
}
