// Package ask handles Lambda events: it decodes a question, generates SQL, runs
// it, and encodes the rows in the format of Defog's clients.
package ask

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"defog-cdk/internal/history"
	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/caller"
	"defog-cdk/lambda/catalog/check"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/doctor"
	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/results"
	"defog-cdk/lambda/spending"
	"defog-cdk/lambda/trace"
)

// margin is the part of a request's time that is reserved for the encoding.
const margin = time.Second

// Handler handles Lambda events. It returns an HTTP response for an HTTP API
// event (payload format 2.0), and the answer for a direct invoke, whose payload
// is the request. Its fields must not change after the first event.
type Handler struct {
	// Open prepares the backend. If it fails, the request is answered 503 and
	// the next one calls it again.
	Open func(context.Context) (Backend, error)

	// Examine returns the doctor's report. Only a direct invoke of
	// {"doctor": true} runs it, since its caller has permission to invoke the
	// function; the API does not.
	Examine func(context.Context) doctor.Report

	// CheckSchema compares the generator's files with the database. Only a direct
	// invoke of {"schema_check": {}} runs it, for the reason above.
	CheckSchema func(context.Context) (check.Report, error)

	// Tools are the tools of agents by name, beside AskTool and QueryTool. Call and
	// a direct invoke of {"tool": "…", "arguments": {…}} run them.
	Tools    map[string]Tool
	ToolRows int  // limit of rows in the answer of a tool
	AgentSQL bool // allows QueryTool

	Log              *slog.Logger
	Policy           caller.Policy    // decides which callers may ask
	Secrets          *Secrets         // to redact in answers; nil for none
	Retries          int              // limit of attempts to replace a failed statement
	MaxRows          int              // limit of rows in an answer
	MaxPlanCost      float64          // limit of a statement's plan, in the database's unit; 0 for none
	StatementTimeout time.Duration    // of one statement
	LogQuestions     bool             // adds the question's text to the log
	LogCallers       bool             // logs a caller's subject in place of its hash
	ShowCauses       bool             // adds the cause to an answer of code not_ready, for an operator's machine
	Stack            string           // dimension of the metrics in the log; "" for none
	Prices           *generate.Prices // of the language model; nil if unknown
	Spending         *spending.Limits // of the language model; nil for none
	Tracer           *trace.Tracer    // records the duration of each step; nil for none

	// Record keeps a record of each question, and returns at once; nil keeps none.
	Record func(history.Record)

	// Ratings stores feedback of callers on their answers; nil refuses it.
	Ratings Ratings

	// Long stores and runs questions whose answer the caller fetches later; nil
	// refuses them.
	Long *answers.Service

	mu       sync.Mutex
	backend  *Backend
	warm     bool
	unpriced sync.Once // logs that the prices are unknown
}

// Backend holds the services that answer questions.
type Backend struct {
	Generator generate.Generator
	Database  database.Database // nil: generate SQL and do not run it
	Results   *results.Store    // for answers over the limits; nil: truncate them
	CallerKey caller.Key        // hashes callers for the log
	Rater     generate.Rater    // gets feedback, too; nil for none

	// Samples is the number of answers of the model to one question, at most 1 for one.
	// Their statements run in parallel: on Database and on Spare, which has one connection
	// fewer.
	Samples int
	Spare   []database.Database
}

// Prepare calls Open before the first request.
func (h *Handler) Prepare(ctx context.Context) {
	if _, err := h.open(ctx); err != nil {
		h.Log.ErrorContext(ctx, "start failed; the next request retries it", "cause", err)
	}
}

func (h *Handler) open(ctx context.Context) (Backend, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.backend == nil {
		backend, err := h.Open(ctx)
		if err != nil {
			return Backend{}, err
		}
		h.backend = &backend
	}
	return *h.backend, nil
}

// Invoke handles one event. A failed question is an answer too, so a caller
// cannot cause an error.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	start := time.Now()
	event, isHTTP := parseEvent(payload)
	if !isHTTP && isDoctor(payload) {
		ctx, cancel := keepMargin(ctx)
		defer cancel()
		report := h.Examine(h.Spending.Question(ctx))
		h.Log.InfoContext(ctx, "doctor", "healthy", report.Healthy)
		text, err := marshal(report)
		return h.Secrets.RedactJSON(text), err
	}
	if !isHTTP {
		if stack, ok := parseSchemaCheck(payload); ok {
			return h.checkSchema(ctx, stack)
		}
		if called, ok := parseCall(payload); ok {
			return h.invokeTool(ctx, called)
		}
	}
	read := func() (request, *failure) { return parseInvoke(payload) }
	if isHTTP {
		read = event.read
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, event.deadline(start))
		defer cancel()
	}

	return h.serve(ctx, start, h.newExchange(ctx, event), isHTTP, read)
}

