package ask

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"defog-cdk/internal/history"
	"defog-cdk/lambda/feedback"
	"defog-cdk/lambda/generate"
)

// maxComment is the longest comment, in characters.
const maxComment = 4000

// Ratings finds the records of answers, and stores feedback on them.
type Ratings interface {
	// Find returns the record of a caller's answer. The caller is a hash, "" for an
	// unknown one. The error may be feedback.ErrNotFound.
	Find(ctx context.Context, requestID, caller string) (history.Record, error)

	// Store stores feedback, in place of an earlier one on the same answer.
	Store(ctx context.Context, given history.Feedback) error
}

// FeedbackHandler handles requests with feedback on an answer.
type FeedbackHandler struct {
	Questions *Handler
}

// Invoke implements lambda.Handler.
func (h *FeedbackHandler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	start := time.Now()
	event, isHTTP := parseEvent(payload)
	if !isHTTP {
		return nil, errors.New("not an event of an HTTP API")
	}
	ctx, cancel := context.WithDeadline(ctx, event.deadline(start))
	defer cancel()
	x := h.Questions.newExchange(ctx, event)
	return h.Questions.rated(ctx, start, x, true, func() (body []byte, fail *failure) {
		if x.request.caller, fail = event.caller(); fail != nil {
			return nil, fail
		}
		if _, fail := admit(h.Questions.Policy, x.request.caller); fail != nil {
			return nil, fail
		}
		return event.body()
	})
}

// given is feedback as its caller sends it.
type given struct {
	RequestID string          `json:"request_id"`
	Verdict   history.Verdict `json:"verdict"`
	sql       string
	comment   string
}

// rated stores the feedback in a body, and returns the response.
func (h *Handler) rated(ctx context.Context, start time.Time, x *exchange, isHTTP bool, body func() ([]byte, *failure)) ([]byte, error) {
	ctx, cancel := keepMargin(ctx)
	defer cancel()
	stored, fail := h.rate(ctx, x, body)
	x.failure = fail
	out, err := x.encode(isHTTP)
	if fail == nil {
		var text []byte
		if text, err = marshal(stored); err == nil {
			out = newResponse(isHTTP, OK).join(text)
		}
	}
	if err != nil {
		return nil, err
	}
	h.logFeedback(ctx, x, stored, time.Since(start))
	return out, nil
}

// rate stores the feedback in a body. A panic fails only this request.
func (h *Handler) rate(ctx context.Context, x *exchange, body func() ([]byte, *failure)) (g given, fail *failure) {
	defer func() {
		if p := recover(); p != nil {
			fail = internal(panicked(p, debug.Stack()))
		}
	}()
	text, fail := body()
	if fail != nil {
		return g, fail
	}
	if g, fail = parseFeedback(text); fail != nil {
		return g, fail
	}
	backend, err := h.open(ctx)
	if err != nil {
		return g, notReady(err)
	}
	record, err := h.Ratings.Find(ctx, g.RequestID, backend.CallerKey.Hash(x.request.caller))
	switch {
	case errors.Is(err, feedback.ErrNotFound):
		return g, &failure{
			code:    NotFound,
			message: fmt.Sprintf("No such answer: it is unknown, is older than %d days, or belongs to another caller.", feedback.Days),
			cause:   err,
		}
	case err != nil:
		return g, noHistory(err)
	case g.Verdict == history.Right && record.Outcome != string(OK):
		return g, &failure{code: BadRequest, message: "verdict: the question has no answer that is right; want wrong"}
	}
	err = h.Ratings.Store(ctx, history.Feedback{
		RequestID: record.RequestID, Time: time.Now().UTC(), Verdict: g.Verdict,
		SQL: h.Secrets.Redact(g.sql), Comment: h.Secrets.Redact(g.comment), Record: record,
	})
	if err != nil {
		return g, noHistory(err)
	}
	h.forward(ctx, backend.Rater, record, g)
	return g, nil
}

// noHistory returns the failure of feedback that cannot be stored.
func noHistory(cause error) *failure {
	return &failure{
		code:    HistoryUnavailable,
		message: "Feedback cannot be stored now; try again. The function's log has the cause.",
		cause:   cause,
	}
}

// forward sends feedback to the SQL generator, if that accepts any. It logs errors only:
// the feedback is stored.
func (h *Handler) forward(ctx context.Context, rater generate.Rater, record history.Record, g given) {
	if rater == nil || record.Question == "" {
		return
	}
	err := rater.Rate(ctx, generate.Rating{
		Question: record.Question, SQL: record.SQL, IsRight: g.Verdict == history.Right, Correction: g.sql, Comment: g.comment,
	})
	if err != nil {
		h.Log.WarnContext(ctx, "the generator did not accept feedback", "rated_request_id", record.RequestID, "cause", errors.Join(err, errors.Unwrap(err)))
	}
}

// parseFeedback decodes the body of feedback. A failure lists all problems.
func parseFeedback(body []byte) (g given, fail *failure) {
	targets := map[string]any{"request_id": &g.RequestID, "verdict": (*string)(&g.Verdict), "sql": &g.sql, "comment": &g.comment}
	problems, fail := decodeFields(body, targets, `{"request_id": "…", "verdict": "right"}`)
	if fail != nil {
		return g, fail
	}
	const want = "want the request_id of an answer"
	switch {
	case g.RequestID == "":
		problems.add("request_id", "missing; "+want)
	case !history.IsID(g.RequestID):
		problems.add("request_id", "invalid; "+want)
	}
	switch g.Verdict {
	case history.Right, history.Wrong:
	case "":
		problems.add("verdict", "missing; want right or wrong")
	default:
		problems.add("verdict", "invalid; want right or wrong")
	}
	switch {
	case g.sql != "" && strings.TrimSpace(g.sql) == "":
		problems.add("sql", "empty; want the SQL that answers the question, or no sql")
	case g.sql != "" && g.Verdict == history.Right:
		problems.add("sql", "not used with verdict right; want verdict wrong, or no sql")
	}
	if utf8.RuneCountInString(g.comment) > maxComment {
		problems.add("comment", "too long; want at most %d characters", maxComment)
	}
	return g, problems.failure()
}

// logFeedback writes the line of a request with feedback. It holds neither SQL nor the
// comment.
func (h *Handler) logFeedback(ctx context.Context, x *exchange, g given, total time.Duration) {
	code, level := x.code(), slog.LevelInfo
	if code.Status() >= 500 {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("request_id", x.requestID), slog.String("outcome", string(code)), slog.Int("status", code.Status()),
		slog.Float64("total_ms", milliseconds(total)), slog.Bool("cold_start", x.coldStart),
	}
	if name := h.nameOf(x.request.caller); name != "" {
		attrs = append(attrs, slog.String("caller", name))
	}
	if code == OK {
		attrs = append(attrs, slog.String("rated_request_id", g.RequestID), slog.String("verdict", string(g.Verdict)))
	}
	if x.failure != nil && x.failure.cause != nil {
		attrs = append(attrs, slog.Any("cause", x.failure.cause))
	}
	h.Log.LogAttrs(ctx, level, "feedback", attrs...)
}
