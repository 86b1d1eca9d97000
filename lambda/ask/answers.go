package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"sync"
	"time"

	"defog-cdk/lambda/answers"
)

// maxWait is the longest wait of a reader for the next status. The HTTP API's
// timeout is 30 s.
const maxWait = 25 * time.Second

// AnswersHandler handles requests for a long question: GET reads it, and DELETE
// cancels it.
type AnswersHandler struct {
	Long *answers.Service
	Log  *slog.Logger
}

// answersEvent is an HTTP API event for a long question.
type answersEvent struct {
	event
	Query map[string]string `json:"queryStringParameters"`
}

// Invoke implements lambda.Handler.
func (h *AnswersHandler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var e answersEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, fmt.Errorf("decode the event: %w", err)
	}
	view, fail := h.view(ctx, &e)
	if fail == nil {
		return encodeView(view, requestID(ctx, e.event))
	}
	if fail.cause != nil {
		h.Log.ErrorContext(ctx, "long question not read", "request_id", requestID(ctx, e.event), "outcome", string(fail.code), "cause", fail.cause)
	}
	encoding := newResponse(true, fail.code)
	if fail.code == MethodNotAllowed {
		encoding = newHTTPResponse(fail.code, `,"allow":"GET, DELETE"`)
	}
	return encoding.refuse(refusal{ErrorMessage: fail.message, ErrorCode: fail.code, RequestID: requestID(ctx, e.event)})
}

// idForm is the form of an id. Another text is not looked up.
var idForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Z2-7]{26}$`)
})

// view reads or cancels the question in the event's path.
func (h *AnswersHandler) view(ctx context.Context, e *answersEvent) (answers.View, *failure) {
	from, fail := e.caller()
	if fail != nil {
		return answers.View{}, fail
	}
	id, owner := path.Base(e.RawPath), answers.OwnerOf(from.Identity())
	if !idForm().MatchString(id) {
		return answers.View{}, notFound()
	}
	var view answers.View
	var err error
	switch e.RequestContext.HTTP.Method {
	case http.MethodGet:
		wait, fail := e.wait()
		if fail != nil {
			return view, fail
		}
		view, err = h.Long.Read(ctx, id, owner, wait)
	case http.MethodDelete:
		if _, err = h.Long.Cancel(ctx, id, owner); err == nil {
			view, err = h.Long.Read(ctx, id, owner, 0)
		}
	default:
		return view, &failure{code: MethodNotAllowed, message: "The HTTP method is not allowed; want GET or DELETE."}
	}
	if errors.Is(err, answers.ErrNotFound) {
		return view, notFound()
	}
	if err != nil {
		return view, unavailable(err)
	}
	return view, nil
}

func notFound() *failure {
	return &failure{code: NotFound, message: "No such question: it is unknown, has expired, or belongs to another caller."}
}

// wait returns the query parameter wait.
func (e *answersEvent) wait() (time.Duration, *failure) {
	text, ok := e.Query["wait"]
	if !ok {
		return 0, nil
	}
	seconds, err := strconv.ParseUint(text, 10, 8)
	if err != nil || time.Duration(seconds)*time.Second > maxWait {
		return 0, &failure{code: BadRequest, message: fmt.Sprintf("wait: invalid; want whole seconds up to %d.", int(maxWait.Seconds()))}
	}
	return time.Duration(seconds) * time.Second, nil
}

// encodeView returns the response for a long question. A stored answer is a whole
// response.
func encodeView(view answers.View, requestID string) ([]byte, error) {
	if view.Answer != nil {
		return view.Answer, nil
	}
	if view.Status.IsFinal() {
		code, message := ended(view)
		return newResponse(true, code).refuse(refusal{ErrorMessage: message, ErrorCode: code, RequestID: requestID, ID: view.ID, Status: view.Status})
	}
	text, err := marshal(pending{view.ID, view.Status, math.Round(time.Since(view.Created).Seconds()*10) / 10, view.SQL})
	if err != nil {
		return nil, err
	}
	return newHTTPResponse(Accepted, `,"retry-after":"1"`).join(text), nil
}

// ended returns the error of a question that ended without an answer.
func ended(view answers.View) (Code, string) {
	switch {
	case view.Status == answers.Cancelled:
		return Cancelled, "The question was cancelled."
	case view.Reason == answers.NotStarted:
		return NotStarted, fmt.Sprintf("The question did not start within %d minutes: the queue is too long, or its event was lost. Ask again.", int(answers.QueueTime.Minutes()))
	default:
		return Interrupted, "The function that answered the question crashed or ran out of time. Ask again; the function's log has the cause."
	}
}
