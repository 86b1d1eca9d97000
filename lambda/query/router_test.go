package main

import (
	"context"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
)

type named string

func (n named) Invoke(context.Context, []byte) ([]byte, error) { return []byte(n), nil }

func TestRouterChoosesByRoute(t *testing.T) {
	handler := newRouter(named("questions"), map[string]lambda.Handler{"/mcp": named("mcp"), "/answers/{id}": named("answers"), queueSource: named("work")})
	for payload, want := range map[string]string{
		`{"routeKey": "POST /mcp", "rawPath": "/prod/mcp"}`:                  "mcp",
		`{"routeKey": "GET /answers/{id}", "rawPath": "/answers/a"}`:         "answers",
		`{"routeKey": "DELETE /answers/{id}"}`:                               "answers",
		`{"routeKey": "POST /"}`:                                             "questions",
		`{"Records": [{"eventSource": "aws:sqs", "body": "POST /mcp"}]}`:     "work",
		`{"Records": [{"eventSource": "aws:s3"}]}`:                           "questions",
		`{"routeKey": "POST /", "body": "{\"Records\": [{}]}"}`:              "questions",
		`{"routeKey": "$default"}`:                                           "questions",
		`{"question": "a direct invoke"}`:                                    "questions",
		`{"routeKey": 1}`:                                                    "questions",
		`not JSON`:                                                           "questions",
		`{"question": "POST /mcp", "body": "{\"routeKey\": \"POST /mcp\"}"}`: "questions",
	} {
		if got, err := handler.Invoke(t.Context(), []byte(payload)); err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v; want %s", payload, got, err, want)
		}
	}
	if alone := newRouter(named("questions"), nil); alone != named("questions") {
		t.Errorf("got %T without other paths, want the handler of questions", alone)
	}
}
