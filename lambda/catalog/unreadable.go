package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"defog-cdk/internal/schema"
	"defog-cdk/lambda/database"
)

// defaultProbeTimeout limits the read of one row of a view.
const defaultProbeTimeout = 10 * time.Second

// structureError marks the error of a query that reads no data.
type structureError struct{ error }

// Unwrap returns the marked error.
func (e *structureError) Unwrap() error { return e.error }

// statementError returns the error of a statement, and nil for other errors.
func statementError(err error) *database.StatementError {
	failed, _ := errors.AsType[*database.StatementError](err)
	return failed
}

// isTimeout reports whether a statement exceeded one of the time limits.
func (r *reader) isTimeout(failed *database.StatementError) bool {
	return failed.Message == database.LimitExceeded(failed.Code, r.options.ProbeTimeout).Message ||
		failed.Message == database.LimitExceeded(failed.Code, queryTimeout).Message
}

// probe reads one row of all columns of a table.
func (r *reader) probe(ctx context.Context, table schema.Table) error {
	query := "SELECT * FROM " + r.from(table) + " LIMIT 1"
	if r.schema.DBType == "sqlserver" {
		query = "SELECT TOP (1) * FROM " + r.from(table)
	}
	_, err := r.db.Query(ctx, query, database.Limits{Rows: 1, Time: r.options.ProbeTimeout})
	return err
}

// from returns the quoted name of a table.
func (r *reader) from(table schema.Table) string {
	name := schema.Quote(r.schema.DBType, table.Name)
	if table.Schema != "" {
		return schema.Quote(r.schema.DBType, table.Schema) + "." + name
	}
	return name
}

// probeAll probes views and foreign tables. Their structure does not show whether a
// query succeeds. A function can be missing, a materialized view can be without data,
// or a server can be down.
func (r *reader) probeAll(ctx context.Context) error {
	for _, table := range slices.Clone(r.schema.Tables) {
		if r.kinds[[2]string{table.Schema, table.Name}] == "" {
			continue
		}
		if err := r.failed(ctx, table, "", r.probe(ctx, table)); err != nil {
			return err
		}
	}
	return nil
}

// failed handles the error of a query on one object. It returns the error if the
// database itself does not answer. Otherwise it reports the object, adds it to
// Unreadable, and removes it from the tables. An object with a failed column stays a
// table. So does a slow one, because other queries on it can be faster.
func (r *reader) failed(ctx context.Context, table schema.Table, column string, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	failed := statementError(err)
	if failed == nil {
		// One object can end a connection: the next statement opens another.
		if _, other := r.rows(ctx, "SELECT 'x'", 1); other != nil {
			return fmt.Errorf("read %s: %w", table.Path(), err)
		}
		failed = &database.StatementError{Message: err.Error()}
	}
	unreadable := schema.Unreadable{Schema: table.Schema, Name: table.Name, Column: column, Reason: "the query failed"}
	path := table.Path()
	if column != "" {
		path += "." + column
	}
	slow := r.isTimeout(failed)
	switch {
	case slow:
		unreadable.Reason = "the query exceeded its time limit"
		r.slow[[2]string{table.Schema, table.Name}] = true
	case errors.As(err, new(*structureError)):
		unreadable.Reason = failed.Message
	case failed.Code != "":
		// The message can hold values of the data.
		unreadable.Reason += " with code " + failed.Code
	}
	r.schema.Unreadable = append(r.schema.Unreadable, unreadable)
	r.progress("could not read %s: %s", path, failed.Message)
	if column == "" && !slow {
		r.schema.Tables = slices.DeleteFunc(r.schema.Tables, func(t schema.Table) bool { return t.Schema == table.Schema && t.Name == table.Name })
	}
	return nil
}
