package sqlite

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/guard/guardtest"
)

const accounts = `
	CREATE TABLE accounts (id INTEGER PRIMARY KEY, owner TEXT, balance NUMERIC);
	INSERT INTO accounts VALUES (1, 'alice', 100), (2, 'bob', 50.5);
	CREATE VIEW rich AS SELECT * FROM accounts WHERE balance > 60;
	CREATE VIRTUAL TABLE notes USING fts5(body);
	INSERT INTO notes VALUES ('paid in full'), ('still open');
	CREATE TABLE typed (d DATE, dt DATETIME, ts TIMESTAMP, b BOOLEAN, amount DECIMAL(10, 2));
	INSERT INTO typed VALUES ('2024-02-29', '2024-02-29T12:00:00Z', '2024-02-29 12:00:00.5', 1, '12.50');
`

// writeFile writes a database into a directory whose name requires escapes.
func writeFile(t *testing.T) (directory, file string) {
	t.Helper()
	directory = filepath.Join(t.TempDir(), "a b?mode=rwc#%41")
	if err := os.Mkdir(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	file = "bank.db"
	conn, err := sqlite.OpenConn(filepath.Join(directory, file), sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteScript(conn, accounts, nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	return directory, file
}

func openFile(t *testing.T, directory, file string) *db {
	t.Helper()
	return databasetest.Open(t, New, connection.Creds{"database": file}, nil, directory).(*db)
}

func TestConformance(t *testing.T) {
	databasetest.Suite{
		Open: func(t *testing.T) database.Database {
			directory, file := writeFile(t)
			return openFile(t, directory, file)
		},
		Types: []databasetest.Case{
			{Name: "null", SQL: "SELECT NULL", Data: "[[null]]"},
			{Name: "integers", SQL: "SELECT 0, -1, 9223372036854775807", Data: "[[0,-1,9223372036854775807]]"},
			{Name: "floats", SQL: "SELECT 1.0, 0.1, 1e16, 1e-5, 9e999, -9e999", Data: `[[1.0,0.1,1e+16,1e-05,"Infinity","-Infinity"]]`},
			{Name: "text", SQL: `SELECT 'a"b\c', '日本', '', char(10)`, Data: `[["a\"b\\c","日本","","\n"]]`},
			{Name: "bytes", SQL: "SELECT x'00ff', x'', CAST('a' AS BLOB)", Data: `[["\\x00ff","\\x","\\x61"]]`},
			{Name: "not UTF-8", SQL: "SELECT CAST(x'61ff62' AS TEXT)", Data: "[[\"a\ufffdb\"]]"},
			{Name: "as stored", SQL: "SELECT * FROM typed", Data: `[["2024-02-29","2024-02-29T12:00:00Z","2024-02-29 12:00:00.5",1,12.5]]`},
			{Name: "long text", SQL: "SELECT length(hex(zeroblob(1000000)))", Data: "[[2000000]]"},
		},
		Counter:    "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < %d) SELECT n FROM t",
		Text:       "SELECT substr(hex(zeroblob(%d)), 101)",
		Busy:       "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
		Stopped:    "SQLITE_INTERRUPT",
		Syntax:     databasetest.Failure{SQL: "SELECT FROM WHERE", Code: "SQLITE_ERROR", Message: `near "FROM": syntax error`},
		Unknown:    databasetest.Failure{SQL: "SELECT * FROM missing", Code: "SQLITE_ERROR", Message: "no such table: missing"},
		Failing:    databasetest.Failure{SQL: "SELECT abs(n) FROM (SELECT 1 AS n UNION ALL SELECT -9223372036854775808)", Code: "SQLITE_ERROR", Message: "integer overflow"},
		Writing:    databasetest.Failure{SQL: "WITH a AS (SELECT 1) DELETE FROM accounts", Code: "SQLITE_AUTH", Message: "not authorized"},
		Accounts:   "SELECT * FROM accounts ORDER BY id",
		Duplicates: "SELECT 1 AS n, 2 AS n",
		Columns:    []string{"n", "n"},
		Empty:      "SELECT 1 AS a, 2 AS b WHERE false",
	}.Run(t)
}

func TestRefusesHostileStatements(t *testing.T) {
	directory, file := writeFile(t)
	state := func() string {
		entries, err := os.ReadDir(directory)
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(directory, file))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(entries, hex.EncodeToString(content))
	}
	for name, path := range map[string]string{"relative": file, "absolute": filepath.Join(directory, file)} {
		t.Run(name, func(t *testing.T) {
			db := openFile(t, directory, path)
			databasetest.ExpectRefused(t, db, append(guardtest.Statements(t, "sqlite/hostile.sql", directory), guardtest.Attacks(t, "sqlite/attacks.sql", directory)...), db.query, state)
		})
	}
}

func TestRunsHarmlessStatements(t *testing.T) {
	directory, file := writeFile(t)
	databasetest.ExpectRuns(t, openFile(t, directory, file), guardtest.Statements(t, "sqlite/harmless.sql", directory))
}

// Ordinary questions have the columns and rows that they have without the guard.
func TestAnalyticsRuns(t *testing.T) {
	directory, file := writeFile(t)
	conn, err := sqlite.OpenConn(filepath.Join(directory, file), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	schema := strings.Join(guardtest.Statements(t, "sqlite/schema.sql", ""), "\n")
	if err := errors.Join(sqlitex.ExecuteScript(conn, schema, nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	db := openFile(t, directory, file)
	for _, sql := range guardtest.Statements(t, "sqlite/analytics.sql", "") {
		want, err := db.query(t.Context(), sql, databasetest.Unlimited())
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		got := databasetest.MustQuery(t, db, sql, databasetest.Unlimited())
		if diff := cmp.Diff([]any{want.Columns, string(want.Data)}, []any{got.Columns, string(got.Data)}); diff != "" {
			t.Errorf("%s:\n%s", sql, diff)
		}
	}
}

func TestInvalidFile(t *testing.T) {
	if _, err := New(connection.Creds{}, database.Options{}); err == nil {
		t.Error("opened without a file")
	}
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("not a database", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(connection.Creds{"database": "missing.db"}, database.Options{Directory: t.TempDir()}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing in the dependencies: got %v", err)
	}
	for _, file := range []string{filepath.Join(t.TempDir(), "missing.db"), garbage} {
		_, err := openFile(t, t.TempDir(), file).Query(t.Context(), "SELECT 1", databasetest.Unlimited())
		failed, ok := errors.AsType[*database.ConnectionError](err)
		if !ok || strings.Contains(failed.Error(), file) {
			t.Errorf("%s: got %v, want a ConnectionError without the file name", file, err)
		}
	}
}

func TestKeepsDuplicateNames(t *testing.T) {
	directory, file := writeFile(t)
	db := openFile(t, directory, file)
	for sql, want := range map[string][]string{
		"SELECT a.*, b.* FROM accounts a, accounts b":        {"id", "owner", "balance", "id", "owner", "balance"},
		`SELECT 1 AS n, 2 AS "n:1", 3 AS n, 4 AS N; -- last`: {"n", "n:1", "n", "N"},
		"SELECT 1 AS n, 2 AS n -- no semicolon;":             {"n", "n"},
		"SELECT 1, 1":                                        {"1", "1"},
	} {
		if diff := cmp.Diff(want, databasetest.MustQuery(t, db, sql, databasetest.Unlimited()).Columns); diff != "" {
			t.Errorf("%s:\n%s", sql, diff)
		}
	}
}

// The result has UTF-8 for text that the file stores as UTF-16, and unchanged bytes.
func TestReadsUTF16(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wide.db")
	conn, err := sqlite.OpenConn(file, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	script := `PRAGMA encoding = 'UTF-16'; CREATE TABLE t AS SELECT 'größe' AS a, x'00ff' AS b;`
	if err := errors.Join(sqlitex.ExecuteScript(conn, script, nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	result := databasetest.MustQuery(t, openFile(t, "", file), "SELECT * FROM t", databasetest.Unlimited())
	if got, want := string(result.Data), `[["größe","\\x00ff"]]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The context ends the wait for a file that another connection has locked.
func TestContextEndsWaitForLockedFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "locked.sqlite")
	owner, err := sqlite.OpenConn(file, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	if err := sqlitex.ExecuteScript(owner, "CREATE TABLE t (n);", nil); err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.Execute(owner, "BEGIN EXCLUSIVE", nil); err != nil {
		t.Fatal(err)
	}
	db := openFile(t, "", file)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := db.Query(ctx, "SELECT * FROM t", database.Limits{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// A new version of SQLite with other functions fails here, so that they are
// examined.
func TestFunctionsAreKnown(t *testing.T) {
	known := strings.Fields(`
		-> ->> abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil ceiling changes char coalesce concat concat_ws cos cosh count
		cume_dist current_date current_time current_timestamp date datetime degrees dense_rank exp first_value floor format fts5
		fts5_get_locale fts5_insttoken fts5_locale fts5_source_id geopoly_area geopoly_bbox geopoly_blob geopoly_ccw
		geopoly_contains_point geopoly_debug geopoly_group_bbox geopoly_json geopoly_overlap geopoly_regular geopoly_svg
		geopoly_within geopoly_xform glob group_concat hex highlight if ifnull iif instr json json_array json_array_insert
		json_array_length json_error_position json_extract json_group_array json_group_object json_insert json_object json_patch
		json_pretty json_quote json_remove json_replace json_set json_type json_valid jsonb jsonb_array jsonb_array_insert
		jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set
		julianday lag last_insert_rowid last_value lead length like likelihood likely ln load_extension log log10 log2 lower ltrim
		match max min mod nth_value ntile nullif octet_length percent_rank pi pow power printf quote radians random randomblob rank
		replace round row_number rtreecheck rtreedepth rtreenode rtrim sign sin sinh snippet soundex sqlite_compileoption_get
		sqlite_compileoption_used sqlite_log sqlite_offset sqlite_source_id sqlite_version sqrt strftime string_agg substr
		substring subtype sum tan tanh time timediff total total_changes trim trunc typeof unhex unicode unistr unistr_quote
		unixepoch unlikely upper zeroblob`)
	directory, file := writeFile(t)
	rows, err := databasetest.MustQuery(t, openFile(t, directory, file), "SELECT DISTINCT name FROM pragma_function_list", databasetest.Unlimited()).Texts()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if !slices.Contains(known, row[0]) {
			t.Errorf("the function %s is unknown", row[0])
		}
	}
}

func TestHeadersAreThoseOfTheOriginal(t *testing.T) {
	directory, file := writeFile(t)
	db := openFile(t, directory, file)
	databasetest.ExpectHeaders(t, db, db.query, "SELECT 1_000, 1_000+1", "SELECT [id], [id]+1, `id`+  1, \"id\" FROM accounts", "SELECT 1 \ufeff+ 1",
		"SELECT 1+1/* c */ FROM accounts", "SELECT 1+ 1, 1+ 1", "SELECT id, ID FROM (SELECT id FROM accounts)")
}
