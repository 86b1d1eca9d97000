package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
)

// prover is a database that says of itself what a test wants.
type prover struct {
	locked
	rights  database.Rights
	err     error
	proofs  int
	queries int
}

func (p *prover) Prove(context.Context) (database.Rights, error) {
	p.proofs++
	return p.rights, p.err
}

func (p *prover) Query(context.Context, string, database.Limits) (*database.Result, error) {
	p.queries++
	return &database.Result{Data: json.RawMessage("[]")}, nil
}

// knowing is a generator that knows one answer.
type knowing struct{ generate.Generator }

func (knowing) Generate(context.Context, generate.Question) (generate.Query, error) {
	return generate.Query{SQL: "SELECT 1"}, nil
}

func TestNothingRunsUntilTheDatabaseHasProvedThatItCannotWrite(t *testing.T) {
	var log strings.Builder
	logger := ask.NewLogger(&log, new(ask.Secrets))
	p := &prover{err: &database.WritableError{Message: "a temporary table was made"}}
	db := &proved{Database: p, log: logger}
	handler := &ask.Handler{
		Open: func(context.Context) (ask.Backend, error) {
			return ask.Backend{Generator: knowing{}, Database: db}, nil
		},
		Log: logger, MaxRows: 1,
	}
	asked := func() string {
		answer, err := handler.Invoke(t.Context(), []byte(`{"question":"?"}`))
		if err != nil {
			t.Fatal(err)
		}
		return string(answer)
	}
	if got := asked(); !strings.Contains(got, `"error_code":"not_ready"`) || p.queries > 0 {
		t.Errorf("a database that can write: got %s after %d queries", got, p.queries)
	}
	if !strings.Contains(log.String(), "a temporary table was made") {
		t.Errorf("the log does not say why:\n%s", &log)
	}
	p.err = &database.ConnectionError{Message: "down", Cause: errors.New("dial")}
	if got := asked(); !strings.Contains(got, `"error_code":"database_unreachable"`) || p.queries > 0 {
		t.Errorf("a database that is down: got %s after %d queries", got, p.queries)
	}
	p.err, p.rights = nil, database.Rights{Writes: []string{"table orders"}, Grants: []string{"CREATE ROLE reader"}}
	for range 3 {
		if got := asked(); !strings.Contains(got, `"ran_successfully":true`) {
			t.Errorf("a database that cannot write: got %s", got)
		}
	}
	if p.proofs != 3 || p.queries != 3 {
		t.Errorf("%d proofs, %d queries", p.proofs, p.queries)
	}
	if strings.Count(log.String(), "CREATE ROLE reader") != 1 {
		t.Errorf("the log does not say once how to make a reader:\n%s", &log)
	}
}
