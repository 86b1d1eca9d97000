package postgres

import (
	"errors"
	"strings"
	"testing"
	"time"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
)

// A row that exceeds the limit is an error, and the next statement runs.
func TestLargeRowsAreRefused(t *testing.T) {
	db := openServer(t, nil, "")
	limits := database.Limits{Bytes: 6 << 20, Rows: 10_000, Time: time.Minute}
	for _, sql := range []string{
		"SELECT repeat('x', 9000000)",
		"SELECT " + strings.Repeat("repeat('x', 1000000), ", 9) + "1",
		"SELECT array_fill(repeat('x', 1000), ARRAY[10000])",
		"SELECT decode(repeat('00', 5000000), 'hex')",
		"SELECT jsonb_build_array(repeat('x', 9000000))",
	} {
		_, err := db.Query(t.Context(), sql, limits)
		failed, ok := errors.AsType[*database.StatementError](err)
		if !ok || !strings.Contains(failed.Message, "row or a value of more than") {
			t.Errorf("%.60s: got %v, want an error about the row", sql, err)
		}
		databasetest.MustQuery(t, db, "SELECT 1", limits)
	}
	for _, sql := range []string{
		`SELECT repeat(E'\x01', 5000000)`, // escapes make six bytes of one
		"SELECT repeat('x', 7000000)",
		"SELECT decode(repeat('00', 3500000), 'hex')",
		`SELECT array_fill(repeat(E'\x01', 1000), ARRAY[5000])`,
		"SELECT array_fill(true, ARRAY[3000000])",
		"SELECT array_fill(true, ARRAY[1500, 1500])",
	} {
		if result := databasetest.MustQuery(t, db, sql, limits); !result.Truncated || string(result.Data) != "[]" {
			t.Errorf("%s: got %d rows, want an answer without the row", sql, result.RowCount)
		}
	}
}
