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

// checker is a database whose read-only check has a configured result.
type checker struct {
	locked
	privileges database.Privileges
	err        error
	checks     int
	queries    int
}

func (c *checker) CheckReadOnly(context.Context) (database.Privileges, error) {
	c.checks++
	return c.privileges, c.err
}

func (c *checker) Query(context.Context, string, database.Limits) (*database.Result, error) {
	c.queries++
	return &database.Result{Data: json.RawMessage("[]")}, nil
}

// constant is a generator with one answer to all questions.
type constant struct{ generate.Generator }

func (constant) Generate(context.Context, generate.Question) (generate.Query, error) {
	return generate.Query{SQL: "SELECT 1"}, nil
}

func TestUnsafeLoginIsNotReady(t *testing.T) {
	logger := ask.NewLogger(&strings.Builder{}, new(ask.Secrets))
	for _, privileged := range []bool{false, true} {
		c := &checker{privileges: database.Privileges{Unsafe: []string{"superuser"}, Grants: []string{"CREATE ROLE reader"}}}
		db := &checkedDatabase{Database: c, log: logger, privileged: privileged}
		_, err := db.Query(t.Context(), "SELECT 1", database.Limits{})
		notReady, refused := errors.AsType[*ask.NotReadyError](err)
		if refused == privileged || (c.queries == 1) != privileged {
			t.Errorf("allow_privileged_login %v: got %v after %d queries", privileged, err, c.queries)
		}
		if refused && (!strings.Contains(notReady.Cause.Error(), "superuser") || !strings.Contains(notReady.Cause.Error(), "CREATE ROLE reader")) {
			t.Errorf("got %v, want the power and the grants of a reader", notReady.Cause)
		}
	}
}

func TestQueryRunsOnlyAfterReadOnlyCheck(t *testing.T) {
	var log strings.Builder
	logger := ask.NewLogger(&log, new(ask.Secrets))
	c := &checker{err: &database.WritableError{Message: "a temporary table was created"}}
	db := &checkedDatabase{Database: c, log: logger}
	handler := &ask.Handler{
		Open: func(context.Context) (ask.Backend, error) {
			return ask.Backend{Generator: constant{}, Database: db}, nil
		},
		Log: logger, MaxRows: 1,
	}
	question := func() string {
		answer, err := handler.Invoke(t.Context(), []byte(`{"question":"?"}`))
		if err != nil {
			t.Fatal(err)
		}
		return string(answer)
	}
	if got := question(); !strings.Contains(got, `"error_code":"not_ready"`) || c.queries > 0 {
		t.Errorf("writable database: got %s after %d queries", got, c.queries)
	}
	if !strings.Contains(log.String(), "a temporary table was created") {
		t.Errorf("the log lacks the reason:\n%s", &log)
	}
	c.err = &database.ConnectionError{Message: "down", Cause: errors.New("dial")}
	if got := question(); !strings.Contains(got, `"error_code":"database_unreachable"`) || c.queries > 0 {
		t.Errorf("unreachable database: got %s after %d queries", got, c.queries)
	}
	c.err, c.privileges = nil, database.Privileges{Writes: []string{"table orders"}, Grants: []string{"CREATE ROLE reader"}}
	for range 3 {
		if got := question(); !strings.Contains(got, `"ran_successfully":true`) {
			t.Errorf("read-only database: got %s", got)
		}
	}
	if c.checks != 3 || c.queries != 3 {
		t.Errorf("%d checks, %d queries", c.checks, c.queries)
	}
	if strings.Count(log.String(), "CREATE ROLE reader") != 1 {
		t.Errorf("want the grants of a reader in the log once:\n%s", &log)
	}
}
