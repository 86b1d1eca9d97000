package database

import (
	"context"
	"slices"

	"defog-cdk/lambda/database/guard"
)

// Preparer is a Database that can check a statement without running it.
type Preparer interface {
	// Prepare has the server resolve the names and types of a query that the guard
	// permits. It reads no rows. The errors are those of Query.
	Prepare(ctx context.Context, sql string, limits Limits) error
}

// unplanned are the first words of statements that no server plans, and that cost
// little to run.
var unplanned = []string{"show", "describe", "desc", "explain"}

// Prepare checks whether a statement would run. A statement other than a query runs, and
// at most one row of it is read.
func Prepare(ctx context.Context, db Database, dbType, sql string, limits Limits) error {
	preparer, ok := db.(Preparer)
	if !ok || isUnplanned(dbType, sql) {
		limits.Rows = 1
		_, err := db.Query(ctx, sql, limits)
		return err
	}
	return preparer.Prepare(ctx, sql, limits)
}

func isUnplanned(dbType, sql string) bool {
	tokens, err := guard.Of(dbType).Tokens(sql)
	return err == nil && len(tokens) > 0 && slices.ContainsFunc(unplanned, tokens[0].IsWord)
}
