package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// DeadLetters is the queue of events that nobody waits for and that the
// function failed for good, with an alarm that rings while there are any.
type DeadLetters struct {
	Queue awssqs.Queue
	Alarm awscloudwatch.Alarm
}

func newDeadLetters(scope constructs.Construct) *DeadLetters {
	queue := awssqs.NewQueue(scope, jsii.String("DeadLetters"), &awssqs.QueueProps{
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)), // as long as SQS keeps anything
	})
	acceptFinding(queue, "AwsSolutions-SQS3", "it is the dead-letter queue itself, of the function")
	return &DeadLetters{queue, awscloudwatch.NewAlarm(scope, jsii.String("DeadLettersAlarm"), &awscloudwatch.AlarmProps{
		AlarmDescription: jsii.String("The function failed events for good. The dead-letter queue holds them, and its log says why; empty the queue to end this alarm."),
		Metric: queue.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{
			Statistic: jsii.String("Maximum"),
			Period:    awscdk.Duration_Minutes(jsii.Number(metricPeriod)),
		}),
		Threshold:          jsii.Number(anyAtAll),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		EvaluationPeriods:  jsii.Number(1),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})}
}
