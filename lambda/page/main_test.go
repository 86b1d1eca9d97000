package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"defog-cdk/internal/page"
	"defog-cdk/internal/page/pagetest"
)

func newHandler(t *testing.T) handler {
	t.Helper()
	served, err := page.New(pagetest.Files(), page.Config{API: "./", Auth: page.AuthNone})
	if err != nil {
		t.Fatal(err)
	}
	return handler{served}
}

// The events are those of an HTTP API whose stage is in its URL.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func TestRoutesLeadToFiles(t *testing.T) {
	h := newHandler(t)
	script, _ := strings.CutPrefix(pagetest.ScriptFile, page.AssetsFolder+"/")
	for name, test := range map[string]struct {
		event  string
		status int
		want   string
	}{
		"index":         {`{"routeKey": "GET /", "rawPath": "/v1/"}`, 200, "<!doctype html>"},
		"configuration": {`{"routeKey": "GET /config.json", "rawPath": "/v1/config.json"}`, 200, `{"api":"./"`},
		"icon":          {`{"routeKey": "GET /icon.svg", "rawPath": "/icon.svg"}`, 200, "<svg"},
		"asset":         {`{"routeKey": "GET /assets/{file}", "rawPath": "/v1/assets/` + script + `", "pathParameters": {"file": "` + script + `"}}`, 200, "console.log"},
		"no asset":      {`{"routeKey": "GET /assets/{file}", "pathParameters": {"file": "x.js"}}`, 404, "Not Found"},
		"traversal":     {`{"routeKey": "GET /assets/{file}", "pathParameters": {"file": "../index.html"}}`, 404, "Not Found"},
		"no parameter":  {`{"routeKey": "GET /assets/{file}"}`, 404, "Not Found"},
		"no route":      {`{}`, 404, "Not Found"},
	} {
		var event events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal([]byte(test.event), &event); err != nil {
			t.Fatal(err)
		}
		event.RequestContext.HTTP.Method = http.MethodGet
		response, err := h.serve(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		body, err := base64.StdEncoding.DecodeString(response.Body)
		if err != nil || !response.IsBase64Encoded {
			t.Errorf("%s: the body is not base64: %v", name, err)
		}
		if response.StatusCode != test.status || !strings.HasPrefix(string(body), test.want) || response.Headers["Content-Security-Policy"] == "" {
			t.Errorf("%s: %d %v %s", name, response.StatusCode, response.Headers, body)
		}
	}
}

func TestBrowsersGetCompressedAndCachedFiles(t *testing.T) {
	h := newHandler(t)
	event := events.APIGatewayV2HTTPRequest{
		RouteKey: "GET /assets/{file}", PathParameters: map[string]string{"file": strings.TrimPrefix(pagetest.ScriptFile, "assets/")},
		Headers: map[string]string{"accept-encoding": "gzip, br"},
	}
	event.RequestContext.HTTP.Method = http.MethodGet
	response, err := h.serve(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	if response.Headers["Content-Encoding"] != "gzip" || base64.StdEncoding.DecodedLen(len(response.Body)) >= len(pagetest.Script) {
		t.Errorf("header %v, %d bytes", response.Headers, len(response.Body))
	}
	event.Headers["if-none-match"] = response.Headers["ETag"]
	if response, err = h.serve(t.Context(), event); err != nil || response.StatusCode != http.StatusNotModified || response.Body != "" {
		t.Errorf("%d, %d bytes: %v", response.StatusCode, len(response.Body), err)
	}
}
