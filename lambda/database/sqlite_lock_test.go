//go:build !onedriver || sqlite

package database

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"defog-cdk/config/connection"
)

// TestSQLiteGivesUpOnALockedFile asks for a file that somebody else has locked.
// It used to wait for as long as the lock was held.
func TestSQLiteGivesUpOnALockedFile(t *testing.T) {
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
	db, err := Open(connection.Connection{DBType: "sqlite", DBCreds: connection.Creds{"database": file}}, Surroundings{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := db.Query(ctx, "SELECT * FROM t", Limits{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
