package ask

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"defog-cdk/lambda/answers"
)

// maxStoredBody is the largest body of a long question, in bytes: an item of
// DynamoDB holds 400 KB, with the caller's claims.
const maxStoredBody = 300 << 10

// accept stores a long question, whose answer the caller fetches later.
func (h *Handler) accept(ctx context.Context, x *exchange) *failure {
	switch {
	case x.request.body == nil:
		return &failure{code: BadRequest, message: "async: a direct invoke answers at once; want a request to the API, or no async."}
	case h.Long == nil:
		return &failure{code: BadRequest, message: "async: the function answers no long questions; want the setting async_questions=true, or no async."}
	case len(x.request.body) > maxStoredBody:
		return &failure{code: RequestTooLarge, message: fmt.Sprintf("The body has %d bytes; want at most %d with async.", len(x.request.body), maxStoredBody)}
	}
	from, err := json.Marshal(x.request.caller)
	if err != nil {
		return unavailable(err)
	}
	id, err := h.Long.Accept(ctx, answers.OwnerOf(x.request.caller.Identity()), answers.Question{Caller: from, Body: x.request.body})
	if err != nil {
		return unavailable(err)
	}
	x.id = id
	return nil
}

func unavailable(cause error) *failure {
	return &failure{
		code:    AnswersUnavailable,
		message: "Long questions cannot be stored or read now; try again. The function's log has the cause.",
		cause:   cause,
	}
}

// isAccepted reports whether the exchange ends with a stored question.
func (x *exchange) isAccepted() bool { return x.id != "" && x.progress == nil }

// status returns the final status of a long question, and "" for other questions.
func (x *exchange) status() answers.Status {
	switch {
	case x.progress == nil:
		return ""
	case x.failure == nil:
		return answers.Done
	case x.failure.code == Cancelled:
		return answers.Cancelled
	default:
		return answers.Failed
	}
}

// pending is the answer for a long question that has not ended.
type pending struct {
	ID             string         `json:"id"`
	Status         answers.Status `json:"status"`
	Seconds        float64        `json:"seconds"` // since the request
	QueryGenerated string         `json:"query_generated,omitempty"`
}

// accepted returns the response for a new long question. path ends before the id.
func accepted(path, id string) ([]byte, error) {
	location, err := marshal(path + id)
	if err != nil {
		return nil, err
	}
	text, err := marshal(pending{ID: id, Status: answers.Queued})
	if err != nil {
		return nil, err
	}
	return newHTTPResponse(Accepted, `,"retry-after":"1","location":`+string(location)).join(text), nil
}

// prefersAsync reports whether the header Prefer asks for a later answer. A stack
// without long questions may ignore it.
// https://www.rfc-editor.org/rfc/rfc7240#section-4.1
func (e *event) prefersAsync() bool {
	for preference := range strings.SplitSeq(e.header("prefer"), ",") {
		if strings.EqualFold(strings.TrimSpace(preference), "respond-async") {
			return true
		}
	}
	return false
}
