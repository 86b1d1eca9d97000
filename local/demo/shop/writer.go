package shop

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// writer inserts rows. After the first error it does nothing more, so that
// who writes needs to look at err only once.
type writer struct {
	ctx     context.Context
	tx      *sql.Tx
	inserts map[string]*sql.Stmt // by table
	err     error
}

func newWriter(ctx context.Context, tx *sql.Tx) *writer {
	return &writer{ctx: ctx, tx: tx, inserts: map[string]*sql.Stmt{}}
}

// insert adds a row to table, with a value for each of its columns in order.
func (w *writer) insert(table string, values ...any) {
	if w.err != nil {
		return
	}
	statement, ok := w.inserts[table]
	if !ok {
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")
		statement, w.err = w.tx.PrepareContext(w.ctx, "INSERT INTO "+table+" VALUES ("+marks+")") //nolint:gosec // tables are ours
		if w.err != nil {
			return
		}
		w.inserts[table] = statement
	}
	if _, err := statement.ExecContext(w.ctx, values...); err != nil {
		w.err = fmt.Errorf("insert into %s %v: %w", table, values, err)
	}
}
