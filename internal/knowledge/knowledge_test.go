package knowledge

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/schema"
)

const table = `{"tables": [{"name": "orders", "columns": [{"name": "id"}]}]}`

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	directory := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

func TestReadReturnsTheFilesOfTheGenerator(t *testing.T) {
	directory := folder(t, map[string]string{
		schema.File: "\uFEFF" + table, GlossaryFile: "VIP: a customer of 2024.", GoldenFile: `[{"question": "How many?", "sql": "SELECT 1"}]`,
	})
	golden := []Pair{{Question: "How many?", SQL: "SELECT 1"}}
	orders := schema.Schema{Tables: []schema.Table{{Name: "orders", Columns: []schema.Column{{Name: "id"}}}}}
	for generator, want := range map[string]Files{
		"defog":   {},
		"golden":  {Golden: golden},
		"bedrock": {Golden: golden, Schema: orders, Glossary: "VIP: a customer of 2024."},
		"openai":  {Golden: golden, Schema: orders, Glossary: "VIP: a customer of 2024."},
	} {
		got, err := Read(generator, Folder(directory))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", generator, diff)
		}
	}
}

func TestReadReportsEveryProblem(t *testing.T) {
	for name, test := range map[string]struct {
		generator string
		files     map[string]string
		want      []string
	}{
		"no golden.json": {"golden", nil, []string{"golden.json: missing in the dependencies; the golden generator requires it"}},
		"no pair":        {"golden", map[string]string{GoldenFile: "[]"}, []string{`golden.json: empty; want at least one {"question": "…", "sql": "…"}, which the golden generator requires`}},
		"null":           {"golden", map[string]string{GoldenFile: "null"}, []string{`golden.json: empty; want at least one {"question": "…", "sql": "…"}, which the golden generator requires`}},
		"callers": {
			"golden", map[string]string{GoldenFile: `[{"question":"a","sql":"b","callers":{"tenant":"a"}},{"question":"a","sql":"b","callers":{"tenant":"b"}},` +
				`{"question":"a","sql":"c","callers":{"tenant":"a"}},{"question":"b","sql":"c","callers":{}}]`}, []string{
				"golden.json: pair 3: question: duplicates that of pair 1; want each question once",
				`golden.json: pair 4: callers: empty; want {"tenant": "a"}, or no callers for all`,
			},
		},
		"an empty file": {"golden", map[string]string{GoldenFile: ""}, []string{"golden.json: empty; want JSON"}},
		"UTF-16":        {"golden", map[string]string{GoldenFile: "\xff\xfe[\x00]\x00"}, []string{"golden.json: encoded in UTF-16; want UTF-8: save the file with that encoding"}},
		"an object":     {"golden", map[string]string{GoldenFile: `{"question": "a", "sql": "b"}`}, []string{"golden.json: line 1, column 1: a JSON object; want a JSON array"}},
		"pairs": {
			"golden", map[string]string{GoldenFile: `[{"question":"a","sql":"b"},{"question":" ","sql":" ;\n"},{"question":"A ","sql":"c"},{}]`}, []string{
				"golden.json: pair 2: question: missing; want a question",
				"golden.json: pair 2: sql: missing; want the SQL that answers the question",
				"golden.json: pair 3: question: duplicates that of pair 1; want each question once",
				"golden.json: pair 4: question: missing; want a question",
				"golden.json: pair 4: sql: missing; want the SQL that answers the question",
			},
		},
		"keys and types": {
			"openai",
			map[string]string{
				schema.File: "{\"tables\": [{\n\"name\": 1, \"colums\": []}, [],\n {\"name\": \"a\", \"columns\": [{\"name\": \"b\", \"name\": \"c\", \"not_null\": \"yes\"}]}]}", GlossaryFile: "a\x00b",
				GoldenFile: `[{"question":"a","query":{"sql": ["b"]}}, "c"]`,
			},
			[]string{
				"schema.json: line 2, column 9: tables[0].name: a JSON number; want a JSON string",
				"schema.json: line 2, column 19: tables[0].colums: unknown key (did you mean columns?); want one of: callers, columns, comment, foreign_keys, name, primary_key, schema, view",
				"schema.json: line 2, column 27: tables[1]: a JSON array; want a JSON object",
				"schema.json: line 3, column 47: tables[2].columns[0].name: duplicate key; want it once",
				"schema.json: line 3, column 71: tables[2].columns[0].not_null: a JSON string; want a JSON boolean",
				"glossary.md: not encoded in UTF-8; want text in UTF-8",
				"golden.json: line 1, column 24: [0].query: unknown key; want one of: callers, question, sql",
				"golden.json: line 1, column 45: [1]: a JSON string; want a JSON object",
			},
		},
		"a large file": {"openai", map[string]string{schema.File: table, GlossaryFile: strings.Repeat("a", maxBytes+1)}, []string{
			"glossary.md: larger than 16 MB; want a smaller file, since the function holds it in memory",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(test.generator, Folder(folder(t, test.files)))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestReadNamesNoPath(t *testing.T) {
	directory := t.TempDir()
	if err := os.Mkdir(filepath.Join(directory, GoldenFile), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Read("golden", Folder(directory))
	if want := "golden.json: cannot be read: is a directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCheckAcceptsMissingOptionalFiles(t *testing.T) {
	directory := folder(t, nil)
	for _, name := range Names("bedrock") {
		if err := Check("bedrock", name, Folder(directory)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestQuestionsAreForAllCallers(t *testing.T) {
	files := Files{Golden: []Pair{{Question: "of a", Callers: schema.Callers{"tenant": "a"}}, {Question: "one"}, {Question: "two"}}}
	if diff := cmp.Diff([]string{"one", "two"}, files.Questions()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
