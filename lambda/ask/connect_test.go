package ask

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
)

// connectable is a database that prepares its connection.
type connectable struct {
	fake
	connect func(context.Context) error
}

func (c *connectable) Connect(ctx context.Context) error { return c.connect(ctx) }

// slow is a generator that waits before it answers.
type slow struct {
	*fake
	until <-chan struct{}
}

func (s *slow) Generate(ctx context.Context, question generate.Question) (generate.Query, error) {
	<-s.until
	return s.fake.Generate(ctx, question)
}

// askWith asks a question with a generator and a database.
func askWith(t *testing.T, generator generate.Generator, db database.Database, request string) map[string]any {
	t.Helper()
	h, _ := newHandler(&fake{})
	h.Open = func(context.Context) (Backend, error) { return Backend{Generator: generator, Database: db}, nil }
	return decode(t, invoke(t, h, request))
}

func TestDatabaseConnectsWhileTheGeneratorRuns(t *testing.T) {
	connecting, written := make(chan struct{}), make(chan struct{})
	db := &connectable{
		fake: fake{result: database.Result{Columns: []string{"n"}, Data: json.RawMessage("[[1]]"), RowCount: 1}},
		connect: func(context.Context) error {
			close(connecting) // the generator waits for it
			<-written
			return nil
		},
	}
	f := &fake{sql: []string{"A"}}
	go func() {
		<-connecting
		close(written)
	}()
	got := askWith(t, &slow{f, connecting}, db, `{"question":"How many?"}`)
	if got["ran_successfully"] != true || len(db.executed) != 1 {
		t.Errorf("got %v after the statements %q", got, db.executed)
	}
}

func TestConnectionFailureIsTheStatements(t *testing.T) {
	calls := 0
	db := &connectable{connect: func(context.Context) error {
		calls++
		return &database.ConnectionError{Message: "down", Cause: errors.New("dial")}
	}}
	got := askWith(t, &fake{sql: []string{"A"}}, db, `{"question":"How many?"}`)
	if got["error_code"] != string(DatabaseUnreachable) || got["query_generated"] != "A" || len(db.executed) > 0 || calls != 1 {
		t.Errorf("got %v after %d connections and the statements %q", got, calls, db.executed)
	}
}

func TestConnectionPanicFailsTheQuestion(t *testing.T) {
	db := &connectable{connect: func(context.Context) error { panic("the driver panics") }}
	if got := askWith(t, &fake{sql: []string{"A"}}, db, `{"question":"How many?"}`); got["error_code"] != string(Internal) || len(db.executed) > 0 {
		t.Errorf("got %v after the statements %q", got, db.executed)
	}
}

// Nothing may use the database after an answer: the next question could run.
func TestConnectionEndsWithTheQuestion(t *testing.T) {
	ended, begun := false, make(chan struct{})
	db := &connectable{connect: func(ctx context.Context) error {
		close(begun)
		<-ctx.Done()
		ended = true
		return ctx.Err()
	}}
	f := &fake{err: &generate.Error{Kind: generate.Refused, Message: "no"}}
	if got := askWith(t, &slow{f, begun}, db, `{"question":"How many?"}`); got["error_code"] != string(GeneratorRefused) || !ended {
		t.Errorf("got %v; the connection ended: %v", got, ended)
	}
}

func TestQuestionForSQLConnectsToNothing(t *testing.T) {
	db := &connectable{connect: func(context.Context) error { return errors.New("connected") }}
	if got := askWith(t, &fake{sql: []string{"A"}}, db, `{"question":"How many?", "sql_only": true}`); got["query_generated"] != "A" || got["ran_successfully"] != true {
		t.Errorf("got %v", got)
	}
}
