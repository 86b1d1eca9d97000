package database

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// servers starts what database servers the tests of this build need.
var servers []func() (io.Closer, error)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		for _, start := range servers {
			server, err := start()
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			defer server.Close()
		}
		return m.Run()
	}())
}

// dialectUnderTest is what one database brings to the conformance suite: how to
// open it, and its own SQL for what every database must do alike.
type dialectUnderTest struct {
	open  func(t *testing.T) Database
	types []typeCase

	counter    string   // %d rows of one integer from 1, streamed
	text       string   // one row with a text of %d characters
	busy       string   // works for longer than any test and returns no row
	syntax     string   // not SQL
	unknown    string   // reads a table that is not there
	failing    string   // fails at the row after a first good one
	writing    string   // writes, and the guard can't know
	accounts   string   // reads the table that writing writes to
	duplicates string   // one row with the columns n, n of 1, 2
	columns    []string // what these two are called
	empty      string   // no rows with the columns a, b
}

// typeCase is a statement and the JSON of its rows.
type typeCase struct{ name, sql, data string }

// unlimited is no limit but one that keeps a faulty test from running forever.
var unlimited = Limits{Time: 5 * time.Minute}

// conform runs the suite.
func conform(t *testing.T, d dialectUnderTest) {
	t.Run("types", d.testTypes)
	t.Run("columns", d.testColumns)
	t.Run("limits", d.testLimits)
	t.Run("overflow", d.testOverflow)
	t.Run("endless", d.testEndless)
	t.Run("errors", d.testErrors)
	t.Run("time limit", d.testTimeLimit)
	t.Run("context", d.testContext)
	t.Run("closed", d.testClosed)
	t.Run("proof", d.testProof)
}

func (d dialectUnderTest) testTypes(t *testing.T) {
	db := d.open(t)
	for _, c := range d.types {
		t.Run(c.name, func(t *testing.T) {
			result := mustQuery(t, db, c.sql, unlimited)
			if diff := cmp.Diff(c.data, string(result.Data)); diff != "" {
				t.Error(diff)
			}
			if !json.Valid(result.Data) {
				t.Error("not valid JSON")
			}
		})
	}
}

func (d dialectUnderTest) testColumns(t *testing.T) {
	db := d.open(t)
	want := &Result{Columns: d.columns, Data: json.RawMessage("[[1,2]]"), RowCount: 1}
	if diff := cmp.Diff(want, mustQuery(t, db, d.duplicates, unlimited)); diff != "" {
		t.Error(diff)
	}
	want = &Result{Columns: []string{"a", "b"}, Data: json.RawMessage("[]")}
	if diff := cmp.Diff(want, mustQuery(t, db, d.empty, unlimited)); diff != "" {
		t.Error(diff)
	}
}

