package mariadb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Query runs statements as the superuser and returns the last one's rows as
// text, NULL as "NULL". It fails the test if one of them fails.
func (s *Server) Query(tb testing.TB, statements string) [][]string {
	tb.Helper()
	rows, err := s.query(context.Background(), statements)
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

func (s *Server) query(ctx context.Context, statements string) (_ [][]string, err error) {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(s.Host(), strconv.Itoa(s.Port()))
	config.User, config.Passwd, config.DBName = "root", s.password, database
	config.MultiStatements = true
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the test's MariaDB: %w", err)
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, statements)
	if err != nil {
		return nil, fmt.Errorf("query the test's MariaDB: %w", err)
	}
	defer rows.Close()
	for {
		table, err := read(rows)
		if err != nil {
			return nil, fmt.Errorf("query the test's MariaDB: %w", err)
		}
		if !rows.NextResultSet() {
			return table, rows.Err()
		}
	}
}

// read returns the rows of one statement.
func read(rows *sql.Rows) ([][]string, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var table [][]string
	values, pointers := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			return nil, err
		}
		row := make([]string, len(columns))
		for i, value := range values {
			row[i] = value.String
			if !value.Valid {
				row[i] = "NULL"
			}
		}
		table = append(table, row)
	}
	return table, rows.Err()
}
