// Package mysql is the driver of MySQL and MariaDB.
package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"defog-cdk/config/connection"
	"defog-cdk/internal/rowsecurity"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/guard"
)

// db is a MySQL or MariaDB database and its one connection.
type db struct {
	config    *mysql.Config
	conn      conn                  // nil before the first query and after an error
	meter     *database.MeteredConn // of conn
	session   session
	guard     *guard.Guard
	security  rowsecurity.Mode
	catalogue *guard.Catalogue // nil before the connection's first query
	role      string           // that the catalogue was read with; "" for the login

	catalogueSince time.Time // by the wall clock
	idleSince      time.Time // by the wall clock
}

const (
	// catalogueAge is how long a connection uses a catalogue of functions.
	catalogueAge = 5 * time.Minute

	// recheckAge is the least age of a catalogue that is read anew because of one statement.
	recheckAge = 30 * time.Second
)

// conn is a connection of the driver. The pool of database/sql cannot keep a
// connection whose statement was stopped, nor identify it.
type conn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
}

// New prepares a MySQL or MariaDB database. It implements database.Opener.
func New(creds connection.Creds, options database.Options) (database.Database, error) {
	config, err := newConfig(creds, options)
	if err != nil {
		return nil, fmt.Errorf("open mysql: %w", err)
	}
	rules := guard.MySQL
	if options.RowSecurity.Enabled() {
		rules = guard.MySQLOfCallers
	}
	return &db{config: config, guard: rules.With(options.Guard()), security: options.RowSecurity}, nil
}

// Query implements database.Database.
func (d *db) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	return d.checkAndRun(ctx, "", sql, limits)
}

// codeViewNoExplain is the code of EXPLAIN on a view whose tables the user may not read.
const codeViewNoExplain = 1345

// Prepare implements database.Preparer by EXPLAIN. A statement on a view that the server
// does not explain runs, and one row of it is read.
func (d *db) Prepare(ctx context.Context, sql string, limits database.Limits) error {
	limits.PlanCost = 0
	_, err := d.checkAndRun(ctx, "EXPLAIN ", sql, limits)
	if failed, ok := errors.AsType[*database.StatementError](err); !ok || failed.Code != strconv.Itoa(codeViewNoExplain) {
		return err
	}
	limits.Rows = 1
	_, err = d.Query(ctx, sql, limits)
	return err
}

// checkAndRun checks a statement and runs it behind a prefix.
func (d *db) checkAndRun(ctx context.Context, prefix, sql string, limits database.Limits) (*database.Result, error) {
	if err := database.RequireIdentity(d.security, limits); err != nil {
		return nil, err
	}
	statement, err := d.check(ctx, sql, limits.Identity)
	if err != nil {
		return nil, err
	}
	headers := func(columns []string) []string { return statement.Headers(columns, false) }
	result, err := d.query(ctx, prefix+statement.SQL, limits.Rename(headers))
	// The protocol's command that resets a session is not part of the driver. A
	// statement cannot change its session, unless a stored function does, perhaps in a view.
	if statement.NamesView || d.catalogue.HasUserFunction(statement.Functions) {
		d.drop()
	}
	if err == nil {
		result.SQL, result.Columns, result.Tables = statement.SQL, headers(result.Columns), statement.Tables()
	}
	return result, err
}

// check checks a statement. A refusal is checked again with a catalogue of recheckAge at
// the most.
func (d *db) check(ctx context.Context, sql string, identity *database.Identity) (guard.Statement, error) {
	if err := d.readCatalogue(ctx, catalogueAge, identity); err != nil {
		return guard.Statement{}, err
	}
	statement, err := database.CheckStatement(ctx, d.guard, d.catalogue, sql)
	if err == nil || ctx.Err() != nil {
		return statement, err
	}
	if err := d.readCatalogue(ctx, recheckAge, identity); err != nil {
		return guard.Statement{}, err
	}
	return database.CheckStatement(ctx, d.guard, d.catalogue, sql)
}

// readCatalogue reads the catalogue that a role can see, unless the connection has one of
// at most an age.
func (d *db) readCatalogue(ctx context.Context, age time.Duration, identity *database.Identity) error {
	if err := d.connect(ctx); err != nil {
		return newError(ctx, err)
	}
	role, functions := "", guard.MySQLCatalogue
	if identity != nil {
		role, functions = identity.Role, guard.MySQLRowSecurityCatalogue
	}
	if d.catalogue != nil && d.role == role && time.Since(d.catalogueSince) < age {
		return nil
	}
	query := func(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
		limits.Identity = identity
		return d.query(ctx, sql, limits)
	}
	rows, err := database.QueryTexts(ctx, query, functions)
	if err != nil {
		return err
	}
	d.role = role
	d.catalogue, d.catalogueSince = guard.NewMySQLCatalogue(rows), database.Now()
	return nil
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
	bound, cancel := timer.Bound(ctx)
	defer cancel()
	result, err := d.run(bound, sql, timer.Timeout, limits)
	switch {
	case err == nil:
		return result, nil
	case bound.Err() != nil && ctx.Err() == nil:
		return nil, database.LimitExceeded("", timer.Timeout)
	}
	return nil, timer.Explain(newError(ctx, err), mysqlTimeout, mariadbTimeout)
}

