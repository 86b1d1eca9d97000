// Package postgres is the driver of PostgreSQL and, on top of it, of Amazon
// Redshift.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/config/connection"
	"defog-cdk/internal/rowsecurity"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/guard"
)

// parameters are settings of the session that the text formats and the guard's
// lexer require. Poolers between us and the server pass these on.
var parameters = map[string]string{
	"application_name":            "defog",
	"client_encoding":             "UTF8",
	"DateStyle":                   "ISO",
	"standard_conforming_strings": "on",
}

const (
	stateIdle = 'I' // outside of a transaction

	defaultSchema = "public"
)

// pinned sets for one transaction what the text formats and the guard's lexer
// require. A role, a database or a pooled session can have other values. RESET ALL
// before it removes the other settings of a pooled session.
var pinned = []string{
	"RESET ALL",
	"SELECT pg_catalog.set_config('client_encoding', 'UTF8', true), pg_catalog.set_config('DateStyle', 'ISO', true)," +
		" pg_catalog.set_config('IntervalStyle', 'postgres', true), pg_catalog.set_config('extra_float_digits', '1', true)," +
		" pg_catalog.set_config('bytea_output', 'hex', true), pg_catalog.set_config('standard_conforming_strings', 'on', true)",
}

// db is a PostgreSQL database and its one connection.
type db struct {
	config    *pgconn.Config
	token     func(context.Context) (string, error) // replaces the password; may be nil
	guard     *guard.Guard
	catalogue catalogue
	encoder   func(oid uint32) database.Encoder
	schema    string   // search path
	pinned    []string // statements that configure each transaction
	reset     string   // resets the session after each query
	unsafe    string   // lists the user's unsafe powers
	// connections lists the limits of the user's connections; "" for a server without them.
	connections string
	security    rowsecurity.Mode
	verified    bool           // the statement can change its identity: read all its rows, and withhold its errors
	conn        *pgconn.PgConn // nil before the first query and after an error
	idleSince   time.Time      // by the wall clock
}

// New prepares a PostgreSQL database. It implements database.Opener.
func New(creds connection.Creds, options database.Options) (database.Database, error) {
	config, err := newConfig(creds, options.Directory, maps.Clone(parameters))
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	token, err := database.TokenSource(creds, options, config.Host, config.Port)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	rules, queries := guard.Postgres, guard.PostgresQueries
	if options.RowSecurity.Enabled() {
		rules, queries = guard.PostgresOfCallers, guard.RowSecurityQueries
	}
	return &db{
		config: config, token: token, guard: rules.With(options.Guard()),
		catalogue: catalogue{queries: queries}, encoder: newEncoder, schema: defaultSchema, pinned: pinned,
		reset: "DISCARD ALL", unsafe: unsafeQuery, connections: connectionsQuery, security: options.RowSecurity,
	}, nil
}

// Query implements database.Database.
func (d *db) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	if err := database.RequireIdentity(d.security, limits); err != nil {
		return nil, err
	}
	if d.catalogue.read == nil { // what the guard refuses without it needs no connection
		if _, err := database.CheckStatement(ctx, d.guard, nil, sql); err != nil {
			return nil, err
		}
	}
	return d.checkAndRun(ctx, "", sql, limits)
}

// Prepare implements database.Preparer by EXPLAIN, which checks privileges, too.
func (d *db) Prepare(ctx context.Context, sql string, limits database.Limits) error {
	if err := database.RequireIdentity(d.security, limits); err != nil {
		return err
	}
	limits.PlanCost = 0
	_, err := d.checkAndRun(ctx, "EXPLAIN ", sql, limits)
	return err
}

// Close implements database.Database.
func (d *db) Close() error {
	d.drop()
	return nil
}

// query runs a statement without the guard.
func (d *db) query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	return d.queryAt(ctx, "", sql, limits)
}

// queryAt does so if the server has no newer functions than a version of the catalogue.
// If it has, the error is errNewFunctions. An empty version checks nothing.
func (d *db) queryAt(ctx context.Context, version, sql string, limits database.Limits) (*database.Result, error) {
	if err := d.connect(ctx); err != nil {
		return nil, newError(ctx, err)
	}
	timer := database.StartTimer(ctx, limits.Time)
	bound, cancel := timer.Bound(ctx)
	defer cancel()
	result, err := d.run(bound, version, sql, timer.Timeout, limits)
	switch {
	case err == nil, errors.Is(err, errNewFunctions):
		return result, err
	case bound.Err() != nil && ctx.Err() == nil:
		return nil, database.LimitExceeded("", timer.Timeout)
	}
	return nil, timer.Explain(newError(ctx, err), codeCanceled)
}

