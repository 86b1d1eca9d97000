// Package database runs one read-only statement within limits. It defines the
// interface, the errors, the encoding of values as JSON, and the helpers of the
// drivers. Each driver is a package below this one.
package database

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/rowsecurity"
	"defog-cdk/lambda/database/guard"
)

// Database runs queries on one connection, which it keeps from one query to
// the next. It serves one goroutine at a time, as a function instance serves
// one request at a time.
type Database interface {
	// Query runs one statement in a transaction that cannot write, and stops
	// reading at the limits. The end of ctx stops the server's work too. The
	// error is a *StatementError, a *ConnectionError or that of ctx.
	Query(ctx context.Context, sql string, limits Limits) (*Result, error)

	// Close closes the connection. The next query opens another one.
	Close() error
}

// Limits bounds one result. Zero means no limit.
type Limits struct {
	Rows  int           // maximum number of rows
	Bytes int           // maximum size of the encoded column names and rows
	Time  time.Duration // maximum time that the server works on the statement

	// PlanCost is the highest cost of the statement's plan, in the database's unit. Only
	// the databases of connection.PlanCostTypes have one.
	PlanCost float64

	// Identity is the caller, whose rows alone the statement returns. nil without
	// Options.RowSecurity, and for statements of this program.
	Identity *Identity

	// Overflow opens the destination of a result that exceeds Rows or Bytes:
	// all rows, as the text of one JSON array. Reading ends when the writer
	// returns an error. nil leaves the rows beyond the limits unread.
	Overflow func(columns []string) io.Writer
}

// Result holds the rows of a query.
type Result struct {
	Columns   []string        // names in the statement's order, duplicates included
	Data      json.RawMessage // array of rows, each an array of values
	RowCount  int             // number of rows in Data
	Truncated bool            // the statement has more rows than the limits allow
	SQL       string          // the statement as the server got it
	Tables    []string        // that the statement names, as in guard.Statement.Tables
}

// Options holds what a database needs besides its credentials.
type Options struct {
	// Directory holds the dependencies. Relative file names in the credentials
	// (a CA bundle, a SQLite file) are relative to it.
	Directory string

	// Token returns the password of a user at an endpoint (host:port), for
	// credentials with "auth": "iam". Each new connection calls it. It is nil
	// without AWS credentials.
	Token func(ctx context.Context, endpoint, user string) (string, error)

	// AllowedFunctions are volatile functions of the user's, as schema.name, that
	// statements may call.
	AllowedFunctions []string

	// MaxSQLBytes is the longest statement; 0 is guard.DefaultMaxBytes.
	MaxSQLBytes int

	// RowSecurity is how each statement gets Limits.Identity. Query returns an error
	// for a statement without it.
	RowSecurity rowsecurity.Mode

	// Abandoned is called for a statement that runs on in this process after its
	// deadline. The process should restart. It may be nil.
	Abandoned func()
}

// Guard returns the guard's options.
func (o Options) Guard() guard.Options {
	return guard.Options{MaxBytes: o.MaxSQLBytes, AllowedFunctions: o.AllowedFunctions}
}

// Opener prepares a database from its credentials. It does not connect: the
// first query does.
type Opener func(creds connection.Creds, options Options) (Database, error)

// Drivers holds the drivers of a program by db_type.
type Drivers map[string]Opener

// Open prepares the database of conn.
func (d Drivers) Open(conn connection.Connection, options Options) (Database, error) {
	open, ok := d[conn.DBType]
	if !ok {
		return nil, fmt.Errorf("db_type: no driver for %q in this build; want %s",
			conn.DBType, strings.Join(slices.Sorted(maps.Keys(d)), ", "))
	}
	if reason := options.RowSecurity.Unsupported(conn.DBType); reason != "" {
		return nil, errors.New("row_security: " + reason)
	}
	return open(conn.DBCreds, options)
}

// RunGuarded checks a statement and runs the guard's spelling of it. The
// catalogue is nil where the server has none.
func RunGuarded(ctx context.Context, g *guard.Guard, catalogue *guard.Catalogue, query QueryFunc, sql string, limits Limits) (*Result, error) {
	statement, err := CheckStatement(ctx, g, catalogue, sql)
	if err != nil {
		return nil, err
	}
	result, err := query(ctx, statement.SQL, limits)
	if err != nil {
		return nil, err
	}
	result.SQL, result.Tables = statement.SQL, statement.Tables()
	return result, nil
}

// Rename returns limits whose overflow gets other names of columns.
func (l Limits) Rename(rename func([]string) []string) Limits {
	if overflow := l.Overflow; overflow != nil {
		l.Overflow = func(columns []string) io.Writer { return overflow(rename(columns)) }
	}
	return l
}

// CheckStatement checks a statement. The error is a *StatementError or that of
// ctx.
func CheckStatement(ctx context.Context, g *guard.Guard, catalogue *guard.Catalogue, sql string) (guard.Statement, error) {
	statement, err := g.Check(ctx, sql, catalogue)
	if refusal, ok := errors.AsType[*guard.Refusal](err); ok {
		return guard.Statement{}, &StatementError{Message: refusal.Error()}
	}
	return statement, err
}
