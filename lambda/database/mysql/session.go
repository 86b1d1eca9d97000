package mysql

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

// session is the state of a connection's session.
type session struct {
	id      string // CONNECTION_ID()
	mariadb bool
	timeout time.Duration // the session's statement timeout
}

// startSession reads the session's state and sets what the guard's lexer and
// the text formats require.
func startSession(ctx context.Context, conn conn) (session, error) {
	row, err := queryRow(ctx, conn, "SELECT CONNECTION_ID(), VERSION(), @@SESSION.sql_mode")
	if err != nil {
		return session{}, fmt.Errorf("read the session: %w", err)
	}
	for _, sql := range []string{
		"SET NAMES utf8mb4, SESSION sql_mode = '" + plainMode(row[2]) + "'",
		// MariaDB ends a query's read-only transaction before it runs a DROP.
		// The implicit transaction of the DROP is read-only by this.
		"SET SESSION TRANSACTION READ ONLY",
	} {
		if err := exec(ctx, conn, sql); err != nil {
			return session{}, fmt.Errorf("configure the session: %w", err)
		}
	}
	return session{id: row[0], mariadb: strings.Contains(row[1], "MariaDB")}, nil
}

// lexicalModes are the SQL modes that change the syntax of strings or names,
// and those that imply them.
var lexicalModes = []string{
	"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL",
}

// plainMode returns a SQL mode without lexicalModes.
func plainMode(mode string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(mode, ","), func(name string) bool {
		return slices.Contains(lexicalModes, name)
	}), ",")
}

// limit sets the session's statement timeout if it changes. MySQL's unit is
// the millisecond, MariaDB's the second.
func (s *session) limit(ctx context.Context, conn conn, timeout time.Duration) error {
	if timeout == s.timeout {
		return nil
	}
	sql := "SET SESSION max_execution_time = " + strconv.FormatInt(timeout.Milliseconds(), 10)
	if s.mariadb {
		sql = "SET SESSION max_statement_time = " + strconv.FormatFloat(timeout.Seconds(), 'f', -1, 64)
	}
	if err := exec(ctx, conn, sql); err != nil {
		return err
	}
	s.timeout = timeout
	return nil
}

// queryRow returns the first row of a query as text.
func queryRow(ctx context.Context, conn conn, sql string) ([]string, error) {
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
