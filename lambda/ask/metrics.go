package ask

import (
	"log/slog"
	"time"

	"defog-cdk/internal/metrics"
	"defog-cdk/lambda/generate"
)

// metric is one number of a request, with its CloudWatch name and unit.
type metric struct {
	name, unit string
	value      float64
}

// metrics returns the request's metrics; the first is the count of questions.
// It omits the time and row count of a step that did not run, since a zero
// would distort the averages. Tokens are metrics only with prices: CloudWatch bills
// each name.
func (x *exchange) metrics(code Code, total time.Duration, size int, prices *generate.Prices) []metric {
	numbers := []metric{
		count(metrics.Questions, true),
		count(metrics.Failures, code != OK && code != ClarificationNeeded),
		count(metrics.GeneratorFailures, code == GeneratorUnreachable || code == GeneratorTimeout),
		count(metrics.DatabaseFailures, code == DatabaseUnreachable || code == DatabaseTimeout),
		count(metrics.ColdStarts, x.coldStart),
		{metrics.Retries, "Count", float64(x.retries)},
		{metrics.TotalTime, "Milliseconds", milliseconds(total)},
		{metrics.Bytes, "Bytes", float64(size)},
	}
	if x.generation > 0 {
		numbers = append(numbers, metric{metrics.GenerationTime, "Milliseconds", milliseconds(x.generation)})
	}
	if x.execution > 0 {
		numbers = append(numbers, metric{metrics.DatabaseTime, "Milliseconds", milliseconds(x.execution)})
	}
	if x.result != nil {
		numbers = append(numbers, metric{metrics.Rows, "Count", float64(x.result.RowCount)})
	}
	if u := x.usage; prices != nil && u.Replies > 0 {
		numbers = append(numbers,
			metric{metrics.InputTokens, "Count", float64(u.Input)}, metric{metrics.OutputTokens, "Count", float64(u.Output)},
			metric{metrics.CacheReadTokens, "Count", float64(u.CacheRead)}, metric{metrics.CacheWriteTokens, "Count", float64(u.CacheWrite)},
			metric{metrics.Cost, "None", prices.Cost(u)})
	}
	return numbers
}

func count(name string, happened bool) metric {
	m := metric{name: name, unit: "Count"}
	if happened {
		m.value = 1
	}
	return m
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// directive lists the members of a log line that CloudWatch reads as metrics.
type directive struct {
	Timestamp         int64 // milliseconds since 1970
	CloudWatchMetrics []directiveMetrics
}

type directiveMetrics struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []directiveMetric
}

type directiveMetric struct{ Name, Unit string }

// embedTotal returns the members of a log line with one metric of the stack.
func embedTotal(stack string, now time.Time, m metric) []slog.Attr {
	return []slog.Attr{
		slog.String(metrics.Stack, stack), slog.Float64(m.name, m.value),
		slog.Any("_aws", directive{now.UnixMilli(), []directiveMetrics{{metrics.Namespace, [][]string{{metrics.Stack}}, []directiveMetric{{m.name, m.unit}}}}}),
	}
}

// embed returns the log line's members that hold metrics for the stack. Only the
// count of questions has the dimension Outcome, since CloudWatch bills each set
// of dimensions as a separate metric.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func embed(stack string, code Code, now time.Time, numbers []metric) []slog.Attr {
	definitions := make([]directiveMetric, len(numbers))
	attrs := []slog.Attr{slog.String(metrics.Stack, stack), slog.String(metrics.Outcome, string(code))}
	for i, m := range numbers {
		definitions[i] = directiveMetric{m.name, m.unit}
		attrs = append(attrs, slog.Float64(m.name, m.value))
	}
	return append(attrs, slog.Any("_aws", directive{now.UnixMilli(), []directiveMetrics{
		{metrics.Namespace, [][]string{{metrics.Stack}, {metrics.Stack, metrics.Outcome}}, definitions[:1]},
		{metrics.Namespace, [][]string{{metrics.Stack}}, definitions[1:]},
	}}))
}
