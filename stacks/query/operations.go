package query

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/metrics"
	"defog-cdk/stacks/construct"
)

// failedAnswers is the share of questions without an answer from which an alarm
// fires. Some questions have no answer in the database.
const failedAnswers = 0.25

// OperationsProps are the properties of what an operator needs.
type OperationsProps struct {
	Stack                    string // the stack's name, a dimension of the metrics
	Function                 *Function
	API                      *construct.API
	AlarmEmail               string
	MemoryMB, TimeoutSeconds int
	SchemaCheck              *SchemaCheck // nil for none
	Priced                   bool         // the function's metrics hold tokens and cost
	DailyCost                float64      // of the model, in USD, from which an alarm fires; 0 for none
}

// NewOperations makes saved log queries, which cost nothing until they run. With
// AlarmEmail it makes alarms, their mail and a dashboard as well; these and their
// metrics cost a few dollars a month. It returns the alarms' topic, nil without one.
func NewOperations(scope constructs.Construct, id string, props OperationsProps) awssns.ITopic {
	node := constructs.NewConstruct(scope, jsii.String(id))
	addSavedQueries(node, props)
	if props.AlarmEmail == "" {
		return nil
	}
	alarms := newAlarms(node, props)
	topic := construct.NewAlarmTopic(node, construct.TopicID, construct.AlarmTopicProps{Stack: props.Stack, Email: props.AlarmEmail})
	construct.Notify(topic, alarms...)
	addDashboard(node, props, alarms)
	return topic
}

func newAlarms(scope constructs.Construct, props OperationsProps) []awscloudwatch.Alarm {
	function, stack := props.Function.Function, props.Stack
	errors := props.Function.Release.Errors
	if errors == nil {
		errors = construct.NewAlarm(scope, "Errors", construct.ErrorAlarm(function))
	}
	alarms := []awscloudwatch.Alarm{
		errors,
		construct.NewAlarm(scope, "Throttles", construct.ThrottleAlarm(function,
			"Lambda rejected questions: the account's or the function's concurrency is used up (reserved_concurrency).")),
		construct.NewAlarm(scope, "Slow", construct.DurationAlarm(function, props.TimeoutSeconds,
			"One question in twenty takes nearly as long as lambda_timeout. The dashboard shows the generator's and the database's time.")),
		construct.NewAlarm(scope, "FailedAnswers", construct.TrendAlarm(questionMetric(stack, metrics.Failures).With(construct.Sample("Average")), failedAnswers,
			"One question in four has no answer. The saved query Failed questions shows the causes.")),
		construct.NewAlarm(scope, "GeneratorFailures", construct.TrendAlarm(total(stack, metrics.GeneratorFailures), construct.Once,
			"The SQL generator is unavailable or slower than generator_timeout; the database is not the cause.")),
		construct.NewAlarm(scope, "DatabaseFailures", construct.TrendAlarm(total(stack, metrics.DatabaseFailures), construct.Once,
			"The database is unavailable, rejects the login or is slower than statement_timeout; the generator is not the cause.")),
		construct.NewAlarm(scope, "FailedRequests", construct.RequestAlarm(props.API.Stage,
			"One request in twenty ends with a status from 500. The saved query Failed questions shows the causes.")),
	}
	if props.DailyCost > 0 {
		alarms = append(alarms, construct.NewAlarm(scope, "DailyCost", dailyCostAlarm(stack, props.DailyCost)))
	}
	if props.SchemaCheck != nil {
		alarms = append(alarms, props.SchemaCheck.Alarm)
	}
	if long := props.Function.LongQuestions; long != nil {
		alarms = append(alarms, long.alarms(scope)...)
	}
	if props.Function.History != nil {
		alarms = append(alarms, construct.NewAlarm(scope, "HistoryFailures", construct.TrendAlarm(total(stack, metrics.HistoryFailures), construct.Once,
			"History cannot be written to its bucket, and records are lost. Answers are not affected. The function's log has the cause.")))
	}
	return alarms
}

// dailyCostAlarm returns the properties of an alarm that sums the last 24 hours:
// CloudWatch moves the window of a metric alarm with each evaluation.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
func dailyCostAlarm(stack string, amount float64) construct.AlarmProps {
	return construct.AlarmProps{
		Description: "The language model's estimated cost within 24 hours reached daily_cost_alarm. The saved query Spending shows the callers.",
		Metric: questionMetric(stack, metrics.Cost).With(&awscloudwatch.MetricOptions{
			Statistic: jsii.String("Sum"), Period: awscdk.Duration_Days(jsii.Number(1)),
		}),
		Threshold: amount, Evaluated: 1,
	}
}

// total returns the sum of one of the function's metrics.
func total(stack, name string) awscloudwatch.Metric {
	return questionMetric(stack, name).With(construct.Sample("Sum"))
}

// percentiles returns those of one of the function's times.
func percentiles(stack, name string) []awscloudwatch.IMetric {
	var lines []awscloudwatch.IMetric
	for _, percentile := range []string{"p50", "p95", "p99"} {
		lines = append(lines, questionMetric(stack, name).With(construct.Labelled(percentile, percentile)))
	}
	return lines
}

func questionMetric(stack, name string) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     jsii.String(metrics.Namespace),
		MetricName:    jsii.String(name),
		DimensionsMap: construct.Texts(map[string]string{metrics.Stack: stack}),
	})
}

// byOutcome returns one line for each outcome of questions.
func byOutcome(stack string) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String(fmt.Sprintf(`SEARCH('{%s,%s,%s} MetricName="%s" %s="%s"', 'Sum', %d)`,
			metrics.Namespace, metrics.Outcome, metrics.Stack, metrics.Questions, metrics.Stack, stack, construct.MetricMinutes*60)),
		Label:        jsii.String(fmt.Sprintf("${PROP('Dim.%s')}", metrics.Outcome)),
		Period:       awscdk.Duration_Minutes(jsii.Number(construct.MetricMinutes)),
		UsingMetrics: &map[string]awscloudwatch.IMetric{},
	})
}
