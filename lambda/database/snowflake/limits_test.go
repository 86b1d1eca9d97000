package snowflake

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	stand "defog-cdk/internal/testserver/snowflake"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
)

// largeQuery has rows of a number of columns with texts of a size.
const largeQuery = "SELECT * FROM texts WHERE columns = %d AND size = %d"

// largeRows are the rows of largeQuery: those that come at once, a chunk of
// chunkRows, and a few in a further one.
const largeRows, chunkRows = 2600, 2000

func large(statement string) (stand.Result, bool) {
	var columns, size int
	if _, err := fmt.Sscanf(statement, largeQuery, &columns, &size); err != nil {
		return stand.Result{}, false
	}
	var result stand.Result
	for i := range columns {
		result.Columns = append(result.Columns, stand.Column{Name: fmt.Sprint("C", i), Type: "text"})
	}
	row := slices.Repeat([]*string{text(strings.Repeat("x", size))}, columns)
	result.Rows = slices.Values(slices.Repeat([][]*string{row}, largeRows))
	return result, true
}

func TestChunkBeyondLimitIsRefused(t *testing.T) {
	const below = maxReplyBytes/chunkRows - len(`[""],`)
	databasetest.ExpectReplyLimit(t, openServer(t, nil, ""), fmt.Sprintf(largeQuery, 1, below), largeRows, databasetest.Failure{
		SQL: fmt.Sprintf(largeQuery, 1, below+1), Message: database.RowTooLarge().Message,
	})
}

// A value takes more memory than its text, so the number of values has a limit.
func TestChunkWithTooManyValuesIsRefused(t *testing.T) {
	before := debug.SetMemoryLimit(64 << 20) // of a function with 128 MB
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	below := int(maxValues())/chunkRows - 1
	databasetest.ExpectReplyLimit(t, openServer(t, nil, ""), fmt.Sprintf(largeQuery, below, 1), largeRows, databasetest.Failure{
		SQL: fmt.Sprintf(largeQuery, below+2, 1), Message: "a part of more than 524288 values; want fewer: select fewer columns",
	})
}

// Commas, quotes and backslashes in a value are not separators, also across reads.
func TestLimitedBodyCountsValues(t *testing.T) {
	const text = `["a,b","c\\",null,"\",",1],["d"]`
	for size := 1; size <= len(text); size++ {
		var body limitedBody
		for part := range slices.Chunk([]byte(text), size) {
			body.count(part)
		}
		if body.values != 5 {
			t.Errorf("parts of %d bytes: got %d separators, want 5", size, body.values)
		}
	}
}
