// Package sqlserver is the driver of Microsoft SQL Server and Azure SQL
// Database.
package sqlserver

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"defog-cdk/config/connection"
	"defog-cdk/internal/rowsecurity"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/guard"
)

// db is a SQL Server database and its one connection. SQL Server has no
// read-only transactions: every query runs in one that is rolled back.
type db struct {
	guard     *guard.Guard
	config    msdsn.Config
	security  rowsecurity.Mode
	conn      *mssql.Conn // nil before the first query and after an error
	socket    *pacedConn  // of conn
	idleSince time.Time   // by the wall clock

	// dial replaces the network in tests; nil for the network.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// New prepares a SQL Server database. It implements database.Opener.
func New(creds connection.Creds, options database.Options) (database.Database, error) {
	config, err := newConfig(creds, options.Directory)
	if err != nil {
		return nil, fmt.Errorf("open sqlserver: %w", err)
	}
	return &db{guard: guard.SQLServer.With(options.Guard()), config: config, security: options.RowSecurity}, nil
}

// Query implements database.Database. It accepts the semicolon that T-SQL is
// often written with before WITH.
func (d *db) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	if err := database.RequireIdentity(d.security, limits); err != nil {
		return nil, err
	}
	sql = strings.TrimLeft(sql, "; \t\r\n")
	return database.RunGuarded(ctx, d.guard, nil, d.query, sql, limits)
}

// describing lists the errors of a statement that the server analyzes without running it.
// https://learn.microsoft.com/en-us/sql/relational-databases/system-dynamic-management-views/sys-dm-exec-describe-first-result-set-transact-sql
const describing = "SELECT CAST(error_number AS varchar(11)), error_message FROM sys.dm_exec_describe_first_result_set(N'%s', NULL, 0) WHERE error_number IS NOT NULL"

// Prepare implements database.Preparer.
func (d *db) Prepare(ctx context.Context, sql string, limits database.Limits) error {
	if err := database.RequireIdentity(d.security, limits); err != nil {
		return err
	}
	statement, err := database.CheckStatement(ctx, d.guard, nil, strings.TrimLeft(sql, "; \t\r\n"))
	if err != nil {
		return err
	}
	limits.Rows, limits.PlanCost = 1, 0
	result, err := d.query(ctx, fmt.Sprintf(describing, strings.ReplaceAll(statement.SQL, "'", "''")), limits)
	if err != nil {
		return err
	}
	failed, err := result.Texts()
	if err != nil || len(failed) == 0 {
		return err
	}
	return &database.StatementError{Code: failed[0][0], Message: failed[0][1]}
}

// Close implements database.Database.
func (d *db) Close() error {
	d.drop()
	return nil
}

// query runs a statement without the guard.
func (d *db) query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	if err := d.connect(ctx); err != nil {
		return nil, newError(ctx, err)
	}
	timer := database.StartTimer(ctx, limits.Time)
	result, err := d.run(ctx, sql, timer.Timeout, limits)
	if err == nil {
		return result, nil
	}
	return nil, timer.Explain(newError(ctx, err), codeStopped, codeLockTimeout)
}

// run runs the statement. At the end of ctx and at the timeout, the driver
// sends the server an attention. A server that ignores it loses the connection.
func (d *db) run(ctx context.Context, sql string, timeout time.Duration, limits database.Limits) (*database.Result, error) {
	// The driver treats a deadline as a broken connection, but not a
	// cancellation.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	if timeout > 0 {
		defer time.AfterFunc(timeout, stop).Stop()
	}
	defer d.closeSocketAfter(running)()
	socket := d.socket
	result, err := d.transaction(running, sql, timeout, limits)
	if err != nil && socket.isExceeded() {
		d.drop()
		return nil, database.RowTooLarge()
	}
	if d.conn != nil && !d.conn.IsValid() {
		d.drop()
	}
	d.idleSince = database.Now()
	if err != nil && running.Err() != nil && ctx.Err() == nil {
		return nil, &database.StoppedError{Err: err}
	}
	return result, err
}

// closeSocketAfter closes the socket CancelTimeout after the end of ctx, unless
// the returned function is called before.
func (d *db) closeSocketAfter(ctx context.Context) (unregister func()) {
	socket := d.socket
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-done:
		case <-time.After(database.CancelTimeout):
			_ = socket.Close() // the driver's read returns the error
		}
	})
	return func() {
		stop()
		close(done)
	}
}

// transaction runs the statement in a transaction and rolls it back. It leaves
// the connection ready for the next query or drops it.
func (d *db) transaction(ctx context.Context, sql string, timeout time.Duration, limits database.Limits) (*database.Result, error) {
	identity, err := assume(limits.Identity)
	if err != nil {
		return nil, err
	}
	if err := d.configure(ctx, timeout, identity); err != nil {
		d.drop() // nothing of the last query may remain
		return nil, err
	}
	// The rollback must reach the server after the end of ctx too.
	transaction, err := d.conn.BeginTx(context.WithoutCancel(ctx), driver.TxOptions{})
	if err != nil {
		return nil, err
	}
	var result *database.Result
	if err = d.checkPlan(ctx, sql, limits); err == nil {
		result, err = d.read(ctx, sql, limits)
	}
	if transaction.Rollback() != nil {
		d.drop()
	}
	return result, err
}

