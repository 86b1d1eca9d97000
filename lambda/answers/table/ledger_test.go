package table

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// startLedger returns a ledger with a stand-in for DynamoDB.
func startLedger(t *testing.T, responses ...response) (*server, *Ledger) {
	t.Helper()
	s, store, _ := start(t, responses...)
	return s, &Ledger{client: store.client, table: "table"}
}

func TestCostsAreAddedAtomically(t *testing.T) {
	s, ledger := startLedger(t)
	if err := ledger.Add(t.Context(), "2026-11-28", 1_500); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"TableName": "table", "Key": map[string]any{"id": map[string]any{"S": "spending"}, "part": map[string]any{"S": "2026-11-28"}},
		"UpdateExpression":          "ADD #cost :cost SET #expires = :expires",
		"ExpressionAttributeNames":  map[string]any{"#cost": "cost", "#expires": "expires"},
		"ExpressionAttributeValues": map[string]any{":cost": map[string]any{"N": "1500"}, ":expires": map[string]any{"N": "1795996800"}}, // 2026-11-30
	}
	if diff := cmp.Diff(want, s.requests[0].body); diff != "" || s.requests[0].target != "UpdateItem" {
		t.Errorf("%s (-want +got):\n%s", s.requests[0].target, diff)
	}
}

func TestTotalIsRead(t *testing.T) {
	s, ledger := startLedger(t, response{200, `{"Item":{"id":{"S":"spending"},"cost":{"N":"1500"}}}`}, response{200, `{}`},
		response{200, `{"Item":{"id":{"S":"spending"}}}`}, response{200, `{"Item":{"cost":{"N":"1.5"}}}`})
	for _, want := range []struct {
		total int64
		err   string
	}{{1500, ""}, {0, ""}, {0, "has no number cost"}, {0, "invalid syntax"}} {
		total, err := ledger.Total(t.Context(), "2026-11-28")
		if int64(total) != want.total || (err == nil) != (want.err == "") || err != nil && !strings.Contains(err.Error(), want.err) {
			t.Errorf("got %d, %v, want %+v", total, err, want)
		}
	}
	for _, r := range s.requests {
		if r.target != "GetItem" || r.body["ConsistentRead"] != true {
			t.Errorf("request %+v", r)
		}
	}
}
