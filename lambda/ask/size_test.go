package ask

import (
	"context"
	"strings"
	"testing"

	"defog-cdk/lambda/database"
)

// A database can quote a value of many megabytes in its message.
func TestLongMessagesAreCut(t *testing.T) {
	long := &database.StatementError{Message: "invalid input: " + strings.Repeat("ü", 5<<20), Final: true}
	f := &fake{sql: []string{"A", "B"}, fails: map[string]error{"A": long}, result: rows()}
	h, _ := newHandler(f)
	h.Open = func(context.Context) (Backend, error) { return Backend{Generator: f, Database: f}, nil }
	answer := invoke(t, h, `{"question":"How many?"}`)
	if len(answer) > maxMessage+1000 || !strings.Contains(answer, "invalid input: ü") || !strings.Contains(answer, "ü …") {
		t.Errorf("got %d bytes, want the start of the message", len(answer))
	}
	if strings.Contains(answer, "row_count") {
		t.Error("a statement ran after one with a final error")
	}
}

// The quotes of an HTTP response can make the names of columns exceed it.
func TestColumnNamesBeyondResponseAreAnError(t *testing.T) {
	for _, isHTTP := range []bool{false, true} {
		result := rows()
		result.Columns = []string{strings.Repeat(`"`, maxResponse/3)}
		x := &exchange{result: &result, requestID: "r"}
		out, err := x.encode(isHTTP)
		if err != nil {
			t.Fatal(err)
		}
		failed := strings.Contains(string(out), "the names of the result's columns take")
		if len(out) > maxResponse || failed != isHTTP {
			t.Errorf("HTTP %v: got %d bytes, failed is %v", isHTTP, len(out), failed)
		}
	}
}