// configure resets the session, so that nothing of the last query remains, and
// sets what sessionSettings, the lock timeout and the caller's identity require. The
// request that carries the settings carries the reset too.
func (d *db) configure(ctx context.Context, timeout time.Duration, identity string) error {
	milliseconds := int64(-1) // no limit
	if timeout > 0 {
		milliseconds = timeout.Milliseconds()
	}
	if err := d.conn.ResetSession(ctx); err != nil {
		return err
	}
	return exec(ctx, d.conn, fmt.Sprintf("%s; SET LOCK_TIMEOUT %d%s", sessionSettings, milliseconds, identity))
}

// read runs the statement and encodes its rows as they arrive.
func (d *db) read(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	d.socket.reset()
	rows, err := sendBatch(ctx, d.conn, sql)
	if err != nil {
		return nil, err
	}
	source := pacedRows{rows, d.socket}
	result, more, err := database.ReadRows(source, limits, newEncoder)
	switch {
	case err != nil:
		_ = source.Close() // repeats the error
		return nil, err
	case more:
		d.cancel(source)
		return result, nil
	default:
		return result, source.Close()
	}
}

// cancel stops a statement whose remaining rows are not needed. Closing source
// sends the server an attention and waits for its reply.
func (d *db) cancel(source driver.Rows) {
	socket := d.socket
	timer := time.AfterFunc(database.CancelTimeout, func() { _ = socket.Close() })
	defer timer.Stop()
	_ = source.Close() // the rollback finds a broken connection
}

// connect opens the connection unless there is a usable one.
func (d *db) connect(ctx context.Context) error {
	if d.conn != nil && !d.usable(ctx) {
		d.drop()
	}
	if d.conn != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, database.ConnectTimeout)
	defer cancel()
	if err := d.logIn(ctx); err != nil {
		d.drop()
		return &database.ConnectFailure{Err: err}
	}
	d.idleSince = database.Now()
	return nil
}

// sessionSettings are what the guard's lexer, the text formats, the rollback and
// the limits require. A login can have another language, with other formats.
const sessionSettings = "SET QUOTED_IDENTIFIER ON; SET ANSI_NULLS ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; " +
	// DATEFORMAT and DATEFIRST follow LANGUAGE, which sets them too.
	"SET LANGUAGE us_english; SET DATEFORMAT mdy; SET DATEFIRST 7; SET CONCAT_NULL_YIELDS_NULL ON; SET ROWCOUNT 0; " +
	// The server rolls back after an error or an attention.
	"SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; " +
	// The size exceeds that of the largest row: no value that is cut reaches an answer.
	"SET TEXTSIZE 17825792"

// logIn connects. The driver observes ctx only until there is a socket; the
// dialer closes the socket at the end of ctx.
func (d *db) logIn(ctx context.Context) error {
	connector := mssql.NewConnectorConfig(d.config)
	dialer := &contextDialer{host: d.config.Host, dial: d.dial}
	defer dialer.release()
	connector.Dialer = dialer
	conn, err := connector.Connect(ctx)
	d.socket = dialer.socket
	if err == nil {
		d.conn = conn.(*mssql.Conn)
		err = exec(ctx, d.conn, sessionSettings)
	}
	if err != nil && ctx.Err() != nil {
		return errors.Join(ctx.Err(), err) // the driver reports a closed socket
	}
	return err
}

func (d *db) usable(ctx context.Context) bool {
	return d.conn.IsValid() && database.Usable(ctx, d.socket, &d.idleSince, func(ctx context.Context) error {
		defer d.closeSocketAfter(ctx)()
		return d.conn.Ping(ctx)
	})
}

// drop closes the connection. It closes the socket first: the driver may still
// read from it into buffers that conn.Close releases.
func (d *db) drop() {
	if d.socket != nil {
		_ = d.socket.Close() // the connection is discarded either way
		d.socket = nil
	}
	if d.conn != nil {
		_ = d.conn.Close()
		d.conn = nil
	}
}

// sendBatch sends a batch. The driver calls a procedure if the text looks like
// the name of one; an empty first line prevents that.
func sendBatch(ctx context.Context, conn *mssql.Conn, sql string) (*mssql.Rows, error) {
	statement, err := conn.PrepareContext(ctx, "\n"+sql)
	if err != nil {
		return nil, err
	}
	rows, err := statement.(driver.StmtQueryContext).QueryContext(ctx, nil)
	if err != nil {
		return nil, err
	}
	return rows.(*mssql.Rows), nil
}

func exec(ctx context.Context, conn *mssql.Conn, sql string) error {
	statement, err := conn.PrepareContext(ctx, sql)
	if err != nil {
		return err
	}
	_, err = statement.(driver.StmtExecContext).ExecContext(ctx, nil)
	return err
}
