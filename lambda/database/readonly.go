package database

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ReadOnlyChecker is a Database that can check that its queries do not write.
type ReadOnlyChecker interface {
	// CheckReadOnly attempts a harmless write as queries run. It returns a
	// *WritableError if the write succeeds, and the user's privileges
	// otherwise. Other errors are those of Query: the result is then unknown.
	CheckReadOnly(ctx context.Context) (Privileges, error)
}

// Privileges holds what the database's user may do outside of queries.
type Privileges struct {
	Writes []string // what the user may write, for the operator; empty for a read-only user
	Grants []string // statements that create a read-only user

	// Unsafe are powers that no read-only transaction limits: a superuser's, or
	// those to read files of the server and to run programs on it.
	Unsafe []string
}

// UnsafeLoginError is the error of a user with powers that a read-only
// transaction does not limit.
type UnsafeLoginError struct{ Privileges }

func (e *UnsafeLoginError) Error() string {
	return fmt.Sprintf("the database user has privileges beyond reading tables: %s; want a user that only reads, which these statements create: %s; "+
		"allow_privileged_login=true accepts the user", strings.Join(e.Unsafe, ", "), strings.Join(e.Grants, "; "))
}

// Accept returns an *UnsafeLoginError if the user has unsafe powers, unless the
// operator accepts them.
func (p Privileges) Accept(privileged bool) error {
	if len(p.Unsafe) == 0 || privileged {
		return nil
	}
	return &UnsafeLoginError{p}
}

// WritableError is the error of a write that succeeded.
type WritableError struct{ Message string }

func (e *WritableError) Error() string { return e.Message }

// CheckTable is the table that the read-only check attempts to create or drop.
const CheckTable = "defog_read_only_check"

// QueryFunc runs a statement as Database.Query does, without the guard.
type QueryFunc func(ctx context.Context, sql string, limits Limits) (*Result, error)

// CheckRefused runs a write and returns nil if the database refuses it, a
// *WritableError if it does not.
func CheckRefused(ctx context.Context, query QueryFunc, write string) error {
	_, err := query(ctx, write, Limits{})
	if err == nil {
		return &WritableError{"the database accepted a write in a read-only session: " + write}
	}
	if _, refused := errors.AsType[*StatementError](err); refused {
		return nil
	}
	return err
}

// QueryTexts returns the rows of a query whose columns are texts.
func QueryTexts(ctx context.Context, query QueryFunc, sql string) ([][]string, error) {
	result, err := query(ctx, sql, Limits{})
	if err != nil {
		return nil, err
	}
	return result.Texts()
}

// Texts returns the rows of a result whose columns are texts.
func (r *Result) Texts() ([][]string, error) {
	var rows [][]string
	if err := json.Unmarshal(r.Data, &rows); err != nil {
		return nil, fmt.Errorf("decode the rows of the read-only check: %w", err)
	}
	return rows, nil
}
