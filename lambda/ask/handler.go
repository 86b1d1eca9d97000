// Package ask answers questions: it decodes a Lambda event, has SQL written
// and run, and encodes the rows as Defog's clients expect them.
package ask

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/doctor"
	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/results"
	"defog-cdk/lambda/trace"
)

// margin is what is kept of a request's time for the answer itself.
const margin = time.Second

// Handler answers Lambda events: HTTP API events (payload format 2.0) with an
// HTTP response, and direct invokes, whose payload is the request, with the
// answer itself. Its fields must not change once it serves.
type Handler struct {
	// Open prepares what answers questions. A failure is not final: the next
	// request calls it again, and is answered 503 if that fails too.
	Open func(context.Context) (Backend, error)

	// Examine says what is wrong with what the function depends on. It is run
	// for a direct invoke of {"doctor": true}, whose caller AWS has let in as
	// one who may invoke the function, and never through the API.
	Examine func(context.Context) doctor.Report

	Log              *slog.Logger
	Retries          int           // how often a failed statement goes back to the generator
	MaxRows          int           // the most rows of an answer
	StatementTimeout time.Duration // how long the database may work on one statement
	LogQuestions     bool          // adds the question's text to the log
	Stack            string        // whose metrics go along with the log; "" for none
	Tracer           *trace.Tracer // is told how long generator and database took; nil for nobody

	mu      sync.Mutex
	backend *Backend
	warm    bool
}

// Backend is what answers questions.
type Backend struct {
	Generator generate.Generator
	Database  database.Database // nil: SQL is generated and not run
	Results   *results.Store    // where answers go that are over the limits; nil: they are cut
}

// Prepare calls Open ahead of the first request, which then need not wait for
// it.
func (h *Handler) Prepare(ctx context.Context) {
	if _, err := h.open(ctx); err != nil {
		h.Log.ErrorContext(ctx, "not ready; the next request tries again", "cause", err)
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

// Invoke answers one event. Whatever goes wrong with it is an answer too, so
// there is no error that a caller could cause.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	start := time.Now()
	event, isHTTP := parseEvent(payload)
	if !isHTTP && asksForDoctor(payload) {
		ctx, cancel := keepMargin(ctx)
		defer cancel()
		report := h.Examine(ctx)
		h.Log.InfoContext(ctx, "examined", "healthy", report.Healthy)
		return marshal(report)
	}
	read := func() ([]byte, *failure) { return payload, nil }
	if isHTTP {
		read = event.request
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, event.deadline(start))
		defer cancel()
	}

	x := &exchange{requestID: requestID(ctx, event), coldStart: h.isFirst(), tracer: h.Tracer}
	x.failure = h.answer(ctx, x, read)
	out, err := x.encode(isHTTP)
	if err != nil {
		return nil, err
	}
	h.log(ctx, x, time.Since(start), len(out))
	return out, nil
}

// answer takes x as far as it gets. A panic ends this question only.
func (h *Handler) answer(ctx context.Context, x *exchange, read func() ([]byte, *failure)) (fail *failure) {
	defer func() {
		if p := recover(); p != nil {
			fail = &failure{
				code:    Internal,
				message: "The question met a fault in the function; its log has the request_id.",
				cause:   fmt.Errorf("panic: %v\n%s", p, debug.Stack()),
			}
		}
	}()
	body, fail := read()
	if fail != nil {
		return fail
	}
	if x.request, fail = parseRequest(body); fail != nil {
		return fail
	}
	ctx, cancel := keepMargin(ctx)
	defer cancel()
	backend, err := h.open(ctx)
	if err != nil {
		return notReady(err)
	}
	limits := database.Limits{Rows: h.MaxRows, Bytes: maxResponse, Time: h.StatementTimeout}
	if backend.Results != nil {
		limits.Bytes = maxInline
	}
	return x.run(ctx, backend, h.Retries, limits)
}

// NotReadyError says that nothing can be answered until an operator has changed
// something. A Database returns it for what shows at the first query only.
type NotReadyError struct{ Cause error }

func (e *NotReadyError) Error() string { return e.Cause.Error() }

// Unwrap returns the cause.
func (e *NotReadyError) Unwrap() error { return e.Cause }

func notReady(cause error) *failure {
	return &failure{code: NotReady, message: "The function is not ready: its settings, dependencies or database are at fault; its log says how.", cause: cause}
}

// keepMargin ends the work while there is still time to answer.
func keepMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(margin, time.Until(deadline)/4)))
}

func (h *Handler) isFirst() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := !h.warm
	h.warm = true
	return first
}

// requestID returns the id by which Lambda's own log lines name the request.
func requestID(ctx context.Context, e event) string {
	var fromLambda string
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		fromLambda = lc.AwsRequestID
	}
	return cmp.Or(fromLambda, e.RequestContext.RequestID, rand.Text())
}
