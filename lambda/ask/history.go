package ask

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"defog-cdk/internal/history"
	"defog-cdk/internal/metrics"
)

// record keeps a record of a question that has ended. An invalid request has none.
func (h *Handler) record(x *exchange, total time.Duration) {
	question := x.request.question
	isInvalid := x.failure != nil && (x.failure.code == BadRequest || x.failure.code == RequestTooLarge)
	if h.Record == nil || x.isAccepted() || isInvalid || question.Text == "" && x.request.sql == "" {
		return
	}
	kept := history.Record{
		RequestID:   x.requestID,
		ID:          x.id,
		Time:        time.Now().UTC(),
		Caller:      h.hashOf(x.request.caller),
		Tool:        x.request.tool,
		Question:    x.secrets.Redact(question.Text),
		SQL:         x.secrets.Redact(x.executed),
		Source:      string(x.current.Source),
		Outcome:     string(x.code()),
		Retries:     x.retries,
		IsFollowUp:  !isEmpty(question.PreviousContext),
		HasFilters:  !isEmpty(question.HardFilters),
		HasGlossary: question.Options.Glossary != "",

		GenerationMS: milliseconds(x.generation),
		DatabaseMS:   milliseconds(x.execution),
		TotalMS:      milliseconds(total),

		InputTokens:      x.usage.Input,
		OutputTokens:     x.usage.Output,
		CacheReadTokens:  x.usage.CacheRead,
		CacheWriteTokens: x.usage.CacheWrite,
	}
	if x.failure != nil {
		kept.SQL = x.secrets.Redact(cmp.Or(x.failure.sql, x.executed))
	}
	h.Record(kept)
}

// isEmpty reports whether a field of a request is absent or empty.
func isEmpty(field []byte) bool {
	switch string(field) {
	case "", "null", "[]", "{}", `""`:
		return true
	}
	return false
}

// HistoryFailed reports records that could not be written: in the log, and as a metric
// if Stack is set.
func (h *Handler) HistoryFailed(cause error, waiting, lost int) {
	attrs := []slog.Attr{slog.Any("cause", cause), slog.Int("waiting", waiting), slog.Int("lost", lost)}
	if h.Stack != "" {
		attrs = append(attrs, embedTotal(h.Stack, time.Now(), metric{metrics.HistoryFailures, "Count", 1})...)
	}
	h.Log.LogAttrs(context.Background(), slog.LevelError, "history not written", attrs...)
}
