package client

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
)

func TestEventIsThatOfTheAPI(t *testing.T) {
	for name, test := range map[string]struct {
		request Request
		route   string
		path    string
		want    map[string]string // the parameters of the path
		query   map[string]string
	}{
		"question": {Request{Method: "POST", ContentType: "application/json", Body: []byte(`{"question": "How many?"}`)}, "POST /", "/", nil, map[string]string{}},
		"answer": {Request{Method: "GET", Path: "answers/QC-1?wait=20"}, "GET /answers/{id}", "/answers/QC-1",
			map[string]string{"id": "QC-1"}, map[string]string{"wait": "20"}},
	} {
		payload, err := eventOf(test.request)
		if err != nil {
			t.Fatal(err)
		}
		var event events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(payload, &event); err != nil {
			t.Fatal(err)
		}
		if event.RouteKey != test.route || event.RawPath != test.path || event.RequestContext.HTTP.Method != test.request.Method ||
			event.Body != string(test.request.Body) || event.Headers["content-type"] != test.request.ContentType {
			t.Errorf("%s: %s", name, payload)
		}
		if diff := cmp.Diff(test.want, event.PathParameters); diff != "" {
			t.Errorf("%s: path parameters -want +got:\n%s", name, diff)
		}
		if diff := cmp.Diff(test.query, event.QueryStringParameters); diff != "" {
			t.Errorf("%s: query -want +got:\n%s", name, diff)
		}
	}
}

func TestResponseIsThatOfTheFunction(t *testing.T) {
	for payload, want := range map[string]string{
		`{"statusCode": 202, "headers": {"content-type": "application/json"}, "body": "{}"}`:                            "{}",
		`{"statusCode": 202, "body": "{}", "isBase64Encoded": true}`:                                                    "",
		`{"statusCode": 202, "headers": {"content-type": "application/json"}, "body": "e30=", "isBase64Encoded": true}`: "{}",
		`{"ran_successfully": true}`: "",
		`"text"`:                     "",
	} {
		response, err := responseOf("f", []byte(payload))
		if want == "" {
			if err == nil {
				t.Errorf("%s: no error", payload)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", payload, err)
			continue
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || string(body) != want || response.StatusCode != 202 || response.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v %s: %v", payload, response.StatusCode, response.Header, body, err)
		}
	}
}
