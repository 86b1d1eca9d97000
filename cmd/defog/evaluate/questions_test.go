package evaluate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadAcceptsPublicSets(t *testing.T) {
	for name, test := range map[string]struct {
		file, text string
		want       []Question
	}{
		"golden.json": {
			"golden.json", `[{"question": "How many?", "sql": "SELECT ';' ;"}]`,
			[]Question{{ID: "1", Text: "How many?", SQL: []string{"SELECT ';'"}}},
		},
		"several statements": {
			"q.json", `[{"id": "a", "question": "q", "sql": ["SELECT 1", "SELECT 2; SELECT 3"], "category": "c"}]`,
			[]Question{{ID: "a", Category: "c", Text: "q", SQL: []string{"SELECT 1", "SELECT 2", "SELECT 3"}}},
		},
		"Spider": {
			"dev.json", `[{"db_id": "d", "question": "q", "query": "SELECT 1", "query_toks": ["SELECT", "1"]}]`,
			[]Question{{ID: "1", Text: "q", SQL: []string{"SELECT 1"}}},
		},
		"BIRD": {
			"dev.json", `[{"question_id": 7, "db_id": "d", "question": "q", "evidence": "VIP is a customer", "SQL": "SELECT 1", "difficulty": "simple"}]`,
			[]Question{{ID: "7", Category: "simple", Text: "q", SQL: []string{"SELECT 1"}, Evidence: "VIP is a customer"}},
		},
		"sql-eval": {
			"questions.csv", "question,query,db_name,query_category,instructions\n\"a, b?\",\"SELECT 1;SELECT 2\",d,group_by,\n",
			[]Question{{ID: "1", Category: "group_by", Text: "a, b?", SQL: []string{"SELECT 1", "SELECT 2"}}},
		},
		"JSON lines": {
			"q.jsonl", "{\"question\": \"a\", \"sql\": \"SELECT 1\"}\n\n{\"question\": \"b\", \"sql\": \"SELECT 2\"}\n",
			[]Question{{ID: "1", Text: "a", SQL: []string{"SELECT 1"}}, {ID: "2", Text: "b", SQL: []string{"SELECT 2"}}},
		},
	} {
		path := filepath.Join(t.TempDir(), test.file)
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path, "postgres")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestReadReportsEveryProblem(t *testing.T) {
	for text, want := range map[string][]string{
		`[]`: {"empty; want at least one question"},
		`{}`: {"is not a JSON list"},
		`[{"id": 1, "question": "a", "sql": "SELECT 1"}, {"id": 1, "question": " ", "sql": []}, {"id": 1, "question": "b", "sql": "SELECT 1"}]`: {
			"question 2: question: missing", "sql: missing", "question 3: id: 1 duplicates that of question 1",
		},
	} {
		_, err := parse("q.json", []byte(text), "postgres")
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error lacks %q: %v", text, part, err)
			}
		}
	}
}

func TestOrderingOfTheStatementItself(t *testing.T) {
	columns := []string{"name", "n"}
	for sql, want := range map[string]struct {
		columns []int
		sql     string
		valid   bool
	}{
		"SELECT name, n FROM t ORDER BY n DESC NULLS LAST, 1 LIMIT 5":                {[]int{1, 0}, "", true},
		`SELECT name, n FROM t ORDER BY "N"`:                                         {[]int{1}, "", true},
		"WITH a AS (SELECT 1 ORDER BY 1) SELECT name, n FROM t ORDER BY lower(x), n": {[]int{2, 1}, "with a as (select 1 order by 1) select name, n, (lower(x)) AS defog_order_1 from t order by lower(x), n", true},
		"SELECT DISTINCT name, n FROM t ORDER BY x":                                  {[]int{2}, "", false},
		"SELECT name, n FROM t UNION SELECT name, n FROM u ORDER BY 2":               {[]int{1}, "", true},
	} {
		got, ordered := orderingOf("postgres", sql, columns)
		if !ordered || !cmp.Equal(got.columns, want.columns) || !strings.EqualFold(got.sql, want.sql) || got.valid != want.valid {
			t.Errorf("%s: got %t, %+v", sql, ordered, got)
		}
	}
	for _, sql := range []string{
		"SELECT name, n FROM t", "SELECT name, rank() OVER (ORDER BY n) FROM t", "SELECT * FROM (SELECT name, n FROM t ORDER BY n) s",
		"SELECT name, 'order by n' FROM t -- ORDER BY n", "SELECT array_agg(n ORDER BY n) FROM t",
	} {
		if got, ordered := orderingOf("postgres", sql, columns); ordered {
			t.Errorf("%s: got %+v", sql, got)
		}
	}
}