// run runs the statement and stops the server when ctx ends. The driver would
// only close the connection, which a busy server ignores.
func (d *db) run(ctx context.Context, sql string, timeout time.Duration, limits database.Limits) (*database.Result, error) {
	running, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	kill, killed := d.killer(), make(chan struct{})
	unregister := context.AfterFunc(ctx, func() {
		defer close(killed)
		time.AfterFunc(database.CancelTimeout, abandon) // if the server ignores the request
		_ = kill()                                      // a failure leads to the same
	})
	d.meter.Reset()
	result, err := d.transaction(running, sql, timeout, limits)
	if err != nil && d.meter.Exceeded() {
		err = database.RowTooLarge()
	}
	if !unregister() {
		<-killed
		d.drop() // a late request would stop the next statement
	}
	d.idleSince = database.Now()
	return result, err
}

// transaction runs the statement in a read-only transaction. It leaves the
// connection ready for the next query or drops it.
func (d *db) transaction(ctx context.Context, sql string, timeout time.Duration, limits database.Limits) (*database.Result, error) {
	if err := d.session.configure(ctx, d.conn, timeout); err != nil {
		return nil, err
	}
	if err := d.assume(ctx, limits.Identity); err != nil {
		return nil, err
	}
	if err := exec(ctx, d.conn, "START TRANSACTION READ ONLY"); err != nil {
		return nil, err
	}
	var result *database.Result
	err := d.checkPlan(ctx, sql, limits)
	if err == nil {
		result, err = d.read(ctx, sql, limits)
	}
	if exec(ctx, d.conn, "ROLLBACK") != nil {
		d.drop()
	}
	if verified := d.leave(ctx, limits.Identity); verified != nil {
		d.drop()
		// The text of an error can quote what the statement read with another role.
		if _, changed := errors.AsType[*database.StatementError](verified); changed || err == nil {
			return nil, verified
		}
	}
	return result, err
}

// read runs the statement and encodes its rows as they arrive.
func (d *db) read(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	ctx, abandon := context.WithCancel(ctx)
	defer abandon()
	source, err := d.conn.QueryContext(ctx, sql, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close() }() // the rollback finds a broken connection
	result, more, err := database.ReadRows(meteredRows{source, d.meter}, limits, newEncoder)
	if more {
		d.cancel(source, abandon)
	}
	return result, err
}

// cancel stops a statement whose remaining rows are not needed. If the server
// does not confirm, the request may arrive late and stop the next statement:
// cancel then closes the connection through abandon.
func (d *db) cancel(source driver.Rows, abandon context.CancelFunc) {
	timer := time.AfterFunc(database.CancelTimeout, abandon)
	defer timer.Stop()
	killed := d.killer()()
	if killed != nil || errorCode(source.Close()) != codeInterrupted {
		abandon()
		_ = d.conn.Close() // the result is complete without the connection
	}
}

// killer returns a function that stops the session's statement, on a second
// connection.
func (d *db) killer() func() error {
	id := d.session.id
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), database.CancelTimeout)
		defer cancel()
		conn, _, err := dial(ctx, d.config)
		if err != nil {
			return err
		}
		return errors.Join(exec(ctx, conn, "KILL QUERY "+id), conn.Close())
	}
}

// connect opens the connection unless there is a usable one.
func (d *db) connect(ctx context.Context) (err error) {
	if d.conn != nil && !d.usable(ctx) {
		d.drop()
	}
	if d.conn != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, database.ConnectTimeout)
	defer cancel()
	conn, meter, err := dial(ctx, d.config)
	if err != nil {
		return &database.ConnectFailure{Err: err}
	}
	if d.session, err = startSession(ctx, conn); err != nil {
		return errors.Join(&database.ConnectFailure{Err: err}, conn.Close())
	}
	d.conn, d.meter, d.idleSince = conn, meter, database.Now()
	return nil
}

// usable reports whether an idle connection still works. ResetSession looks at
// the socket.
func (d *db) usable(ctx context.Context) bool {
	if d.conn.ResetSession(ctx) != nil {
		return false
	}
	if time.Since(d.idleSince) < database.IdleBeforePing {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, database.PingTimeout)
	defer cancel()
	if d.conn.Ping(ctx) != nil {
		return false
	}
	d.idleSince = database.Now()
	return true
}

// drop closes the connection.
func (d *db) drop() {
	if d.conn != nil {
		_ = d.conn.Close() // the connection is discarded either way
		d.conn = nil
	}
	d.catalogue = nil
}

// dial connects, and returns the meter of the connection's rows.
func dial(ctx context.Context, config *mysql.Config) (conn, *database.MeteredConn, error) {
	meter := &database.MeteredConn{}
	config = config.Clone()
	dialSocket := config.DialFunc
	if dialSocket == nil {
		dialSocket = new(net.Dialer).DialContext
	}
	config.DialFunc = func(ctx context.Context, network, address string) (_ net.Conn, err error) {
		meter.Conn, err = dialSocket(ctx, network, address)
		return meter, err
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, nil, err
	}
	opened, err := connector.Connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	return opened.(conn), meter, nil
}

// meteredRows limits the size of each row.
type meteredRows struct {
	driver.Rows
	meter *database.MeteredConn
}

// Next implements driver.Rows.
func (r meteredRows) Next(values []driver.Value) error {
	r.meter.Reset()
	err := r.Rows.Next(values)
	if err == nil && r.meter.Exceeded() { // by its last read
		return database.RowTooLarge()
	}
	return err
}

// ColumnTypeDatabaseTypeName implements driver.RowsColumnTypeDatabaseTypeName.
func (r meteredRows) ColumnTypeDatabaseTypeName(column int) string {
	return r.Rows.(driver.RowsColumnTypeDatabaseTypeName).ColumnTypeDatabaseTypeName(column)
}

func exec(ctx context.Context, conn conn, sql string) error {
	_, err := conn.ExecContext(ctx, sql, nil)
	return err
}
