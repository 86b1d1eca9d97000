package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/metrics"
)

// From which values on an alarm rings.
const (
	anyAtAll       = 1
	slow           = 0.8  // of lambda_timeout: a little slower, and questions are cut off
	failedRequests = 5    // in a hundred, with a status from 500
	failedAnswers  = 0.25 // of all questions: some have no answer in the database
)

// newErrorAlarm rings within a minute when the function crashed or ran out of
// time. It answers every failure that it foresees, so one error is one too
// many.
func newErrorAlarm(scope constructs.Construct, function awslambda.IFunction) awscloudwatch.Alarm {
	return awscloudwatch.NewAlarm(scope, jsii.String("Errors"), &awscloudwatch.AlarmProps{
		AlarmDescription: jsii.String("The function crashed or ran out of time. Look for the level ERROR in its log."),
		Metric: function.MetricErrors(&awscloudwatch.MetricOptions{
			Statistic: jsii.String("Sum"),
			Period:    awscdk.Duration_Minutes(jsii.Number(1)),
		}),
		Threshold:          jsii.Number(anyAtAll),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		EvaluationPeriods:  jsii.Number(1),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
}

// newAlarms makes the alarms.
func newAlarms(scope constructs.Construct, props OperationsProps) []awscloudwatch.Alarm {
	function, stack := props.Function, props.Config.StackName()
	errors := props.Errors
	if errors == nil {
		errors = newErrorAlarm(scope, function)
	}
	alarms := []awscloudwatch.Alarm{
		errors,
		newAlarm(scope, "Throttles", function.MetricThrottles(sample("Sum")), anyAtAll,
			"Lambda turned questions away: the account's or the function's concurrency is used up (reserved_concurrency)."),
		newAlarm(scope, "Slow", function.MetricDuration(sample("p95")), slow*float64(props.Config.Timeout*1000),
			"One question in twenty takes nearly as long as lambda_timeout allows. The dashboard tells the generator's time from the database's."),
		newAlarm(scope, "FailedAnswers", questionMetric(stack, metrics.Failures).With(sample("Average")), failedAnswers,
			"One question in four has no answer. The saved query Failed questions says why."),
		newAlarm(scope, "GeneratorFailures", total(stack, metrics.GeneratorFailures), anyAtAll,
			"Who writes the SQL is down or too slow (generator_timeout); the database is not at fault."),
		newAlarm(scope, "DatabaseFailures", total(stack, metrics.DatabaseFailures), anyAtAll,
			"The database is down, refuses the login or is too slow (statement_timeout); the generator is not at fault."),
	}
	if !rateAlarmGap.leftOut(scope, props.Local) {
		api := props.API.Stage
		alarms = append(alarms, newAlarm(scope, "FailedRequests",
			percentage("5xx %", api.MetricServerError(sample("Sum")), api.MetricCount(sample("Sum"))), failedRequests,
			"One request in twenty ends with a status from 500. The saved query Failed questions says why."))
	}
	return alarms
}

// newAlarm makes an alarm that rings when two of the last three points are bad,
// so that one unlucky question wakes nobody, and is quiet when nobody asks.
func newAlarm(scope constructs.Construct, id string, metric awscloudwatch.IMetric, threshold float64, description string) awscloudwatch.Alarm {
	return awscloudwatch.NewAlarm(scope, jsii.String(id), &awscloudwatch.AlarmProps{
		AlarmDescription:   jsii.String(description),
		Metric:             metric,
		Threshold:          jsii.Number(threshold),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		EvaluationPeriods:  jsii.Number(3),
		DatapointsToAlarm:  jsii.Number(2),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
}
