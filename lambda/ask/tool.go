package ask

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"defog-cdk/lambda/caller"
	"defog-cdk/lambda/generate"
)

// The tools that answer with rows. Handler.Tools has others.
const (
	AskTool   = "ask"   // a question
	QueryTool = "query" // SQL of the agent, if Handler.AgentSQL allows it
)

// FeedbackTool is the tool for feedback on an answer, if Handler.Ratings allows it.
const FeedbackTool = "feedback"

// maxToolBytes is the limit of rows in the answer of a tool. A context window holds
// some hundred kilobytes.
const maxToolBytes = 64 << 10

// Tool returns information for an agent, from untrusted arguments. An error's text is
// for the agent if it is an *ArgumentError. A *NotReadyError and a
// *generate.SchemaError get the texts of a question's.
type Tool func(ctx context.Context, arguments json.RawMessage) (any, error)

// ArgumentError reports invalid arguments of a tool.
type ArgumentError struct{ Cause error }

func (e *ArgumentError) Error() string { return e.Cause.Error() }

// Unwrap returns the cause.
func (e *ArgumentError) Unwrap() error { return e.Cause }

// call is the payload of a direct invoke that calls a tool.
type call struct {
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
	Caller    json.RawMessage `json:"caller"` // as in a direct invoke's question
}

// parseCall decodes the payload of a direct invoke. It reports false for a payload
// that names no tool.
func parseCall(payload []byte) (c call, ok bool) {
	err := json.Unmarshal(payload, &c)
	return c, err == nil && c.Tool != ""
}

// Call runs a tool for the sender of an event of the API. It returns the answer of
// POST / for AskTool and QueryTool, also for a failed one, and the tool's JSON for
// others. Nothing in the arguments can name another caller.
func (h *Handler) Call(ctx context.Context, payload []byte, tool string, arguments json.RawMessage) ([]byte, error) {
	start := time.Now()
	event, isHTTP := parseEvent(payload)
	if !isHTTP {
		return nil, errors.New("not an event of an HTTP API")
	}
	ctx, cancel := context.WithDeadline(ctx, event.deadline(start))
	defer cancel()
	from, fail := event.caller()
	return h.call(ctx, start, event, request{tool: tool, caller: from}, arguments, fail)
}

// invokeTool runs a tool for a direct invoke, whose sender names the caller.
func (h *Handler) invokeTool(ctx context.Context, c call) ([]byte, error) {
	from, err := caller.FromInvoke(c.Caller)
	var fail *failure
	if err != nil {
		fail = &failure{code: BadRequest, message: "caller: invalid; want " + validInvoker}
	}
	return h.call(ctx, time.Now(), event{}, request{tool: c.Tool, caller: from}, c.Arguments, fail)
}

// call runs a tool, unless it already failed.
func (h *Handler) call(ctx context.Context, start time.Time, e event, r request, arguments json.RawMessage, fail *failure) ([]byte, error) {
	x := h.newExchange(ctx, e)
	x.request = r
	if len(arguments) == 0 {
		arguments = json.RawMessage("{}")
	}
	if fail == nil { // also for a tool without rows, whose information is for these callers
		_, fail = admit(h.Policy, r.caller)
	}
	if r.tool == FeedbackTool && h.Ratings != nil && fail == nil {
		return h.rated(ctx, start, x, false, func() ([]byte, *failure) { return arguments, nil })
	}
	if inform, ok := h.Tools[r.tool]; ok && fail == nil {
		return h.inform(ctx, start, x, inform, arguments)
	}
	return h.serve(ctx, start, x, false, func() (request, *failure) {
		if fail != nil {
			return r, fail
		}
		return h.parseTool(r, arguments)
	})
}