// run sends everything for one query in one round trip, or in two with a limit of the
// plan's cost. It leaves the connection ready for the next query or drops it.
func (d *db) run(ctx context.Context, version, sql string, timeout time.Duration, limits database.Limits) (*database.Result, error) {
	planned, err := limits.NeedsPlan(sql)
	if err != nil {
		return nil, err
	}
	pipeline := d.conn.StartPipeline(ctx)
	prologue := append([]string{"BEGIN READ ONLY"}, d.pinned...)
	if d.schema != defaultSchema {
		prologue = append(prologue, "SET LOCAL search_path = "+quoteName(d.schema))
	}
	if timeout > 0 {
		prologue = append(prologue, "SET LOCAL statement_timeout = "+strconv.FormatInt(timeout.Milliseconds(), 10))
	}
	for _, statement := range prologue {
		pipeline.SendQueryParams(statement, nil, nil, nil, nil)
	}
	sent := len(prologue) + assume(pipeline, limits.Identity)
	if version != "" { // a division by zero ends the pipeline before the statement
		pipeline.SendQueryParams("SELECT 1 / CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_proc WHERE oid > "+version+") THEN 0 ELSE 1 END", nil, nil, nil, nil)
		sent++
	}
	checks := version != ""
	if planned {
		err = d.checkPlan(pipeline, sent, checks, sql, limits)
		sent, checks = 0, false
	}
	if err == nil {
		pipeline.SendQueryParams(sql, nil, nil, nil, nil)
	}
	if err == nil && limits.Identity != nil {
		pipeline.SendQueryParams(identityQuery, nil, nil, nil, nil)
	}
	pipeline.SendPipelineSync() // after an error the server continues from here
	pipeline.SendQueryParams("ROLLBACK", nil, nil, nil, nil)
	pipeline.SendPipelineSync() // the reset needs to be outside of a transaction
	pipeline.SendQueryParams(d.reset, nil, nil, nil, nil)

	var result *database.Result
	if err == nil {
		result, err = d.receive(ctx, pipeline, sent, limits, checks)
	} else if flushed := pipeline.Sync(); flushed != nil {
		err = flushed
	}
	changed := errors.Is(err, errIdentity)
	if pipeline.Close() != nil || d.conn.IsClosed() || d.conn.TxStatus() != stateIdle || changed {
		d.drop() // nothing of the query may remain
	}
	d.idleSince = database.Now()
	if changed {
		return nil, database.IdentityChanged()
	}
	return result, err
}

// receive flushes the pipeline and reads the statement's rows, which follow
// the results of the prologue.
// The last of the prologue may check the catalogue's version.
func (d *db) receive(ctx context.Context, pipeline *pgconn.Pipeline, prologue int, limits database.Limits, checks bool) (*database.Result, error) {
	if err := pipeline.Sync(); err != nil {
		return nil, err
	}
	if err := skipPrologue(pipeline, prologue, checks); err != nil {
		return nil, err
	}
	result, err := d.read(ctx, pipeline, limits)
	if err != nil && d.verified {
		return nil, withhold(err)
	}
	if err == nil && limits.Identity != nil {
		err = d.verify(pipeline, *limits.Identity, result.Truncated)
	}
	return result, err
}

// skipPrologue reads the results of the prologue.
func skipPrologue(pipeline *pgconn.Pipeline, prologue int, checks bool) error {
	for i := range prologue {
		err := skip(pipeline)
		if failed, ok := errors.AsType[*pgconn.PgError](err); ok && failed.Code == codeDivision && checks && i == prologue-1 {
			return errNewFunctions
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// skip reads the result of one statement.
func skip(pipeline *pgconn.Pipeline) error {
	results, err := pipeline.GetResults()
	if reader, ok := results.(*pgconn.ResultReader); ok && err == nil {
		_, err = reader.Close()
	}
	return err
}

// read encodes the statement's rows as they arrive.
func (d *db) read(ctx context.Context, pipeline *pgconn.Pipeline, limits database.Limits) (*database.Result, error) {
	results, err := pipeline.GetResults()
	if err != nil {
		return nil, err
	}
	reader, ok := results.(*pgconn.ResultReader)
	if !ok {
		return nil, fmt.Errorf("read the statement's result: got %T, want rows", results)
	}
	fields := reader.FieldDescriptions()
	columns := make([]string, len(fields))
	encoders := make([]database.Encoder, len(fields))
	for i, field := range fields {
		columns[i] = field.Name
		encoders[i] = d.encoder(field.DataTypeOID)
	}
	encode := func(dst []byte) []byte {
		for i, text := range reader.Values() {
			if database.IsFull(dst) {
				break
			}
			if i > 0 {
				dst = append(dst, ',')
			}
			if text == nil {
				dst = append(dst, "null"...)
			} else {
				dst = encoders[i](dst, text)
			}
		}
		return dst
	}
	rows := database.NewRows(columns, limits)
	for reader.NextRow() && rows.Add(encode) {
	}
	if rows.Full() && !d.verified {
		d.cancel(ctx, reader)
	} else if _, err := reader.Close(); err != nil {
		return nil, err
	}
	return rows.Result()
}

// cancel stops a statement whose remaining rows are not needed. If the server
// does not confirm, the request may arrive late and stop the next statement:
// cancel then closes the connection.
func (d *db) cancel(ctx context.Context, reader *pgconn.ResultReader) {
	ctx, cancel := context.WithTimeout(ctx, database.CancelTimeout)
	defer cancel()
	if d.conn.CancelRequest(ctx) == nil {
		_, err := reader.Close()
		if failed, ok := errors.AsType[*pgconn.PgError](err); ok && failed.Code == codeCanceled {
			return
		}
	}
	_ = d.conn.Conn().Close() // the result is complete without the connection
}

// connect opens the connection unless there is a usable one.
func (d *db) connect(ctx context.Context) error {
	if d.conn != nil && !d.usable(ctx) {
		d.drop()
	}
	if d.conn != nil {
		return nil
	}
	config := d.config
	if d.token != nil {
		token, err := d.token(ctx)
		if err != nil {
			return &database.ConnectFailure{Err: err}
		}
		config = config.Copy()
		config.Password = token
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return &database.ConnectFailure{Err: err}
	}
	d.conn, d.idleSince = conn, database.Now()
	return nil
}

func (d *db) usable(ctx context.Context) bool {
	return !d.conn.IsClosed() && database.Usable(ctx, d.conn.Conn(), &d.idleSince, d.conn.Ping)
}

// drop closes the connection. It waits shortly for the driver's request that
// stops a running statement.
func (d *db) drop() {
	if d.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), database.CancelTimeout)
	defer cancel()
	_ = d.conn.Close(ctx) // the connection is discarded either way
	select {
	case <-d.conn.CleanupDone():
	case <-ctx.Done():
	}
	d.conn = nil
	d.catalogue.read = nil
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
