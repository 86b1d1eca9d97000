package databasetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// Open opens a database with changes to valid db_creds, and closes it at the
// end of the test.
func Open(tb testing.TB, opener database.Opener, creds, changes connection.Creds, directory string) database.Database {
	tb.Helper()
	maps.Copy(creds, changes)
	db, err := opener(creds, database.Options{Directory: directory})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

// Unreachable is a change to db_creds, the reason of the ConnectionError that
// it leads to, and whether the server refuses the login.
type Unreachable struct {
	Creds        connection.Creds
	Reason       string
	LoginRefused bool
}

// ExpectUnreachable opens databases that cannot be reached. No error may hold
// values of db_creds.
func ExpectUnreachable(t *testing.T, open func(changes connection.Creds) database.Database, list []Unreachable) {
	t.Helper()
	for _, c := range list {
		_, err := open(c.Creds).Query(t.Context(), "SELECT 1", Unlimited())
		failed, ok := errors.AsType[*database.ConnectionError](err)
		if !ok || !strings.HasSuffix(failed.Message, c.Reason) || failed.LoginRefused != c.LoginRefused {
			t.Errorf("%v: got %#v, want a ConnectionError that ends in %q", c.Creds, err, c.Reason)
			continue
		}
		for key, value := range c.Creds {
			if text := fmt.Sprint(value); key != "sslmode" && key != "port" && text != "" && strings.Contains(failed.Error(), text) {
				t.Errorf("the error holds the %s: %v", key, failed)
			}
		}
	}
}

// ExpectConnectionError expects a ConnectionError with a reason, without the
// word secret, which the server's message holds.
func ExpectConnectionError(t *testing.T, err error, reason string, loginRefused bool) {
	t.Helper()
	failed, ok := errors.AsType[*database.ConnectionError](err)
	if !ok || !strings.HasSuffix(failed.Message, reason) || failed.LoginRefused != loginRefused || strings.Contains(failed.Message, "secret") {
		t.Errorf("got %#v, want a ConnectionError that ends in %q", err, reason)
	}
}

// InvalidCreds is a change to db_creds that makes them invalid, and a part of
// the error.
type InvalidCreds struct {
	Creds connection.Creds
	Want  string
}

// ExpectInvalidCreds opens databases with changes to valid db_creds. No error
// may hold the password.
func ExpectInvalidCreds(t *testing.T, opener database.Opener, valid connection.Creds, list []InvalidCreds) {
	t.Helper()
	for _, c := range list {
		creds := connection.Creds{"password": "secret-password"}
		maps.Copy(creds, valid)
		maps.Copy(creds, c.Creds)
		_, err := opener(creds, database.Options{Directory: t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), c.Want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: got %v, want %q", c.Creds, err, c.Want)
		}
	}
}

// Start runs a statement in the background and sends its error when it ends.
func Start(ctx context.Context, query database.QueryFunc, sql string, limits database.Limits) <-chan error {
	failure := make(chan error, 1)
	go func() {
		_, err := query(ctx, sql, limits)
		failure <- err
	}()
	return failure
}

// WaitUntil returns when the condition holds.
func WaitUntil(condition func() bool) {
	for !condition() {
		time.Sleep(time.Millisecond)
	}
}

// ExpectCanceled cancels a statement while the server runs it.
func ExpectCanceled(t *testing.T, query database.QueryFunc, sql string, running func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failure := Start(ctx, query, sql, Unlimited())
	WaitUntil(running)
	cancel()
	if err := <-failure; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// ExpectLost expects the error of a connection that ended during a statement.
func ExpectLost(t *testing.T, err error, reason string) {
	t.Helper()
	failed, ok := errors.AsType[*database.ConnectionError](err)
	if !ok || failed.Cause == nil || !strings.HasSuffix(failed.Message, reason) {
		t.Errorf("got %#v, want a ConnectionError that ends in %q", err, reason)
	}
}

// ExpectSameSession expects the session to be the same after each event.
func ExpectSameSession(t *testing.T, session func() string, events map[string]func()) {
	t.Helper()
	first := session()
	for name, do := range events {
		do()
		if again := session(); again != first {
			t.Errorf("after %s: session %s, before %s", name, again, first)
		}
	}
}

// RunReconnects severs the connection in each way and then runs a statement,
// which the server must receive once. seen counts how often it did.
func RunReconnects[D database.Database](t *testing.T, open func(t *testing.T) D, sql string, seen func(t *testing.T) int, ways map[string]func(t *testing.T, db D)) {
	for name, sever := range ways {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			MustQuery(t, db, "SELECT 1", Unlimited())
			sever(t, db)
			before := seen(t)
			MustQuery(t, db, sql, Unlimited())
			if n := seen(t) - before; n != 1 {
				t.Errorf("the server received the statement %d times", n)
			}
		})
	}
}

// Count returns how often a statement is in a list.
func Count(list []string, sql string) int {
	n := 0
	for _, one := range list {
		if one == sql {
			n++
		}
	}
	return n
}

// ExpectDeadline runs a statement that must end with the context's deadline.
func ExpectDeadline(t *testing.T, db database.Database, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := db.Query(ctx, sql, Unlimited()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
}

// RunHangs pauses the server while databases query it. The first database must
// work again when the server resumes.
func RunHangs(t *testing.T, pause func() error, resume func(), databases ...database.Database) {
	t.Helper()
	if err := pause(); err != nil {
		t.Fatal(err)
	}
	resumeOnce := sync.OnceFunc(resume)
	defer resumeOnce()
	for _, db := range databases {
		ExpectDeadline(t, db, "SELECT 1")
	}
	resumeOnce()
	MustQuery(t, databases[0], "SELECT 1", Unlimited())
}

// ExpectRefusedLogin expects the error of a password, key or token that is
// invalid or no longer valid.
func ExpectRefusedLogin(t *testing.T, db database.Database, sql string) {
	t.Helper()
	_, err := db.Query(t.Context(), sql, Unlimited())
	failed, ok := errors.AsType[*database.ConnectionError](err)
	if !ok || !failed.LoginRefused || failed.Error() != "the database connection failed: the server refused the login" {
		t.Errorf("got %#v, want a refused login", err)
	}
}

// EndlessStatement is a statement that runs until it is stopped.
type EndlessStatement struct {
	DB      database.Database
	SQL     string
	Running func() bool
	Stopped func(t *testing.T) // checks that the server has stopped it
}

// RunStops stops a statement at the end of its context and at its time limit.
// The error of the latter has the code.
func RunStops(t *testing.T, code, after string, start func(t *testing.T) EndlessStatement) {
	t.Run("context", func(t *testing.T) {
		s := start(t)
		ExpectCanceled(t, s.DB.Query, s.SQL, s.Running)
		s.Stopped(t)
		MustQuery(t, s.DB, after, Unlimited())
	})
	t.Run("time limit", func(t *testing.T) {
		s := start(t)
		err := <-Start(t.Context(), s.DB.Query, s.SQL, database.Limits{Time: 100 * time.Millisecond})
		if failed, ok := errors.AsType[*database.StatementError](err); !ok || failed.Code != code || !strings.Contains(failed.Message, "100ms") {
			t.Errorf("got %v, want a StatementError of code %s with the limit", err, code)
		}
		s.Stopped(t)
		MustQuery(t, s.DB, after, Unlimited())
	})
}
