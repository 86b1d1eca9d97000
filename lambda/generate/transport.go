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
	"syscall"
	"time"
)

const (
	tries      = 4                      // of one request
	firstPause = 200 * time.Millisecond // before the second try; doubles with each
	maxReply   = 1 << 20                // bytes of one reply
)

// transport posts JSON to a server that is not trusted to answer well.
type transport struct {
	client *http.Client
	pause  time.Duration
}

func newTransport() transport {
	return transport{
		client: &http.Client{
			// The request holds the API key, which a redirect would carry to
			// wherever the reply says.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		pause: firstPause,
	}
}

// statusError is a reply whose HTTP status is not one of success.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("HTTP status %d", int(e)) }

// post sends request as JSON and decodes the answer into reply, unless that is
// nil. What may pass by itself is tried again, while ctx lasts. An error is an
// *Error.
func (t transport) post(ctx context.Context, url string, request, reply any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return &Error{Kind: Unreachable, Message: "The question cannot be sent to the generator.", Cause: err}
	}
	pause := t.pause
	for try := 1; ; try++ {
		answer, err := t.once(ctx, url, body)
		switch {
		case err == nil && reply == nil:
			return nil
		case err == nil:
			return decode(answer, reply)
		case try == tries || !passing(err):
			return failure(ctx, err)
		}
		select {
		case <-time.After(pause/2 + rand.N(pause/2+1)):
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
	// Lets net/http replace a kept connection that died while Lambda was
	// frozen; an empty value is not sent.
	request.Header["Idempotency-Key"] = nil

	response, err := t.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, statusError(response.StatusCode)
	}
	return io.ReadAll(http.MaxBytesReader(nil, response.Body, maxReply))
}

// passing reports whether the same request may succeed a moment later.
func passing(err error) bool {
	if status, ok := errors.AsType[statusError](err); ok {
		return slices.Contains([]statusError{
			http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable,
		}, status)
	}
	return slices.ContainsFunc([]error{
		syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF,
	}, func(target error) bool { return errors.Is(err, target) })
}

// failure words an error for the caller.
func failure(ctx context.Context, err error) *Error {
	e := &Error{Kind: Unreachable, Cause: err}
	status, isStatus := errors.AsType[statusError](err)
	_, tooLong := errors.AsType[*http.MaxBytesError](err)
	switch {
	case isStatus && status >= 300 && status < 400:
		e.Message = fmt.Sprintf("The generator redirects to another address (HTTP status %d), which is not followed; its URL in the settings must be the final one.", int(status))
	case isStatus:
		e.Message = fmt.Sprintf("The generator answered with HTTP status %d.", int(status))
	case tooLong:
		e.Message = fmt.Sprintf("The generator's reply is longer than %d bytes.", maxReply)
	case ctx.Err() != nil:
		e.Kind, e.Message = Timeout, "The generator did not answer in time."
	default:
		e.Message = "The generator cannot be reached."
	}
	return e
}

func decode(answer []byte, reply any) error {
	if err := json.Unmarshal(answer, reply); err != nil {
		return &Error{Kind: Unreachable, Message: "The generator's reply is not the JSON that its protocol promises.", Cause: err}
	}
	return nil
}
