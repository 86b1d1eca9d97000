package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"
)

// MetricMinutes is the period of one point of an alarm or a dashboard.
const MetricMinutes = 5

// Sample returns a statistic over the period, under the metric's own name.
func Sample(statistic string) *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{
		Statistic: jsii.String(statistic),
		Period:    awscdk.Duration_Minutes(jsii.Number(MetricMinutes)),
	}
}

// Labelled is Sample for a graph that distinguishes its lines by label.
func Labelled(statistic, label string) *awscloudwatch.MetricOptions {
	options := Sample(statistic)
	options.Label = jsii.String(label)
	return options
}

// Percentage returns part in per cent of whole. It has no value where whole is
// zero or missing.
func Percentage(label string, part, whole awscloudwatch.IMetric) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression:   jsii.String("100 * part / whole"),
		Label:        jsii.String(label),
		Period:       awscdk.Duration_Minutes(jsii.Number(MetricMinutes)),
		UsingMetrics: &map[string]awscloudwatch.IMetric{"part": part, "whole": whole},
	})
}
