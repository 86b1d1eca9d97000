package sqlserver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	tds "defog-cdk/internal/testserver/sqlserver"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
)

// largeQuery has rows of a text.
const largeQuery = "SELECT REPLICATE('x', %d) AS t FROM numbers WHERE n <= %d"

// wideQuery has a row of a text in UTF-16, which takes two bytes a character.
const wideQuery = "SELECT REPLICATE(N'x', %d) AS t"

// large returns the result of largeQuery or wideQuery.
func large(statement string) (tds.Result, bool) {
	var size, count int
	if _, err := fmt.Sscanf(statement, wideQuery, &size); err == nil {
		return rowOf(cell{tds.NVarChar(0), tds.Pieces(bytes.Repeat([]byte("x\x00"), size))}), true
	}
	if _, err := fmt.Sscanf(statement, largeQuery, &size, &count); err != nil {
		return tds.Result{}, false
	}
	row := []tds.Value{tds.Pieces(bytes.Repeat([]byte("x"), size))}
	return tds.Result{Columns: []tds.Column{{Name: "t", Type: tds.VarChar(0)}}, Rows: slices.Values(slices.Repeat([][]tds.Value{row}, count))}, true
}

// A row that exceeds the limit is an error, and the next statement runs.
func TestLargeRowsAreRefused(t *testing.T) {
	db := openServer(t, nil, "")
	limits := database.Limits{Bytes: 6 << 20, Time: time.Minute}
	for _, sql := range []string{fmt.Sprintf(largeQuery, 17<<20, 1), fmt.Sprintf(largeQuery, 20<<20, 3)} {
		_, err := db.Query(t.Context(), sql, limits)
		failed, ok := errors.AsType[*database.StatementError](err)
		if !ok || !strings.Contains(failed.Message, "row or a value of more than") {
			t.Errorf("%s: got %v, want an error about the row", sql, err)
		}
		databasetest.MustQuery(t, db, "SELECT 1", limits)
	}
	result := databasetest.MustQuery(t, db, fmt.Sprintf(largeQuery, 7<<20, 1), limits)
	if !result.Truncated || string(result.Data) != "[]" {
		t.Errorf("one row of 7 MB: got %d rows, want an answer without the row", result.RowCount)
	}
}

// The limit is that of the row in an answer: twice as much on the network.
func TestRowBeyondLimitIsRefused(t *testing.T) {
	const framing = 50_000 // at least half of what frames the text
	databasetest.ExpectReplyLimit(t, openServer(t, nil, ""), fmt.Sprintf(wideQuery, database.MaxRowBytes-framing), 1, databasetest.Failure{
		SQL: fmt.Sprintf(wideQuery, database.MaxRowBytes+1), Message: database.RowTooLarge().Message,
	})
}

// Rows that are large, but not too large, all reach the overflow, however slow it
// is.
func TestLargeRowsAreReadInTurn(t *testing.T) {
	db := openServer(t, nil, "")
	written := 0
	result := databasetest.MustQuery(t, db, fmt.Sprintf(largeQuery, 3<<20, 20), database.Limits{
		Bytes: 1 << 20, Time: time.Minute,
		Overflow: func([]string) io.Writer {
			return writerFunc(func(p []byte) (int, error) {
				time.Sleep(5 * time.Millisecond)
				written += len(p)
				return len(p), nil
			})
		},
	})
	if !result.Truncated || written < 20*3<<20 {
		t.Errorf("got %d bytes in the overflow, want all rows", written)
	}
	databasetest.MustQuery(t, db, "SELECT 1", database.Limits{})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
