// Package databasetest is the conformance suite of the drivers. Each driver's
// tests run it with the driver's SQL, against a local server or a stand-in.
// RunOnServer runs it against a real server.
package databasetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/lambda/database"
)

// Suite holds what one database brings to the conformance suite: how to open
// it, and its SQL for what every database does.
type Suite struct {
	Open  func(t *testing.T) database.Database
	Types []Case

	Counter string // returns %d rows of one integer from 1, streamed
	Text    string // returns one row with a text of %d characters
	Busy    string // runs longer than any test and returns no row
	Stopped string // error code of a statement that was stopped at its time limit

	Syntax  Failure // is not SQL
	Unknown Failure // reads a table that does not exist
	Failing Failure // fails at the row after a first valid one
	Writing Failure // writes in a way that the guard cannot detect

	Accounts   string   // reads the table that Writing writes to
	Duplicates string   // returns one row of 1, 2 with the columns n, n
	Columns    []string // names of these two columns in the result
	Empty      string   // returns no rows, with the columns a, b
}

// Case is a statement and the JSON of its rows.
type Case struct{ Name, SQL, Data string }

// Failure is a statement, and the code and a part of the message of its error.
type Failure struct{ SQL, Code, Message string }

// Unlimited returns limits that no statement of a test reaches unless it runs
// forever.
func Unlimited() database.Limits { return database.Limits{Time: 5 * time.Minute} }

// Run runs the suite.
func (s Suite) Run(t *testing.T) {
	t.Run("types", s.testTypes)
	t.Run("columns", s.testColumns)
	t.Run("limits", s.testLimits)
	t.Run("overflow", s.testOverflow)
	t.Run("endless", s.testEndless)
	t.Run("errors", s.testErrors)
	t.Run("time limit", s.testTimeLimit)
	t.Run("context", s.testContext)
	t.Run("closed", s.testClosed)
	t.Run("read-only check", s.testReadOnlyCheck)
	t.Run("prepare", s.testPrepare)
}

func (s Suite) testTypes(t *testing.T) {
	db := s.Open(t)
	for _, c := range s.Types {
		t.Run(c.Name, func(t *testing.T) {
			result := MustQuery(t, db, c.SQL, Unlimited())
			if diff := cmp.Diff(c.Data, string(result.Data)); diff != "" {
				t.Error(diff)
			}
			if !json.Valid(result.Data) {
				t.Error("not valid JSON")
			}
		})
	}
}

func (s Suite) testColumns(t *testing.T) {
	db := s.Open(t)
	want := &database.Result{Columns: s.Columns, Data: json.RawMessage("[[1,2]]"), RowCount: 1, SQL: s.Duplicates}
	if diff := cmp.Diff(want, MustQuery(t, db, s.Duplicates, Unlimited())); diff != "" {
		t.Error(diff)
	}
	want = &database.Result{Columns: []string{"a", "b"}, Data: json.RawMessage("[]"), SQL: s.Empty}
	got := MustQuery(t, db, s.Empty, Unlimited())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func (s Suite) testLimits(t *testing.T) {
	db := s.Open(t)
	counter := s.namesBytes(t, db, s.Counter)
	for _, c := range []struct {
		name      string
		sql       string
		limits    database.Limits
		data      string
		truncated bool
	}{
		{"fewer rows", fmt.Sprintf(s.Counter, 2), database.Limits{Rows: 3}, "[[1],[2]]", false},
		{"as many rows", fmt.Sprintf(s.Counter, 3), database.Limits{Rows: 3}, "[[1],[2],[3]]", false},
		{"more rows", fmt.Sprintf(s.Counter, 4), database.Limits{Rows: 3}, "[[1],[2],[3]]", true},
		{"as many bytes", fmt.Sprintf(s.Counter, 3), database.Limits{Bytes: counter + 13}, "[[1],[2],[3]]", false},
		{"more bytes", fmt.Sprintf(s.Counter, 3), database.Limits{Bytes: counter + 12}, "[[1],[2]]", true},
		{"one row too long", fmt.Sprintf(s.Text, 100), database.Limits{Bytes: 100}, "[]", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := MustQuery(t, db, c.sql, c.limits)
			if diff := cmp.Diff(c.data, string(result.Data)); diff != "" {
				t.Error(diff)
			}
			if result.Truncated != c.truncated {
				t.Errorf("truncated is %v", result.Truncated)
			}
			if rows := strings.Count(c.data, "[") - 1; result.RowCount != rows {
				t.Errorf("row count is %d, want %d", result.RowCount, rows)
			}
		})
	}
}

