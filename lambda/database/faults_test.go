package database

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
)

// What every database must do alike when something is wrong, beside the
// conformance suite: each brings its own ways to have it so.

// openChanged opens a database with changes to its valid db_creds, until the
// test ends.
func openChanged(tb testing.TB, dbType string, creds, changes connection.Creds, directory string) Database {
	tb.Helper()
	maps.Copy(creds, changes)
	db, err := Open(connection.Connection{DBType: dbType, DBCreds: creds}, Surroundings{Directory: directory})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

// failingCase is a statement and the error of it: its code, and a part of its
// message.
type failingCase struct{ sql, code, message string }

func expectFailures(t *testing.T, db Database, list []failingCase) {
	t.Helper()
	for _, c := range list {
		_, err := db.Query(t.Context(), c.sql, unlimited)
		failed, ok := errors.AsType[*StatementError](err)
		if !ok || failed.Code != c.code || !strings.Contains(failed.Message, c.message) {
			t.Errorf("%s: got %#v, want code %q and %q", c.sql, err, c.code, c.message)
		}
	}
}

// unreachableCase is what of db_creds is wrong, how the error ends, and whether
// it is a refused login.
type unreachableCase struct {
	creds   connection.Creds
	reason  string
	refused bool
}

// expectUnreachable opens databases that cannot be reached. No error tells what
// db_creds hold.
func expectUnreachable(t *testing.T, open func(changes connection.Creds) Database, list []unreachableCase) {
	t.Helper()
	for _, c := range list {
		_, err := open(c.creds).Query(t.Context(), "SELECT 1", unlimited)
		failed, ok := errors.AsType[*ConnectionError](err)
		if !ok || !strings.HasSuffix(failed.Message, c.reason) || failed.LoginRefused != c.refused {
			t.Errorf("%v: got %#v, want a ConnectionError that ends in %q", c.creds, err, c.reason)
			continue
		}
		for key, value := range c.creds {
			if text := fmt.Sprint(value); key != "sslmode" && key != "port" && text != "" && strings.Contains(failed.Error(), text) {
				t.Errorf("the error tells the %s: %v", key, failed)
			}
		}
	}
}

// expectConnectionFailure wants an error that ends in a reason and tells no
// secret of the server's words.
func expectConnectionFailure(t *testing.T, err error, reason string, refused bool) {
	t.Helper()
	failed, ok := errors.AsType[*ConnectionError](err)
	if !ok || !strings.HasSuffix(failed.Message, reason) || failed.LoginRefused != refused || strings.Contains(failed.Message, "secret") {
		t.Errorf("got %#v, want a ConnectionError that ends in %q", err, reason)
	}
}

// invalidCase is what of db_creds is wrong, and a part of the error.
type invalidCase struct {
	creds connection.Creds
	want  string
}

// expectInvalid opens databases with db_creds that are no good, changed from
// valid ones. No error tells the password.
func expectInvalid(t *testing.T, open Opener, valid connection.Creds, list []invalidCase) {
	t.Helper()
	for _, c := range list {
		creds := connection.Creds{"password": "secret-password"}
		maps.Copy(creds, valid)
		maps.Copy(creds, c.creds)
		_, err := open(creds, Surroundings{Directory: t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: got %v, want %q", c.creds, err, c.want)
		}
	}
}

// begin runs a statement in the background; its error comes when it ends.
func begin(ctx context.Context, query func(context.Context, string, Limits) (*Result, error), sql string, limits Limits) <-chan error {
	failure := make(chan error, 1)
	go func() {
		_, err := query(ctx, sql, limits)
		failure <- err
	}()
	return failure
}

// await returns when something is so.
func await(so func() bool) {
	for !so() {
		time.Sleep(time.Millisecond)
	}
}

// expectCanceled cancels a statement that the server works on.
func expectCanceled(t *testing.T, query func(context.Context, string, Limits) (*Result, error), sql string, running func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failure := begin(ctx, query, sql, unlimited)
	await(running)
	cancel()
	if err := <-failure; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// expectLost wants a statement's connection to have ended under it, for a
// reason, "" for any.
func expectLost(t *testing.T, err error, reason string) {
	t.Helper()
	failed, ok := errors.AsType[*ConnectionError](err)
	if !ok || failed.Cause == nil || !strings.HasSuffix(failed.Message, reason) {
		t.Errorf("got %#v, want a ConnectionError that ends in %q", err, reason)
	}
}

// expectKept wants the same session after all that must not cost one.
func expectKept(t *testing.T, session func() string, between map[string]func()) {
	t.Helper()
	first := session()
	for name, do := range between {
		do()
		if again := session(); again != first {
			t.Errorf("after %s: session %s, before %s", name, again, first)
		}
	}
}

// testReconnects loses the connection in each way, after which a statement
// reaches the server once. How often that saw one, seen tells.
func testReconnects[D Database](t *testing.T, open func(t *testing.T) D, sql string, seen func(t *testing.T) int, ways map[string]func(t *testing.T, db D)) {
	for name, sever := range ways {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			mustQuery(t, db, "SELECT 1", unlimited)
			sever(t, db)
			before := seen(t)
			mustQuery(t, db, sql, unlimited)
			if n := seen(t) - before; n != 1 {
				t.Errorf("the server saw the statement %d times", n)
			}
		})
	}
}

// occurrences returns how often a statement is in a list.
func occurrences(list []string, sql string) int {
	n := 0
	for _, one := range list {
		if one == sql {
			n++
		}
	}
	return n
}

// expectDeadline asks until the context's deadline, which must be the error.
func expectDeadline(t *testing.T, db Database, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := db.Query(ctx, sql, unlimited); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
}

// testHangs halts the server under databases, the first of which is asked again
// when it goes on.
func testHangs(t *testing.T, pause func() error, resume func(), databases ...Database) {
	t.Helper()
	if err := pause(); err != nil {
		t.Fatal(err)
	}
	goOn := sync.OnceFunc(resume)
	defer goOn()
	for _, db := range databases {
		expectDeadline(t, db, "SELECT 1")
	}
	goOn()
	mustQuery(t, databases[0], "SELECT 1", unlimited)
}

// expectRefusedLogin wants the error of a password, key or token that is not or
// not any longer right.
func expectRefusedLogin(t *testing.T, db Database, sql string) {
	t.Helper()
	_, err := db.Query(t.Context(), sql, unlimited)
	if failed, ok := errors.AsType[*ConnectionError](err); !ok || !failed.LoginRefused || failed.Error() != "the database connection failed: the login was refused" {
		t.Errorf("got %#v, want a refused login", err)
	}
}

// endlessStatement is one that works until it is stopped, on a server of its
// own.
type endlessStatement struct {
	db      Database
	sql     string
	running func() bool
	stopped func(t *testing.T) // checks that the server does not work on it any more
}

// testStops stops a statement by its context and by its time limit, whose error
// has the code.
func testStops(t *testing.T, code, after string, start func(t *testing.T) endlessStatement) {
	t.Run("context", func(t *testing.T) {
		s := start(t)
		expectCanceled(t, s.db.Query, s.sql, s.running)
		s.stopped(t)
		mustQuery(t, s.db, after, unlimited)
	})
	t.Run("time limit", func(t *testing.T) {
		s := start(t)
		err := <-begin(t.Context(), s.db.Query, s.sql, Limits{Time: 100 * time.Millisecond})
		if failed, ok := errors.AsType[*StatementError](err); !ok || failed.Code != code || !strings.Contains(failed.Message, "100ms") {
			t.Errorf("got %v, want a StatementError of code %s that names the limit", err, code)
		}
		s.stopped(t)
		mustQuery(t, s.db, after, unlimited)
	})
}
