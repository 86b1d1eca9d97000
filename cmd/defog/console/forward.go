package console

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/session"
)

// API is the deployed API.
type API struct {
	Send    func(context.Context, client.Request) (*http.Response, error)
	Explain func(context.Context, *http.Response, []byte) error // of a response that is not the function's
}

// Deployed returns the API with the user's authorization.
func Deployed(cfg aws.Config, api client.API) API {
	return API{
		Send: func(ctx context.Context, request client.Request) (*http.Response, error) {
			return client.Send(ctx, cfg, api, request)
		},
		Explain: func(ctx context.Context, response *http.Response, body []byte) error {
			return client.Explain(ctx, cfg, api, response, body)
		},
	}
}

// routes are the requests that the console forwards.
var routes = []struct {
	method string
	path   *regexp.Regexp
}{
	{http.MethodPost, regexp.MustCompile(`^/$`)},
	{http.MethodPost, regexp.MustCompile(`^/feedback$`)},
	{http.MethodGet, answerPath},
	{http.MethodDelete, answerPath},
}

var answerPath = regexp.MustCompile(`^/answers/[A-Za-z0-9_-]{1,128}$`)

func forwards(r *http.Request) bool {
	for _, route := range routes {
		if r.Method == route.method && route.path.MatchString(r.URL.Path) {
			return true
		}
	}
	return false
}

// responseHeaders are the headers that the page reads.
var responseHeaders = []string{"Content-Type", "Retry-After", "Apigw-Requestid", "X-Amzn-Requestid"}

// Limits of an HTTP API; a request to a deployed API ends within 30 s.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const (
	maxBody      = 10 << 20
	sendTimeout  = 40 * time.Second
	maxErrorBody = 1 << 20 // of a failed response
)

// forward sends a request to the API, and returns its response.
func (c *Console) forward(w http.ResponseWriter, r *http.Request) {
	if !forwards(r) {
		refuse(w, http.StatusNotFound, "The console forwards no such request.")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		refuse(w, http.StatusRequestEntityTooLarge, "The request exceeds 10 MB.")
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "The request ended early: "+err.Error())
		return
	}
	request := client.Request{Method: r.Method, Path: r.URL.Path[1:], ContentType: r.Header.Get("Content-Type"), Body: body}
	if r.URL.RawQuery != "" {
		request.Path += "?" + r.URL.Query().Encode()
	}
	ctx, cancel := context.WithTimeout(r.Context(), sendTimeout)
	defer cancel()
	response, err := c.Send(ctx, request)
	switch {
	case r.Context().Err() != nil:
		return // the page has cancelled
	case ctx.Err() != nil:
		refuse(w, http.StatusGatewayTimeout, "The API did not answer within "+sendTimeout.String()+".")
		return
	case err != nil:
		refuse(w, http.StatusBadGateway, session.Explain(err).Error())
		return
	}
	defer response.Body.Close()
	c.respond(ctx, w, response)
}

// respond passes a response to the page. It explains a failure that has no answer.
func (c *Console) respond(ctx context.Context, w http.ResponseWriter, response *http.Response) {
	for _, name := range responseHeaders {
		if value := response.Header.Get(name); value != "" {
			w.Header().Set(name, value)
		}
	}
	if response.StatusCode < http.StatusBadRequest {
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body) // fails only if one side has disconnected
		return
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	if err != nil {
		refuse(w, http.StatusBadGateway, "The API's response ended early: "+err.Error())
		return
	}
	var answer struct {
		RanSuccessfully *bool `json:"ran_successfully"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.RanSuccessfully != nil {
		w.WriteHeader(response.StatusCode)
		_, _ = w.Write(body) // fails only if the client has disconnected
		return
	}
	refuse(w, response.StatusCode, session.Explain(c.Explain(ctx, response, body)).Error())
}

// refuse answers with an error in the form of the function's answers.
func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // fails only if the client has disconnected
		"ran_successfully": false, "error_message": message, "error_code": "console",
	})
}
