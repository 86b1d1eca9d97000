package schema

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestForShowsEntriesOfCaller(t *testing.T) {
	s, err := Parse([]byte(`{"tables": [
		{"name": "orders", "columns": [{"name": "id"}, {"name": "margin", "callers": {"role": "owner"}}, {"name": "bonus_id"}],
			"primary_key": ["id"], "foreign_keys": [{"columns": ["bonus_id"], "references_table": "bonuses"}, {"columns": ["id"], "references_table": "elsewhere"}]},
		{"name": "bonuses", "callers": {"role": "owner", "tenant": "a"}, "columns": [{"name": "id"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	names := func(claims map[string]string) (names []string) {
		for _, table := range s.For(func(name string) (string, bool) { text, ok := claims[name]; return text, ok }).Tables {
			names = append(names, table.Name)
			for _, column := range table.Columns {
				names = append(names, table.Name+"."+column.Name)
			}
			for _, key := range table.ForeignKeys {
				names = append(names, "to "+key.Table)
			}
		}
		return names
	}
	for name, test := range map[string]struct {
		claims map[string]string
		want   string
	}{
		"unknown":      {nil, "orders orders.id orders.bonus_id to elsewhere"},
		"other tenant": {map[string]string{"role": "owner", "tenant": "b"}, "orders orders.id orders.margin orders.bonus_id to elsewhere"},
		"owner":        {map[string]string{"role": "owner", "tenant": "a"}, "orders orders.id orders.margin orders.bonus_id to bonuses to elsewhere bonuses bonuses.id"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, strings.Join(names(test.claims), " ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParseRejectsEmptyCallers(t *testing.T) {
	for _, callers := range []string{`{}`, `{"tenant": ""}`, `{"": "a"}`} {
		for _, text := range []string{
			`{"tables": [{"name": "a", "callers": ` + callers + `, "columns": [{"name": "b"}]}]}`,
			`{"tables": [{"name": "a", "columns": [{"name": "b", "callers": ` + callers + `}]}]}`,
		} {
			if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "callers: ") {
				t.Errorf("%s: got %v", text, err)
			}
		}
	}
}
