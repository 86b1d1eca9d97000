package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"defog-cdk/lambda/answers"
)

// WorkHandler answers long questions: its events are batches of a queue's messages,
// each with the id of a question. The question and its caller are stored, so that an
// event cannot choose them.
type WorkHandler struct {
	Questions *Handler
}

// QueueEvent is a batch of messages from SQS, as far as it is read.
type QueueEvent struct {
	Records []struct {
		Source string `json:"eventSource"`
		Body   string `json:"body"`
	} `json:"Records"`
}

// message is the body of a message.
type message struct {
	ID string `json:"id"`
}

// Message returns the body of the message for a question.
func Message(id string) (string, error) {
	text, err := json.Marshal(message{id})
	return string(text), err
}

// Invoke implements lambda.Handler. An error leaves the messages in the queue.
func (h *WorkHandler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var batch QueueEvent
	if err := json.Unmarshal(payload, &batch); err != nil {
		return nil, fmt.Errorf("decode the event: %w", err)
	}
	for _, record := range batch.Records {
		var m message
		if err := json.Unmarshal([]byte(record.Body), &m); err != nil || !idForm().MatchString(m.ID) {
			h.Questions.Log.ErrorContext(ctx, "message discarded: it names no question", "cause", err)
			continue
		}
		if err := h.work(ctx, m.ID); err != nil {
			h.Questions.Log.ErrorContext(ctx, "long question interrupted", "cause", err)
			return nil, err
		}
	}
	return []byte("null"), nil
}

func (h *WorkHandler) work(ctx context.Context, id string) error {
	return h.Questions.Long.Work(ctx, id, func(ctx context.Context, question answers.Question, progress answers.Progress) ([]byte, answers.Status) {
		return h.Questions.answerStored(ctx, id, question, progress)
	})
}

// answerStored answers a stored question with the response for an HTTP API.
func (h *Handler) answerStored(ctx context.Context, id string, question answers.Question, progress answers.Progress) ([]byte, answers.Status) {
	start := time.Now()
	x := h.newExchange(ctx, event{})
	x.id, x.progress = id, progress
	x.failure = h.answer(ctx, x, func() (request, *failure) { return parseStored(question) })
	if errors.Is(context.Cause(ctx), answers.ErrCancelled) {
		x.failure = &failure{code: Cancelled, message: "The question was cancelled.", sql: x.query.SQL}
	}
	out, err := x.encode(true)
	if err != nil {
		x.failure = internal(err)
		out, err = x.encode(true)
	}
	if err != nil {
		panic(err) // a refusal is always JSON
	}
	total := time.Since(start)
	h.log(ctx, x, total, len(out))
	h.record(x, total)
	return out, x.status()
}

// parseStored decodes a stored question. It was valid when it was stored, maybe for
// an earlier version of the function.
func parseStored(question answers.Question) (request, *failure) {
	r, fail := parseRequest(question.Body)
	r.async = false // it waits no longer
	if err := json.Unmarshal(question.Caller, &r.caller); err != nil && fail == nil {
		fail = internal(fmt.Errorf("decode the stored caller: %w", err))
	}
	return r, fail
}
