//go:build !onedriver || bigquery

package database

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"syscall"
	"time"

	"golang.org/x/oauth2"
)

const (
	bigqueryTries = 5                      // of one request
	bigqueryPause = 200 * time.Millisecond // before the second try; doubles with each
	bigqueryReply = 64 << 20               // bytes of one reply; the service's own limit is lower
)

// bigqueryREST sends requests with a token, which it renews.
type bigqueryREST struct {
	config bigqueryConfig
	client *http.Client
	token  *oauth2.Token // nil until the first request, and when in doubt
	pause  time.Duration
}

func newBigQueryREST(config bigqueryConfig) *bigqueryREST {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	// A connection that died while the function was frozen is found out and
	// given up; HTTP/2 would go on using it.
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 3 * time.Second, PingTimeout: pingTime}
	return &bigqueryREST{config: config, pause: bigqueryPause, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (r *bigqueryREST) close() {
	r.client.CloseIdleConnections()
	r.token = nil
}

// call sends body as JSON, or nothing for nil, and decodes the answer into
// reply. What may pass by itself is tried again, while ctx lasts.
func (r *bigqueryREST) call(ctx context.Context, method, path string, parameters url.Values, body, reply any) error {
	pause := r.pause
	renewed := false
	for try := 1; ; try++ {
		err := r.once(ctx, method, path, parameters, body, reply)
		failed, answered := errors.AsType[*bigqueryFailure](err)
		switch {
		case err == nil, ctx.Err() != nil:
			return err
		case answered && failed.status == http.StatusUnauthorized && !renewed:
			r.token, renewed = nil, true // it may have been revoked
			continue
		case try == bigqueryTries || !passing(err):
			return err
		}
		wait := pause/2 + rand.N(pause/2+1)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return err // waiting would only make the failure late
		}
		select {
		case <-time.After(wait):
			pause *= 2
		case <-ctx.Done():
			return err
		}
	}
}

func (r *bigqueryREST) once(ctx context.Context, method, path string, parameters url.Values, body, reply any) error {
	token, err := r.authorize(ctx)
	if err != nil {
		return err
	}
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
		content = bytes.NewReader(text)
	}
	address := r.config.endpoint + "/bigquery/v2/" + path + "?prettyPrint=false&" + parameters.Encode()
	request, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return err
	}
	token.SetAuthHeader(request)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
		// Lets net/http replace a kept connection that died while Lambda was
		// frozen; an empty value is not sent.
		request.Header["Idempotency-Key"] = nil
	}
	response, err := r.client.Do(request)
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return &connectFailure{err}
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(http.MaxBytesReader(nil, response.Body, bigqueryReply))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return newBigQueryFailure(response.StatusCode, text)
	}
	if err := json.Unmarshal(text, reply); err != nil {
		return &unreadableReply{err}
	}
	return nil
}

// authorize returns a token that is valid for a while.
func (r *bigqueryREST) authorize(ctx context.Context) (*oauth2.Token, error) {
	if r.token.Valid() {
		return r.token, nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	// The library sends its request without the context, and tells of a failure
	// in words alone.
	bound := &withContext{ctx: ctx, RoundTripper: r.client.Transport}
	client := &http.Client{Transport: bound, CheckRedirect: r.client.CheckRedirect}
	token, err := r.config.login.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, client)).Token()
	if err != nil {
		return nil, &connectFailure{cmp.Or(bound.failure, err)}
	}
	token.Expiry = token.Expiry.Round(0) // the other clock stands still in a frozen function
	r.token = token
	return token, nil
}

// withContext sends requests with a context, and keeps the last failure.
type withContext struct {
	http.RoundTripper
	ctx     context.Context //nolint:containedctx // it lives as long as the one request
	failure error
}

// RoundTrip implements http.RoundTripper.
func (w *withContext) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := w.RoundTripper.RoundTrip(request.WithContext(w.ctx))
	w.failure = err
	return response, err
}

// unreadableReply is one of success that is not the JSON which the API promises.
type unreadableReply struct{ error }

func (e *unreadableReply) Unwrap() error { return e.error }

// passing reports whether the same request may succeed a moment later.
func passing(err error) bool {
	if failed, ok := errors.AsType[*bigqueryFailure](err); ok {
		return failed.passing()
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return refused.Response.StatusCode == http.StatusTooManyRequests || refused.Response.StatusCode >= http.StatusInternalServerError
	}
	if _, ok := errors.AsType[*unreadableReply](err); ok {
		return true
	}
	return slices.ContainsFunc([]error{
		syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF,
	}, func(target error) bool { return errors.Is(err, target) })
}
