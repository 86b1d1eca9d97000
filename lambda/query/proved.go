package main

import (
	"context"
	"errors"
	"log/slog"

	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/database"
)

// proved is a database that runs nothing until it has proved that it cannot
// write.
type proved struct {
	database.Database
	log  *slog.Logger
	done bool
}

// Query implements database.Database.
func (p *proved) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	if err := p.prove(ctx); err != nil {
		return nil, err
	}
	return p.Database.Query(ctx, sql, limits)
}

// prove returns an *ask.NotReadyError if the database can write, and any other
// error if that could not be found out.
func (p *proved) prove(ctx context.Context) error {
	prover, ok := p.Database.(database.Prover)
	if !ok || p.done {
		return nil
	}
	rights, err := prover.Prove(ctx)
	if writable, ok := errors.AsType[*database.WritableError](err); ok {
		return &ask.NotReadyError{Cause: writable}
	}
	if err != nil {
		return err
	}
	p.done = true
	if len(rights.Writes) > 0 {
		p.log.WarnContext(ctx, "the database's user may write; these statements make one that may only read",
			"writes", rights.Writes, "statements", rights.Grants)
	}
	return nil
}
