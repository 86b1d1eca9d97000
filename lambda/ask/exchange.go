package ask

import (
	"context"
	"errors"
	"time"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/results"
	"defog-cdk/lambda/trace"
)

// exchange is one question on its way to its answer.
type exchange struct {
	requestID string
	coldStart bool
	tracer    *trace.Tracer
	request   request

	query      generate.Query   // the question's first
	executed   string           // the statement that gave the rows
	result     *database.Result // nil when nothing was run
	link       *results.Link    // to all rows, where result is not all of them
	lost       error            // why there is no link where there should be one
	retries    int
	generation time.Duration
	execution  time.Duration
	failure    *failure // nil for an answer
}

// run has the SQL written and run. A statement that the database refuses goes
// back to the generator; what cannot be reached is not tried again here.
func (x *exchange) run(ctx context.Context, backend Backend, retries int, limits database.Limits) *failure {
	start, end := time.Now(), x.tracer.Begin(ctx, "generate")
	query, err := backend.Generator.Generate(ctx, x.request.question)
	end(err != nil)
	x.generation = time.Since(start)
	if err != nil {
		return generatorFailure(ctx, err)
	}
	x.query, x.executed = query, query.SQL
	if backend.Database == nil || x.request.sqlOnly {
		return nil
	}

	first := x.execute(ctx, backend, limits)
	for fail := first; fail != nil; fail = x.execute(ctx, backend, limits) {
		if fail.code != StatementFailed {
			return fail
		}
		if x.retries == retries {
			return first
		}
		if err := x.retry(ctx, backend.Generator, fail); err != nil {
			first.cause = generatorFailure(ctx, err).cause
			return first
		}
	}
	return nil
}

// retry has the statement that failed replaced.
func (x *exchange) retry(ctx context.Context, generator generate.Generator, fail *failure) (err error) {
	x.retries++
	start, end := time.Now(), x.tracer.Begin(ctx, "retry")
	defer func() {
		end(err != nil)
		x.generation += time.Since(start)
	}()
	sql, err := generator.Retry(ctx, x.request.question, generate.Failure{
		Attempt: x.retries,
		First:   x.query.SQL,
		SQL:     x.executed,
		Message: fail.message,
	})
	if err != nil {
		return err
	}
	x.executed = sql
	return nil
}

// execute runs the statement. A failure names the question's first statement,
// as Defog's client did.
func (x *exchange) execute(ctx context.Context, backend Backend, limits database.Limits) *failure {
	start, end := time.Now(), x.tracer.Begin(ctx, "query")
	result, err := x.rows(ctx, backend, limits)
	end(err != nil)
	x.execution += time.Since(start)
	if err == nil {
		x.result = result
		return nil
	}
	if e, ok := errors.AsType[*NotReadyError](err); ok {
		return notReady(e.Cause)
	}
	fail := &failure{sql: x.query.SQL}
	statement, isStatement := errors.AsType[*database.StatementError](err)
	connection, isConnection := errors.AsType[*database.ConnectionError](err)
	switch {
	case isStatement:
		// No cause: a database's message can quote rows, which no log may hold.
		fail.code, fail.message, fail.state = StatementFailed, statement.Message, statement.Code
	case ctx.Err() != nil:
		fail.code, fail.message, fail.cause = DatabaseTimeout, "The database did not answer in time.", err
	case isConnection:
		fail.code, fail.message, fail.cause = DatabaseUnreachable, connection.Message, connection.Cause
	default:
		fail.code, fail.message, fail.cause = Internal, "The statement met a fault in the function; its log has the request_id.", err
	}
	return fail
}

// rows runs the statement, and stores all rows where the limits do not hold
// them. An answer of which not all could be stored is cut, as one without a
// store.
func (x *exchange) rows(ctx context.Context, backend Backend, limits database.Limits) (*database.Result, error) {
	if backend.Results == nil {
		return backend.Database.Query(ctx, x.executed, limits)
	}
	object := backend.Results.Object(ctx, x.requestID, storeUntil(ctx, limits.Time))
	limits.Overflow = object.Start
	result, err := backend.Database.Query(ctx, x.executed, limits)
	x.link, x.lost = object.Finish(err == nil)
	return result, err
}

// storeUntil is when the last row must have come that is stored: the database
// stops a statement whose rows take longer than its time, and the question has
// an end of its own.
func storeUntil(ctx context.Context, statement time.Duration) time.Time {
	left := statement
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(deadline))
	}
	return time.Now().Add(left * 3 / 4)
}

func generatorFailure(ctx context.Context, err error) *failure {
	e, ok := errors.AsType[*generate.Error](err)
	switch {
	case ok && e.Kind == generate.Refused:
		return &failure{code: GeneratorRefused, message: e.Message}
	case ok && e.Kind == generate.Unreachable:
		return &failure{code: GeneratorUnreachable, message: e.Message, cause: e.Cause}
	case ok && e.Kind == generate.Timeout, ctx.Err() != nil:
		return &failure{code: GeneratorTimeout, message: "The generator did not answer in time.", cause: err}
	default:
		return &failure{code: Internal, message: "The generator met a fault in the function; its log has the request_id.", cause: err}
	}
}

// encode returns the response.
func (x *exchange) encode(isHTTP bool) ([]byte, error) {
	if x.failure != nil {
		return newResponse(isHTTP, x.failure.code).refuse(refusal{
			ErrorMessage:   x.failure.message,
			QueryGenerated: x.failure.sql,
			ErrorCode:      x.failure.code,
			RequestID:      x.requestID,
		})
	}
	a := answer{
		QueryGenerated:  x.executed,
		RanSuccessfully: true,
		ReasonForQuery:  x.query.Reason,
		PreviousContext: x.query.PreviousContext,
		RequestID:       x.requestID,
	}
	if x.link != nil {
		a.Results = &stored{x.link.URL, x.link.Expires.Truncate(time.Second), x.link.Rows}
	}
	if x.request.profile {
		a.GenerationTimeTaken = new(x.generation.Seconds())
		a.ExecutionTimeTaken = new(x.execution.Seconds())
	}
	return newResponse(isHTTP, OK).accept(x.result, a)
}