// parseTool decodes the arguments of a tool that answers with rows.
func (h *Handler) parseTool(r request, arguments json.RawMessage) (request, *failure) {
	given := newRequest()
	given.tool, given.caller = r.tool, r.caller
	switch {
	case r.tool == AskTool:
		return given.parse(arguments, func(r *request) map[string]any {
			all, fields := r.fields(), map[string]any{}
			for _, name := range []string{"question", "hard_filters", "previous_context"} {
				fields[name] = all[name]
			}
			return fields
		})
	case r.tool == QueryTool && h.AgentSQL:
		return given.parse(arguments, func(r *request) map[string]any { return map[string]any{sqlField: &r.sql} })
	case r.tool == QueryTool:
		return given, &failure{code: BadRequest, message: "tool: query is off; want ask, or the settings mcp=true and mcp_sql=true"}
	}
	return given, &failure{code: BadRequest, message: "tool: unknown; want ask, describe_database, golden_questions or query"}
}

// inform runs a tool that does not ask the database.
func (h *Handler) inform(ctx context.Context, start time.Time, x *exchange, tool Tool, arguments json.RawMessage) ([]byte, error) {
	ctx, cancel := keepMargin(caller.With(ctx, x.request.caller))
	defer cancel()
	text, err := informed(ctx, tool, arguments)
	argument, isArgument := errors.AsType[*ArgumentError](err)
	unprepared, isNotReady := errors.AsType[*NotReadyError](err)
	unread, isUnread := errors.AsType[*generate.SchemaError](err)
	switch {
	case isUnread:
		x.failure = schemaFailure(ctx, unread)
	case isArgument:
		x.failure = &failure{code: BadRequest, message: argument.Error()}
	case isNotReady:
		x.failure = notReady(unprepared.Cause)
	case err != nil:
		x.failure = internal(err)
	}
	if x.failure == nil {
		text = h.Secrets.RedactJSON(text)
	} else if text, err = x.encode(false); err != nil {
		return nil, err
	}
	h.logTool(ctx, x, time.Since(start), len(text))
	return text, nil
}

// logTool writes the line of a tool that does not ask the database. It has no
// metrics, which count questions.
func (h *Handler) logTool(ctx context.Context, x *exchange, total time.Duration, size int) {
	code, level := OK, slog.LevelInfo
	if x.failure != nil {
		code = x.failure.code
	}
	if code.Status() >= 500 {
		level = slog.LevelError
	}
	attrs := append(h.toolAttrs(x.request), slog.String("request_id", x.requestID), slog.String("outcome", string(code)),
		slog.Int("status", code.Status()), slog.Float64("total_ms", milliseconds(total)), slog.Int("bytes", size), slog.Bool("cold_start", x.coldStart))
	if hash := h.nameOf(x.request.caller); hash != "" {
		attrs = append(attrs, slog.String("caller", hash))
	}
	if x.failure != nil && x.failure.cause != nil {
		attrs = append(attrs, slog.Any("cause", x.failure.cause))
	}
	h.Log.LogAttrs(ctx, level, "tool", attrs...)
}

// informed returns the tool's result as JSON. A panic fails only this call.
func informed(ctx context.Context, tool Tool, arguments json.RawMessage) (text []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p, debug.Stack())
		}
	}()
	result, err := tool(ctx, arguments)
	if err != nil {
		return nil, err
	}
	return marshal(result)
}

// statement is a SQL generator that returns the statement of an agent.
type statement string

// Generate implements generate.Generator.
func (s statement) Generate(context.Context, generate.Question) (generate.Query, error) {
	return generate.Query{SQL: string(s)}, nil
}

// Retry implements generate.Generator: the agent corrects its statement itself.
func (s statement) Retry(context.Context, generate.Question, generate.Failure) (generate.Query, error) {
	return generate.Query{}, &generate.Error{Kind: generate.Refused, Message: "The statement has no alternative."}
}

// toolAttrs returns the attributes of a tool's call in the log. It writes the
// agent's SQL, which may hold values, as the question: only if LogQuestions is set.
func (h *Handler) toolAttrs(r request) (attrs []slog.Attr) {
	if r.tool != "" {
		attrs = append(attrs, slog.String("tool", r.tool))
	}
	if h.LogQuestions && r.sql != "" {
		attrs = append(attrs, slog.String("sql", r.sql))
	}
	return attrs
}
