// Package shop creates the demo's database: two years of an invented coffee roaster. It
// has questions about the database and the SQL that answers them.
//
// The rows come from a seeded generator that uses integers only. So the files are the
// same, byte for byte, on every machine and every run.
package shop

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	// Database is the name of the SQLite file that Write makes.
	Database = "shop.sqlite"

	// Golden is the name of the file of question and SQL pairs that Write
	// makes, which is the name that the golden generator looks for.
	Golden = "golden.json"
)

// Pair is a question with the SQL that answers it.
type Pair struct {
	Question string `json:"question"`
	SQL      string `json:"sql"`
}

// Pairs returns the pairs in the file Golden.
func Pairs() ([]Pair, error) {
	var pairs []Pair
	if err := json.Unmarshal(golden, &pairs); err != nil {
		return nil, fmt.Errorf("read golden pairs: %w", err)
	}
	return pairs, nil
}

//go:embed schema.sql
var schema string

//go:embed golden.json
var golden []byte

// Write writes the database and the golden pairs into dir, which must exist.
// Files of these names that are there are replaced.
func Write(ctx context.Context, dir string) error {
	if err := os.WriteFile(filepath.Join(dir, Golden), golden, 0o644); err != nil {
		return fmt.Errorf("write golden pairs: %w", err)
	}
	file := filepath.Join(dir, Database)
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace database: %w", err)
	}
	db, err := sql.Open("sqlite", file+"?_pragma=page_size(4096)&_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)")
	if err != nil {
		return fmt.Errorf("create database %s: %w", file, err)
	}
	if err := errors.Join(fill(ctx, db), db.Close()); err != nil {
		return fmt.Errorf("write database %s: %w", file, err)
	}
	return nil
}

// fill makes the tables and their rows, and packs the file so that its bytes
// depend on its content alone.
func fill(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after the commit it does nothing
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("create tables: %w", err)
	}
	w := newWriter(ctx, tx)
	newStory(w).write()
	if w.err != nil {
		return w.err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM")
	return err
}
