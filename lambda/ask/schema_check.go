package ask

import (
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"defog-cdk/internal/metrics"
	"defog-cdk/lambda/catalog/check"
)

// parseSchemaCheck decodes the payload of a direct invoke {"schema_check": {"stack":
// "…"}}. The stack is a dimension of the metric, "" for none.
func parseSchemaCheck(payload []byte) (stack string, ok bool) {
	var given map[string]json.RawMessage
	if json.Unmarshal(payload, &given) != nil || len(given) != 1 || given[schemaCheck] == nil {
		return "", false
	}
	var options *struct {
		Stack string `json:"stack"`
	}
	err := json.Unmarshal(given[schemaCheck], &options)
	if err != nil || options == nil || options.Stack != "" && !stackName().MatchString(options.Stack) {
		return "", false
	}
	return options.Stack, true
}

const schemaCheck = "schema_check"

// stackName matches the names of stacks.
var stackName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,127}$`)
})

// checkSchema returns the report of a check as JSON, and logs it. A check that fails
// is a finding, so that the alarm fires and Lambda does not repeat the event.
func (h *Handler) checkSchema(ctx context.Context, stack string) ([]byte, error) {
	bounded, cancel := keepMargin(ctx)
	defer cancel()
	report, err := h.CheckSchema(bounded)
	if err != nil {
		report = check.Failed(err)
	}
	h.logSchemaCheck(ctx, stack, report, err)
	text, err := marshal(report)
	return h.Secrets.RedactJSON(text), err
}

// maxFindings and maxFinding limit the line of a check in the log.
const (
	maxFindings = 50
	maxFinding  = 500 // bytes of one
)

// logSchemaCheck writes one line for a check. It leaves out questions and messages of
// the database, as the line of a question does. Broken files are an error, so that
// each level of the log keeps the metric.
func (h *Handler) logSchemaCheck(ctx context.Context, stack string, report check.Report, cause error) {
	broken, level := report.Broken(), slog.LevelInfo
	if broken > 0 {
		level = slog.LevelError
	}
	findings := []string{}
	for _, f := range report.Findings[:min(len(report.Findings), maxFindings)] {
		text := f.LogText()
		findings = append(findings, h.Secrets.Redact(strings.ToValidUTF8(text[:min(len(text), maxFinding)], "")))
	}
	attrs := []slog.Attr{
		slog.Int("broken", broken),
		slog.Int("new", len(report.Findings)-broken),
		slog.Any("files", report.Files),
		slog.Int("tables", report.Tables),
		slog.Int("pairs", report.Pairs),
		slog.Int("unchecked", report.Unchecked),
		slog.Any("findings", findings),
	}
	if cause != nil {
		attrs = append(attrs, slog.Any("cause", cause))
	}
	if stack != "" {
		attrs = append(attrs, embedTotal(stack, time.Now(), metric{metrics.SchemaFindings, "Count", float64(broken)})...)
	}
	h.Log.LogAttrs(ctx, level, "schema check", attrs...)
}
