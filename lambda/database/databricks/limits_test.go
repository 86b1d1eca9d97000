package databricks

import (
	"fmt"
	"strings"
	"testing"

	"defog-cdk/internal/testserver/databricks"
	"defog-cdk/lambda/database/databasetest"
)

func TestBatchBeyondLimitIsRefused(t *testing.T) {
	const query = "SELECT t FROM texts WHERE n <= %d"
	server, db := startServer(t)
	value := strings.Repeat("x", 10_000)
	server.Answer = func(sql string) (databricks.Table, bool) {
		table := databricks.Table{Columns: []string{"t"}, Text: func(int, int) string { return value }}
		_, err := fmt.Sscanf(sql, query, &table.Rows)
		return table, err == nil
	}
	const besideRows = 1000 // at most, of the reply
	rowBytes := len(value) + 4
	below, over := (maxReplyBytes-besideRows)/rowBytes, maxReplyBytes/rowBytes+1
	databasetest.ExpectReplyLimit(t, db, fmt.Sprintf(query, below), below, databasetest.Failure{
		SQL: fmt.Sprintf(query, over), Message: "the result has a batch of more than 16777216 bytes: select less of it",
	})
}
