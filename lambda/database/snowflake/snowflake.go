// Package snowflake is the driver of Snowflake.
package snowflake

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"time"

	sf "github.com/snowflakedb/gosnowflake/v2"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/database/snowflake/minicore"
)

// db is a Snowflake account and its one session. Snowflake has no read-only
// sessions: autocommit is off, and every statement is rolled back. Snowflake
// commits DDL nonetheless; the guard and the role's privileges refuse it.
type db struct {
	guard     *guard.Guard
	config    sf.Config
	transport *transport
	conn      conn // nil before the first query and after an error
	session   sessionLimits
	idleSince time.Time // by the wall clock
}

// conn is a connection of the driver.
type conn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
}

// sessionLimits are limits of a session on the server.
type sessionLimits struct {
	seconds int64 // statement timeout; 0 for the account's
	rows    int64 // maximum number of rows in a result; 0 without a limit
}

// noPlatformDetection is a variable of the driver. Without it, the driver asks
// the metadata services of three clouds and waits for their replies.
const noPlatformDetection = "SNOWFLAKE_DISABLE_PLATFORM_DETECTION"

// New prepares a Snowflake account. It implements database.Opener.
func New(creds connection.Creds, options database.Options) (database.Database, error) {
	if err := minicore.Err(); err != nil {
		return nil, fmt.Errorf("open snowflake: %w", err)
	}
	if err := os.Setenv(noPlatformDetection, "true"); err != nil {
		return nil, fmt.Errorf("open snowflake: %w", err)
	}
	if err := sf.GetLogger().SetLogLevel("off"); err != nil { // the driver also returns what it logs
		return nil, fmt.Errorf("open snowflake: %w", err)
	}
	config, transport, err := newConfig(creds, options.Directory)
	if err != nil {
		return nil, fmt.Errorf("open snowflake: %w", err)
	}
	return &db{guard: guard.Snowflake.With(options.Guard()), config: config, transport: transport}, nil
}

// Query implements database.Database.
func (d *db) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	return database.RunGuarded(ctx, d.guard, nil, d.query, sql, limits)
}

// Prepare implements database.Preparer. EXPLAIN compiles a statement, and requires no
// warehouse: https://docs.snowflake.com/en/sql-reference/sql/explain
func (d *db) Prepare(ctx context.Context, sql string, limits database.Limits) error {
	statement, err := database.CheckStatement(ctx, d.guard, nil, sql)
	if err != nil {
		return err
	}
	_, err = d.query(ctx, "EXPLAIN USING TEXT "+statement.SQL, limits)
	return err
}

// Close implements database.Database.
func (d *db) Close() error {
	d.drop()
	d.transport.base.CloseIdleConnections()
	return nil
}

// statement is a statement and how it runs.
type statement struct {
	sql    string
	limits database.Limits
	keep   bool // no rollback, and the session's limits
}

// query runs a statement without the guard.
func (d *db) query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	return d.attempt(ctx, statement{sql: sql, limits: limits})
}

// keep runs a statement of the read-only check without a rollback.
func (d *db) keep(ctx context.Context, sql string) (*database.Result, error) {
	return d.attempt(ctx, statement{sql: sql, keep: true})
}

// attempt runs a statement. An expired session has not run it: attempt then
// runs it in a new one.
func (d *db) attempt(ctx context.Context, st statement) (*database.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	kept := d.conn != nil
	timer := database.StartTimer(ctx, st.limits.Time)
	result, err := d.run(ctx, st, timer.Timeout)
	if kept && isExpired(err) {
		d.drop()
		result, err = d.run(ctx, st, timer.Timeout)
	}
	if err == nil {
		return result, nil
	}
	return nil, timer.Explain(newError(ctx, err), codeCanceled, codeTimeout)
}

