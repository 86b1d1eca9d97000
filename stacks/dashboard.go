package stacks

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/metrics"
)

// The dashboard's grid: CloudWatch's 24 columns, three graphs in a row.
const (
	dashboardWidth = 24
	graphWidth     = dashboardWidth / 3
	graphHeight    = 6
)

// addDashboard shows, from top to bottom, what an on-call person asks: is
// something wrong, for whom, is it the generator or the database, is there room
// left, what does it cost, and which questions failed.
func addDashboard(scope constructs.Construct, props OperationsProps, alarms []awscloudwatch.Alarm) {
	function, stage, stack := props.Function, props.API.Stage, props.Config.StackName()
	awscloudwatch.NewDashboard(scope, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{
		DefaultInterval: awscdk.Duration_Hours(jsii.Number(24)),
		Widgets: &[]*[]awscloudwatch.IWidget{
			{alarmStatus(alarms)},
			{
				graph("Requests", stage.MetricCount(labelled("Sum", "Requests")),
					stage.MetricClientError(sample("Sum")), stage.MetricServerError(sample("Sum"))),
				graph("Questions by outcome", byOutcome(stack)),
				graph("Failures", total(stack, metrics.GeneratorFailures), total(stack, metrics.DatabaseFailures),
					function.MetricErrors(labelled("Sum", "Crashes and timeouts"))),
			},
			{
				graph("Whole question, ms", percentiles(stack, metrics.TotalTime)...),
				graph("Generator, ms", percentiles(stack, metrics.GenerationTime)...),
				graph("Database, ms", percentiles(stack, metrics.DatabaseTime)...),
			},
			{
				durations(props),
				graph("Concurrency", function.Metric(jsii.String("ConcurrentExecutions"), labelled("Maximum", "Most at once")),
					function.MetricThrottles(sample("Sum"))),
				graph("Cold starts and retries", total(stack, metrics.ColdStarts), total(stack, metrics.Retries)),
			},
			{
				graph("Invocations", function.MetricInvocations(sample("Sum"))),
				graph("GB-seconds", gigabyteSeconds(props)),
				answers(stack),
			},
			{failures(props)},
		},
	})
}

func alarmStatus(alarms []awscloudwatch.Alarm) awscloudwatch.IWidget {
	references := make([]interfacesawscloudwatch.IAlarmRef, len(alarms))
	for i, alarm := range alarms {
		references[i] = alarm
	}
	return awscloudwatch.NewAlarmStatusWidget(&awscloudwatch.AlarmStatusWidgetProps{
		Title:  jsii.String("Alarms"),
		Alarms: &references,
		Width:  jsii.Number(dashboardWidth),
		Height: jsii.Number(2),
	})
}

func graph(title string, lines ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(graphProps(title, lines...))
}

func graphProps(title string, lines ...awscloudwatch.IMetric) *awscloudwatch.GraphWidgetProps {
	return &awscloudwatch.GraphWidgetProps{
		Title:     jsii.String(title),
		Left:      &lines,
		LeftYAxis: &awscloudwatch.YAxisProps{Min: jsii.Number(0)},
		Width:     jsii.Number(graphWidth),
		Height:    jsii.Number(graphHeight),
	}
}

// durations shows how near the function comes to its timeout.
func durations(props OperationsProps) awscloudwatch.IWidget {
	widget := graphProps("Function, ms", props.Function.MetricDuration(labelled("p95", "p95")), props.Function.MetricDuration(labelled("Maximum", "Slowest")))
	widget.LeftAnnotations = &[]*awscloudwatch.HorizontalAnnotation{
		{Label: jsii.String("lambda_timeout"), Value: jsii.Number(props.Config.Timeout * 1000)},
	}
	return awscloudwatch.NewGraphWidget(widget)
}

// answers shows what the API sends out, which is charged by size.
func answers(stack string) awscloudwatch.IWidget {
	widget := graphProps("Answers", total(stack, metrics.Rows))
	widget.Right = &[]awscloudwatch.IMetric{total(stack, metrics.Bytes)}
	return awscloudwatch.NewGraphWidget(widget)
}

// gigabyteSeconds is what Lambda charges for, besides the invocations.
func gigabyteSeconds(props OperationsProps) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression:   jsii.String(fmt.Sprintf("duration / 1000 * %d / 1024", props.Config.MemorySize)),
		Label:        jsii.String("GB-seconds"),
		Period:       awscdk.Duration_Minutes(jsii.Number(metricPeriod)),
		UsingMetrics: &map[string]awscloudwatch.IMetric{"duration": props.Function.MetricDuration(sample("Sum"))},
	})
}

func failures(props OperationsProps) awscloudwatch.IWidget {
	query := failedQuestions()
	return awscloudwatch.NewLogQueryWidget(&awscloudwatch.LogQueryWidgetProps{
		Title:         jsii.String(query.name),
		LogGroupNames: &[]*string{props.Logs.LogGroupName()},
		QueryString:   jsii.String(query.text()),
		Width:         jsii.Number(dashboardWidth),
		Height:        jsii.Number(graphHeight),
	})
}
