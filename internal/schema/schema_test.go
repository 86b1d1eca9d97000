package schema

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseReadsEncodedSchema(t *testing.T) {
	want := Schema{DBType: "postgres", ReadAt: "2026-11-28T15:34:44Z", Tables: []Table{{
		Schema: "sales", Name: "Orders <2024>", View: true, Comment: "What was sold & when",
		Columns:     []Column{{Name: "id", Type: "bigint", NotNull: true}, {Name: "state", Comment: "of the order", Samples: []string{"open", "it's"}}},
		PrimaryKey:  []string{"id"},
		ForeignKeys: []ForeignKey{{Columns: []string{"id"}, Schema: "crm", Table: "customers", TargetColumns: []string{"id"}}},
	}}, Unreadable: []Unreadable{{Schema: "sales", Name: "old", Reason: "no such table"}}}
	data, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !strings.Contains(string(data), `"Orders <2024>"`) {
		t.Errorf("the file escapes HTML characters:\n%s", data)
	}
}

func TestParseListsAllProblems(t *testing.T) {
	for content, want := range map[string]string{
		`{`:                                  "line 1, column 2: invalid JSON: the text ends inside the value",
		`{}`:                                 "tables: empty; want at least one table",
		`{"read_at":"today","tables":[]}`:    `read_at: "today" is invalid; want a time such as 2026-11-28T15:04:05Z, or no read_at` + "\ntables: empty; want at least one table",
		`{"db_type":"postgres","tables":[]}`: "tables: empty; want at least one table",
		`{"tables":[{"name":"a","columns":[]},{"name":"b","columns":[{"name":"x"},{"type":"int"}]},{}]}`: `tables[0].columns: empty; want at least one column of the table "a"
tables[1].columns[1].name: missing; want the name of the column in the table "b"
tables[2].name: missing; want the table's name
tables[2].columns: empty; want at least one column of the table ""`,
	} {
		if _, err := Parse([]byte(content)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", content, err, want)
		}
	}
}

func TestWordsSplitsNames(t *testing.T) {
	for name, want := range map[string]string{
		"order_items":    "order items",
		"OrderItems2024": "order items 2024",
		"HTTPServer":     "http server",
		"customerID":     "customer id",
		"ORDER_DATE":     "order date",
		"Größe in m²":    "größe in m",
		"a.b-c d":        "a b c d",
		"":               "",
	} {
		if got := strings.Join(Words(name), " "); got != want {
			t.Errorf("Words(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestQuoteEscapesTheClosingQuote(t *testing.T) {
	for dbType, want := range map[string]string{
		"postgres":  "\"a\"\"b`c]d\"",
		"snowflake": "\"a\"\"b`c]d\"",
		"mysql":     "`a\"b``c]d`",
		"bigquery":  "`a\"b``c]d`",
		"sqlserver": "[a\"b`c]]d]",
	} {
		if got := Quote(dbType, "a\"b`c]d"); got != want {
			t.Errorf("%s: got %s, want %s", dbType, got, want)
		}
	}
}
