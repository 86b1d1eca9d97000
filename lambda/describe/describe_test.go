package describe

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/schema"
)

var shop = schema.Schema{DBType: "postgres", Tables: []schema.Table{
	{Name: "customers", Comment: "People who bought", Columns: []schema.Column{{Name: "name", Type: "text", Samples: []string{"Ada"}}}},
	{Schema: "sales", Name: "orders", Columns: []schema.Column{{Name: "amount", Comment: "in Euro"}}, ForeignKeys: []schema.ForeignKey{{Columns: []string{"customer"}, Table: "customers"}}},
}}

func TestTablesContainWord(t *testing.T) {
	for word, want := range map[string][]string{
		"": {"customers", "sales.orders"}, "ORDER": {"sales.orders"}, "euro": {"sales.orders"}, "bought": {"customers"},
		"sales": {"sales.orders"}, "name": {"customers"}, "Ada": nil, "%": nil,
	} {
		d, err := Tables(shop, word)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, table := range d.Tables {
			got = append(got, table.Path())
		}
		if diff := cmp.Diff(want, got); diff != "" || d.TableCount != len(want) || d.Truncated || d.DBType != "postgres" {
			t.Errorf("%q: %+v, -want +got:\n%s", word, d, diff)
		}
	}
}

func TestTablesOmitSamples(t *testing.T) {
	d, err := Tables(shop, "")
	if err != nil {
		t.Fatal(err)
	}
	if text := encode(t, d); strings.Contains(text, "Ada") {
		t.Errorf("a value of the data in %s", text)
	}
	if shop.Tables[0].Columns[0].Samples == nil {
		t.Error("the schema lost its samples")
	}
}

func TestTablesFitIntoContextWindow(t *testing.T) {
	var large schema.Schema
	for i := range 3000 {
		large.Tables = append(large.Tables, schema.Table{Name: fmt.Sprint("table", i), Columns: []schema.Column{{Name: "column", Comment: strings.Repeat("x", 200)}}})
	}
	d, err := Tables(large, "")
	if err != nil {
		t.Fatal(err)
	}
	if size := len(encode(t, d)); size > 2*maxBytes || len(d.Tables) == 0 {
		t.Errorf("%d bytes with %d tables", size, len(d.Tables))
	}
	if !d.Truncated || d.TableCount != 3000 || len(d.MoreTables) != maxNames || d.MoreTables[0] != fmt.Sprint("table", len(d.Tables)) {
		t.Errorf("truncated %v, %d tables, %d more from %s", d.Truncated, d.TableCount, len(d.MoreTables), d.MoreTables[0])
	}
}

func TestGoldenContainsWord(t *testing.T) {
	pairs := []knowledge.Pair{{Question: "How many customers?", SQL: "SELECT count(*) FROM customers"}, {Question: "Turnover?", SQL: "SELECT sum(amount) FROM orders"}}
	for word, want := range map[string]int{"": 2, "CUSTOMERS": 1, "amount": 1, "coffee": 0} {
		if got := Golden(pairs, word); len(got.Questions) != want || got.QuestionCount != want || got.Truncated {
			t.Errorf("%q: %+v", word, got)
		}
	}
	if text := encode(t, Golden(nil, "")); text != `{"questions":[],"question_count":0,"truncated":false}` {
		t.Errorf("without golden.json: %s", text)
	}
	pairs[0].SQL = strings.Repeat("x", maxBytes)
	if got := Golden(pairs, ""); !got.Truncated || got.QuestionCount != 2 {
		t.Errorf("truncated %v, %d questions", got.Truncated, got.QuestionCount)
	}
}

func TestWordIsChecked(t *testing.T) {
	for arguments, want := range map[string]string{`{}`: "", `{"word": " orders "}`: "orders", `{"word": null}`: ""} {
		if got, err := Word(json.RawMessage(arguments)); got != want || err != nil {
			t.Errorf("%s: %q, %v", arguments, got, err)
		}
	}
	for _, arguments := range []string{``, `[]`, `1`, `{"word": 1}`, `{"word": ["x"]}`, `{"words": "x"}`, `{"word": "` + strings.Repeat("x", 201) + `"}`} {
		if got, err := Word(json.RawMessage(arguments)); err == nil {
			t.Errorf("%s: %q", arguments, got)
		}
	}
}

func encode(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
