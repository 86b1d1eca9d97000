package ask

import (
	"context"
	"io"
	"log/slog"
	"math"
	"time"
)

// NewLogger returns a logger that writes one JSON object per line, with the keys
// that Lambda reads. It redacts the secrets in messages, strings and errors.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
func NewLogger(w io.Writer, secrets *Secrets) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
			if attr.Key == slog.TimeKey && len(groups) == 0 {
				attr.Key = "timestamp"
			}
			switch value := attr.Value.Any().(type) {
			case string:
				attr.Value = slog.StringValue(secrets.Redact(value))
			case error:
				attr.Value = slog.StringValue(secrets.Redact(value.Error()))
			}
			return attr
		},
	}))
}

// log writes one line per request: outcome, durations and sizes, and the metrics
// if Stack is set. It never writes rows or credentials, and writes the question
// only if LogQuestions is set.
func (h *Handler) log(ctx context.Context, x *exchange, total time.Duration, size int) {
	code, level := x.code(), slog.LevelInfo
	if code.Status() >= 500 {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("request_id", x.requestID),
		slog.String("outcome", string(code)),
		slog.Int("status", code.Status()),
		slog.Float64("generation_ms", milliseconds(x.generation)),
		slog.Float64("database_ms", milliseconds(x.execution)),
		slog.Float64("total_ms", milliseconds(total)),
		slog.Int("bytes", size),
		slog.Int("retries", x.retries),
		slog.Bool("cold_start", x.coldStart),
	}
	if name := h.nameOf(x.request.caller); name != "" {
		attrs = append(attrs, slog.String("caller", name))
	}
	if x.current.Source != "" {
		attrs = append(attrs, slog.String("source", string(x.current.Source)))
	}
	if x.samples > 0 {
		attrs = append(attrs, slog.Int("samples", x.samples), slog.Float64("confidence", math.Round(x.confidence*100)/100))
	}
	if x.usage.Replies > 0 {
		attrs = append(attrs,
			slog.Int("input_tokens", x.usage.Input), slog.Int("output_tokens", x.usage.Output),
			slog.Int("cache_read_tokens", x.usage.CacheRead), slog.Int("cache_write_tokens", x.usage.CacheWrite))
		if h.Prices != nil {
			attrs = append(attrs, slog.Float64("cost_usd", h.Prices.Cost(x.usage)))
		} else {
			h.unpriced.Do(func() {
				h.Log.InfoContext(ctx, "tokens have no cost in the log; want the setting generator_price with the model's prices")
			})
		}
	}
	attrs = append(attrs, h.toolAttrs(x.request)...)
	if x.result != nil {
		attrs = append(attrs, slog.Int("rows", x.result.RowCount), slog.Bool("truncated", x.result.Truncated))
	}
	if x.link != nil {
		attrs = append(attrs, slog.Int("stored_rows", x.link.Rows))
	}
	if x.lost != nil {
		level = max(level, slog.LevelWarn)
		attrs = append(attrs, slog.Any("not_stored", x.lost))
	}
	if x.failure != nil && x.failure.state != "" {
		attrs = append(attrs, slog.String("sqlstate", x.failure.state))
	}
	if x.failure != nil && x.failure.cause != nil {
		attrs = append(attrs, slog.Any("cause", x.failure.cause))
	}
	if h.LogQuestions && x.request.question.Text != "" {
		attrs = append(attrs, slog.String("question", x.request.question.Text))
	}
	if h.Stack != "" && code != Accepted { // the answer counts
		attrs = append(attrs, embed(h.Stack, code, time.Now(), x.metrics(code, total, size, h.Prices))...)
	}
	h.Log.LogAttrs(ctx, level, "question", attrs...)
}

// code returns the outcome.
func (x *exchange) code() Code {
	switch {
	case x.failure != nil:
		return x.failure.code
	case x.isAccepted():
		return Accepted
	}
	return OK
}