// run runs the statement. At the end of ctx and at the timeout, the driver
// stops the statement on the server. A request that fails ends it too: the
// driver would repeat the request for minutes.
func (d *db) run(ctx context.Context, st statement, timeout time.Duration) (*database.Result, error) {
	running, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	defer context.AfterFunc(ctx, func() { stop(ctx.Err()) })()
	d.transport.onFailure(stop)
	wanted := limitsFor(st.limits)
	if st.keep {
		wanted = d.session
	}
	if err := d.connect(running, wanted); err != nil {
		return nil, &database.ConnectFailure{Err: causeOf(running, err)}
	}
	if timeout > 0 {
		defer time.AfterFunc(timeout, func() { stop(&database.StoppedError{Err: context.DeadlineExceeded}) }).Stop()
	}
	result, err := d.transaction(running, st, wanted)
	d.idleSince = database.Now()
	return result, causeOf(running, err)
}

// causeOf returns the cause of the end of ctx if err results from it.
func causeOf(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// transaction runs the statement and rolls back its changes. If the rollback
// fails, it drops the session, which rolls back too.
func (d *db) transaction(ctx context.Context, st statement, wanted sessionLimits) (*database.Result, error) {
	if err := d.limit(ctx, wanted); err != nil {
		return nil, err
	}
	d.transport.unanswered.Store(false)
	result, err := d.read(ctx, st.sql, st.limits)
	if st.keep {
		return result, err
	}
	if d.transport.unanswered.Load() {
		d.conn = nil // the server ends the session by itself
		return result, err
	}
	rollback, cancel := context.WithTimeout(context.WithoutCancel(ctx), database.PingTimeout)
	defer cancel()
	d.transport.onFailure(func(error) { cancel() })
	if d.exec(rollback, "ROLLBACK") != nil {
		d.drop()
	}
	return result, err
}

// limitsFor returns the session's limits for a statement: whole seconds, and
// one row beyond the limit, which shows that there are more.
func limitsFor(limits database.Limits) sessionLimits {
	wanted := sessionLimits{seconds: int64((limits.Time + time.Second - 1) / time.Second)}
	if limits.Overflow == nil && limits.Rows > 0 {
		wanted.rows = int64(limits.Rows) + 1
	}
	return wanted
}

// limit sets the session's limits that change.
func (d *db) limit(ctx context.Context, wanted sessionLimits) error {
	if wanted.seconds != d.session.seconds {
		if err := d.exec(ctx, fmt.Sprintf("ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = %d", wanted.seconds)); err != nil {
			return err
		}
		d.session.seconds = wanted.seconds
	}
	if wanted.rows != d.session.rows {
		if err := d.exec(ctx, fmt.Sprintf("ALTER SESSION SET ROWS_PER_RESULTSET = %d", wanted.rows)); err != nil {
			return err
		}
		d.session.rows = wanted.rows
	}
	return nil
}

// read runs the statement and encodes its rows as they arrive.
func (d *db) read(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	ctx, abandon := context.WithCancel(sf.WithMultiStatement(ctx, 1))
	defer abandon() // ends the download of further chunks
	source, err := d.conn.QueryContext(ctx, sql, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close() }() // sends nothing
	result, _, err := database.ReadRows(source, limits, newEncoder)
	return result, err
}

// connect opens a session unless there is one. The next statement shows whether
// it has expired: see attempt.
func (d *db) connect(ctx context.Context, wanted sessionLimits) error {
	if d.conn != nil {
		if time.Since(d.idleSince) > maxIdleTime {
			d.transport.base.CloseIdleConnections() // network devices drop them silently
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, database.ConnectTimeout)
	defer cancel()
	config := d.config
	config.Params = sessionParameters(wanted)
	opened, err := sf.NewConnector(sf.SnowflakeDriver{}, config).Connect(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), err)
		}
		return err
	}
	d.conn, d.session = opened.(conn), wanted
	// The rollback depends on this setting. A statement fails where the server
	// would ignore a parameter of the login.
	if err := d.exec(ctx, "ALTER SESSION SET AUTOCOMMIT = FALSE"); err != nil {
		d.drop()
		return err
	}
	return nil
}

func (d *db) exec(ctx context.Context, sql string) error {
	_, err := d.conn.ExecContext(ctx, sql, nil)
	return err
}

// drop ends the session with a request, whose time the transport limits.
func (d *db) drop() {
	if d.conn != nil {
		d.transport.onFailure(nil)
		_ = d.conn.Close() // the session is discarded either way
		d.conn = nil
	}
}
