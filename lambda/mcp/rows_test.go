package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// newAnswer returns an answer of POST / with rows of one text.
func newAnswer(t *testing.T, count, size int, more string) json.RawMessage {
	t.Helper()
	data := make([][]string, count)
	for i := range data {
		data[i] = []string{strings.Repeat("x", size)}
	}
	text, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"columns":["c"],"data":%s,"query_generated":"SELECT 1","ran_successfully":true,"request_id":"r"%s}`, text, more)
}

func TestRowsFitIntoContextWindow(t *testing.T) {
	const stored = `,"truncated":true,"results":{"url":"https://bucket.example.com/all.csv","expires":"2026-11-28T15:34:44Z","row_count":250000}`
	for name, test := range map[string]struct {
		count, size, want int
		more, rest        string
	}{
		"all":            {100, 10, 100, `,"truncated":false`, ""},
		"too many":       {101, 10, 100, `,"truncated":false`, "narrower question"},
		"too large":      {100, 1000, 65, `,"truncated":false`, "narrower question"},
		"one large row":  {1, MaxBytes, 0, `,"truncated":false`, "fewer columns"},
		"truncated":      {3, 10, 3, `,"truncated":true`, "narrower question"},
		"stored":         {3, 10, 3, stored, "All 250000 rows are in a CSV file until 2026-11-28T15:34:44Z: https://bucket.example.com/all.csv"},
		"stored and cut": {101, 10, 100, stored, "https://bucket.example.com/all.csv"},
		"none":           {0, 0, 0, `,"truncated":false`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := newRows(newAnswer(t, test.count, test.size, test.more), DefaultMaxRows)
			if err != nil {
				t.Fatal(err)
			}
			var got rows
			if err := json.Unmarshal(result.StructuredContent.(json.RawMessage), &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Rows) != test.want || got.Rows == nil || *got.RowCount != test.want || *got.Truncated != (test.rest != "") || !strings.Contains(got.Rest, test.rest) {
				t.Errorf("%d rows, row_count %d, truncated %v: %s", len(got.Rows), *got.RowCount, *got.Truncated, got.Rest)
			}
			text := result.Content[0].(*sdk.TextContent).Text
			if !strings.Contains(text, test.rest) || strings.Count(text, "\n| x") != test.want || len(text) > MaxBytes {
				t.Errorf("text of %d bytes: %.300s", len(text), text)
			}
		})
	}
}

func TestRowsOfSQLThatDidNotRun(t *testing.T) {
	result, err := newRows([]byte(`{"query_generated":"SELECT 1","ran_successfully":true,"reason_for_query":null,"request_id":"r"}`), DefaultMaxRows)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(result.StructuredContent.(json.RawMessage)); got != `{"sql":"SELECT 1","request_id":"r"}` {
		t.Error(got)
	}
}

func TestTableKeepsValuesInCells(t *testing.T) {
	row := json.RawMessage(`["a|b", "a\\|b\\\\|c\\d", "line\nbreak\r\t", null, 1.50, {"k": [1, null]}, "` + strings.Repeat("é", 100) + `", "zero\u0000\u200b\u202e", "日本 🎉", ""]`)
	got, err := table([]string{"c|\n"}, []json.RawMessage{row})
	if err != nil {
		t.Fatal(err)
	}
	want := "| c\\|  |\n| --- |\n| a\\|b | a\\\\\\|b\\\\\\\\\\|c\\d | line break   | null | 1.50 | {\"k\":[1,null]} | " + strings.Repeat("é", 80) + `… | zero\x00\u200b\u202e | 日本 🎉 |  |` + "\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Characters that a reader does not see can carry instructions to a model.
func TestInvisibleCharactersAreEscapes(t *testing.T) {
	for text, want := range map[string]string{
		"a\U000e0041b":              `a\U000e0041b`, // a tag
		"a\U000e0100\ufe0eb":        `a\U000e0100\ufe0eb`,
		"a\ufe00\ufe01":             `a\ufe00\ufe01`,
		"\u115f\u1160\u3164\uffa0":  `\u115f\u1160\u3164\uffa0`,
		"a\u034fb\u17b4\u180b":      `a\u034fb\u17b4\u180b`,
		"❤\ufe0f and e\u0301, 日本 🎉": "❤\ufe0f and e\u0301, 日本 🎉",
		"❤\ufe0f\ufe0f":             "❤\ufe0f" + `\ufe0f`,
		"a\ufe0fb":                  `a\ufe0fb`,
	} {
		if got := clean(text); got != want {
			t.Errorf("%+q: %+q, want %+q", text, got, want)
		}
	}
}

func TestRowsShowWhatTheyRestOn(t *testing.T) {
	long := strings.Repeat("y", 2*maxTrust)
	result, err := newRows(newAnswer(t, 1, 1, `,"source":"model","tables":["a","b\u202e"],"assumptions":["x","`+long+`"],"filters":["y"],"confidence":0.67,"samples":3,"schema_age":60`), DefaultMaxRows)
	if err != nil {
		t.Fatal(err)
	}
	text := result.Content[0].(*sdk.TextContent).Text
	want := "1 row\nSource: model\nAgreement: 2 of 3 answers of the model have these rows\nTables: a; b\\u202e\nFilters: y\nAssumptions: x; yyy"
	if !strings.Contains(text, want) || len(text) > 2*maxTrust || !strings.Contains(string(result.StructuredContent.(json.RawMessage)), long) {
		t.Errorf("got %s", text)
	}
}

func TestClarificationListsItsOptions(t *testing.T) {
	err := refused(json.RawMessage(`{"ran_successfully":false,"error_message":"Which?","error_code":"clarification_needed","clarification":{"question":"Which?","options":["This?","That\u200b?"]},"request_id":"r"}`))
	failed, ok := errors.AsType[*Error](err)
	want := "error_code: clarification_needed\nerror_message: Which?\nrequest_id: r\noption: This?\noption: That\\u200b?\nThe question is ambiguous. Ask one of the options, or let the user choose."
	if !ok || failed.text() != want {
		t.Errorf("got %v", err)
	}
}
