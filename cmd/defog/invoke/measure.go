package invoke

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// Report is what Lambda reports of an invocation. It is zero on local AWS, which reports
// nothing.
type Report struct {
	Duration, Billed, Init time.Duration
}

// Measure invokes the function, and returns the result with Lambda's report.
func (e Evaluation) Measure(ctx context.Context, event []byte) ([]byte, Report, error) {
	answer, err := e.invoke(ctx, lambda.InvokeInput{Payload: event, LogType: types.LogTypeTail}, 1)
	if err != nil {
		return nil, Report{}, err
	}
	report := readReport(aws.ToString(answer.LogResult))
	if answer.FunctionError != nil {
		return nil, report, functionError(answer.Payload)
	}
	result, err := unwrap(answer.Payload)
	return result, report, err
}

// readReport reads the report in the end of a log, whose format is JSON: the stacks of
// this project set it.
// https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report
func readReport(encoded string) (report Report) {
	tail, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return report
	}
	for line := range bytes.Lines(tail) {
		var event struct {
			Type   string
			Record struct {
				Metrics struct{ DurationMs, BilledDurationMs, InitDurationMs float64 }
			}
		}
		if json.Unmarshal(line, &event) == nil && event.Type == "platform.report" {
			metrics := event.Record.Metrics
			report = Report{milliseconds(metrics.DurationMs), milliseconds(metrics.BilledDurationMs), milliseconds(metrics.InitDurationMs)}
		}
	}
	return report
}

func milliseconds(number float64) time.Duration {
	return time.Duration(number * float64(time.Millisecond))
}
