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

// refreshInterval is the shortest time between two refreshes of a secret.
const refreshInterval = time.Minute

// refreshedDatabase is a database whose credentials come from a secret. After a
// failed login it reads the secret again and, if the credentials changed, runs
// the query with them.
type refreshedDatabase struct {
	database.Database
	conn connection.Connection
	read func(context.Context) (connection.Connection, error)
	open func(connection.Connection) (database.Database, error)
	log  *slog.Logger
	last time.Time // of the last refresh, by the wall clock
}

// Query implements database.Database. The second attempt is safe: a failed login
// has run nothing.
func (r *refreshedDatabase) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	result, err := r.Database.Query(ctx, sql, limits)
	if !isLoginRefused(err) || !r.refresh(ctx) {
		return result, err
	}
	return r.Database.Query(ctx, sql, limits)
}

// Connect implements database.Connector. It tries again as Query does.
func (r *refreshedDatabase) Connect(ctx context.Context) error {
	err := database.Connect(ctx, r.Database)
	if !isLoginRefused(err) || !r.refresh(ctx) {
		return err
	}
	return database.Connect(ctx, r.Database)
}

func isLoginRefused(err error) bool {
	failed, ok := errors.AsType[*database.ConnectionError](err)
	return ok && failed.LoginRefused
}

// refresh reports whether it has opened the database with changed credentials.
func (r *refreshedDatabase) refresh(ctx context.Context) bool {
	now := time.Now().Round(0) // the monotonic clock stops while Lambda freezes the function
	if !r.last.IsZero() && now.Sub(r.last) < refreshInterval {
		return false
	}
	r.last = now
	conn, err := r.read(ctx)
	if err != nil {
		r.log.ErrorContext(ctx, "login failed, and the secret cannot be read", "cause", err)
		return false
	}
	if reflect.DeepEqual(conn, r.conn) {
		r.log.WarnContext(ctx, "login failed, and the secret has not changed")
		return false
	}
	fresh, err := r.open(conn)
	if err != nil {
		r.log.ErrorContext(ctx, "login failed, and the changed secret is invalid", "cause", err)
		return false
	}
	_ = r.Close() // the old connection is not used again
	r.Database, r.conn = fresh, conn
	r.log.InfoContext(ctx, "credentials refreshed from the secret after a failed login")
	return true
}
