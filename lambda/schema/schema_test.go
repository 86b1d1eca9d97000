package schema

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOpenReadsEncodedSchema(t *testing.T) {
	want := Schema{DBType: "postgres", Tables: []Table{{
		Schema: "sales", Name: "Orders <2024>", View: true, Comment: "What was sold & when",
		Columns:     []Column{{Name: "id", Type: "bigint", NotNull: true}, {Name: "state", Comment: "of the order", Samples: []string{"open", "it's"}}},
		PrimaryKey:  []string{"id"},
		ForeignKeys: []ForeignKey{{Columns: []string{"id"}, Schema: "crm", Table: "customers", TargetColumns: []string{"id"}}},
	}}}
	data, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, File), data, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Open(directory)
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

func TestOpenListsAllProblems(t *testing.T) {
	for content, want := range map[string][]string{
		`{`:                                  {File, "want {"},
		`{"db_type":"postgres","tables":[]}`: {"tables: empty"},
		`{"tables":[{"name":"a","columns":[]}, {"colums":[]}]}`: {`unknown field "colums"`},
		`{"tables":[{"name":"a","columns":[]},{"name":"b","columns":[{"name":"x"},{"type":"int"}]}]}`: {
			`table 1 ("a"): name or columns missing`, `table 2 ("b"), column 2: name missing`,
		},
	} {
		directory := t.TempDir()
		if err := os.WriteFile(filepath.Join(directory, File), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(directory)
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: got %v, want %q in it", content, err, part)
			}
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "go run ./cmd/defog schema") {
		t.Errorf("no file: got %v", err)
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
