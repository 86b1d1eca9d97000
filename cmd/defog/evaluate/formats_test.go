package evaluate

import (
	"strings"
	"testing"

	"defog-cdk/internal/compare"
)

func TestTextBreaksLinesOfMessages(t *testing.T) {
	report := NewReport("golden", []Result{{
		Question: "How\nmany?", Outcome: "invalid", Message: "no golden query\nwant one of:\n  How many?\x1b[2J",
		Difference: &compare.Difference{Reason: "rows", Missing: [][]string{{"a\nb"}}},
	}}, nil)
	var text strings.Builder
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	const want = `invalid  How\nmany?
  message    no golden query
             want one of:
               How many?\x1b[2J
  because    rows
  missing    a\nb
`
	if !strings.Contains(text.String(), want) {
		t.Errorf("got:\n%s\nwant:\n%s", text.String(), want)
	}
}
