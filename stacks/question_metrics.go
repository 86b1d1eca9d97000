package stacks

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/metrics"
)

// metricPeriod is what one point of an alarm or of the dashboard covers, in
// minutes.
const metricPeriod = 5

// total is the sum of one of the function's own metrics.
func total(stack, name string) awscloudwatch.Metric {
	return questionMetric(stack, name).With(sample("Sum"))
}

// percentiles are those of one of the function's times.
func percentiles(stack, name string) []awscloudwatch.IMetric {
	var lines []awscloudwatch.IMetric
	for _, percentile := range []string{"p50", "p95", "p99"} {
		lines = append(lines, questionMetric(stack, name).With(labelled(percentile, percentile)))
	}
	return lines
}

func questionMetric(stack, name string) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     jsii.String(metrics.Namespace),
		MetricName:    jsii.String(name),
		DimensionsMap: texts(map[string]string{metrics.Stack: stack}),
	})
}

// byOutcome is one line for each outcome that questions had.
func byOutcome(stack string) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String(fmt.Sprintf(`SEARCH('{%s,%s,%s} MetricName="%s" %s="%s"', 'Sum', %d)`,
			metrics.Namespace, metrics.Outcome, metrics.Stack, metrics.Questions, metrics.Stack, stack, metricPeriod*60)),
		Label:        jsii.String(fmt.Sprintf("${PROP('Dim.%s')}", metrics.Outcome)),
		Period:       awscdk.Duration_Minutes(jsii.Number(metricPeriod)),
		UsingMetrics: &map[string]awscloudwatch.IMetric{},
	})
}

// percentage is how many per cent of whole is part. Where whole is zero or
// missing there is no value.
func percentage(label string, part, whole awscloudwatch.IMetric) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression:   jsii.String("100 * part / whole"),
		Label:        jsii.String(label),
		Period:       awscdk.Duration_Minutes(jsii.Number(metricPeriod)),
		UsingMetrics: &map[string]awscloudwatch.IMetric{"part": part, "whole": whole},
	})
}

// sample asks for a statistic over the period. The metric keeps its own name.
func sample(statistic string) *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{
		Statistic: jsii.String(statistic),
		Period:    awscdk.Duration_Minutes(jsii.Number(metricPeriod)),
	}
}

// labelled is sample for a graph that tells its lines apart by label.
func labelled(statistic, label string) *awscloudwatch.MetricOptions {
	options := sample(statistic)
	options.Label = jsii.String(label)
	return options
}
