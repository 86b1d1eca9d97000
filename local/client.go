package local

import (
	"net/http"
	"strings"
)

// Client returns an HTTP client that reaches an HTTP API by the URL that it
// would have on AWS, https://<id>.execute-api.<region>.amazonaws.com/, which is
// the one in the stack's outputs. Other URLs it leaves as they are.
func (a *AWS) Client() *http.Client {
	return &http.Client{Transport: transport{a}}
}

// Direct turns a request to such a URL into one to the endpoint, with the Host
// header by which MiniStack tells APIs apart. Client does that by itself; who
// signs a request must do it before, since signatures cover that header.
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
