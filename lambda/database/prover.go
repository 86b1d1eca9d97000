package database

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Prover is a Database that can prove that what it runs does not write.
type Prover interface {
	// Prove tries a harmless write in the way that a query is run. It returns
	// a *WritableError if that succeeds, and otherwise what the user may do.
	// Other errors are those of Query: nothing is proved then.
	Prove(ctx context.Context) (Rights, error)
}

// Rights is what the database's user may do, beyond what a query may.
type Rights struct {
	Writes []string // what it may write, for an operator's eyes; empty for a reader
	Grants []string // statements that make a user that may only read
}

// WritableError says that a write succeeded where none may.
type WritableError struct{ Message string }

func (e *WritableError) Error() string { return e.Message }

// proofTable is a table that nobody has.
const proofTable = "defog_proves_that_it_cannot_write"

// querier runs statements that no guard has seen.
type querier interface {
	query(ctx context.Context, sql string, limits Limits) (*Result, error)
}

// proveRefused has the database run a write as it runs queries.
func proveRefused(ctx context.Context, db querier, write string) error {
	_, err := db.query(ctx, write, Limits{})
	if err == nil {
		return &WritableError{"the database let a write pass in its read-only session: " + write}
	}
	if _, refused := errors.AsType[*StatementError](err); refused {
		return nil
	}
	return err
}

// queryTexts returns the rows of a query of our own whose columns are texts.
func queryTexts(ctx context.Context, db querier, sql string) ([][]string, error) {
	result, err := db.query(ctx, sql, Limits{})
	if err != nil {
		return nil, err
	}
	var rows [][]string
	if err := json.Unmarshal(result.Data, &rows); err != nil {
		return nil, fmt.Errorf("read the answer to a query of our own: %w", err)
	}
	return rows, nil
}
