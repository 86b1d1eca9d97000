package catalog

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/schema"
	stand "defog-cdk/internal/testserver/snowflake"
)

// TestReadSnowflake uses a fake with fixed rows. It checks that the guard accepts the
// queries and that their rows become tables. It does not check that Snowflake accepts
// the queries.
func TestReadSnowflake(t *testing.T) {
	nameless := make([]string, 8)
	server := stand.Start(t, func(statement string) (stand.Result, bool) {
		switch statement {
		case oneLine(snowflakeQueries.columns):
			return table(nameless,
				"", "ORDERS", "", "what was sold", "ID", "NUMBER(38,0)", "not null", "",
				"", "ORDERS", "", "what was sold", "STATE", "TEXT(20)", "", "of the order",
				"CRM", "BUYERS", "view", "", `a"b`, "TEXT", "", "",
				"CRM", "BUYERS", "view", "", "PLACE", "NUMBER(38,0)", "", ""), true
		case "SELECT COALESCE(CURRENT_SCHEMA(), '')":
			return table([]string{"S"}, "PUBLIC"), true
		case "SHOW PRIMARY KEYS IN DATABASE":
			return table([]string{"created_on", "schema_name", "table_name", "column_name", "key_sequence", "constraint_name"},
				"x", "PUBLIC", "ORDERS", "STATE", "10", "PK",
				"x", "PUBLIC", "ORDERS", "ID", "2", "PK"), true
		case "SHOW IMPORTED KEYS IN DATABASE":
			return table([]string{"pk_schema_name", "pk_table_name", "pk_column_name", "fk_schema_name", "fk_table_name", "fk_column_name", "key_sequence", "fk_name"},
				"CRM", "BUYERS", "PLACE", "PUBLIC", "ORDERS", "ID", "2", "FK",
				"CRM", "BUYERS", `a"b`, "PUBLIC", "ORDERS", "STATE", "1", "FK"), true
		case `SELECT DISTINCT CAST(v AS text) AS v FROM (SELECT "STATE" AS v FROM "ORDERS" WHERE "STATE" IS NOT NULL LIMIT 10000) AS s ORDER BY v LIMIT 11`:
			return table([]string{"V"}, "open", "shut"), true
		case `SELECT DISTINCT CAST(v AS text) AS v FROM (SELECT "a""b" AS v FROM "CRM"."BUYERS" WHERE "a""b" IS NOT NULL LIMIT 10000) AS s ORDER BY v LIMIT 11`:
			return table([]string{"V"}, "ann@example.com"), true
		}
		return stand.Result{}, false
	})
	tables, progress := read(t, open(t, "snowflake", server.Creds()), "snowflake", Options{Sample: true})
	want := []schema.Table{
		{
			Name: "ORDERS", Comment: "what was sold",
			Columns: []schema.Column{
				{Name: "ID", Type: "NUMBER(38,0)", NotNull: true},
				{Name: "STATE", Type: "TEXT(20)", Comment: "of the order", Samples: []string{"open", "shut"}},
			},
			PrimaryKey:  []string{"ID", "STATE"},
			ForeignKeys: []schema.ForeignKey{{Columns: []string{"STATE", "ID"}, Schema: "CRM", Table: "BUYERS", TargetColumns: []string{`a"b`, "PLACE"}}},
		},
		{Schema: "CRM", Name: "BUYERS", View: true, Columns: []schema.Column{{Name: `a"b`, Type: "TEXT"}, {Name: "PLACE", Type: "NUMBER(38,0)"}}},
	}
	if diff := cmp.Diff(want, tables); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !strings.Contains(progress, `they look personal: CRM.BUYERS.a"b`) {
		t.Errorf("progress: %s", progress)
	}
}

// table returns a result of texts.
func table(columns []string, values ...string) stand.Result {
	var result stand.Result
	for _, name := range columns {
		result.Columns = append(result.Columns, stand.Column{Name: name, Type: "text"})
	}
	var rows [][]*string
	for row := range slices.Chunk(values, len(columns)) {
		var pointers []*string
		for i := range row {
			pointers = append(pointers, &row[i])
		}
		rows = append(rows, pointers)
	}
	result.Rows = slices.Values(rows)
	return result
}
