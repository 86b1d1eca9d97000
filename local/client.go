package local

import (
	"net/http"
	"net/url"
	"strings"
)

// Client returns an HTTP client that reaches an HTTP API by the URL that it
// would have on AWS, https://<id>.execute-api.<region>.amazonaws.com/, which is
// the one in the stack's outputs. Other URLs it leaves as they are.
func (a *AWS) Client() *http.Client {
	return &http.Client{Transport: transport{endpoint: a.endpoint}}
}

// transport sends what is for an API to the endpoint, with the Host header by
// which MiniStack tells APIs apart.
type transport struct{ endpoint *url.URL }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if id, _, ok := strings.Cut(request.URL.Hostname(), ".execute-api."); ok {
		request = request.Clone(request.Context())
		request.URL.Scheme, request.URL.Host = t.endpoint.Scheme, t.endpoint.Host
		request.Host = id + ".execute-api.localhost"
	}
	return http.DefaultTransport.RoundTrip(request)
}
