package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"defog-cdk/config/connection"
	"defog-cdk/internal/sqlitefile"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
)

// writeJournaled writes a database whose last row is in its journal only, and copies
// both files to a folder while the writer has them open.
func writeJournaled(t *testing.T, mode string) (directory string, live *sqlite.Conn) {
	t.Helper()
	source := filepath.Join(t.TempDir(), "shop.db")
	live, err := sqlite.OpenConn(source, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = live.Close() })
	run := func(statements ...string) {
		t.Helper()
		for _, sql := range statements {
			if err := sqlitex.ExecuteTransient(live, sql, nil); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
	}
	run("PRAGMA journal_mode = "+mode, "CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT)", "INSERT INTO orders VALUES (1, 'a')")
	if mode == "WAL" {
		run("PRAGMA wal_checkpoint(TRUNCATE)", "INSERT INTO orders VALUES (2, 'b')")
	} else { // spilled pages of an open transaction
		run("PRAGMA cache_size = 1", "BEGIN", "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO orders SELECT i, hex(randomblob(200)) FROM n")
	}
	directory = t.TempDir()
	for _, suffix := range append([]string{""}, sqlitefile.Suffixes...) {
		data, err := os.ReadFile(source + suffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(directory, "shop.db"+suffix), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory, live
}

func TestRefusesFileWithJournal(t *testing.T) {
	for mode, journal := range map[string]string{"WAL": "shop.db-wal", "DELETE": "shop.db-journal"} {
		directory, _ := writeJournaled(t, mode)
		_, err := New(connection.Creds{"database": "shop.db"}, database.Options{Directory: directory})
		if !errors.As(err, new(*sqlitefile.JournalError)) || !strings.Contains(err.Error(), journal) {
			t.Errorf("%s: got %v, want an error about %s", mode, err, journal)
		}
	}
}

func TestRefusesJournalOfLaterWrite(t *testing.T) {
	directory, _ := writeJournaled(t, "WAL")
	wal := filepath.Join(directory, "shop.db-wal")
	if err := os.Rename(wal, wal+".later"); err != nil {
		t.Fatal(err)
	}
	db := openFile(t, directory, "shop.db")
	databasetest.MustQuery(t, db, "SELECT count(*) FROM orders", databasetest.Unlimited())
	if err := os.Rename(wal+".later", wal); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Query(t.Context(), "SELECT count(*) FROM orders", databasetest.Unlimited()); !errors.As(err, new(*database.ConnectionError)) {
		t.Errorf("got %v, want a ConnectionError", err)
	}
}

// A file outside of the dependencies may be in use. SQLite then reads its journal.
func TestReadsWriteAheadLogOfFileInUse(t *testing.T) {
	directory, _ := writeJournaled(t, "WAL")
	db := openFile(t, t.TempDir(), filepath.Join(directory, "shop.db"))
	if result := databasetest.MustQuery(t, db, "SELECT count(*) FROM orders", databasetest.Unlimited()); string(result.Data) != "[[2]]" {
		t.Errorf("got %s, want 2 rows", result.Data)
	}
}
