package custom

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/construct"
)

// DeadLetters is the dead-letter queue of asynchronous events, with an alarm that
// fires while it contains any.
type DeadLetters struct {
	Queue awssqs.Queue
	Alarm awscloudwatch.Alarm
}

// NewDeadLetters makes queue and alarm.
func NewDeadLetters(scope constructs.Construct, id string) *DeadLetters {
	queue := awssqs.NewQueue(scope, jsii.String(id), &awssqs.QueueProps{
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)), // SQS's limit
	})
	construct.AcceptFinding(queue, "AwsSolutions-SQS3", "it is the function's dead-letter queue itself")
	return &DeadLetters{queue, construct.NewAlarm(scope, id+"Alarm", construct.AlarmProps{
		Description: "The function failed on events after all retries. The dead-letter queue contains them, and the function's log the causes. Empty the queue to end this alarm.",
		Metric: queue.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{
			Statistic: jsii.String("Maximum"),
			Period:    awscdk.Duration_Minutes(jsii.Number(construct.MetricMinutes)),
		}),
		Threshold: construct.Once,
		Evaluated: 1,
	})}
}

// OperationsProps are the properties of the alarms.
type OperationsProps struct {
	Stack          string // the stack's name
	Function       *Function
	API            *construct.API // nil without that trigger
	AlarmEmail     string
	TimeoutSeconds int
}

// NewOperations mails the alarms of a custom function. Without AlarmEmail it
// makes nothing.
func NewOperations(scope constructs.Construct, id string, props OperationsProps) {
	if props.AlarmEmail == "" {
		return
	}
	node := constructs.NewConstruct(scope, jsii.String(id))
	function := props.Function.Function
	errors := props.Function.Release.Errors
	if errors == nil {
		errors = construct.NewAlarm(node, "Errors", construct.ErrorAlarm(function))
	}
	alarms := []awscloudwatch.Alarm{
		errors,
		props.Function.DeadLetters.Alarm,
		construct.NewAlarm(node, "Throttles", construct.ThrottleAlarm(function,
			"Lambda rejected calls: the account's or the function's concurrency is used up (reserved_concurrency), or the budget is spent (budget_action).")),
		construct.NewAlarm(node, "Slow", construct.DurationAlarm(function, props.TimeoutSeconds,
			"One call in twenty takes nearly as long as lambda_timeout.")),
	}
	if props.API != nil {
		alarms = append(alarms, construct.NewAlarm(node, "FailedRequests", construct.RequestAlarm(props.API.Stage,
			"One request in twenty ends with a status from 500. The logs of the function and the API contain the causes.")))
	}
	construct.Notify(construct.NewAlarmTopic(node, construct.TopicID, construct.AlarmTopicProps{Stack: props.Stack, Email: props.AlarmEmail}), alarms...)
}
