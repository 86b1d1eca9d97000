package main

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
)

// router passes an event of the API to the handler of its path, and every other
// event to the handler of questions.
type router struct {
	questions lambda.Handler
	paths     map[string]lambda.Handler // by the path of the API's route, such as /answers/{id}
}

// paths returns the handlers of other paths than that of questions.
func (s *service) paths() map[string]lambda.Handler { return nil }

// newRouter returns the handler of questions itself if no other path exists, so
// that a question is decoded only once.
func newRouter(questions lambda.Handler, paths map[string]lambda.Handler) lambda.Handler {
	if len(paths) == 0 {
		return questions
	}
	return &router{questions, paths}
}

// Invoke implements lambda.Handler. An API's event names its route: the path
// alone would also contain the API's stage.
func (r *router) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var event struct {
		RouteKey string `json:"routeKey"`
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return r.questions.Invoke(ctx, payload) // reports it
	}
	_, path, _ := strings.Cut(event.RouteKey, " ")
	if handler, ok := r.paths[path]; ok {
		return handler.Invoke(ctx, payload)
	}
	return r.questions.Invoke(ctx, payload)
}