func (d dialectUnderTest) testLimits(t *testing.T) {
	db := d.open(t)
	for _, c := range []struct {
		name      string
		sql       string
		limits    Limits
		data      string
		truncated bool
	}{
		{"fewer rows", fmt.Sprintf(d.counter, 2), Limits{Rows: 3}, "[[1],[2]]", false},
		{"as many rows", fmt.Sprintf(d.counter, 3), Limits{Rows: 3}, "[[1],[2],[3]]", false},
		{"more rows", fmt.Sprintf(d.counter, 4), Limits{Rows: 3}, "[[1],[2],[3]]", true},
		{"as many bytes", fmt.Sprintf(d.counter, 3), Limits{Bytes: 13}, "[[1],[2],[3]]", false},
		{"more bytes", fmt.Sprintf(d.counter, 3), Limits{Bytes: 12}, "[[1],[2]]", true},
		{"one row too long", fmt.Sprintf(d.text, 100), Limits{Bytes: 100}, "[]", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := mustQuery(t, db, c.sql, c.limits)
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

// A hundred million rows behind the limit cost neither their time nor memory.
func (d dialectUnderTest) testEndless(t *testing.T) {
	db := d.open(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	result := mustQuery(t, db, fmt.Sprintf(d.counter, 100_000_000), Limits{Rows: 1000, Bytes: 1 << 20})
	runtime.ReadMemStats(&after)
	if result.RowCount != 1000 || !result.Truncated {
		t.Errorf("%d rows, truncated is %v", result.RowCount, result.Truncated)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("took %d bytes of memory", used)
	}
	mustQuery(t, db, fmt.Sprintf(d.counter, 1), unlimited)
}

func (d dialectUnderTest) testErrors(t *testing.T) {
	db := d.open(t)
	accounts := mustQuery(t, db, d.accounts, unlimited)
	for _, c := range []struct{ name, sql string }{
		{"syntax", d.syntax},
		{"unknown table", d.unknown},
		{"failing row", d.failing},
		{"writing", d.writing},
	} {
		t.Run(c.name, func(t *testing.T) {
			result, err := db.Query(t.Context(), c.sql, unlimited)
			failed, ok := errors.AsType[*StatementError](err)
			if !ok {
				t.Fatalf("got %v, %v, want a StatementError", result, err)
			}
			if failed.Code == "" || failed.Message == "" {
				t.Errorf("code %q, message %q", failed.Code, failed.Message)
			}
		})
	}
	if diff := cmp.Diff(accounts, mustQuery(t, db, d.accounts, unlimited)); diff != "" {
		t.Error(diff)
	}
}

func (d dialectUnderTest) testTimeLimit(t *testing.T) {
	db := d.open(t)
	_, err := db.Query(t.Context(), d.busy, Limits{Time: 50 * time.Millisecond})
	failed, ok := errors.AsType[*StatementError](err)
	if !ok || !strings.Contains(failed.Message, "50ms") {
		t.Errorf("got %v, want a StatementError that names the limit", err)
	}
	mustQuery(t, db, fmt.Sprintf(d.counter, 1), unlimited)
}

func (d dialectUnderTest) testContext(t *testing.T) {
	db := d.open(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Query(ended, d.busy, unlimited); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := db.Query(short, d.busy, unlimited); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
	mustQuery(t, db, fmt.Sprintf(d.counter, 1), unlimited)
}

// A closed database may be closed again, and opens itself when asked.
func (d dialectUnderTest) testClosed(t *testing.T) {
	db := d.open(t)
	for range 2 {
		mustQuery(t, db, fmt.Sprintf(d.counter, 1), unlimited)
		for range 2 {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// What proves that nothing can be written leaves nothing behind and disturbs no
// query.
func (d dialectUnderTest) testProof(t *testing.T) {
	db := d.open(t)
	for range 2 {
		if _, err := db.(Prover).Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		mustQuery(t, db, fmt.Sprintf(d.counter, 1), unlimited)
	}
	if result, err := db.Query(t.Context(), "SELECT * FROM "+proofTable, unlimited); err == nil {
		t.Errorf("the proof's table is there: %s", result.Data)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.(Prover).Prove(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func mustQuery(tb testing.TB, db Database, sql string, limits Limits) *Result {
	tb.Helper()
	result, err := db.Query(tb.Context(), sql, limits)
	if err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	return result
}

// expectRefused runs statements that must fail with a clear error, all of them
// as Query does and then, if behind is set, without the guard: then they may
// succeed, but to no effect.
func expectRefused(t *testing.T, db Database, list []string, behind bool, state func() string) {
	t.Helper()
	before := state()
	for _, sql := range list {
		_, err := db.Query(t.Context(), sql, unlimited)
		if failed, ok := errors.AsType[*StatementError](err); !ok || failed.Message == "" {
			t.Errorf("%s: got %v, want a StatementError", sql, err)
		}
		if behind {
			_, _ = db.(querier).query(t.Context(), sql, unlimited) // what counts is the state
		}
		if diff := cmp.Diff(before, state()); diff != "" {
			t.Fatalf("%s changed something:\n%s", sql, diff)
		}
	}
}

func expectRun(t *testing.T, db Database, list []string) {
	t.Helper()
	for _, sql := range list {
		if _, err := db.Query(t.Context(), sql, unlimited); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}
