package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"defog-cdk/lambda/ask"
)

// answersPath precedes the id of a long question.
const answersPath = "/answers/"

func isLongQuestion(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, answersPath) }

// Send implements answers.Queue: the question runs in this process, once no other
// does. Its failure is logged and in its state.
func (s *server) Send(_ context.Context, id string) error {
	message, err := ask.Message(id)
	if err != nil {
		return err
	}
	batch, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{EventSource: queueSource, Body: message}}})
	if err != nil {
		return err
	}
	go func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		_, _ = s.events.Invoke(s.background, batch)
	}()
	return nil
}
