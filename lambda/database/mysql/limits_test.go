package mysql

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
		"SELECT " + strings.Repeat("REPEAT('x', 1048576), ", 9) + "1",
		"SELECT REPEAT('x', 9000000)",
		"SELECT " + strings.Repeat("REPEAT('x', 5000000), ", 9) + "1",
	} {
		_, err := db.Query(t.Context(), sql, limits)
		failed, ok := errors.AsType[*database.StatementError](err)
		if !ok || !strings.Contains(failed.Message, "row or a value of more than") {
			t.Errorf("%.60s: got %v, want an error about the row", sql, err)
		}
		databasetest.MustQuery(t, db, "SELECT 1", limits)
	}
	for _, sql := range []string{
		"SELECT REPEAT(CHAR(1), 5000000)", // escapes make six bytes of one
		"SELECT REPEAT('x', 7000000)",
		"SELECT UNHEX(REPEAT('00', 4000000))",
	} {
		if result := databasetest.MustQuery(t, db, sql, limits); !result.Truncated || string(result.Data) != "[]" {
			t.Errorf("%s: got %d rows, want an answer without the row", sql, result.RowCount)
		}
	}
	result := databasetest.MustQuery(t, db, "SELECT REPEAT('x', 1000000) FROM seq_1_to_100", limits)
	if !result.Truncated || result.RowCount != 6 {
		t.Errorf("many rows: got %d, want 6 and a truncated answer", result.RowCount)
	}
}
