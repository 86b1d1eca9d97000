// Package extension is an internal extension of the function, for work after the
// response. Lambda freezes the process only when the runtime and each extension have
// requested the next event. The caller has the response before that.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
package extension

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	nameHeader = "Lambda-Extension-Name"
	idHeader   = "Lambda-Extension-Identifier"
)

// Extension is a registered extension. One goroutine may call Next.
type Extension struct {
	ID     string // for Resume
	url    string
	client *http.Client
}

// Event is the start of an invocation.
type Event struct {
	RequestID string
	Deadline  time.Time // of the function and its extensions
}

// Register registers an extension for invocations, with the address in
// AWS_LAMBDA_RUNTIME_API. Lambda allows that during the function's start only, and then
// requires a call of Next for each invocation, also of the first.
func Register(ctx context.Context, address, name string) (*Extension, error) {
	e := Resume(address, "")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url+"register", bytes.NewReader([]byte(`{"events":["INVOKE"]}`)))
	if err != nil {
		return nil, fmt.Errorf("register the extension: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(nameHeader, name)
	header, _, err := e.send(request)
	if err != nil {
		return nil, fmt.Errorf("register the extension: %w", err)
	}
	if e.ID = header.Get(idHeader); e.ID == "" {
		return nil, fmt.Errorf("register the extension: the response has no header %s", idHeader)
	}
	return e, nil
}

// Resume returns an extension that an earlier program of the same process has
// registered. That program must not have called Next since the last event.
func Resume(address, id string) *Extension {
	return &Extension{ID: id, url: "http://" + address + "/2020-01-01/extension/", client: &http.Client{
		Transport: &http.Transport{Proxy: nil}, // the API is in the function's environment
	}}
}

// Next ends the extension's part of the present invocation, or of the start, and waits
// for the next one. The process may be frozen meanwhile.
func (e *Extension) Next(ctx context.Context) (Event, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url+"event/next", nil)
	if err != nil {
		return Event{}, fmt.Errorf("wait for the next event: %w", err)
	}
	request.Header.Set(idHeader, e.ID)
	_, body, err := e.send(request)
	if err != nil {
		return Event{}, fmt.Errorf("wait for the next event: %w", err)
	}
	var event struct {
		RequestID  string `json:"requestId"`
		DeadlineMS int64  `json:"deadlineMs"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return Event{}, fmt.Errorf("decode the next event: %w", err)
	}
	return Event{event.RequestID, time.UnixMilli(event.DeadlineMS)}, nil
}

func (e *Extension) send(request *http.Request) (http.Header, []byte, error) {
	response, err := e.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	switch {
	case err != nil:
		return nil, nil, err
	case response.StatusCode != http.StatusOK:
		return nil, nil, fmt.Errorf("the Extensions API answered %d: %s", response.StatusCode, bytes.TrimSpace(body))
	}
	return response.Header, body, nil
}
