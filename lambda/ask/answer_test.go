package ask

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/lambda/database"
)

// longestRow is an upper bound on the bytes of a row of large.
const longestRow = 80

// large returns a result of about size bytes. Its rows hold what makes cutting
// hard: brackets, quotes and backslashes in strings, nested arrays, JSON on
// several lines.
func large(size int) database.Result {
	var data strings.Builder
	count := 0
	for ; data.Len() < size; count++ {
		fmt.Fprintf(&data, `,[%d,"]\\\"[{\u005d",[[1],["]"]],{"a":`+"\n\t"+`["}"]}]`, count)
	}
	return database.Result{Columns: []string{"a", "b", "c", "d"}, Data: json.RawMessage("[" + data.String()[1:] + "]"), RowCount: count}
}

func TestAcceptKeepsResponseWithinLimit(t *testing.T) {
	const limit = 5000
	cut := map[bool]int{}
	for size := 3000; size < limit+500; size += 23 {
		for _, isHTTP := range []bool{false, true} {
			result := large(size)
			var all []any
			if err := json.Unmarshal(result.Data, &all); err != nil {
				t.Fatal(err)
			}
			encoding := newResponse(isHTTP, OK)
			encoding.limit = limit
			out, err := encoding.accept(&result, answer{QueryGenerated: `SELECT "a"`, RequestID: "r-1"})
			if err != nil {
				t.Fatal(err)
			}
			got := read(t, out, isHTTP)
			switch {
			case len(out) > limit:
				t.Errorf("%d bytes", len(out))
			case got.RowCount != len(got.Data), got.RowCount != result.RowCount, got.Truncated != (len(got.Data) < len(all)):
				t.Errorf("row_count %d, truncated %t, rows %d of %d", got.RowCount, got.Truncated, len(got.Data), len(all))
			case got.Truncated && len(out) < limit-longestRow:
				t.Errorf("truncated at %d of %d bytes", len(out), limit)
			}
			if diff := cmp.Diff(all[:min(len(got.Data), len(all))], got.Data); diff != "" {
				t.Fatalf("not the first rows (-want +got):\n%s", diff)
			}
			if got.Truncated {
				cut[isHTTP]++
			}
		}
	}
	if cut[false] == 0 || cut[true] <= cut[false] {
		t.Errorf("truncated answers by isHTTP: %v; want some, and more with HTTP", cut)
	}
}

type table struct {
	Data      []any
	Truncated bool
	RowCount  int `json:"row_count"`
}

func read(t *testing.T, out []byte, isHTTP bool) (got table) {
	t.Helper()
	if isHTTP {
		var response events.APIGatewayV2HTTPResponse
		if err := json.Unmarshal(out, &response); err != nil {
			t.Fatal(err)
		}
		out = []byte(response.Body)
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAcceptReturnsNoRowsIfFirstIsTooLarge(t *testing.T) {
	result := database.Result{Columns: []string{"a"}, Data: json.RawMessage(`[["` + strings.Repeat("x", maxResponse) + `"]]`), RowCount: 1}
	out, err := newResponse(false, OK).accept(&result, answer{RequestID: "r-1"})
	want := `{"columns":["a"],"data":[],"query_generated":"","ran_successfully":false,"reason_for_query":null,"previous_context":null,"truncated":true,"row_count":0,"request_id":"r-1"}`
	if err != nil || string(out) != want {
		t.Errorf("got %.500s, %v", out, err)
	}
}

func BenchmarkAccept(b *testing.B) {
	result := large(1 << 20)
	b.SetBytes(int64(len(result.Data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := newResponse(true, OK).accept(&result, answer{}); err != nil {
			b.Fatal(err)
		}
	}
}
