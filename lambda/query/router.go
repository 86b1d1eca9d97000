package main

import (
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"

	"defog-cdk/lambda/ask"
)

// router passes an event of the API to the handler of its path, and every other
// event to the handler of questions.
type router struct {
	questions lambda.Handler
	paths     map[string]lambda.Handler // by the path of the API's route, such as /answers/{id}, or by the source of a batch
}

// queueSource is the source of a batch of SQS messages.
const queueSource = "aws:sqs"

// optionalPaths returns the handlers of what a build tag adds.
var optionalPaths []func(*service, *ask.Handler) map[string]lambda.Handler

// paths returns the handlers of other events than questions.
func (s *service) paths(questions *ask.Handler) map[string]lambda.Handler {
	paths := map[string]lambda.Handler{}
	if s.long != nil {
		paths["/answers/{id}"] = &ask.AnswersHandler{Long: s.long, Log: s.log}
		paths[queueSource] = &ask.WorkHandler{Questions: questions}
	}
	if questions.Ratings != nil {
		paths["/feedback"] = &ask.FeedbackHandler{Questions: questions}
	}
	for _, add := range optionalPaths {
		maps.Copy(paths, add(s, questions))
	}
	return paths
}

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
		Records  []struct {
			Source string `json:"eventSource"`
		}
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return r.questions.Invoke(ctx, payload) // reports it
	}
	_, path, _ := strings.Cut(event.RouteKey, " ")
	if len(event.Records) > 0 {
		path = event.Records[0].Source
	}
	if handler, ok := r.paths[path]; ok {
		return handler.Invoke(ctx, payload)
	}
	return r.questions.Invoke(ctx, payload)
}