// serve runs a question, and encodes and logs the answer.
func (h *Handler) serve(ctx context.Context, start time.Time, x *exchange, isHTTP bool, read func() (request, *failure)) ([]byte, error) {
	x.failure = h.answer(ctx, x, read)
	out, err := x.encode(isHTTP)
	if err != nil {
		return nil, err
	}
	total := time.Since(start)
	h.log(ctx, x, total, len(out))
	h.record(x, total)
	return out, nil
}

func (h *Handler) newExchange(ctx context.Context, e event) *exchange {
	return &exchange{requestID: requestID(ctx, e), coldStart: h.isFirst(), tracer: h.Tracer, secrets: h.Secrets}
}

// answer runs the question and returns its failure, if any. A panic fails only
// this question.
func (h *Handler) answer(ctx context.Context, x *exchange, read func() (request, *failure)) (fail *failure) {
	defer func() {
		if p := recover(); p != nil {
			fail = internal(panicked(p, debug.Stack()))
		}
		if h.ShowCauses && fail != nil && fail.code == NotReady {
			fail.message = fmt.Sprintf("The function is not ready: %v", fail.cause)
		}
	}()
	if x.request, fail = read(); fail != nil {
		return fail
	}
	identity, fail := admit(h.Policy, x.request.caller)
	if fail != nil {
		return fail
	}
	if x.request.async || x.request.later && h.Long != nil {
		return h.accept(ctx, x)
	}
	ctx, cancel := keepMargin(ctx)
	defer cancel()
	backend, err := h.open(ctx)
	if err != nil {
		return notReady(err)
	}
	limits := database.Limits{Rows: h.MaxRows, Bytes: maxResponse, Time: h.StatementTimeout, PlanCost: h.MaxPlanCost, Identity: identity}
	if backend.Results != nil {
		limits.Bytes = maxInline
	}
	if x.request.tool != "" {
		limits.Rows, limits.Bytes = min(h.MaxRows, h.ToolRows), maxToolBytes
	}
	return x.run(h.Spending.Question(caller.With(ctx, x.request.caller)), backend, h.Retries, limits)
}

// internal returns the failure for an error that only the log describes.
func internal(cause error) *failure {
	return &failure{code: Internal, message: "Internal error; the function's log has details under request_id.", cause: cause}
}

func panicked(p any, stack []byte) error { return fmt.Errorf("panic: %v\n%s", p, stack) }

// admit returns as whom a caller's statements run, or the failure of a caller that may
// not ask.
func admit(policy caller.Policy, from caller.Caller) (*database.Identity, *failure) {
	grant, err := policy.Admit(from)
	if denied, ok := errors.AsType[*caller.DeniedError](err); ok {
		return nil, &failure{code: CallerDenied, message: denied.Message}
	}
	switch {
	case err != nil:
		return nil, internal(err)
	case grant == nil:
		return nil, nil
	}
	return &database.Identity{Claims: grant.Claims, Role: grant.Role}, nil
}

// NotReadyError reports a configuration that an operator must correct. A
// Database returns it if the problem appears at the first query.
type NotReadyError struct{ Cause error }

func (e *NotReadyError) Error() string { return e.Cause.Error() }

// Unwrap returns the cause.
func (e *NotReadyError) Unwrap() error { return e.Cause }

func notReady(cause error) *failure {
	return &failure{code: NotReady, message: "The function is not ready: its settings, dependencies or database are invalid; its log has the cause.", cause: cause}
}

// keepMargin returns a context that ends before ctx, so that time remains to
// encode the answer.
func keepMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(margin, time.Until(deadline)/4)))
}

// nameOf returns the name of a caller for the log: its subject or its hash.
func (h *Handler) nameOf(c caller.Caller) string {
	if h.LogCallers {
		return c.Subject
	}
	return h.hashOf(c)
}

// hashOf returns the hash of a caller, "" before the backend is open.
func (h *Handler) hashOf(c caller.Caller) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.backend == nil {
		return ""
	}
	return h.backend.CallerKey.Hash(c)
}

func (h *Handler) isFirst() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := !h.warm
	h.warm = true
	return first
}

// requestID returns the id of the request in Lambda's log, or else the API's.
func requestID(ctx context.Context, e event) string {
	var fromLambda string
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		fromLambda = lc.AwsRequestID
	}
	return cmp.Or(fromLambda, e.RequestContext.RequestID, rand.Text())
}
