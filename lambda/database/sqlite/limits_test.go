package sqlite

import (
	"errors"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
)

// openEmpty opens an empty file. The returned number counts abandoned
// statements.
func openEmpty(t *testing.T) (database.Database, *atomic.Int32) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "empty.sqlite")
	conn, err := sqlite.OpenConn(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	abandoned := new(atomic.Int32)
	db, err := New(connection.Creds{"database": file}, database.Options{Abandoned: func() { abandoned.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, abandoned
}

// Each statement is refused for its size, or answered without the row.
func TestLargeValuesAreRefused(t *testing.T) {
	db, _ := openEmpty(t)
	limits := database.Limits{Bytes: 6 << 20, Rows: 10_000, Time: time.Minute}
	for sql, want := range map[string]string{
		"SELECT " + strings.Repeat("zeroblob(60000000), ", 19) + "1":                             "row or a value of more than",
		"SELECT printf('%.*c', 60000000, 'a')":                                                   "row or a value of more than",
		"SELECT hex(randomblob(8000000))":                                                        "row or a value of more than",
		"SELECT group_concat(printf('%.*c', 1000000, 'a')) FROM generate_series":                 "no such table",
		"SELECT " + strings.Repeat("printf('%.*c', 8000000, 'a'), ", 19) + "1":                   "MB of memory",
		"WITH t(n) AS (SELECT printf('%.*c', 4500000, 'a')) SELECT replace(n, 'a', 'bb') FROM t": "row or a value of more than",
		"SELECT 'a' LIKE printf('%.*c', 40000, 'a')":                                             "LIKE or GLOB pattern too complex",
		"SELECT 'a' GLOB printf('%.*c', 40000, 'a')":                                             "LIKE or GLOB pattern too complex",
	} {
		_, err := db.Query(t.Context(), sql, limits)
		if failed, ok := errors.AsType[*database.StatementError](err); !ok || !strings.Contains(failed.Message, want) {
			t.Errorf("%.60s: got %v, want a StatementError with %q", sql, err, want)
		}
	}
	for _, sql := range []string{
		"SELECT " + strings.Repeat("zeroblob(7000000), ", 3) + "1",
		"SELECT replace(printf('%.*c', 8000000, 'a'), 'a', char(1))",
		"SELECT printf('%.*c', 7000000, 'a') FROM (SELECT 1 UNION SELECT 2)",
	} {
		result := databasetest.MustQuery(t, db, sql, limits)
		if !result.Truncated || string(result.Data) != "[]" {
			t.Errorf("%.60s: got %d rows, want an answer without the row", sql, result.RowCount)
		}
	}
	for columns, want := range map[int]string{50: "names of the result's columns", 1000: "MB of memory"} {
		wide := `WITH t AS (SELECT 1 AS "` + strings.Repeat("x", 30_000) + `") SELECT ` + strings.Repeat("a.*, ", columns-1) + "a.* FROM t AS a"
		_, err := db.Query(t.Context(), wide, database.Limits{Bytes: 1 << 20, Time: time.Minute})
		if failed, ok := errors.AsType[*database.StatementError](err); !ok || !strings.Contains(failed.Message, want) {
			t.Errorf("%d long names: got %v, want a StatementError with %q", columns, err, want)
		}
	}
	databasetest.MustQuery(t, db, "SELECT 1", limits)
}

// alone is set in the process of a test that must not share SQLite's memory.
const alone = "DEFOG_TEST_ALONE"

// One call of a function that no interrupt reaches ends the statement in time,
// and the database runs nothing further. The abandoned statements keep their memory, so
// that the test has a process of its own.
func TestStatementThatDoesNotStopIsAbandoned(t *testing.T) {
	if os.Getenv(alone) == "" {
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		command := osexec.CommandContext(t.Context(), program, "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
		command.Env = append(os.Environ(), alone+"=1")
		out, err := command.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	const limit = 300 * time.Millisecond
	for _, sql := range []string{
		"SELECT instr(printf('%.*c', 2000000, 'a'), printf('%.*c', 1000000, 'a') || 'b')",
		"SELECT printf('%.*c', 2000000, 'a') LIKE '%' || printf('%.*c', 900, 'a') || 'b'",
	} {
		db, abandoned := openEmpty(t)
		start := time.Now()
		_, err := db.Query(t.Context(), sql, database.Limits{Time: limit})
		if failed, ok := errors.AsType[*database.StatementError](err); !ok || !strings.Contains(failed.Message, "time limit of 300ms") {
			t.Errorf("%s: got %v, want an error about the time limit", sql, err)
		}
		if took := time.Since(start); took > limit+20*time.Second {
			t.Errorf("%s: took %s", sql, took)
		}
		if abandoned.Load() != 1 {
			t.Errorf("%s: abandoned %d times, want 1", sql, abandoned.Load())
		}
		_, err = db.Query(t.Context(), "SELECT 1", database.Limits{})
		if _, ok := errors.AsType[*database.ConnectionError](err); !ok {
			t.Errorf("the next statement: got %v, want a ConnectionError", err)
		}
	}
}
