package postgres

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Query runs statements as the superuser and returns the last one's rows as
// text, NULL as "NULL". It fails the test if one of them fails.
func (s *Server) Query(tb testing.TB, sql string) [][]string {
	tb.Helper()
	rows, err := s.query(context.Background(), sql)
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

func (s *Server) query(ctx context.Context, sql string) ([][]string, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	return queryOn(ctx, conn, sql)
}

func (s *Server) connect(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := pgconn.Connect(ctx, s.URL())
	if err != nil {
		return nil, fmt.Errorf("connect to the test's PostgreSQL: %w", err)
	}
	return conn, nil
}

func queryOn(ctx context.Context, conn *pgconn.PgConn, sql string) ([][]string, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("query the test's PostgreSQL: %w", err)
	}
	if len(results) == 0 {
		return nil, nil
	}
	var rows [][]string
	for _, values := range results[len(results)-1].Rows {
		row := make([]string, len(values))
		for i, value := range values {
			row[i] = string(value)
			if value == nil {
				row[i] = "NULL"
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}
