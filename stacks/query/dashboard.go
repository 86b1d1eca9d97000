package query

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/metrics"
	"defog-cdk/stacks/construct"
)

// The dashboard's grid: CloudWatch's 24 columns, three graphs in a row.
const (
	dashboardWidth = 24
	graphWidth     = dashboardWidth / 3
	graphHeight    = 6
)

// addDashboard makes a dashboard. From top to bottom it shows alarms, requests
// and outcomes, the times of generator and database, capacity, cost, and failed
// questions.
func addDashboard(scope constructs.Construct, props OperationsProps, alarms []awscloudwatch.Alarm) {
	function, stage, stack := props.Function.Function, props.API.Stage, props.Stack
	rows := []*[]awscloudwatch.IWidget{
		{alarmStatus(alarms)},
		{
			graph("Requests", stage.MetricCount(construct.Labelled("Sum", "Requests")),
				stage.MetricClientError(construct.Sample("Sum")), stage.MetricServerError(construct.Sample("Sum"))),
			graph("Questions by outcome", byOutcome(stack)),
			graph("Failures", total(stack, metrics.GeneratorFailures), total(stack, metrics.DatabaseFailures),
				function.MetricErrors(construct.Labelled("Sum", "Crashes and timeouts"))),
		},
		{
			graph("Whole question, ms", percentiles(stack, metrics.TotalTime)...),
			graph("Generator, ms", percentiles(stack, metrics.GenerationTime)...),
			graph("Database, ms", percentiles(stack, metrics.DatabaseTime)...),
		},
		{
			durations(props),
			graph("Concurrency", function.Metric(jsii.String("ConcurrentExecutions"), construct.Labelled("Maximum", "Most at once")),
				function.MetricThrottles(construct.Sample("Sum"))),
			graph("Cold starts and retries", total(stack, metrics.ColdStarts), total(stack, metrics.Retries)),
		},
		{
			graph("Invocations", function.MetricInvocations(construct.Sample("Sum"))),
			graph("GB-seconds", gigabyteSeconds(props)),
			answers(stack),
		},
	}
	if props.Priced {
		rows = append(rows, spending(stack))
	}
	rows = append(rows, &[]awscloudwatch.IWidget{failures(props)})
	awscloudwatch.NewDashboard(scope, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{
		DefaultInterval: awscdk.Duration_Hours(jsii.Number(24)),
		Widgets:         &rows,
	})
}

// spending shows the tokens of the language model and their cost.
func spending(stack string) *[]awscloudwatch.IWidget {
	return &[]awscloudwatch.IWidget{
		graph("Tokens of prompts", total(stack, metrics.InputTokens), total(stack, metrics.CacheReadTokens), total(stack, metrics.CacheWriteTokens)),
		graph("Tokens of replies", total(stack, metrics.OutputTokens)),
		graph("Model, USD", total(stack, metrics.Cost)),
	}
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

// durations compares the function's durations with its timeout.
func durations(props OperationsProps) awscloudwatch.IWidget {
	widget := graphProps("Function, ms", props.Function.Function.MetricDuration(construct.Labelled("p95", "p95")), props.Function.Function.MetricDuration(construct.Labelled("Maximum", "Slowest")))
	widget.LeftAnnotations = &[]*awscloudwatch.HorizontalAnnotation{
		{Label: jsii.String("lambda_timeout"), Value: jsii.Number(props.TimeoutSeconds * 1000)},
	}
	return awscloudwatch.NewGraphWidget(widget)
}

// answers shows rows and bytes of the answers, which AWS charges by size.
func answers(stack string) awscloudwatch.IWidget {
	widget := graphProps("Answers", total(stack, metrics.Rows))
	widget.Right = &[]awscloudwatch.IMetric{total(stack, metrics.Bytes)}
	return awscloudwatch.NewGraphWidget(widget)
}

// gigabyteSeconds is the unit of Lambda's charges, besides the invocations.
func gigabyteSeconds(props OperationsProps) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression:   jsii.String(fmt.Sprintf("duration / 1000 * %d / 1024", props.MemoryMB)),
		Label:        jsii.String("GB-seconds"),
		Period:       awscdk.Duration_Minutes(jsii.Number(construct.MetricMinutes)),
		UsingMetrics: &map[string]awscloudwatch.IMetric{"duration": props.Function.Function.MetricDuration(construct.Sample("Sum"))},
	})
}

func failures(props OperationsProps) awscloudwatch.IWidget {
	query := failedQuestions()
	return awscloudwatch.NewLogQueryWidget(&awscloudwatch.LogQueryWidgetProps{
		Title:         jsii.String(query.name),
		LogGroupNames: &[]*string{props.Function.Function.LogGroup().LogGroupName()},
		QueryString:   jsii.String(query.text()),
		Width:         jsii.Number(dashboardWidth),
		Height:        jsii.Number(graphHeight),
	})
}
