package ask

import (
	"log/slog"
	"time"

	"defog-cdk/internal/metrics"
)

// metric is one number of a request, under CloudWatch's name and unit.
type metric struct {
	name, unit string
	value      float64
}

// metrics returns the request's numbers, the count of questions first. A time
// or a count of what did not happen is left out: as a zero it would spoil the
// averages.
func (x *exchange) metrics(code Code, total time.Duration, size int) []metric {
	numbers := []metric{
		count(metrics.Questions, true),
		count(metrics.Failures, code != OK),
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

// directive tells CloudWatch which members of a log line are metrics.
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

// embed returns the members that make a log line carry metrics for the whole
// stack. The count of questions is there by outcome too: each further set of
// dimensions is billed as a metric of its own.
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
