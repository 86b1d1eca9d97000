package snowflake

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"defog-cdk/lambda/database"
)

// transport sends the driver's requests. The driver repeats failed requests for
// minutes, even those that stop a statement.
type transport struct {
	base *http.Transport

	mu   sync.Mutex
	stop func(error) // ends the running statement with a cause; may be nil

	unanswered atomic.Bool // the server did not answer a request that ends something
}

// onFailure sets the function that a failed request calls.
func (t *transport) onFailure(stop func(error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stop = stop
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	switch path := request.URL.Path; {
	case path == "/telemetry/send":
		return success(request), nil // telemetry is not sent
	case path == "/queries/v1/abort-request", path == "/session" && request.Method == http.MethodPost:
		return t.sendEnd(request)
	}
	// Snowflake detects a repeated request by its ID. net/http may therefore
	// repeat one on a new connection when the kept one is dead.
	repeatable := request.Clone(request.Context())
	repeatable.Header["Idempotency-Key"] = []string{}
	response, err := t.base.RoundTrip(repeatable)
	if err != nil && request.Context().Err() == nil {
		t.fail(err)
	}
	if err == nil {
		err = t.limit(response)
	}
	return response, err
}

// fail ends the running statement.
func (t *transport) fail(err error) {
	t.mu.Lock()
	stop := t.stop
	t.mu.Unlock()
	if stop != nil {
		stop(err)
	}
}

// maxReplyBytes limits a reply after decompression: a chunk has up to 16 MB.
const maxReplyBytes = 24 << 20

// limit decompresses the body and limits its size. A body that is too large ends
// the statement: the driver would request it again.
func (t *transport) limit(response *http.Response) error {
	buffered := bufio.NewReader(response.Body)
	var text io.Reader = buffered
	// The driver recognizes compression by the same bytes.
	if magic, err := buffered.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		if text, err = gzip.NewReader(buffered); err != nil {
			return err
		}
		response.Header.Del("Content-Encoding")
		response.ContentLength = -1
	}
	response.Body = &limitedBody{text: http.MaxBytesReader(nil, io.NopCloser(text), maxReplyBytes), body: response.Body, fail: t.fail}
	return nil
}

// limitedBody is a body with a limit of its bytes and of its values.
type limitedBody struct {
	text io.Reader
	body io.Closer
	fail func(error)

	values  int64 // commas outside of strings
	quoted  bool  // the next byte is in a string
	escaped bool  // a backslash is before the next byte
}

// Read implements io.Reader.
func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.text.Read(p)
	b.count(p[:n])
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		err = database.RowTooLarge()
	} else if most := maxValues(); b.values > most {
		err = &database.StatementError{Message: fmt.Sprintf(
			"the result has a part of more than %d values; want fewer: select fewer columns, or give the function more memory", most)}
	} else {
		return n, err
	}
	b.fail(err)
	return 0, err
}

// maxValues returns how many values of a reply fit into memory. The driver takes
// about 40 bytes for a value, keeps two chunks, and copies a chunk twice.
func maxValues() int64 { return debug.SetMemoryLimit(-1) / 128 }

// count counts the values of a part of the JSON.
func (b *limitedBody) count(text []byte) {
	for _, c := range text {
		switch {
		case b.escaped:
			b.escaped = false
		case b.quoted && c == '\\':
			b.escaped = true
		case c == '"':
			b.quoted = !b.quoted
		case c == ',' && !b.quoted:
			b.values++
		}
	}
}

// Close implements io.Closer.
func (b *limitedBody) Close() error { return b.body.Close() }

// sendEnd sends a request that ends a statement or the session. It limits the
// time and reports success always, since the driver would repeat the request.
func (t *transport) sendEnd(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(request.Context(), database.CancelTimeout)
	defer cancel()
	response, err := t.base.RoundTrip(request.WithContext(ctx))
	t.unanswered.Store(err != nil)
	if err != nil {
		return success(request), nil
	}
	// The body ends with ctx.
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return success(request), nil
}

// success returns Snowflake's response to a successful request.
func success(request *http.Request) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(`{"success":true,"code":null,"message":null,"data":null}`)), Request: request,
	}
}
