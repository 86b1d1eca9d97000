package catalog

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/schema"
	tds "defog-cdk/internal/testserver/sqlserver"
)

// TestReadSQLServer uses a fake with fixed rows. It checks that the guard accepts the
// queries and that their rows become tables. It does not check that a server accepts
// the queries.
func TestReadSQLServer(t *testing.T) {
	server := tds.Start(t, func(statement string) (tds.Result, bool) {
		switch statement = strings.TrimSpace(statement); {
		case strings.HasPrefix(statement, "SET "):
			return tds.Result{}, true
		case statement == oneLine(sqlserverQueries.columns):
			return texts(8,
				"", "orders", "", "what was sold", "id", "int", "not null", "",
				"", "orders", "", "what was sold", "state", "nvarchar(20)", "", "of the order",
				"crm", "buyers", "view", "", "a]b", "varchar(max)", "", ""), true
		case statement == oneLine(sqlserverQueries.keys):
			return texts(7, "", "orders", "pk", "id", "", "", "", "", "orders", "fk", "state", "crm", "buyers", "a]b"), true
		case statement == "SELECT DISTINCT TOP (11) CAST(v AS nvarchar(max)) AS v FROM (SELECT TOP (10000) [state] AS v FROM [orders] WHERE [state] IS NOT NULL) AS s ORDER BY v":
			return texts(1, "open", "shut"), true
		case statement == "SELECT DISTINCT TOP (11) CAST(v AS nvarchar(max)) AS v FROM (SELECT TOP (10000) [a]]b] AS v FROM [crm].[buyers] WHERE [a]]b] IS NOT NULL) AS s ORDER BY v":
			return texts(1, "ann@example.com"), true
		}
		return tds.Result{}, false
	})
	tables, progress := read(t, open(t, "sqlserver", server.Creds()), "sqlserver", Options{Sample: true})
	want := []schema.Table{
		{
			Name: "orders", Comment: "what was sold",
			Columns: []schema.Column{
				{Name: "id", Type: "int", NotNull: true},
				{Name: "state", Type: "nvarchar(20)", Comment: "of the order", Samples: []string{"open", "shut"}},
			},
			PrimaryKey:  []string{"id"},
			ForeignKeys: []schema.ForeignKey{{Columns: []string{"state"}, Schema: "crm", Table: "buyers", TargetColumns: []string{"a]b"}}},
		},
		{Schema: "crm", Name: "buyers", View: true, Columns: []schema.Column{{Name: "a]b", Type: "varchar(max)"}}},
	}
	if diff := cmp.Diff(want, tables); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !strings.Contains(progress, "they look personal: crm.buyers.a]b") {
		t.Errorf("progress: %s", progress)
	}
}

// texts returns a result with a number of columns.
func texts(columns int, values ...string) tds.Result {
	var rows [][]tds.Value
	for row := range slices.Chunk(values, columns) {
		var encoded []tds.Value
		for _, value := range row {
			encoded = append(encoded, tds.Sized(tds.UTF16(value)))
		}
		rows = append(rows, encoded)
	}
	return tds.Result{Columns: slices.Repeat([]tds.Column{{Type: tds.NVarChar(4000)}}, columns), Rows: slices.Values(rows)}
}
