package main

import (
	"context"
	"errors"
	"log/slog"

	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/caller"
	"defog-cdk/lambda/database"
)

// checkedDatabase is a database that runs no query before its read-only check
// has succeeded.
type checkedDatabase struct {
	database.Database
	log        *slog.Logger
	privileged bool // accepts a user with unsafe powers
	policy     caller.Policy
	done       bool
}

// Query implements database.Database.
func (c *checkedDatabase) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	if err := c.check(ctx); err != nil {
		return nil, err
	}
	return c.Database.Query(ctx, sql, limits)
}

// Connect implements database.Connector.
func (c *checkedDatabase) Connect(ctx context.Context) error {
	if err := c.check(ctx); err != nil {
		return err
	}
	return database.Connect(ctx, c.Database)
}

// check runs the read-only check until it succeeds once. It returns an
// *ask.NotReadyError if the database is writable or its user unsafe, and other errors as they are.
func (c *checkedDatabase) check(ctx context.Context) error {
	checker, ok := c.Database.(database.ReadOnlyChecker)
	if !ok || c.done {
		return nil
	}
	privileges, err := checker.CheckReadOnly(ctx)
	if writable, ok := errors.AsType[*database.WritableError](err); ok {
		return &ask.NotReadyError{Cause: writable}
	}
	if err != nil {
		return err
	}
	if err := privileges.Accept(c.privileged); err != nil {
		return &ask.NotReadyError{Cause: err}
	}
	if err := c.checkRowSecurity(ctx); err != nil {
		return err
	}
	c.done = true
	if len(privileges.Writes) > 0 {
		c.log.WarnContext(ctx, "the database user has write privileges; the statements create a user that can only read",
			"writes", privileges.Writes, "statements", privileges.Grants)
	}
	return nil
}

// checkRowSecurity returns an *ask.NotReadyError if the policy requires row security
// and it does not limit the user.
func (c *checkedDatabase) checkRowSecurity(ctx context.Context) error {
	if !c.policy.Mode.Enabled() {
		return nil
	}
	checker, ok := c.Database.(database.RowSecurityChecker)
	if !ok {
		return nil
	}
	report, err := checker.CheckRowSecurity(ctx, c.policy.Roles)
	if err != nil {
		return err
	}
	if err := report.Accept(); err != nil {
		return &ask.NotReadyError{Cause: err}
	}
	return nil
}
