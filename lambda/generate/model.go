package generate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

const (
	maxReason      = 1_000  // bytes of a refusal
	maxSQL         = 64_000 // bytes of a statement
	maxNextContext = 64_000 // bytes of the context in an answer
)

// model is a client for a language model.
type model interface {
	// complete returns the model's next turn. If enforced is true, the API
	// enforces answerSchema; otherwise the text may have any form. An error is
	// an *Error, malformed if the request may succeed without enforcement.
	complete(ctx context.Context, prompt conversation, enforced bool) (string, error)
}

// writer is a Generator with a language model.
type writer struct {
	author
	model   model
	timeout time.Duration // 0 for the context's only
	free    atomic.Bool   // the model's API does not enforce answerSchema
}

// Generate requests SQL from the model. It applies the request's options for the
// glossary, golden queries and pruning. The operator chooses the model, and the
// other options exist in Defog's API only.
func (w *writer) Generate(ctx context.Context, question Question) (Query, error) {
	ctx, cancel := limited(ctx, w.timeout)
	defer cancel()
	prompt, err := w.prompt(ctx, question)
	if err != nil {
		return Query{}, err
	}
	a, err := w.write(ctx, prompt)
	if err != nil {
		return Query{}, err
	}
	if a.SQL == "" {
		return Query{Clarification: &Clarification{Question: a.Clarification, Options: a.Options}, Source: FromModel, SchemaRead: prompt.schemaRead}, nil
	}
	reason, err := json.Marshal(a.Reason)
	if err != nil {
		return Query{}, noSQL()
	}
	next, err := nextContext(question, a.SQL)
	if err != nil {
		return Query{}, noSQL()
	}
	query := a.query(prompt)
	query.Reason, query.PreviousContext = reason, next
	return query, nil
}

// nextContext returns the context for the next question: the previous context with
// this question and its SQL appended. It drops the oldest entries over the limit.
func nextContext(question Question, sql string) (json.RawMessage, error) {
	entries := latest(question.PreviousContext, maxNextContext)
	for _, text := range []string{question.Text, sql} {
		entry, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return json.Marshal(entries)
}

// Retry sends the failed statement and the database's error to the model, and
// returns the model's next statement.
func (w *writer) Retry(ctx context.Context, question Question, failed Failure) (Query, error) {
	ctx, cancel := limited(ctx, w.timeout)
	defer cancel()
	prompt, err := w.retryPrompt(ctx, question, failed)
	if err != nil {
		return Query{}, err
	}
	a, err := w.write(ctx, prompt)
	if err != nil {
		return Query{}, err
	}
	query := a.query(prompt)
	if query.Reason, err = json.Marshal(a.Reason); err != nil {
		return Query{}, noSQL()
	}
	return query, nil
}

// query returns the SQL of an answer, with what the model states about it.
func (a answer) query(prompt conversation) Query {
	query := Query{SQL: a.SQL, Source: FromModel, SchemaRead: prompt.schemaRead}
	if prompt.form.Assumptions {
		query.Assumptions, query.Filters = a.Assumptions, a.Filters
	}
	return query
}

// write returns the model's answer. After an invalid reply, it repeats the request
// once with the problem added.
func (w *writer) write(ctx context.Context, prompt conversation) (answer, error) {
	a, problem, err := w.try(ctx, prompt)
	if err == nil && problem != "" {
		last := &prompt.turns[len(prompt.turns)-1]
		last.text += fmt.Sprintf("\n\nYour last reply is invalid: %s.", problem)
		a, problem, err = w.try(ctx, prompt)
	}
	switch {
	case err != nil:
		return answer{}, err
	case problem == undecided:
		return answer{}, refusal(cmp.Or(a.Reason, a.Clarification))
	case problem != "":
		return answer{}, &Error{Kind: Unreachable, Message: fmt.Sprintf("The generator's reply is invalid: %s.", problem)}
	case a.SQL == "" && (a.Clarification == "" || !prompt.form.Clarification):
		return answer{}, refusal(cmp.Or(a.Reason, a.Clarification))
	}
	return a, nil
}

// undecided is the problem of a clarification in place of SQL.
const undecided = "it asks for a clarification; want the query for the most likely meaning"

// try sends one request and reads the reply.
func (w *writer) try(ctx context.Context, prompt conversation) (a answer, problem string, err error) {
	reply, err := w.complete(ctx, prompt)
	if err != nil {
		return a, "", err
	}
	a, problem = w.read(reply)
	if problem == "" && len(a.SQL) > maxSQL {
		problem = fmt.Sprintf("the statement is longer than %d bytes", maxSQL)
	}
	if problem == "" && a.SQL == "" && a.Clarification != "" && prompt.form.Clarification && prompt.decides {
		problem = undecided
	}
	return a, problem, nil
}

// complete enforces answerSchema if the API supports that.
func (w *writer) complete(ctx context.Context, prompt conversation) (string, error) {
	if !w.free.Load() {
		reply, err := w.request(ctx, prompt, true)
		if e, ok := errors.AsType[*Error](err); !ok || !e.malformed {
			return reply, err
		}
	}
	reply, err := w.request(ctx, prompt, false)
	if err == nil {
		w.free.Store(true)
	}
	return reply, err
}

// request sends one request, if the context's gate admits it.
func (w *writer) request(ctx context.Context, prompt conversation, enforced bool) (string, error) {
	ended, err := admit(ctx, prompt.tokens())
	if err != nil {
		return "", err
	}
	defer ended()
	return w.model.complete(ctx, prompt, enforced)
}

// refusal returns the error for a question without SQL. Without a reason of the
// model, it uses a default.
func refusal(reason string) *Error {
	if reason = strings.TrimSpace(reason); reason == "" {
		reason = "The generator has no query for this question."
	}
	return &Error{Kind: Refused, Message: clip(reason, maxReason)}
}

// filtered returns the error for an answer that a content filter blocked.
func filtered() *Error {
	return refusal("The generator's content filter blocked the answer.")
}

// truncated returns the error for a reply that reached the limit of tokens.
func truncated() *Error {
	return &Error{Kind: Unreachable, Message: "The generator's reply exceeds the model's limit of tokens."}
}
