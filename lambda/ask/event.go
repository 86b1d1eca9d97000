package ask

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"defog-cdk/lambda/caller"
)

// maxBody is the largest request body in bytes.
const maxBody = 1 << 20

// event holds the fields of an HTTP API event (payload format 2.0, also sent by
// function URLs) that this package reads. events.APIGatewayV2HTTPRequest has
// more: an unexpected type in an unused field would fail the decoding, and the
// event would pass as a direct invoke.
type event struct {
	RawPath         string            `json:"rawPath"` // begins with the API's stage, unless that is $default
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	RequestContext  struct {
		RequestID string `json:"requestId"`
		TimeEpoch int64  `json:"timeEpoch"` // time of the request at the API, in milliseconds
		HTTP      struct {
			Method string `json:"method"`
		} `json:"http"`
		Authorizer json.RawMessage `json:"authorizer"` // of any form, for the same reason
	} `json:"requestContext"`
}

// parseEvent decodes payload. isHTTP is false for a direct invoke: only an HTTP
// event has requestContext.http.
func parseEvent(payload []byte) (e event, isHTTP bool) {
	err := json.Unmarshal(payload, &e)
	return e, err == nil && e.RequestContext.HTTP.Method != ""
}

// isDoctor reports whether the payload of a direct invoke is {"doctor": true}.
func isDoctor(payload []byte) bool {
	var given map[string]any
	err := json.Unmarshal(payload, &given)
	return err == nil && len(given) == 1 && given["doctor"] == true
}

// caller returns the caller that the API's authorizer verified.
func (e *event) caller() (caller.Caller, *failure) {
	from, err := caller.FromAuthorizer(e.RequestContext.Authorizer)
	if err != nil {
		return from, &failure{
			code:    Internal,
			message: "Internal error: the API's authorizer is not supported; the function's log has details under request_id.",
			cause:   err,
		}
	}
	return from, nil
}

// read returns the event's request. Its caller is valid even if the request is not.
func (e *event) read() (request, *failure) {
	from, fail := e.caller()
	if fail != nil {
		return request{caller: from}, fail
	}
	body, fail := e.body()
	if fail != nil {
		return request{caller: from}, fail
	}
	r, fail := parseRequest(body)
	r.later = e.prefersAsync()
	r.caller, r.body, r.answers = from, body, strings.TrimSuffix(e.RawPath, "/")+"/answers/"
	return r, fail
}

// body returns the event's body, decoded from base64 if necessary.
func (e *event) body() ([]byte, *failure) {
	if e.RequestContext.HTTP.Method != http.MethodPost {
		return nil, &failure{code: MethodNotAllowed, message: "The HTTP method is not allowed; want POST with a JSON object in the body."}
	}
	if contentType := e.header("content-type"); contentType != "" && !isJSON(contentType) {
		return nil, &failure{
			code:    UnsupportedMediaType,
			message: fmt.Sprintf("The content type is %q; want application/json.", contentType),
		}
	}
	if !e.IsBase64Encoded {
		return []byte(e.Body), nil
	}
	body, err := base64.StdEncoding.DecodeString(e.Body)
	if err != nil {
		return nil, &failure{code: BadRequest, message: "The body is not valid base64, which isBase64Encoded requires."}
	}
	return body, nil
}

func (e *event) header(name string) string {
	for key, value := range e.Headers {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

const (
	// apiTime is the HTTP API's timeout of 30 s, less the network latency.
	apiTime = 29 * time.Second
	// maxStart is Lambda's timeout for a function's start.
	maxStart = 10 * time.Second
)

// deadline returns the time at which the HTTP API gives up and sends its own
// error. The API's timeout includes the function's start, so it is counted from
// timeEpoch. An implausible timeEpoch (another clock) is replaced by now.
func (e *event) deadline(now time.Time) time.Time {
	received := time.UnixMilli(e.RequestContext.TimeEpoch)
	if age := now.Sub(received); age < 0 || age > maxStart {
		received = now
	}
	return received.Add(apiTime)
}
