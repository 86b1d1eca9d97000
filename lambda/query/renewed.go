package main

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// renewTime is how long a secret that was read again is not read once more.
const renewTime = time.Minute

// renewed is a database whose credentials come from a secret. When it refuses
// the login, the secret is read again, and the query runs with what is there
// now.
type renewed struct {
	database.Database
	conn connection.Connection
	read func(context.Context) (connection.Connection, error)
	open func(connection.Connection) (database.Database, error)
	log  *slog.Logger
	last time.Time // when the secret was read again, by the wall clock
}

// Query implements database.Database. A refused login has run nothing, so
// there is no harm in running the statement.
func (r *renewed) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	result, err := r.Database.Query(ctx, sql, limits)
	failed, ok := errors.AsType[*database.ConnectionError](err)
	if !ok || !failed.LoginRefused || !r.renew(ctx) {
		return result, err
	}
	return r.Database.Query(ctx, sql, limits)
}

// renew reports whether there are other credentials than before.
func (r *renewed) renew(ctx context.Context) bool {
	now := time.Now().Round(0) // the other clock stands still in a frozen function
	if !r.last.IsZero() && now.Sub(r.last) < renewTime {
		return false
	}
	r.last = now
	conn, err := r.read(ctx)
	if err != nil {
		r.log.ErrorContext(ctx, "the database refuses the login, and its secret cannot be read again", "cause", err)
		return false
	}
	if reflect.DeepEqual(conn, r.conn) {
		r.log.WarnContext(ctx, "the database refuses the login, and its secret is the same as before")
		return false
	}
	fresh, err := r.open(conn)
	if err != nil {
		r.log.ErrorContext(ctx, "the database refuses the login, and what its secret says now is wrong", "cause", err)
		return false
	}
	_ = r.Close() // it is of no use any more, however it closes
	r.Database, r.conn = fresh, conn
	r.log.InfoContext(ctx, "the secret was read again, for the database refused the login")
	return true
}
