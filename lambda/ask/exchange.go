package ask

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/caller"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/results"
	"defog-cdk/lambda/spending"
	"defog-cdk/lambda/trace"
)

// exchange is the state of one question and its answer.
type exchange struct {
	requestID string
	coldStart bool
	tracer    *trace.Tracer
	secrets   *Secrets
	request   request

	query      generate.Query   // the first for this question
	current    generate.Query   // of executed
	samples    int              // answers of the model; 0 if they were not compared
	confidence float64          // share of the samples that agree
	executed   string           // the statement of result
	result     *database.Result // nil if no statement ran
	link       *results.Link    // to all rows; nil if result holds them
	lost       error            // of the upload for link
	retries    int
	generation time.Duration
	usage      generate.Usage // of all replies of a language model
	execution  time.Duration
	failure    *failure    // nil for a successful answer
	connection *connecting // of the database; nil if nothing prepares it

	id       string           // of a long question
	progress answers.Progress // of a long question that runs; nil otherwise
}

// report records the step of a long question that begins.
func (x *exchange) report(status answers.Status, sql string) {
	if x.progress != nil {
		x.progress(status, x.secrets.Redact(sql))
	}
}

// run generates the SQL and executes it. It sends a statement that the database
// rejects back to the generator, at most retries times. It does not retry
// unreachable services.
func (x *exchange) run(ctx context.Context, backend Backend, retries int, limits database.Limits) *failure {
	if x.request.sql != "" {
		if backend.Database == nil {
			return notReady(errors.New("db_creds: missing in the connection; the tool query requires a database"))
		}
		backend.Generator, retries = statement(x.request.sql), 0
	}
	ctx, meter := generate.WithMeter(ctx)
	defer func() { x.usage = meter.Usage() }() // also after a panic: replies are paid
	if x.isSampled(backend) {
		return x.sample(ctx, backend, retries, limits)
	}
	runs := backend.Database != nil && !x.request.sqlOnly
	if runs {
		x.connection = connect(ctx, backend.Database)
		defer x.connection.stop()
	}
	start, end := time.Now(), x.tracer.Begin(ctx, "generate")
	query, err := backend.Generator.Generate(ctx, x.request.question)
	end(err != nil)
	x.generation = time.Since(start)
	switch {
	case err != nil:
		return generatorFailure(ctx, err)
	case query.Clarification != nil:
		x.current = query
		return clarify(*query.Clarification)
	}
	x.take(query)
	if !runs {
		return nil
	}
	return x.repair(ctx, backend, retries, limits, x.execute(ctx, backend, limits))
}

// take makes a query the question's first.
func (x *exchange) take(query generate.Query) {
	query.SQL = x.secrets.RedactSQL(query.SQL)
	x.query, x.current, x.executed = query, query, query.SQL
}

// repair replaces a statement until it runs. first is the failure of the question's
// first statement, nil if it ran.
func (x *exchange) repair(ctx context.Context, backend Backend, retries int, limits database.Limits, first *failure) *failure {
	for fail := first; fail != nil; fail = x.execute(ctx, backend, limits) {
		if fail.code != StatementFailed || fail.final {
			return fail
		}
		if x.retries == retries {
			return first
		}
		if err := x.retry(ctx, backend.Generator, fail); err != nil {
			return first.unless(generatorFailure(ctx, err))
		}
	}
	return nil
}

// retry replaces the failed statement with the generator's next one.
func (x *exchange) retry(ctx context.Context, generator generate.Generator, fail *failure) (err error) {
	x.retries++
	x.report(answers.WritingSQL, "")
	start, end := time.Now(), x.tracer.Begin(ctx, "retry")
	defer func() {
		end(err != nil)
		x.generation += time.Since(start)
	}()
	query, err := generator.Retry(ctx, x.request.question, generate.Failure{
		Attempt: x.retries,
		First:   x.query.SQL,
		SQL:     x.executed,
		Message: fail.message,
	})
	if err != nil {
		return err
	}
	if x.query.Source == generate.FromGolden {
		x.query.Reason = query.Reason // of a golden query, which explains no other statement
	}
	x.current, x.executed = query, x.secrets.RedactSQL(query.SQL)
	return nil
}

// execute runs the statement. A failure holds the question's first statement,
// as in Defog's client.
func (x *exchange) execute(ctx context.Context, backend Backend, limits database.Limits) *failure {
	x.report(answers.Running, x.executed)
	start, end := time.Now(), x.tracer.Begin(ctx, "query")
	result, err := x.rows(ctx, backend, limits)
	end(err != nil)
	x.execution += time.Since(start)
	if err == nil {
		x.result = result
		x.executed = cmp.Or(result.SQL, x.executed) // the guard's spelling
		return nil
	}
	return databaseFailure(ctx, err, x.query.SQL)
}

