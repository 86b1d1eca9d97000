package generate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	attempts   = 4                      // of one request
	firstPause = 200 * time.Millisecond // before the second attempt; doubles with each
	maxReply   = 1 << 20                // bytes of one reply
)

// newClient returns an HTTP client for an untrusted server.
func newClient() *http.Client {
	server := http.DefaultTransport.(*http.Transport).Clone()
	// The ping detects a connection that was lost while Lambda froze the function.
	// Without it, HTTP/2 uses that connection for each question.
	server.HTTP2 = &http.HTTP2Config{SendPingTimeout: 3 * time.Second, PingTimeout: 2 * time.Second}
	return &http.Client{
		Transport: bounded{server},
		// A redirect would send the key or the signature to another server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded limits the length of each reply to maxReply.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(request)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxReply)
	}
	return response, err
}

// transport posts JSON.
type transport struct {
	client *http.Client
	token  string // bearer token; "" for none
	pause  time.Duration
}

func newTransport(token string) transport {
	return transport{client: newClient(), token: token, pause: firstPause}
}

// statusError is a reply whose HTTP status is not 2xx.
type statusError struct {
	status int
	code   string        // the server's error code; "" for none
	page   bool          // the reply is a web page
	after  time.Duration // the Retry-After header
}

func (e *statusError) Error() string {
	if e.code == "" {
		return fmt.Sprintf("HTTP status %d", e.status)
	}
	return fmt.Sprintf("HTTP status %d (%s)", e.status, e.code)
}

// newStatusError reads the error code from a reply in OpenAI's form. It omits the
// reply's message, which may quote the question.
func newStatusError(response *http.Response) *statusError {
	e := &statusError{status: response.StatusCode}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.after = time.Duration(seconds) * time.Second
	}
	var reply struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	body, err := io.ReadAll(response.Body)
	e.page = err == nil && isPage(body)
	if json.Unmarshal(body, &reply) == nil && isCode(reply.Error.Code) {
		e.code = reply.Error.Code
	}
	return e
}

// isPage reports whether a reply is a web page.
func isPage(body []byte) bool {
	return strings.HasPrefix(http.DetectContentType(body), "text/html")
}

// isCode reports whether text is a short identifier, which cannot quote data.
func isCode(text string) bool {
	return len(text) < 64 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// post sends request as JSON and decodes the response into reply, unless reply is
// nil. It retries after transient errors until ctx ends. An error is an *Error.
func (t transport) post(ctx context.Context, url string, request, reply any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return &Error{Kind: Unreachable, Message: "The question cannot be sent to the generator.", Cause: err}
	}
	pause := t.pause
	for attempt := 1; ; attempt++ {
		answer, err := t.once(ctx, url, body)
		switch {
		case err == nil && reply == nil:
			return nil
		case err == nil:
			return decode(answer, reply)
		case attempt == attempts || !transient(err):
			return failure(ctx, err)
		}
		wait := pause/2 + rand.N(pause/2+1)
		if status, ok := errors.AsType[*statusError](err); ok && status.after > wait {
			wait = status.after
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return failure(ctx, err) // a retry would come after the deadline
		}
		select {
		case <-time.After(wait):
			pause *= 2
		case <-ctx.Done():
			return failure(ctx, err)
		}
	}
}

func (t transport) once(ctx context.Context, url string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if t.token != "" {
		request.Header.Set("Authorization", "Bearer "+t.token)
	}
	// The key allows net/http to repeat the request if a kept connection was lost
	// while Lambda froze the function. An empty value is not sent.
	request.Header["Idempotency-Key"] = nil

	response, err := t.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, newStatusError(response)
	}
	return io.ReadAll(response.Body)
}

// transient reports whether a repeated request may succeed.
func transient(err error) bool {
	if e, ok := errors.AsType[*statusError](err); ok {
		return slices.Contains([]int{
			http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable,
		}, e.status)
	}
	return slices.ContainsFunc([]error{
		syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF,
	}, func(target error) bool { return errors.Is(err, target) })
}

// failure converts err to an *Error with a message for the caller.
func failure(ctx context.Context, err error) *Error {
	e := &Error{Kind: Unreachable, Cause: err}
	reply, isReply := errors.AsType[*statusError](err)
	_, tooLong := errors.AsType[*http.MaxBytesError](err)
	switch {
	case isReply && reply.status >= 300 && reply.status < 400:
		e.Message = fmt.Sprintf("The generator redirects to another URL (HTTP status %d), which is not followed; want the final URL in the settings.", reply.status)
	case isReply:
		e.malformed = reply.status == http.StatusBadRequest || reply.status == http.StatusUnprocessableEntity
		e.Message = fmt.Sprintf("The generator answered with %s.", reply)
	case tooLong:
		e.Message = fmt.Sprintf("The generator's reply is longer than %d bytes.", maxReply)
	case ctx.Err() != nil:
		e.Kind, e.Message = Timeout, "The generator did not answer in time."
	default:
		e.Message = "The generator is unreachable."
	}
	return e
}

func decode(answer []byte, reply any) error {
	err := json.Unmarshal(answer, reply)
	switch {
	case err == nil:
		return nil
	case isPage(answer):
		return notJSON(errors.Join(errPage, err))
	}
	return notJSON(err)
}

func notJSON(cause error) *Error {
	return &Error{Kind: Unreachable, Message: "The generator's reply is not the JSON that its protocol requires.", Cause: cause}
}
