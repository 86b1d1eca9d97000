//go:build !onedriver || sqlserver

package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database/guard"
)

func init() { openers["sqlserver"] = openSQLServer }

// sqlserver is a Microsoft SQL Server (Azure's too) and the one connection to
// it. It has no read-only transactions: each query has one that is rolled back.
type sqlserver struct {
	config  msdsn.Config
	conn    *mssql.Conn // nil until the first query, and when in doubt
	socket  net.Conn    // what conn talks through
	timeout time.Duration
	rested  time.Time // since when conn is unused, by the wall clock

	// dial replaces the network in tests; nil for the network.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func openSQLServer(creds connection.Creds, around Surroundings) (Database, error) {
	config, err := sqlserverConfig(creds, around.Directory)
	if err != nil {
		return nil, fmt.Errorf("open sqlserver: %w", err)
	}
	return &sqlserver{config: config}, nil
}

// Query implements Database. Whoever writes T-SQL puts a semicolon before WITH.
func (s *sqlserver) Query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	sql = strings.TrimLeft(sql, "; \t\r\n")
	if err := guard.SQLServer.Check(sql); err != nil {
		return nil, &StatementError{Message: err.Error()}
	}
	return s.query(ctx, sql, limits)
}

// Close implements Database.
func (s *sqlserver) Close() error {
	s.drop()
	return nil
}

// query runs a statement that the guard has let through.
func (s *sqlserver) query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	if err := s.connect(ctx); err != nil {
		return nil, sqlserverError(ctx, err)
	}
	timer := startTimer(ctx, limits.Time)
	result, err := s.run(ctx, sql, timer.timeout, limits)
	if err == nil {
		return result, nil
	}
	return nil, timer.explain(sqlserverError(ctx, err), sqlserverStopped, sqlserverLocked)
}

// run runs the statement and has the server stop when ctx ends or time is up:
// the driver sends it an attention then. A server that does not answer to that
// loses the connection.
func (s *sqlserver) run(ctx context.Context, sql string, timeout time.Duration, limits Limits) (*Result, error) {
	// The driver takes a deadline for a broken connection, an end without one
	// not.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	if timeout > 0 {
		defer time.AfterFunc(timeout, stop).Stop()
	}
	defer s.hangUpAfter(running)()
	result, err := s.transaction(running, sql, timeout, limits)
	if s.conn != nil && !s.conn.IsValid() {
		s.drop()
	}
	s.rested = time.Now().Round(0) // the other clock stands still in a frozen function
	if err != nil && running.Err() != nil && ctx.Err() == nil {
		return nil, &stoppedError{err}
	}
	return result, err
}

// hangUpAfter closes the socket some time after ctx has ended, unless the
// function it returns is called before.
func (s *sqlserver) hangUpAfter(ctx context.Context) (forget func()) {
	socket := s.socket
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-over:
		case <-time.After(cancelTime):
			_ = socket.Close() // whoever reads from it learns of that
		}
	})
	return func() {
		stop()
		close(over)
	}
}

// transaction runs the statement in a transaction that is rolled back, and
// leaves the connection ready for the next one or drops it.
func (s *sqlserver) transaction(ctx context.Context, sql string, timeout time.Duration, limits Limits) (*Result, error) {
	if err := s.limit(ctx, timeout); err != nil {
		return nil, err
	}
	// The end of ctx must not come between the server and its rollback.
	transaction, err := s.conn.BeginTx(context.WithoutCancel(ctx), driver.TxOptions{})
	if err != nil {
		return nil, err
	}
	result, err := s.read(ctx, sql, limits)
	if rolledBack := transaction.Rollback(); rolledBack != nil {
		s.drop()
	}
	return result, err
}

// limit sets how long the server may wait for locks, if that is not what it
// knows already.
func (s *sqlserver) limit(ctx context.Context, timeout time.Duration) error {
	if timeout == s.timeout {
		return nil
	}
	milliseconds := int64(-1) // without end
	if timeout > 0 {
		milliseconds = timeout.Milliseconds()
	}
	if err := execSQLServer(ctx, s.conn, fmt.Sprintf("SET LOCK_TIMEOUT %d", milliseconds)); err != nil {
		return err
	}
	s.timeout = timeout
	return nil
}

