package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Pending is a long question that has no answer yet.
type Pending struct {
	ID      string  `json:"id"`
	Status  string  `json:"status"`
	Seconds float64 `json:"seconds"`
	SQL     string  `json:"query_generated"` // the statement that runs
}

// Description describes the state in words. It contains generated SQL.
func (p Pending) Description() string {
	text, known := map[string]string{
		"queued": "waits for its turn", "writing_sql": "the generator writes SQL", "running": "the database runs",
	}[p.Status]
	if !known {
		text = p.Status
	}
	return strings.TrimSpace(text + " " + p.SQL)
}

// LongQuestion is a question whose answer is fetched later.
type LongQuestion struct {
	cfg aws.Config
	api API
	ID  string
}

// Long returns the long question with an id.
func Long(cfg aws.Config, api API, id string) LongQuestion { return LongQuestion{cfg, api, id} }

// AskLong posts a question to be answered later. The API may answer at once: with an
// error, for example.
func AskLong(ctx context.Context, cfg aws.Config, api API, content []byte) (LongQuestion, *Answer, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(content, &fields); err != nil {
		return LongQuestion{}, nil, fmt.Errorf("decode the question: %w", err)
	}
	fields["async"] = json.RawMessage("true")
	content, err := json.Marshal(fields)
	if err != nil {
		return LongQuestion{}, nil, fmt.Errorf("encode the question: %w", err)
	}
	long := Long(cfg, api, "")
	pending, answer, err := long.send(ctx, Request{Method: http.MethodPost, ContentType: "application/json", Body: content})
	if err != nil || answer != nil {
		return long, answer, err
	}
	long.ID = pending.ID
	return long, nil, nil
}

const (
	// The server's waits, in seconds. The first ones are short: a change before the
	// request shows only after its wait.
	firstWait, longestWait = 1, 20

	// failures is how many requests in a row may fail; retryPause is between them.
	failures   = 10
	retryPause = time.Second
)

// Follow reads the question until it has an answer. It shows each state, and repeats
// requests that fail for a while.
func (l LongQuestion) Follow(ctx context.Context, show func(Pending)) (*Answer, error) {
	failed := 0
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		pending, answer, err := l.send(ctx, Request{Method: http.MethodGet, Path: l.path() + "?wait=" + strconv.Itoa(wait)})
		switch {
		case pending != nil:
			failed = 0
			show(*pending)
			continue
		case answer != nil && !answer.isTransient():
			return answer, nil
		}
		if failed++; failed == failures || ctx.Err() != nil || errors.Is(err, ErrNoToken) {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(retryPause):
		}
	}
}

// Cancel cancels the question, in the database too. An answer that exists already is
// returned.
func (l LongQuestion) Cancel(ctx context.Context) (*Answer, error) {
	_, answer, err := l.send(ctx, Request{Method: http.MethodDelete, Path: l.path()})
	return answer, err
}

func (l LongQuestion) path() string { return "answers/" + url.PathEscape(l.ID) }

// isTransient reports whether the answer is about the request and not about the
// question.
func (a *Answer) isTransient() bool {
	return a.State == "" && a.Status >= http.StatusInternalServerError
}

// send returns the state or the answer in the response.
func (l LongQuestion) send(ctx context.Context, request Request) (*Pending, *Answer, error) {
	response, err := Send(ctx, l.cfg, l.api, request)
	if err != nil {
		return nil, nil, err
	}
	body, err := readAll(response)
	if err != nil {
		return nil, nil, err
	}
	var pending Pending
	if response.StatusCode == http.StatusAccepted && json.Unmarshal(body, &pending) == nil && pending.ID != "" {
		return &pending, nil, nil
	}
	if answer, ok := decode(response.StatusCode, body); ok {
		return nil, answer, nil
	}
	return nil, nil, Explain(ctx, l.cfg, l.api, response, body)
}
