package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newOwnOperations mails the alarms of a function of the user's own when
// alarm_email says to whom. api is nil without that trigger.
func newOwnOperations(scope constructs.Construct, inputs *Inputs, own *OwnFunction, api *QueryAPI) {
	conf, function := inputs.Config, own.Function
	if !watched(conf) {
		return
	}
	this := constructs.NewConstruct(scope, jsii.String("Operations"))
	errors := own.Errors
	if errors == nil {
		errors = newErrorAlarm(this, function)
	}
	alarms := []awscloudwatch.Alarm{
		errors,
		own.DeadLetters.Alarm,
		newAlarm(this, "Throttles", function.MetricThrottles(sample("Sum")), anyAtAll,
			"Lambda turned calls away: the account's or the function's concurrency is used up (reserved_concurrency), or the budget is spent (budget_action)."),
		newAlarm(this, "Slow", function.MetricDuration(sample("p95")), slow*float64(conf.Timeout*1000),
			"One call in twenty takes nearly as long as lambda_timeout allows."),
	}
	if api != nil && !rateAlarmGap.leftOut(this, inputs.Local) {
		alarms = append(alarms, newAlarm(this, "FailedRequests",
			percentage("5xx %", api.Stage.MetricServerError(sample("Sum")), api.Stage.MetricCount(sample("Sum"))), failedRequests,
			"One request in twenty ends with a status from 500. The function's log and the API's say why."))
	}
	action := awscloudwatchactions.NewSnsAction(newAlarmTopic(this, conf.StackName(), conf.AlarmEmail))
	for _, alarm := range alarms {
		alarm.AddAlarmAction(action)
		alarm.AddOkAction(action)
	}
}