// read encodes the statement's rows as they arrive.
func (s *sqlserver) read(ctx context.Context, sql string, limits Limits) (*Result, error) {
	source, err := querySQLServer(ctx, s.conn, sql)
	if err != nil {
		return nil, err
	}
	columns := source.Columns()
	values := make([]driver.Value, len(columns))
	encode := encodeSQLServer(source, values)
	rows := newRows(columns, limits)
	for {
		err := source.Next(values)
		if errors.Is(err, io.EOF) {
			return rows.result(), source.Close()
		}
		if err != nil {
			_ = source.Close() // says again what Next said
			return nil, err
		}
		if !rows.add(encode) {
			s.cut(source)
			return rows.result(), nil
		}
	}
}

// cut stops the server's work on a statement whose rows are no longer wanted:
// closing them sends it an attention, and waits for its answer.
func (s *sqlserver) cut(source driver.Rows) {
	socket := s.socket
	timer := time.AfterFunc(cancelTime, func() { _ = socket.Close() })
	defer timer.Stop()
	_ = source.Close() // the rows are there; what becomes of the rest shows at the rollback
}

// connect makes sure that there is a connection which works.
func (s *sqlserver) connect(ctx context.Context) error {
	if s.conn != nil && !s.usable(ctx) {
		s.drop()
	}
	if s.conn != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	if err := s.logIn(ctx); err != nil {
		s.drop()
		return &connectFailure{err}
	}
	s.rested = time.Now().Round(0)
	return nil
}

// sqlserverSession makes a session one that the guard's lexer, the rollback and
// the limits can build on.
const sqlserverSession = "SET QUOTED_IDENTIFIER ON; SET ANSI_NULLS ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; " +
	// After an error or an attention the server rolls back by itself.
	"SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; " +
	// More than an answer can hold, and it keeps one value from filling the memory.
	"SET TEXTSIZE 33554432"

// logIn connects. The driver heeds ctx only until there is a socket; its end
// closes that.
func (s *sqlserver) logIn(ctx context.Context) error {
	connector := mssql.NewConnectorConfig(s.config)
	dialer := &sqlserverDialer{host: s.config.Host, dial: s.dial}
	defer dialer.forget()
	connector.Dialer = dialer
	conn, err := connector.Connect(ctx)
	s.socket = dialer.socket
	if err == nil {
		s.conn = conn.(*mssql.Conn)
		s.timeout = 0
		err = execSQLServer(ctx, s.conn, sqlserverSession)
	}
	if err != nil && ctx.Err() != nil {
		return errors.Join(ctx.Err(), err) // the driver knows only of a closed socket
	}
	return err
}

// usable reports whether the server still holds the other end. A quiet socket
// that was just in use is taken for good; otherwise the server is asked.
func (s *sqlserver) usable(ctx context.Context) bool {
	if !s.conn.IsValid() {
		return false
	}
	unread, err := pending(s.socket)
	if errors.Is(err, io.EOF) {
		return false
	}
	if err == nil && !unread && time.Since(s.rested) < restTime {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	defer s.hangUpAfter(ctx)()
	return s.conn.Ping(ctx) == nil
}

// drop gives the connection up. The socket goes first: the driver may still
// read from it into what Close lets others use.
func (s *sqlserver) drop() {
	if s.socket != nil {
		_ = s.socket.Close() // a connection that is lost anyway
		s.socket = nil
	}
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

// querySQLServer sends a batch. The driver takes text that looks like the name
// of a procedure for a call of it; a first line that is empty rules that out.
func querySQLServer(ctx context.Context, conn *mssql.Conn, sql string) (*mssql.Rows, error) {
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

func execSQLServer(ctx context.Context, conn *mssql.Conn, sql string) error {
	statement, err := conn.PrepareContext(ctx, sql)
	if err != nil {
		return err
	}
	_, err = statement.(driver.StmtExecContext).ExecContext(ctx, nil)
	return err
}
