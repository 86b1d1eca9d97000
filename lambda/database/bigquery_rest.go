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
	"net/http"
	"net/url"

	"golang.org/x/oauth2"
)

// bigqueryReply is the most bytes of one reply; the service's own limit is lower.
const bigqueryReply = 64 << 20

// bigqueryREST sends requests with a token, which it renews.
type bigqueryREST struct {
	config bigqueryConfig
	client *http.Client
	token  *oauth2.Token // nil until the first request, and when in doubt
	retry  retry
}

func newBigQueryREST(config bigqueryConfig) *bigqueryREST {
	return &bigqueryREST{config: config, client: newHTTPClient(), retry: usualRetry}
}

func (r *bigqueryREST) close() {
	r.client.CloseIdleConnections()
	r.token = nil
}

// call sends body as JSON, or nothing for nil, and decodes the answer into
// reply. What may pass by itself is tried again, while ctx lasts.
func (r *bigqueryREST) call(ctx context.Context, method, path string, parameters url.Values, body, reply any) error {
	renewed := false
	return r.retry.do(ctx, func() error {
		err := r.once(ctx, method, path, parameters, body, reply)
		if failed, ok := errors.AsType[*bigqueryFailure](err); ok && failed.status == http.StatusUnauthorized && !renewed {
			r.token, renewed = nil, true // it may have been revoked
			err = r.once(ctx, method, path, parameters, body, reply)
		}
		return err
	})
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
	if err != nil {
		return dialFailure(err)
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
		return nil, &connectFailure{tokenFailure{cmp.Or(bound.failure, err)}}
	}
	token.Expiry = token.Expiry.Round(0) // the other clock stands still in a frozen function
	r.token = token
	return token, nil
}

// withContext sends requests with a context, and keeps the last failure.
type withContext struct {
	http.RoundTripper
	ctx     context.Context // it lives as long as the one request
	failure error
}

// RoundTrip implements http.RoundTripper.
func (w *withContext) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := w.RoundTripper.RoundTrip(request.WithContext(w.ctx))
	w.failure = err
	return response, err
}

// tokenFailure says that there is no token.
type tokenFailure struct{ error }

func (e tokenFailure) Unwrap() error { return e.error }

func (e tokenFailure) passing() bool {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](e.error); ok {
		return refused.Response.StatusCode == http.StatusTooManyRequests || refused.Response.StatusCode >= http.StatusInternalServerError
	}
	return passing(e.error)
}