// namesBytes returns the size of the encoded column names of a statement with
// one number. Limits count it.
func (s Suite) namesBytes(t *testing.T, db database.Database, sql string) int {
	t.Helper()
	names, err := json.Marshal(MustQuery(t, db, fmt.Sprintf(sql, 1), Unlimited()).Columns)
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// A hundred million rows beyond the limit take neither their time nor memory.
func (s Suite) testEndless(t *testing.T) {
	db := s.Open(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	result := MustQuery(t, db, fmt.Sprintf(s.Counter, 100_000_000), database.Limits{Rows: 1000, Bytes: 1 << 20})
	runtime.ReadMemStats(&after)
	if result.RowCount != 1000 || !result.Truncated {
		t.Errorf("%d rows, truncated is %v", result.RowCount, result.Truncated)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("took %d bytes of memory", used)
	}
	MustQuery(t, db, fmt.Sprintf(s.Counter, 1), Unlimited())
}

func (s Suite) testErrors(t *testing.T) {
	db := s.Open(t)
	accounts := MustQuery(t, db, s.Accounts, Unlimited())
	for name, failure := range map[string]Failure{
		"syntax": s.Syntax, "unknown table": s.Unknown, "failing row": s.Failing, "writing": s.Writing,
	} {
		t.Run(name, func(t *testing.T) {
			if failure.Message == "" { // the guard's refusals have no code
				t.Fatalf("the suite has no message for %s", failure.SQL)
			}
			ExpectFailures(t, db, []Failure{failure})
		})
	}
	if diff := cmp.Diff(accounts, MustQuery(t, db, s.Accounts, Unlimited())); diff != "" {
		t.Error(diff)
	}
}

func (s Suite) testTimeLimit(t *testing.T) {
	db := s.Open(t)
	_, err := db.Query(t.Context(), s.Busy, database.Limits{Time: 50 * time.Millisecond})
	failed, ok := errors.AsType[*database.StatementError](err)
	if !ok || failed.Code != s.Stopped || failed.Message != "the statement exceeded the time limit of 50ms" {
		t.Errorf("got %#v, want a StatementError with code %q and the limit", err, s.Stopped)
	}
	MustQuery(t, db, fmt.Sprintf(s.Counter, 1), Unlimited())
}

func (s Suite) testContext(t *testing.T) {
	db := s.Open(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Query(ended, s.Busy, Unlimited()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := db.Query(short, s.Busy, Unlimited()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
	MustQuery(t, db, fmt.Sprintf(s.Counter, 1), Unlimited())
}

// A closed database can be closed again, and the next query opens it.
func (s Suite) testClosed(t *testing.T) {
	db := s.Open(t)
	for range 2 {
		MustQuery(t, db, fmt.Sprintf(s.Counter, 1), Unlimited())
		for range 2 {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// The read-only check leaves nothing behind and does not affect queries.
func (s Suite) testReadOnlyCheck(t *testing.T) {
	db := s.Open(t)
	checker, ok := db.(database.ReadOnlyChecker)
	if !ok {
		t.Fatalf("%T has no read-only check", db)
	}
	for range 2 {
		if _, err := checker.CheckReadOnly(t.Context()); err != nil {
			t.Fatal(err)
		}
		MustQuery(t, db, fmt.Sprintf(s.Counter, 1), Unlimited())
	}
	if result, err := db.Query(t.Context(), "SELECT * FROM "+database.CheckTable, Unlimited()); err == nil {
		t.Errorf("the check left its table: %s", result.Data)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := checker.CheckReadOnly(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// A statement is checked without running it: one without an end is as quick as others.
func (s Suite) testPrepare(t *testing.T) {
	db := s.Open(t)
	preparer, ok := db.(database.Preparer)
	if !ok {
		t.Fatalf("%T cannot check a statement without running it", db)
	}
	for _, sql := range []string{s.Empty, s.Busy, s.Accounts} {
		if err := preparer.Prepare(t.Context(), sql, Unlimited()); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
	for _, c := range []Failure{s.Syntax, s.Unknown} {
		failed, ok := errors.AsType[*database.StatementError](preparer.Prepare(t.Context(), c.SQL, Unlimited()))
		if !ok || failed.Code != c.Code || !strings.Contains(failed.Message, c.Message) {
			t.Errorf("%s: got %#v, want code %q and %q", c.SQL, failed, c.Code, c.Message)
		}
	}
	for _, sql := range []string{"ANALYZE " + s.Accounts, "DELETE FROM accounts", s.Accounts + "; " + s.Accounts} {
		if err := preparer.Prepare(t.Context(), sql, Unlimited()); err == nil || !strings.Contains(err.Error(), "was refused") {
			t.Errorf("%s: got %v, want a refusal", sql, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := preparer.Prepare(ended, s.Empty, Unlimited()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	MustQuery(t, db, fmt.Sprintf(s.Counter, 1), Unlimited())
}

// MustQuery runs a statement that must succeed.
func MustQuery(tb testing.TB, db database.Database, sql string, limits database.Limits) *database.Result {
	tb.Helper()
	result, err := db.Query(tb.Context(), sql, limits)
	if err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	return result
}

// RefusedPlan requires that a statement is refused for the cost of its plan, and returns
// the message.
func RefusedPlan(tb testing.TB, db database.Database, sql string, limits database.Limits) string {
	tb.Helper()
	_, err := db.Query(tb.Context(), sql, limits)
	failed, ok := errors.AsType[*database.StatementError](err)
	if !ok || failed.Code != "max_plan_cost" || failed.Final {
		tb.Fatalf("%s: got %v, want a refusal of the plan", sql, err)
	}
	return failed.Message
}

// ExpectFailures runs statements that must fail with their code and message.
func ExpectFailures(t *testing.T, db database.Database, list []Failure) {
	t.Helper()
	for _, c := range list {
		_, err := db.Query(t.Context(), c.SQL, Unlimited())
		failed, ok := errors.AsType[*database.StatementError](err)
		if !ok || failed.Code != c.Code || !strings.Contains(failed.Message, c.Message) {
			t.Errorf("%s: got %#v, want code %q and %q", c.SQL, err, c.Code, c.Message)
		}
	}
}

// ExpectReplyLimit checks the driver's limit of a reply. The statement below stays
// just within it and returns all its rows. The statement over exceeds it and fails,
// and the next one runs.
func ExpectReplyLimit(t *testing.T, db database.Database, below string, rows int, over Failure) {
	t.Helper()
	for range 2 {
		if result := MustQuery(t, db, below, Unlimited()); result.RowCount != rows || result.Truncated {
			t.Errorf("%.100s: got %d rows, truncated is %v, want %d", below, result.RowCount, result.Truncated, rows)
		}
		ExpectFailures(t, db, []Failure{over})
	}
}

// ExpectRefused runs statements that must fail with a StatementError and leave
// state as it is. With unguarded, it also runs them without the guard: then
// they may succeed, but to no effect.
func ExpectRefused(t *testing.T, db database.Database, list []string, unguarded database.QueryFunc, state func() string) {
	t.Helper()
	before := state()
	for _, sql := range list {
		_, err := db.Query(t.Context(), sql, Unlimited())
		if failed, ok := errors.AsType[*database.StatementError](err); !ok || failed.Message == "" {
			t.Errorf("%s: got %v, want a StatementError", sql, err)
		}
		if unguarded != nil {
			_, _ = unguarded(t.Context(), sql, Unlimited()) // the state decides
		}
		if diff := cmp.Diff(before, state()); diff != "" {
			t.Fatalf("%s changed the state:\n%s", sql, diff)
		}
	}
}

// ExpectRuns runs statements that must succeed.
func ExpectRuns(t *testing.T, db database.Database, list []string) {
	t.Helper()
	for _, sql := range list {
		if _, err := db.Query(t.Context(), sql, Unlimited()); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// headers are statements whose columns have no names. Their text changes as the guard
// spells it anew.
var headers = []string{
	"SELECT 1 +  1", "SELECT 1/* c */+ 1", "SELECT 1 -- c\n + 2", "SELECT\n1\n+\n2", "SELECT 1, 1+1 -- c", "SELECT 1/* c */ , 2 /* d */",
	"SELECT /* x */ 1+ 1, ( 1 )", "SELECT 1 +  1, 1 + 1", "SELECT 1 + 1, 1 +  1", "SELECT 1 +  1 AS a, 1+ 1, 1+  1", "SELECT 1+ 1 AS b, 1 /* c */",
	"SELECT q.* FROM (SELECT 1 +   1, 2) q", "WITH c AS (SELECT 1+  1) SELECT * FROM c", "SELECT (SELECT  1)", "SELECT 3 IN (1,  3)",
	"SELECT DISTINCT 1+  2 UNION SELECT 3", "SELECT cast( 1 AS  CHAR )", "SELECT 'a', 'a''b', NULL, -1, 1.50", "SELECT 1 IS  NOT NULL;",
	"SELECT a . b, a . b +  1 FROM (SELECT 1 AS b) a", "SELECT * , 1+  1 FROM (SELECT 2 AS z) q", "SELECT count( * ),  max(1)", "SELECT 1  x, 2 AS `y  z`",
}

// ExpectHeaders fails the test unless the guard leaves the names of columns as they are.
func ExpectHeaders(t *testing.T, db database.Database, unguarded database.QueryFunc, more ...string) {
	t.Helper()
	for _, sql := range slices.Concat(headers, more) {
		want, err := unguarded(t.Context(), sql, Unlimited())
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		got := MustQuery(t, db, sql, Unlimited())
		if diff := cmp.Diff(want.Columns, got.Columns); diff != "" {
			t.Errorf("%s, sent as %s:\n%s", sql, got.SQL, diff)
		}
	}
}
