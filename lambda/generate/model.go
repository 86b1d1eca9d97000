package generate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

const (
	mostReason   = 1_000  // bytes of a refusal
	mostSQL      = 64_000 // bytes of a statement
	mostRemember = 64_000 // bytes of the context that an answer gives back
)

// model is a language model behind an API.
type model interface {
	// complete returns the model's next turn, the object that answerSchema
	// describes. Where the API is not to enforce that form, the text may be any.
	// An error is an *Error, malformed if the request may be right without the
	// form.
	complete(ctx context.Context, asked conversation, enforced bool) (string, error)
}

// writer is a Generator by a language model.
type writer struct {
	author
	model   model
	timeout time.Duration // 0 for the context's alone
	free    atomic.Bool   // this model's API does not enforce the form of an answer
}

// Generate asks the model for SQL. Of the request's options, the glossary, the
// golden queries and those of pruning apply: the model is the operator's
// choice, and the others are Defog's.
func (w *writer) Generate(ctx context.Context, question Question) (Query, error) {
	asked, err := w.prompt(question)
	if err != nil {
		return Query{}, err
	}
	a, err := w.write(ctx, asked)
	if err != nil {
		return Query{}, err
	}
	reason, err := json.Marshal(a.Reason)
	if err != nil {
		return Query{}, noSQL()
	}
	remembered, err := remember(question, a.SQL)
	if err != nil {
		return Query{}, noSQL()
	}
	return Query{SQL: a.SQL, Reason: reason, PreviousContext: remembered}, nil
}

// remember returns the context for the next question: this one and its SQL
// behind what was there, without the oldest when it gets long.
func remember(question Question, sql string) (json.RawMessage, error) {
	entries := latest(question.PreviousContext, mostRemember)
	for _, text := range []string{question.Text, sql} {
		entry, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return json.Marshal(entries)
}

// Retry asks the model for better SQL, given the failed statement and what the
// database said.
func (w *writer) Retry(ctx context.Context, question Question, failed Failure) (string, error) {
	asked, err := w.retryPrompt(question, failed)
	if err != nil {
		return "", err
	}
	a, err := w.write(ctx, asked)
	return a.SQL, err
}

// write has one statement written. A reply that holds none is asked for once
// more, with what is wrong with it.
func (w *writer) write(ctx context.Context, asked conversation) (answer, error) {
	ctx, cancel := limited(ctx, w.timeout)
	defer cancel()
	a, problem, err := w.try(ctx, asked)
	if err == nil && problem != "" {
		last := &asked.turns[len(asked.turns)-1]
		last.text += fmt.Sprintf("\n\nYour last reply cannot be used: %s.", problem)
		a, problem, err = w.try(ctx, asked)
	}
	switch {
	case err != nil:
		return answer{}, err
	case problem != "":
		return answer{}, &Error{Kind: Unreachable, Message: fmt.Sprintf("The generator's reply cannot be used: %s.", problem)}
	case a.SQL == "":
		return answer{}, refusal(a.Reason)
	}
	return a, nil
}

// try asks once, and reads the reply.
func (w *writer) try(ctx context.Context, asked conversation) (a answer, problem string, err error) {
	reply, err := w.complete(ctx, asked)
	if err != nil {
		return a, "", err
	}
	a, problem = w.read(reply)
	if problem == "" && len(a.SQL) > mostSQL {
		problem = fmt.Sprintf("the statement is longer than %d bytes", mostSQL)
	}
	return a, problem, nil
}

// complete has the API enforce the answer's form, unless it is one that cannot.
func (w *writer) complete(ctx context.Context, asked conversation) (string, error) {
	if !w.free.Load() {
		reply, err := w.model.complete(ctx, asked, true)
		if e, ok := errors.AsType[*Error](err); !ok || !e.malformed {
			return reply, err
		}
	}
	reply, err := w.model.complete(ctx, asked, false)
	if err == nil {
		w.free.Store(true)
	}
	return reply, err
}

// refusal says that the model, or what watches over it, gives no SQL.
func refusal(reason string) *Error {
	if reason = strings.TrimSpace(reason); reason == "" {
		reason = "The generator has no query for this question."
	}
	return &Error{Kind: Refused, Message: clip(reason, mostReason)}
}

// filtered says that the model's words were held back.
func filtered() *Error {
	return refusal("The generator's content filter holds its answer back.")
}

// cut says that a reply ended at the model's limit.
func cut() *Error {
	return &Error{Kind: Unreachable, Message: "The generator's reply was cut off at the model's limit of tokens."}
}
