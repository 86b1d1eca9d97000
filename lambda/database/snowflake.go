//go:build !onedriver || snowflake

package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	sf "github.com/snowflakedb/gosnowflake/v2"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database/guard"
)

func init() {
	openers["snowflake"] = openSnowflake
	_ = sf.GetLogger().SetLogLevel("off") // what it would log comes back as errors; "off" is a level
}

// snowflake is a Snowflake account and the one session in it. A session has no
// way to be read-only: autocommit is off in ours, so what a statement changes is
// rolled back after it. What Snowflake commits by itself in spite of that (DDL)
// is refused by the guard alone, and by the rights of the role.
type snowflake struct {
	config    sf.Config
	transport *snowflakeTransport
	conn      snowflakeConn // nil until the first query, and when in doubt
	session   snowflakeSession
	rested    time.Time // since when conn is unused, by the wall clock
}

// snowflakeConn is what a connection of the driver can do.
type snowflakeConn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
}

// snowflakeSession is what a session was told of its limits.
type snowflakeSession struct {
	seconds int64 // how long a statement may take; 0 for the account's limit
	rows    int64 // the most rows in a result; 0 for any number
}

// stopDetecting has the driver not look for the cloud that it runs in, for which
// it would ask the metadata services of three and wait for their answers.
const stopDetecting = "SNOWFLAKE_DISABLE_PLATFORM_DETECTION"

func openSnowflake(creds connection.Creds, around Surroundings) (Database, error) {
	if err := os.Setenv(stopDetecting, "true"); err != nil {
		return nil, fmt.Errorf("open snowflake: %w", err)
	}
	config, transport, err := snowflakeConfig(creds, around.Directory)
	if err != nil {
		return nil, fmt.Errorf("open snowflake: %w", err)
	}
	return &snowflake{config: config, transport: transport}, nil
}

// Query implements Database.
func (s *snowflake) Query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	if err := guard.Snowflake.Check(sql); err != nil {
		return nil, &StatementError{Message: err.Error()}
	}
	return s.query(ctx, sql, limits)
}

// Close implements Database.
func (s *snowflake) Close() error {
	s.drop()
	s.transport.base.CloseIdleConnections()
	return nil
}

// query runs a statement that the guard has let through.
func (s *snowflake) query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	return s.attempt(ctx, statement{sql: sql, limits: limits})
}

// own runs a statement of ours, after which nothing has to be rolled back.
func (s *snowflake) own(ctx context.Context, sql string) (*Result, error) {
	return s.attempt(ctx, statement{sql: sql, own: true})
}

// statement is what a session is to run.
type statement struct {
	sql    string
	limits Limits
	own    bool // of ours, with the limits that the session has, and without a rollback
}

// attempt runs a statement. A session that is over has run nothing: then the
// statement runs in a new one.
func (s *snowflake) attempt(ctx context.Context, what statement) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	kept := s.conn != nil
	timer := startTimer(ctx, what.limits.Time)
	result, err := s.run(ctx, what, timer.timeout)
	if kept && isOver(err) {
		s.drop()
		result, err = s.run(ctx, what, timer.timeout)
	}
	if err == nil {
		return result, nil
	}
	return nil, timer.explain(snowflakeError(ctx, err), snowflakeCanceled, snowflakeTimeout)
}

// run runs the statement and has the server stop when ctx ends or time is up:
// the driver tells it so. What fails on the way to the server ends it, too; the
// driver would try again for minutes.
func (s *snowflake) run(ctx context.Context, what statement, timeout time.Duration) (*Result, error) {
	running, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	defer context.AfterFunc(ctx, func() { stop(ctx.Err()) })()
	s.transport.failed(stop)
	wanted := sessionFor(what.limits)
	if what.own {
		wanted = s.session
	}
	if err := s.connect(running, wanted); err != nil {
		return nil, &connectFailure{causeOf(running, err)}
	}
	if timeout > 0 {
		defer time.AfterFunc(timeout, func() { stop(&stoppedError{context.DeadlineExceeded}) }).Stop()
	}
	result, err := s.transaction(running, what, wanted)
	s.rested = time.Now().Round(0) // the other clock stands still in a frozen function
	return result, causeOf(running, err)
}

