// Package database runs one generated query on the customer's database,
// read-only and within limits, and encodes its rows as JSON.
//
// A binary built with the tags "onedriver" and a db_type holds that driver
// alone; without tags all are in.
package database

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database/guard"
)

// Database answers queries. It keeps its connection from one query to the
// next and is used by one goroutine at a time, as a function instance serves
// one request at a time.
type Database interface {
	// Query runs one statement in a transaction that cannot write, and stops
	// reading at the limits. The context's end stops the server's work too.
	// An error is a *StatementError, a *ConnectionError or the context's.
	Query(ctx context.Context, sql string, limits Limits) (*Result, error)

	// Close gives the connection back.
	Close() error
}

// Limits bounds one answer. Zero means no limit.
type Limits struct {
	Rows  int           // the most rows to return
	Bytes int           // the most bytes of encoded rows to return
	Time  time.Duration // how long the server may work on the statement

	// Overflow is called when there are more rows than may be returned, and
	// returns where all of them go: those of the result, those beyond it, as
	// the text of one JSON array of rows. A writer that fails is where reading
	// ends. nil leaves the rows beyond the limits unread.
	Overflow func(columns []string) io.Writer
}

// Result is what a query returned.
type Result struct {
	Columns   []string        // names in the statement's order, duplicates kept
	Data      json.RawMessage // array of rows, each an array of values
	RowCount  int             // rows in Data
	Truncated bool            // there were more rows than the limits allow
}

// StatementError says that the statement was refused or failed. Its text is
// the database's own message or ours, and may be shown to the caller and to
// the generator.
type StatementError struct {
	Code    string // SQLSTATE or the driver's code; empty where there is none
	Message string
}

func (e *StatementError) Error() string { return e.Message }

// refused returns the error of a statement that a driver, not the guard, refuses.
func refused(reason string) *StatementError {
	return &StatementError{Message: (&guard.Refusal{Reason: reason}).Error()}
}

// ConnectionError says that the database could not be reached, refused the
// login or went away. Its text says so without addresses, names or
// credentials; Unwrap gives the cause, which is for no caller's eyes.
type ConnectionError struct {
	Message      string
	Cause        error
	LoginRefused bool // the credentials are wrong, or not any longer right
}

func (e *ConnectionError) Error() string { return e.Message }

// Unwrap returns the driver's error. It may hold addresses and user names.
func (e *ConnectionError) Unwrap() error { return e.Cause }

// Surroundings is what a database's credentials refer to.
type Surroundings struct {
	// Directory is where the dependencies are: relative file names in the
	// credentials (a CA bundle, a SQLite file) are looked up there.
	Directory string

	// Token returns what takes the password's place for a user of the database
	// at an endpoint, host:port, if the credentials say "auth": "iam". It is
	// asked for each connection, and is nil where nobody is known to AWS.
	Token func(ctx context.Context, endpoint, user string) (string, error)
}

// Opener prepares a database from its credentials without connecting: the
// first query connects.
type Opener func(creds connection.Creds, around Surroundings) (Database, error)

// openers holds one entry per driver in this binary; each driver's file adds
// its own from init, since build tags decide which files there are.
var openers = map[string]Opener{}

// Open prepares the database that conn describes.
func Open(conn connection.Connection, around Surroundings) (Database, error) {
	open, ok := openers[conn.DBType]
	if !ok {
		return nil, fmt.Errorf("no driver for db_type %q in this build: it has %s",
			conn.DBType, strings.Join(slices.Sorted(maps.Keys(openers)), ", "))
	}
	return open(conn.DBCreds, around)
}