// databaseFailure returns the failure of a statement. first is the question's first one.
func databaseFailure(ctx context.Context, err error, first string) *failure {
	if e, ok := errors.AsType[*NotReadyError](err); ok {
		return notReady(e.Cause)
	}
	fail := &failure{sql: first}
	statement, isStatement := errors.AsType[*database.StatementError](err)
	connection, isConnection := errors.AsType[*database.ConnectionError](err)
	switch {
	case isStatement:
		// No cause: a database's message can quote rows, which must not be logged.
		fail.code, fail.message, fail.state, fail.final = StatementFailed, shorten(statement.Message), statement.Code, statement.Final
	case ctx.Err() != nil:
		fail.code, fail.message, fail.cause = DatabaseTimeout, "The database did not answer in time.", err
	case isConnection:
		fail.code, fail.message, fail.cause = DatabaseUnreachable, connection.Message, connection.Cause
	default:
		fail.code, fail.message, fail.cause = Internal, "Internal error in the query; the function's log has details under request_id.", err
	}
	return fail
}

// maxMessage is the longest message of a database, in bytes. A database can quote
// a value of many megabytes.
const maxMessage = 8 << 10

// shorten cuts a message at maxMessage.
func shorten(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + " …"
}

// rows runs the statement and uploads all rows if they exceed the limits. If the
// upload fails, the answer is truncated, as without a store.
func (x *exchange) rows(ctx context.Context, backend Backend, limits database.Limits) (*database.Result, error) {
	if x.connection != nil {
		if err := x.connection.wait(); err != nil {
			return nil, err
		}
	}
	if backend.Results == nil {
		return backend.Database.Query(ctx, x.executed, limits)
	}
	object := backend.Results.Object(ctx, x.objectName(backend.CallerKey), storeUntil(ctx, limits.Time))
	limits.Overflow = object.Start
	result, err := backend.Database.Query(ctx, x.executed, limits)
	x.link, x.lost = object.Finish(err == nil)
	return result, err
}

// objectName returns the name of a stored answer: below the hash of the caller, if that
// is known.
func (x *exchange) objectName(key caller.Key) string {
	if hash := key.Hash(x.request.caller); hash != "" {
		return hash + "/" + x.requestID
	}
	return x.requestID
}

// storeUntil returns the deadline for the upload of rows. It leaves a quarter of
// the statement's or the question's time, whichever is shorter.
func storeUntil(ctx context.Context, statement time.Duration) time.Time {
	left := statement
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(deadline))
	}
	return time.Now().Add(left * 3 / 4)
}

func generatorFailure(ctx context.Context, err error) *failure {
	if refused, isRefused := errors.AsType[*spending.Refusal](err); isRefused {
		return limited(refused)
	}
	e, ok := errors.AsType[*generate.Error](err)
	if schema, isSchema := errors.AsType[*generate.SchemaError](err); isSchema {
		return schemaFailure(ctx, schema)
	}
	switch {
	case ok && e.Kind == generate.Refused:
		return &failure{code: GeneratorRefused, message: e.Message}
	case ok && e.Kind == generate.Unreachable:
		return &failure{code: GeneratorUnreachable, message: e.Message, cause: e.Cause}
	case ok && e.Kind == generate.Timeout, ctx.Err() != nil:
		return &failure{code: GeneratorTimeout, message: "The generator did not answer in time.", cause: err}
	default:
		return &failure{code: Internal, message: "Internal error in the generator; the function's log has details under request_id.", cause: err}
	}
}

// schemaFailure returns the failure of a generator that has no schema, because the
// database's catalogue cannot be read.
func schemaFailure(ctx context.Context, err *generate.SchemaError) *failure {
	connection, isConnection := errors.AsType[*database.ConnectionError](err)
	switch {
	case isConnection:
		return &failure{code: DatabaseUnreachable, message: connection.Message, cause: connection.Cause}
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		return &failure{code: DatabaseTimeout, message: "The database's catalogue was not read in time. The function continues to read it: ask again.", cause: err}
	}
	return notReady(err)
}

// encode returns the response for the caller, without the secrets that a generator
// or a database may echo.
func (x *exchange) encode(isHTTP bool) ([]byte, error) {
	switch {
	case x.failure != nil:
		return newFailedResponse(isHTTP, x.failure, x.progress != nil).refuse(refusal{
			ErrorMessage:   x.secrets.Redact(x.failure.message),
			QueryGenerated: x.secrets.Redact(x.failure.sql),
			ErrorCode:      x.failure.code,
			RequestID:      x.requestID,
			RetryAt:        x.failure.until,
			Clarification:  x.secrets.redactClarification(x.failure.clarification),
			ID:             x.id,
			Status:         x.status(),
		})
	case x.isAccepted():
		return accepted(x.request.answers, x.id)
	}
	a := answer{
		QueryGenerated:  x.secrets.Redact(x.executed),
		RanSuccessfully: true,
		ReasonForQuery:  x.secrets.RedactJSON(x.query.Reason),
		PreviousContext: x.secrets.RedactJSON(x.query.PreviousContext),
		trust:           x.trust(),
		RequestID:       x.requestID,
		ID:              x.id,
		Status:          x.status(),
	}
	if x.link != nil {
		a.Results = &stored{x.link.URL, x.link.Expires.Truncate(time.Second), x.link.Rows}
	}
	if x.request.profile {
		a.GenerationTimeTaken = new(x.generation.Seconds())
		a.ExecutionTimeTaken = new(x.execution.Seconds())
	}
	out, err := newResponse(isHTTP, OK).accept(x.result, a)
	if large, ok := errors.AsType[*database.StatementError](err); ok {
		x.failure = &failure{code: StatementFailed, message: large.Message}
		return x.encode(isHTTP)
	}
	return out, err
}
