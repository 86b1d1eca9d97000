//go:build !onedriver || mysql

package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mysqlSession is what is known of a connection's session.
type mysqlSession struct {
	id      string // by which the server knows it
	mariadb bool
	timeout time.Duration // its limit for a statement, as last set
}

// startSession learns about the session and makes it one that the guard's
// lexer and the text forms can build on.
func startSession(ctx context.Context, conn mysqlConn) (mysqlSession, error) {
	row, err := firstMySQL(ctx, conn, "SELECT CONNECTION_ID(), VERSION(), @@SESSION.sql_mode")
	if err != nil {
		return mysqlSession{}, fmt.Errorf("ask for the session: %w", err)
	}
	for _, sql := range []string{
		"SET NAMES utf8mb4, SESSION sql_mode = '" + plainMode(row[2]) + "'",
		// Each query has a read-only transaction of its own, which MariaDB
		// ends before it runs a DROP. The one that this is in then follows the
		// session.
		"SET SESSION TRANSACTION READ ONLY",
	} {
		if err := execMySQL(ctx, conn, sql); err != nil {
			return mysqlSession{}, fmt.Errorf("set up the session: %w", err)
		}
	}
	return mysqlSession{id: row[0], mariadb: strings.Contains(row[1], "MariaDB")}, nil
}

// lexicalModes are the SQL modes that change what is a string or a name, and
// those that imply them.
var lexicalModes = []string{
	"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL",
}

// plainMode returns a SQL mode without lexicalModes.
func plainMode(mode string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(mode, ","), func(name string) bool {
		return slices.Contains(lexicalModes, name)
	}), ",")
}

// limit sets how long the server may work on a statement, if that is not what
// it knows already. MySQL takes milliseconds, MariaDB seconds.
func (s *mysqlSession) limit(ctx context.Context, conn mysqlConn, timeout time.Duration) error {
	if timeout == s.timeout {
		return nil
	}
	sql := "SET SESSION max_execution_time = " + strconv.FormatInt(timeout.Milliseconds(), 10)
	if s.mariadb {
		sql = "SET SESSION max_statement_time = " + strconv.FormatFloat(timeout.Seconds(), 'f', -1, 64)
	}
	if err := execMySQL(ctx, conn, sql); err != nil {
		return err
	}
	s.timeout = timeout
	return nil
}

// firstMySQL returns the first row of a query of our own, as text.
func firstMySQL(ctx context.Context, conn mysqlConn, sql string) ([]string, error) {
	rows, err := conn.QueryContext(ctx, sql, nil)
	if err != nil {
		return nil, err
	}
	values := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(values); err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	row := make([]string, len(values))
	for i, value := range values {
		row[i] = fmt.Sprint(value)
		if text, ok := value.([]byte); ok {
			row[i] = string(text)
		}
	}
	return row, rows.Close()
}
