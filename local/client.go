package local

import (
	"net/http"
	"strings"
)

// Client returns an HTTP client that reaches an HTTP API by the URL that it would have
// on AWS: https://<id>.execute-api.<region>.amazonaws.com/. That URL is in the stack's
// outputs. The client does not change other URLs.
func (a *AWS) Client() *http.Client {
	return &http.Client{Transport: transport{a}}
}

// Direct changes a request to such a URL into one to the endpoint, with the Host header
// by which MiniStack distinguishes APIs. Client calls it. To sign a request, call it
// first: signatures cover that header.
func (a *AWS) Direct(request *http.Request) {
	if id, _, ok := strings.Cut(request.URL.Hostname(), ".execute-api."); ok {
		request.URL.Scheme, request.URL.Host = a.endpoint.Scheme, a.endpoint.Host
		request.Host = id + ".execute-api.localhost"
	}
}

// transport directs each request.
type transport struct{ aws *AWS }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	t.aws.Direct(request)
	return t.aws.transport.RoundTrip(request)
}
