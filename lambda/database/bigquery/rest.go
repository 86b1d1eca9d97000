package bigquery

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

	"defog-cdk/lambda/database"
)

// maxReplyBytes limits a reply. The service sends pages of up to 20 MB.
const maxReplyBytes = 24 << 20

// restClient sends requests with an access token.
type restClient struct {
	config  config
	client  *http.Client
	token   *oauth2.Token // nil before the first request and after a refusal
	backoff database.Backoff
}

func newRESTClient(config config) *restClient {
	return &restClient{config: config, client: database.NewHTTPClient(), backoff: database.DefaultBackoff()}
}

func (r *restClient) close() {
	r.client.CloseIdleConnections()
	r.token = nil
}

// call sends body as JSON, nothing for nil, and decodes the response into
// reply. It repeats requests that fail for a transient reason until ctx ends.
func (r *restClient) call(ctx context.Context, method, path string, parameters url.Values, body, reply any) error {
	refreshed := false
	return r.backoff.Do(ctx, func() error {
		err := r.send(ctx, method, path, parameters, body, reply)
		if failed, ok := errors.AsType[*failure](err); ok && failed.status == http.StatusUnauthorized && !refreshed {
			r.token, refreshed = nil, true // the token may be revoked
			err = r.send(ctx, method, path, parameters, body, reply)
		}
		return err
	})
}

func (r *restClient) send(ctx context.Context, method, path string, parameters url.Values, body, reply any) error {
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
		// net/http then repeats the request if a kept connection died while the
		// function was frozen. It does not send the empty header.
		request.Header["Idempotency-Key"] = nil
	}
	status, text, err := database.ReadReply(r.client, request, maxReplyBytes)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return newFailure(status, text)
	}
	if err := json.Unmarshal(text, reply); err != nil {
		return &database.InvalidReplyError{Err: err}
	}
	return nil
}

// authorize returns a valid token.
func (r *restClient) authorize(ctx context.Context) (*oauth2.Token, error) {
	if r.token.Valid() {
		return r.token, nil
	}
	ctx, cancel := context.WithTimeout(ctx, database.ConnectTimeout)
	defer cancel()
	// The library sends its request without ctx, and keeps only the text of an
	// error.
	bound := &boundTransport{ctx: ctx, RoundTripper: r.client.Transport}
	client := &http.Client{Transport: bound, CheckRedirect: r.client.CheckRedirect}
	token, err := r.config.login.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, client)).Token()
	if err != nil {
		return nil, &database.ConnectFailure{Err: tokenFailure{cmp.Or(bound.err, err)}}
	}
	token.Expiry = token.Expiry.Round(0) // the monotonic clock stops in a frozen function
	r.token = token
	return token, nil
}

// boundTransport sends requests with ctx and keeps the last error.
type boundTransport struct {
	http.RoundTripper
	ctx context.Context // of the one request
	err error
}

// RoundTrip implements http.RoundTripper.
func (b *boundTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(request.WithContext(b.ctx))
	b.err = err
	return response, err
}

// tokenFailure is the error of a request for a token.
type tokenFailure struct{ error }

func (e tokenFailure) Unwrap() error { return e.error }

// Transient implements database.TransientError.
func (e tokenFailure) Transient() bool {
	if refused, ok := errors.AsType[*oauth2.RetrieveError](e.error); ok {
		return refused.Response.StatusCode == http.StatusTooManyRequests || refused.Response.StatusCode >= http.StatusInternalServerError
	}
	return database.IsTransient(e.error)
}
