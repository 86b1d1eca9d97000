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
	mode    string // SQL mode
}

// startSession reads the session's state and makes the session read-only.
func startSession(ctx context.Context, conn conn) (session, error) {
	row, err := queryRow(ctx, conn, "SELECT CONNECTION_ID(), VERSION(), @@GLOBAL.sql_mode")
	if err != nil {
		return session{}, fmt.Errorf("read the session: %w", err)
	}
	// MariaDB ends a query's read-only transaction before it runs a DROP. The
	// implicit transaction of the DROP is read-only by this.
	if err := exec(ctx, conn, "SET SESSION TRANSACTION READ ONLY"); err != nil {
		return session{}, fmt.Errorf("configure the session: %w", err)
	}
	return session{id: row[0], mariadb: strings.Contains(row[1], "MariaDB"), mode: plainMode(row[2])}, nil
}

// lexicalModes are the SQL modes that change the syntax of strings or names, and those
// that imply them. One mode changes the text of CHAR.
var lexicalModes = []string{
	"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL", "PAD_CHAR_TO_FULL_LENGTH",
}

// globalNames are the variables of a session that change texts, numbers or the number
// of rows. Each has its global value in each question.
var globalNames = []string{
	"time_zone", "lc_time_names", "div_precision_increment", "default_week_format", "group_concat_max_len", "sql_select_limit",
}

// plainMode returns a SQL mode without lexicalModes.
func plainMode(mode string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(mode, ","), func(name string) bool {
		return slices.Contains(lexicalModes, name)
	}), ",")
}

// configure sets the statement timeout, and what the guard's lexer and the text
// formats require. A pooler can pass on a session with other values. MySQL's unit
// of the timeout is the millisecond, MariaDB's the second.
func (s *session) configure(ctx context.Context, conn conn, timeout time.Duration) error {
	limit := "max_execution_time = " + strconv.FormatInt(timeout.Milliseconds(), 10)
	if s.mariadb {
		limit = "max_statement_time = " + strconv.FormatFloat(timeout.Seconds(), 'f', -1, 64)
	}
	sql := "SET NAMES utf8mb4, SESSION sql_mode = '" + s.mode + "', SESSION " + limit
	for _, name := range globalNames {
		sql += ", SESSION " + name + " = DEFAULT"
	}
	return exec(ctx, conn, sql)
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
