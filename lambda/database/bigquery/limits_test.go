package bigquery

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/lambda/database/databasetest"
)

// longTextsQuery has rows of longTextRow.
const longTextsQuery = "SELECT t FROM shop.texts WHERE n <= %d"

// longTextRow is a row of 10 kB in the reply.
var longTextRow = `{"f":[{"v":"` + strings.Repeat("x", 10_000) + `"}]}`

func TestPageBeyondLimitIsRefused(t *testing.T) {
	_, db := startServer(t)
	const besideRows = 1000 // at most, of the reply
	rowBytes := len(longTextRow) + len(",")
	below, over := (maxReplyBytes-besideRows)/rowBytes, maxReplyBytes/rowBytes+1
	databasetest.ExpectReplyLimit(t, db, fmt.Sprintf(longTextsQuery, below), below, databasetest.Failure{
		SQL: fmt.Sprintf(longTextsQuery, over), Message: "the result has a page of more than 25165824 bytes: select less of it",
	})
}

func TestElementsOfListAreYieldedInOrder(t *testing.T) {
	for list, want := range map[string][]string{
		`[]`:                           nil,
		` [ ] `:                        nil,
		`[1]`:                          {"1"},
		`[ 1 , "a" , null ]`:           {"1", `"a"`, "null"},
		`[[1,2],[],{"a":[3,{"b":4}]}]`: {"[1,2]", "[]", `{"a":[3,{"b":4}]}`},
		`["],[","\\",",\"]",{"}":1}]`:  {`"],["`, `"\\"`, `",\"]"`, `{"}":1}`},
	} {
		var got []string
		for element := range rawJSON(strings.TrimSpace(list)).elements {
			got = append(got, string(element))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", list, diff)
		}
	}
	for range rawJSON("[1,2]").elements {
		break // a second call of yield would panic
	}
}
