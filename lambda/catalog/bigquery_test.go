package catalog

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/schema"
	"defog-cdk/internal/testserver/bigquery"
)

// TestReadBigQuery uses a fake that answers fixed rows and executes no SQL.
func TestReadBigQuery(t *testing.T) {
	server, err := bigquery.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	server.Answer = func(sql string) bigquery.Statement {
		rows, width := [][]string{
			{"", "orders", "", "Who \"buys\"", "id", "INT64", "not null", ""},
			{"", "orders", "", "Who \"buys\"", "state", "STRING", "", "open or done"},
			{"", "parcels", "view", "", "order_id", "INT64", "", ""},
		}, 8
		switch {
		case strings.Contains(sql, "KEY_COLUMN_USAGE"):
			rows, width = [][]string{
				{"", "orders", "pk$", "id", "", "", ""},
				{"", "parcels", "fk$0", "order_id", "", "orders", "id"},
			}, 7
		case strings.HasPrefix(sql, "SELECT DISTINCT CAST(v AS string)") && strings.Contains(sql, "`orders`"):
			rows, width = [][]string{{"done"}, {"open"}}, 1
		case !strings.Contains(sql, "`archive`.`shop`.INFORMATION_SCHEMA.COLUMNS"):
			return bigquery.Statement{Fault: &bigquery.Fault{Status: 404, Reason: "notFound", Message: sql}}
		}
		columns := strings.TrimSuffix(strings.Repeat(`{"name": "c", "type": "STRING"},`, width), ",")
		return bigquery.Statement{Type: "SELECT", Schema: "[" + columns + "]", Rows: len(rows), Row: func(i int) string {
			var cells []map[string]string
			for _, text := range rows[i] {
				cells = append(cells, map[string]string{"v": text})
			}
			row, err := json.Marshal(map[string]any{"f": cells})
			if err != nil {
				panic(err)
			}
			return string(row)
		}}
	}
	creds, err := server.Creds()
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, "bigquery", creds)
	tables, _ := read(t, db, "bigquery", Options{Dataset: "archive.shop", Sample: true})
	want := []schema.Table{
		{
			Name: "orders", Comment: `Who "buys"`, PrimaryKey: []string{"id"},
			Columns: []schema.Column{
				{Name: "id", Type: "INT64", NotNull: true},
				{Name: "state", Type: "STRING", Comment: "open or done", Samples: []string{"done", "open"}},
			},
		},
		{
			Name: "parcels", View: true, Columns: []schema.Column{{Name: "order_id", Type: "INT64"}},
			ForeignKeys: []schema.ForeignKey{{Columns: []string{"order_id"}, Table: "orders", TargetColumns: []string{"id"}}},
		},
	}
	if diff := cmp.Diff(want, tables); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := Read(t.Context(), db, "bigquery", Options{}); err == nil || !strings.Contains(err.Error(), "have no dataset") {
		t.Errorf("without a dataset: got %v", err)
	}
}
