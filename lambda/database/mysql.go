//go:build !onedriver || mysql

package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-sql-driver/mysql"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database/guard"
)

func init() { openers["mysql"] = openMySQL }

// mysqlDatabase is a MySQL or MariaDB database and the one connection to it.
type mysqlDatabase struct {
	config  *mysql.Config
	conn    mysqlConn // nil until the first query, and when in doubt
	session mysqlSession
	rested  time.Time // since when conn is unused, by the wall clock
}

// mysqlConn is what a connection of the driver can do. The library's own pool
// can neither keep a connection whose statement was stopped nor say which one
// it is.
type mysqlConn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
}

func openMySQL(creds connection.Creds, around Surroundings) (Database, error) {
	config, err := mysqlConfig(creds, around)
	if err != nil {
		return nil, fmt.Errorf("open mysql: %w", err)
	}
	return &mysqlDatabase{config: config}, nil
}

// Query implements Database.
func (m *mysqlDatabase) Query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	if err := guard.MySQL.Check(sql); err != nil {
		return nil, &StatementError{Message: err.Error()}
	}
	return m.query(ctx, sql, limits)
}

// Close implements Database.
func (m *mysqlDatabase) Close() error {
	m.drop()
	return nil
}

// query runs a statement that the guard has let through.
func (m *mysqlDatabase) query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	if err := m.connect(ctx); err != nil {
		return nil, mysqlError(ctx, err)
	}
	timer := startTimer(ctx, limits.Time)
	result, err := m.run(ctx, sql, timer.timeout, limits)
	if err == nil {
		return result, nil
	}
	return nil, timer.explain(mysqlError(ctx, err), mysqlTimeout, mariadbTimeout)
}

// run runs the statement and has the server stop when ctx ends. The driver
// would only close the connection, of which a busy server takes no notice.
func (m *mysqlDatabase) run(ctx context.Context, sql string, timeout time.Duration, limits Limits) (*Result, error) {
	running, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	kill, stopped := m.killer(), make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		defer close(stopped)
		time.AfterFunc(cancelTime, giveUp) // when the server does not listen
		_ = kill()                         // the same
	})
	result, err := m.transaction(running, sql, timeout, limits)
	if !forget() {
		<-stopped
		m.drop() // the request to stop would hit the next statement if it came late
	}
	m.rested = time.Now().Round(0) // the other clock stands still in a frozen function
	return result, err
}

// transaction runs the statement in a transaction that cannot write, and leaves
// the connection ready for the next one or drops it.
func (m *mysqlDatabase) transaction(ctx context.Context, sql string, timeout time.Duration, limits Limits) (*Result, error) {
	if err := m.session.limit(ctx, m.conn, timeout); err != nil {
		return nil, err
	}
	if err := execMySQL(ctx, m.conn, "START TRANSACTION READ ONLY"); err != nil {
		return nil, err
	}
	result, err := m.read(ctx, sql, limits)
	if execMySQL(ctx, m.conn, "ROLLBACK") != nil {
		m.drop()
	}
	return result, err
}

// read encodes the statement's rows as they arrive.
func (m *mysqlDatabase) read(ctx context.Context, sql string, limits Limits) (*Result, error) {
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	source, err := m.conn.QueryContext(ctx, sql, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close() }() // what is wrong with the connection shows at the next use
	columns := source.Columns()
	values := make([]driver.Value, len(columns))
	encode := encodeMySQL(source, values)
	rows := newRows(columns, limits)
	for {
		err := source.Next(values)
		if errors.Is(err, io.EOF) {
			return rows.result(), nil
		}
		if err != nil {
			return nil, err
		}
		if !rows.add(encode) {
			m.cut(source, giveUp)
			return rows.result(), nil
		}
	}
}

// cut stops the server's work on a statement whose rows are no longer wanted.
// If the server does not say that it stopped, the request to stop may still be
// on its way and would hit the next statement: the connection is closed then,
// by giveUp.
func (m *mysqlDatabase) cut(source driver.Rows, giveUp context.CancelFunc) {
	timer := time.AfterFunc(cancelTime, giveUp)
	defer timer.Stop()
	killed := m.killer()()
	if killed != nil || mysqlCode(source.Close()) != codeInterrupted {
		giveUp()
		_ = m.conn.Close() // the rows are there; what becomes of the rest is not of interest
	}
}

// killer returns a function that tells the server, on a connection of its own,
// to stop what the session does.
func (m *mysqlDatabase) killer() func() error {
	id := m.session.id
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), cancelTime)
		defer cancel()
		conn, err := dialMySQL(ctx, m.config)
		if err != nil {
			return err
		}
		return errors.Join(execMySQL(ctx, conn, "KILL QUERY "+id), conn.Close())
	}
}

// connect makes sure that there is a connection which works.
func (m *mysqlDatabase) connect(ctx context.Context) (err error) {
	if m.conn != nil && !m.usable(ctx) {
		m.drop()
	}
	if m.conn != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	conn, err := dialMySQL(ctx, m.config)
	if err != nil {
		return &connectFailure{err}
	}
	if m.session, err = startSession(ctx, conn); err != nil {
		return errors.Join(&connectFailure{err}, conn.Close())
	}
	m.conn = conn
	return nil
}

// usable reports whether the server still holds the other end. A quiet socket
// that was just in use is taken for good; otherwise the server is asked.
func (m *mysqlDatabase) usable(ctx context.Context) bool {
	if m.conn.ResetSession(ctx) != nil {
		return false
	}
	if time.Since(m.rested) < restTime {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	return m.conn.Ping(ctx) == nil
}

// drop gives the connection up.
func (m *mysqlDatabase) drop() {
	if m.conn != nil {
		_ = m.conn.Close() // a connection that is lost anyway
		m.conn = nil
	}
}

func dialMySQL(ctx context.Context, config *mysql.Config) (mysqlConn, error) {
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return conn.(mysqlConn), nil
}

func execMySQL(ctx context.Context, conn mysqlConn, sql string) error {
	_, err := conn.ExecContext(ctx, sql, nil)
	return err
}
