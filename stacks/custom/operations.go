package custom

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/construct"
)

// OperationsProps are the properties of the alarms.
type OperationsProps struct {
	Stack          string // the stack's name
	Function       *Function
	API            *construct.API // nil without that trigger
	AlarmEmail     string
	TimeoutSeconds int
}

// NewOperations mails the alarms of a custom function. Without AlarmEmail it
// makes nothing. It returns the alarms' topic, nil without one.
func NewOperations(scope constructs.Construct, id string, props OperationsProps) awssns.ITopic {
	if props.AlarmEmail == "" {
		return nil
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
	if props.Function.FanOut != nil {
		alarms = append(alarms, construct.NewAlarm(node, "FailedRuns", props.Function.FanOut.FailureAlarm()))
	}
	topic := construct.NewAlarmTopic(node, construct.TopicID, construct.AlarmTopicProps{Stack: props.Stack, Email: props.AlarmEmail})
	construct.Notify(topic, alarms...)
	return topic
}
