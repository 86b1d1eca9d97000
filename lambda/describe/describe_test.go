package describe

import (
	"encoding/json"
	"fmt"
	"slices"
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

// A table that is larger than a context window has columns in the result, too.
func TestLargeTableHasColumns(t *testing.T) {
	wide := schema.Table{Name: "facts", Columns: []schema.Column{{Name: "id"}}}
	for i := range 3000 {
		wide.Columns = append(wide.Columns, schema.Column{Name: fmt.Sprintf("measure_%04d", i), Comment: strings.Repeat("x", 100)})
	}
	s := schema.Schema{DBType: "postgres", Tables: []schema.Table{wide, {Name: "shops", Columns: []schema.Column{{Name: "name"}}}}}
	for word, want := range map[string]string{"": "id", "facts": "id", "MEASURE_2999": "measure_2999", "measure_": "measure_0000"} {
		d, err := Tables(s, word)
		if err != nil {
			t.Fatal(err)
		}
		if size := len(encode(t, d)); size > maxBytes {
			t.Errorf("%q: %d bytes", word, size)
		}
		if len(d.Tables) == 0 || d.Tables[0].Columns[0].Name != want || !d.Truncated || !slices.Equal(d.CutTables, []string{"facts"}) {
			t.Errorf("%q: truncated %v, cut %v, %d tables, want the column %s", word, d.Truncated, d.CutTables, len(d.Tables), want)
		}
		if word == "" && (len(d.Tables) != 2 || len(d.MoreTables) != 0) {
			t.Errorf("the large table left no place for the small one: %v", d.MoreTables)
		}
	}
	if len(s.Tables[0].Columns) != 3001 {
		t.Error("the schema lost columns")
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
	if got := Golden(pairs, ""); !got.Truncated || got.QuestionCount != 2 || len(got.Questions) != 1 {
		t.Errorf("truncated %v, %d of %d questions", got.Truncated, len(got.Questions), got.QuestionCount)
	}
}

func TestWordIsChecked(t *testing.T) {
	long := strings.Repeat("ö", 200) // characters, as in the tool's schema
	for arguments, want := range map[string]string{`{}`: "", `{"word": " orders "}`: "orders", `{"word": null}`: "", `{"word": "` + long + `"}`: long} {
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
