package ask

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"
)

// maxBody is the most bytes that a request may have.
const maxBody = 1 << 20

// event is what matters of an HTTP API event, payload format 2.0, which
// function URLs send too. It is not events.APIGatewayV2HTTPRequest, because a
// surprise in a field that nobody reads must not make an HTTP event look like
// a direct invoke.
type event struct {
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	RequestContext  struct {
		RequestID string `json:"requestId"`
		TimeEpoch int64  `json:"timeEpoch"` // when the API got the request, in milliseconds
		HTTP      struct {
			Method string `json:"method"`
		} `json:"http"`
	} `json:"requestContext"`
}

// parseEvent tells an HTTP event from a direct invoke, whose payload is the
// request itself: only the former has requestContext.http.
func parseEvent(payload []byte) (e event, isHTTP bool) {
	err := json.Unmarshal(payload, &e)
	return e, err == nil && e.RequestContext.HTTP.Method != ""
}

// asksForDoctor reports whether a direct invoke wants the function examined.
func asksForDoctor(payload []byte) bool {
	var given map[string]any
	err := json.Unmarshal(payload, &given)
	return err == nil && len(given) == 1 && given["doctor"] == true
}

// request returns the JSON of the request in the event's body.
func (e *event) request() ([]byte, *failure) {
	if e.RequestContext.HTTP.Method != http.MethodPost {
		return nil, &failure{code: MethodNotAllowed, message: "Questions come by POST, as a JSON object in the body."}
	}
	if contentType := e.header("content-type"); contentType != "" && !isJSON(contentType) {
		return nil, &failure{
			code:    UnsupportedMediaType,
			message: fmt.Sprintf("The content type is %q; valid: application/json.", contentType),
		}
	}
	if !e.IsBase64Encoded {
		return []byte(e.Body), nil
	}
	body, err := base64.StdEncoding.DecodeString(e.Body)
	if err != nil {
		return nil, &failure{code: BadRequest, message: "The body is said to be base64 and is not."}
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
	// apiTime is how long an HTTP API waits for its function: 30 s, less the
	// way there and back.
	apiTime = 29 * time.Second
	// maxStart is the longest that Lambda lets a function start before its
	// first request.
	maxStart = 10 * time.Second
)

// deadline is when the API stops waiting: the caller would get its answer, not
// ours. The function's start counts, so time runs from when the API got the
// request; a time that cannot be right (another clock) is not believed.
func (e *event) deadline(now time.Time) time.Time {
	received := time.UnixMilli(e.RequestContext.TimeEpoch)
	if age := now.Sub(received); age < 0 || age > maxStart {
		received = now
	}
	return received.Add(apiTime)
}
