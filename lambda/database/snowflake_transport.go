//go:build !onedriver || snowflake

package database

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// snowflakeTransport carries the driver's requests. The driver repeats those
// that fail, for minutes, even that which tells the server to stop.
type snowflakeTransport struct {
	base *http.Transport

	mu   sync.Mutex
	stop func(error) // ends what runs, for the reason given; nil for nothing

	silent atomic.Bool // the server did not answer to a request that ends something
}

// failed says what to do when a request fails.
func (t *snowflakeTransport) failed(stop func(error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stop = stop
}

// RoundTrip implements http.RoundTripper.
func (t *snowflakeTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	switch path := request.URL.Path; {
	case path == "/telemetry/send":
		return success(request), nil // nobody has asked for it
	case path == "/queries/v1/abort-request", path == "/session" && request.Method == http.MethodPost:
		return t.farewell(request)
	}
	// A request carries its own number, by which Snowflake knows one that comes
	// twice: on a connection that was closed meanwhile it may be sent again.
	again := request.Clone(request.Context())
	again.Header["Idempotency-Key"] = []string{}
	response, err := t.base.RoundTrip(again)
	if err != nil && request.Context().Err() == nil {
		t.mu.Lock()
		stop := t.stop
		t.mu.Unlock()
		if stop != nil {
			stop(err)
		}
	}
	return response, err
}

// farewell sends a request that ends something. It has a moment; if nobody
// listens, there is nobody to be told anything.
func (t *snowflakeTransport) farewell(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(request.Context(), cancelTime)
	defer cancel()
	response, err := t.base.RoundTrip(request.WithContext(ctx))
	t.silent.Store(err != nil)
	if err != nil {
		return success(request), nil
	}
	// Its body ends with the context.
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return success(request), nil
}

// success is Snowflake's answer to what needs none.
func success(request *http.Request) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(`{"success":true,"code":null,"message":null,"data":null}`)), Request: request,
	}
}
