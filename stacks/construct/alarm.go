package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Thresholds of the alarms.
const (
	Once = 1 // a single occurrence

	slowShare      = 0.8 // of the timeout
	failedRequests = 5   // per cent, with a status from 500
)

// AlarmProps are the properties of an alarm.
type AlarmProps struct {
	Description string
	Metric      awscloudwatch.IMetric
	Threshold   float64 // the alarm fires from this value on

	// Points of the metric that are evaluated, and how many of them must reach
	// the threshold; 0 requires all.
	Evaluated, Breaching int
}

// NewAlarm makes an alarm. It does not fire while the metric has no values.
func NewAlarm(scope constructs.Construct, id string, props AlarmProps) awscloudwatch.Alarm {
	return awscloudwatch.NewAlarm(scope, jsii.String(id), &awscloudwatch.AlarmProps{
		AlarmDescription:   jsii.String(props.Description),
		Metric:             props.Metric,
		Threshold:          jsii.Number(props.Threshold),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		EvaluationPeriods:  jsii.Number(props.Evaluated),
		DatapointsToAlarm:  number(props.Breaching),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
}

// TrendAlarm returns the properties of an alarm that fires when two of the last
// three points reach the threshold: one failed request is not enough.
func TrendAlarm(metric awscloudwatch.IMetric, threshold float64, description string) AlarmProps {
	return AlarmProps{Description: description, Metric: metric, Threshold: threshold, Evaluated: 3, Breaching: 2}
}

// ErrorAlarm returns the properties of an alarm that fires within a minute of a crash
// or a timeout. The function handles every foreseen failure, so one error is enough.
func ErrorAlarm(function awslambda.IFunction) AlarmProps {
	return AlarmProps{
		Description: "The function crashed or timed out. Search its log for the level ERROR.",
		Metric: function.MetricErrors(&awscloudwatch.MetricOptions{
			Statistic: jsii.String("Sum"),
			Period:    awscdk.Duration_Minutes(jsii.Number(1)),
		}),
		Threshold: Once,
		Evaluated: 1,
	}
}

// ThrottleAlarm returns the properties of an alarm that fires when Lambda rejects
// invocations.
func ThrottleAlarm(function awslambda.IFunction, description string) AlarmProps {
	return TrendAlarm(function.MetricThrottles(Sample("Sum")), Once, description)
}

// DurationAlarm returns the properties of an alarm that fires when one invocation in
// twenty takes nearly as long as the timeout.
func DurationAlarm(function awslambda.IFunction, timeoutSeconds int, description string) AlarmProps {
	return TrendAlarm(function.MetricDuration(Sample("p95")), slowShare*float64(timeoutSeconds*1000), description)
}

// RequestAlarm returns the properties of an alarm that fires when one request in
// twenty ends with a status from 500.
func RequestAlarm(stage awsapigatewayv2.HttpStage, description string) AlarmProps {
	rate := Percentage("5xx %", stage.MetricServerError(Sample("Sum")), stage.MetricCount(Sample("Sum")))
	return TrendAlarm(rate, failedRequests, description)
}

// Notify sends the alarms, and their end, to a topic.
func Notify(topic awssns.ITopic, alarms ...awscloudwatch.Alarm) {
	action := awscloudwatchactions.NewSnsAction(topic)
	for _, alarm := range alarms {
		alarm.AddAlarmAction(action)
		alarm.AddOkAction(action)
	}
}
