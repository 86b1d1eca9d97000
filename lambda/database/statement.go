package database

import (
	"context"
	"errors"

	"defog-cdk/lambda/database/guard"
)

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
	result.SQL = statement.SQL
	return result, nil
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
