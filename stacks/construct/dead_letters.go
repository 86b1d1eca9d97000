package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// DeadLetters is the dead-letter queue of a function's events, with an alarm that
// fires while it contains any.
type DeadLetters struct {
	Queue awssqs.Queue
	Alarm awscloudwatch.Alarm
}

// NewDeadLetters makes queue and alarm.
func NewDeadLetters(scope constructs.Construct, id, alarm string) *DeadLetters {
	queue := awssqs.NewQueue(scope, jsii.String(id), &awssqs.QueueProps{
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)), // SQS's limit
	})
	AcceptFinding(queue, "AwsSolutions-SQS3", "it is the function's dead-letter queue itself")
	return &DeadLetters{queue, NewAlarm(scope, id+"Alarm", AlarmProps{
		Description: alarm,
		Metric: queue.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{
			Statistic: jsii.String("Maximum"),
			Period:    awscdk.Duration_Minutes(jsii.Number(MetricMinutes)),
		}),
		Threshold: Once,
		Evaluated: 1,
	})}
}