// causeOf returns why ctx ended, if that is what err comes from.
func causeOf(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// transaction runs the statement and rolls back what it may have changed, or
// drops the session, which does the same.
func (s *snowflake) transaction(ctx context.Context, what statement, wanted snowflakeSession) (*Result, error) {
	if err := s.limit(ctx, wanted); err != nil {
		return nil, err
	}
	s.transport.silent.Store(false)
	result, err := s.read(ctx, what.sql, what.limits)
	if what.own {
		return result, err
	}
	if s.transport.silent.Load() {
		s.conn = nil // nothing can be told to a server that does not answer
		return result, err
	}
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingTime)
	defer cancel()
	s.transport.failed(func(error) { cancel() })
	if s.exec(patient, "ROLLBACK") != nil {
		s.drop()
	}
	return result, err
}

// sessionFor returns what the server is told of limits: time in whole seconds,
// and one row more than is wanted, to see that there are more.
func sessionFor(limits Limits) snowflakeSession {
	wanted := snowflakeSession{seconds: int64((limits.Time + time.Second - 1) / time.Second)}
	if limits.Overflow == nil && limits.Rows > 0 {
		wanted.rows = int64(limits.Rows) + 1
	}
	return wanted
}

// limit tells the session its limits, if that is not what it knows already.
func (s *snowflake) limit(ctx context.Context, wanted snowflakeSession) error {
	if wanted.seconds != s.session.seconds {
		if err := s.exec(ctx, fmt.Sprintf("ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = %d", wanted.seconds)); err != nil {
			return err
		}
		s.session.seconds = wanted.seconds
	}
	if wanted.rows != s.session.rows {
		if err := s.exec(ctx, fmt.Sprintf("ALTER SESSION SET ROWS_PER_RESULTSET = %d", wanted.rows)); err != nil {
			return err
		}
		s.session.rows = wanted.rows
	}
	return nil
}

// read encodes the statement's rows as they arrive.
func (s *snowflake) read(ctx context.Context, sql string, limits Limits) (*Result, error) {
	ctx, giveUp := context.WithCancel(sf.WithMultiStatement(ctx, 1))
	defer giveUp() // what of the result is still to be fetched is no longer wanted then
	source, err := s.conn.QueryContext(ctx, sql, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close() }() // it only lets go of memory
	columns := source.Columns()
	values := make([]driver.Value, len(columns))
	encode := encodeSnowflake(source, values)
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
			return rows.result(), nil
		}
	}
}

// connect makes sure that there is a session. Whether it is still one shows when
// a statement is sent: see query.
func (s *snowflake) connect(ctx context.Context, wanted snowflakeSession) error {
	if s.conn != nil {
		if time.Since(s.rested) > idleTime {
			s.transport.base.CloseIdleConnections() // network devices have dropped them without telling
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	config := s.config
	config.Params = snowflakeParams(wanted)
	conn, err := sf.NewConnector(sf.SnowflakeDriver{}, config).Connect(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), err)
		}
		return err
	}
	s.conn, s.session = conn.(snowflakeConn), wanted
	// What the rollback builds on is said in a statement, which fails if it is not
	// understood.
	if err := s.exec(ctx, "ALTER SESSION SET AUTOCOMMIT = FALSE"); err != nil {
		s.drop()
		return err
	}
	return nil
}

func (s *snowflake) exec(ctx context.Context, sql string) error {
	_, err := s.conn.ExecContext(ctx, sql, nil)
	return err
}

// drop gives the session up, which takes a request. Its transport sees to it
// that this does not take long.
func (s *snowflake) drop() {
	if s.conn != nil {
		s.transport.failed(nil)
		_ = s.conn.Close() // a session that is lost anyway
		s.conn = nil
	}
}
