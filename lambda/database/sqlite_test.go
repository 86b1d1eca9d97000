//go:build !onedriver || sqlite

package database

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database/guard/guardtest"
)

const sqliteAccounts = `
	CREATE TABLE accounts (id INTEGER PRIMARY KEY, owner TEXT, balance NUMERIC);
	INSERT INTO accounts VALUES (1, 'alice', 100), (2, 'bob', 50.5);
	CREATE VIEW rich AS SELECT * FROM accounts WHERE balance > 60;
	CREATE VIRTUAL TABLE notes USING fts5(body);
	INSERT INTO notes VALUES ('paid in full'), ('still open');
	CREATE TABLE typed (d DATE, dt DATETIME, ts TIMESTAMP, b BOOLEAN, amount DECIMAL(10, 2));
	INSERT INTO typed VALUES ('2024-02-29', '2024-02-29T12:00:00Z', '2024-02-29 12:00:00.5', 1, '12.50');
`

// sqliteFile makes a database in a directory whose name needs escaping.
func sqliteFile(t *testing.T) (directory, file string) {
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
	if err := errors.Join(sqlitex.ExecuteScript(conn, sqliteAccounts, nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	return directory, file
}

func openFile(t *testing.T, directory, file string) Database {
	t.Helper()
	db, err := Open(connection.Connection{DBType: "sqlite", DBCreds: connection.Creds{"database": file}}, Surroundings{Directory: directory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestSQLiteConforms(t *testing.T) {
	conform(t, dialectUnderTest{
		open: func(t *testing.T) Database {
			directory, file := sqliteFile(t)
			return openFile(t, directory, file)
		},
		types: []typeCase{
			{"null", "SELECT NULL", "[[null]]"},
			{"integers", "SELECT 0, -1, 9223372036854775807", "[[0,-1,9223372036854775807]]"},
			{"floats", "SELECT 1.0, 0.1, 1e16, 1e-5, 9e999, -9e999", `[[1.0,0.1,1e+16,1e-05,"Infinity","-Infinity"]]`},
			{"text", `SELECT 'a"b\c', '日本', '', char(10)`, `[["a\"b\\c","日本","","\n"]]`},
			{"bytes", "SELECT x'00ff', x'', CAST('a' AS BLOB)", `[["\\x00ff","\\x","\\x61"]]`},
			{"not UTF-8", "SELECT CAST(x'61ff62' AS TEXT)", "[[\"a\ufffdb\"]]"},
			{"as stored", "SELECT * FROM typed", `[["2024-02-29","2024-02-29T12:00:00Z","2024-02-29 12:00:00.5",1,12.5]]`},
			{"long text", "SELECT length(hex(zeroblob(1000000)))", "[[2000000]]"},
		},
		counter:    "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < %d) SELECT n FROM t",
		text:       "SELECT substr(hex(zeroblob(%d)), 101)",
		busy:       "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
		syntax:     "SELECT FROM WHERE",
		unknown:    "SELECT * FROM missing",
		failing:    "SELECT abs(n) FROM (SELECT 1 AS n UNION ALL SELECT -9223372036854775808)",
		writing:    "WITH a AS (SELECT 1) DELETE FROM accounts",
		accounts:   "SELECT * FROM accounts ORDER BY id",
		duplicates: "SELECT 1 AS n, 2 AS n",
		columns:    []string{"n", "n"},
		empty:      "SELECT 1 AS a, 2 AS b WHERE false",
	})
}

func TestSQLiteRefusesHostileStatements(t *testing.T) {
	directory, file := sqliteFile(t)
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
			expectRefused(t, openFile(t, directory, path), guardtest.Statements(t, "sqlite/hostile.sql", directory), true, state)
		})
	}
}

func TestSQLiteRunsHarmlessStatements(t *testing.T) {
	directory, file := sqliteFile(t)
	expectRun(t, openFile(t, directory, file), guardtest.Statements(t, "sqlite/harmless.sql", directory))
}

func TestSQLiteNeedsAFile(t *testing.T) {
	if _, err := openSQLite(connection.Creds{}, Surroundings{}); err == nil {
		t.Error("opened without a file")
	}
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("not a database", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"missing.db", garbage} {
		_, err := openFile(t, t.TempDir(), file).Query(t.Context(), "SELECT 1", unlimited)
		failed, ok := errors.AsType[*ConnectionError](err)
		if !ok || strings.Contains(failed.Error(), file) {
			t.Errorf("%s: got %v, want a ConnectionError that names no file", file, err)
		}
	}
}

func TestSQLiteKeepsDuplicateNames(t *testing.T) {
	directory, file := sqliteFile(t)
	db := openFile(t, directory, file)
	for sql, want := range map[string][]string{
		"SELECT a.*, b.* FROM accounts a, accounts b":        {"id", "owner", "balance", "id", "owner", "balance"},
		`SELECT 1 AS n, 2 AS "n:1", 3 AS n, 4 AS N; -- last`: {"n", "n:1", "n", "N"},
		"SELECT 1 AS n, 2 AS n -- no semicolon;":             {"n", "n"},
		"SELECT 1, 1":                                        {"1", "1"},
	} {
		if diff := cmp.Diff(want, mustQuery(t, db, sql, unlimited).Columns); diff != "" {
			t.Errorf("%s:\n%s", sql, diff)
		}
	}
}

// Text in a file that SQLite keeps as UTF-16 comes out as UTF-8, bytes as they are.
func TestSQLiteReadsUTF16(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wide.db")
	conn, err := sqlite.OpenConn(file, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	script := `PRAGMA encoding = 'UTF-16'; CREATE TABLE t AS SELECT 'größe' AS a, x'00ff' AS b;`
	if err := errors.Join(sqlitex.ExecuteScript(conn, script, nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	result := mustQuery(t, openFile(t, "", file), "SELECT * FROM t", unlimited)
	if got, want := string(result.Data), `[["größe","\\x00ff"]]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
