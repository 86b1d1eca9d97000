package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/lambda/catalog/check"
)

// newFiles changes to a folder with the shop and files that name more than it has.
func newFiles(t *testing.T) []string {
	t.Helper()
	newShop(t)
	writeFile(t, "lambda/query/dependencies/rds-ca.pem", "")
	writeFile(t, "deps/schema.json", `{"db_type": "sqlite", "tables": [{"name": "coffee", "columns": [{"name": "id", "type": "TEXT"}, {"name": "roast"}]}]}`)
	writeFile(t, "deps/golden.json", `[{"question": "How many | coffees?", "sql": "SELECT count(*) FROM coffee"}, {"question": "How many | teas?", "sql": "SELECT count(*) FROM tea WHERE '`+secretKey+`' = 'x'"}]`)
	return []string{"schema", "--check", "-c", "connection_file=connection.json", "-c", "function_source_dependencies_zip=deps"}
}

func TestSchemaCheckReportsAllFindings(t *testing.T) {
	args := newFiles(t)
	before := readFile(t, "deps/schema.json")
	code, stdout, stderr := defog(t, append(args, "--json", "a.json", "--markdown", "a.md")...)
	want := `broken  golden.json  pair 2        SQL logic error: no such table: tea (How many | teas?)
broken  schema.json  coffee.id     the type is INTEGER; the file has TEXT
new     schema.json  coffee.email  the file lacks this column of the database

2 broken, 1 new or unknown: schema.json, golden.json and the database's 1 table(s); 2 golden queries checked
`
	if diff := cmp.Diff(want, stdout); diff != "" || code != 3 {
		t.Errorf("exit code %d, %s: -want +got:\n%s", code, stderr, diff)
	}
	var report check.Report
	if err := json.Unmarshal([]byte(readFile(t, "a.json")), &report); err != nil || len(report.Findings) != 3 || report.Findings[0].Pair != 2 {
		t.Errorf("%v: got %+v", err, report)
	}
	if text := readFile(t, "a.md"); !strings.Contains(text, `| broken | golden.json | pair 2 | SQL logic error: no such table: tea (How many \| teas?) |`) {
		t.Errorf("got %s", text)
	}
	if readFile(t, "deps/schema.json") != before {
		t.Error("the check changed schema.json")
	}
}

func TestSchemaCheckExitCodes(t *testing.T) {
	args := newFiles(t)
	writeFile(t, "deps/golden.json", "[]")
	schema := `{"tables": [{"name": "coffee", "columns": [{"name": "id"}, {"name": "roast"}, {"name": "email"}]}]}`
	for name, test := range map[string]struct {
		schema string
		code   int
		stdout string
	}{
		"no findings": {schema, 0, "no differences: schema.json, golden.json and the database's 1 table(s); 0 golden queries checked"},
		"new column":  {strings.Replace(schema, `, {"name": "email"}`, "", 1), 2, "0 broken, 1 new or unknown"},
		"gone column": {strings.Replace(schema, "email", "mail", 1), 3, "(did you mean email?)"},
	} {
		t.Run(name, func(t *testing.T) {
			writeFile(t, "deps/schema.json", test.schema)
			if code, stdout, stderr := defog(t, args...); code != test.code || !strings.Contains(stdout, test.stdout) {
				t.Errorf("got code %d: %s%s", code, stdout, stderr)
			}
		})
	}
}

func TestSchemaCheckReportsInvalidUse(t *testing.T) {
	args := newFiles(t)
	writeFile(t, "empty/a.txt", "")
	for want, args := range map[string][]string{
		"--json: not used without --check":                           {"schema", "--json", "a"},
		"--sample: not used with --check":                            {"schema", "--check", "--sample"},
		"--output: not used with --function":                         {"schema", "--check", "--function", "f", "--output", "x"},
		"--output: stat nowhere: no such file":                       append(args, "--output", "nowhere"),
		"function_source_dependencies_zip: stat dependencies: no su": {"schema", "--check", "-c", "connection_file=connection.json"},
		"empty: has none of schema.json, glossary.md and golden":     append(args, "--output", "empty"),
	} {
		if code, _, stderr := defog(t, args...); code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%q: got code %d, %s; want %s", args, code, stderr, want)
		}
	}
	if entries, err := os.ReadDir("deps"); err != nil || len(entries) != 3 {
		t.Errorf("%v: the folder has %v", err, entries)
	}
}

func TestSchemaCheckRunsInFunction(t *testing.T) {
	aws := newAWS(t)
	for name, test := range map[string]struct {
		answer string
		code   int
		want   string
	}{
		"findings":   {`{"files":["golden.json"],"tables":2,"pairs":1,"unchecked":3,"findings":[{"kind":"golden_failed","broken":true,"file":"golden.json","pair":1,"question":"a\u001b?","detail":"gone"}]}`, 3, `broken  golden.json  pair 1  gone (a\x1b?)`},
		"not all":    {`{"files":["golden.json"],"tables":2,"pairs":1,"unchecked":3,"findings":[]}`, 2, "3 not, because the function's time ended"},
		"failed":     {`{"files":[],"findings":[{"kind":"check_failed","broken":true,"detail":"the check failed: no database"}]}`, 1, "shop: the check failed: no database"},
		"no files":   {`{"files":[],"findings":[]}`, 1, "shop: has none of schema.json, glossary.md and golden.json"},
		"no support": {`{"error_message":"schema_check: unknown field"}`, 1, "is not the report of a query function"},
	} {
		t.Run(name, func(t *testing.T) {
			aws.answer = test.answer
			code, stdout, stderr := defog(t, "schema", "--check", "--function", "shop")
			if code != test.code || !strings.Contains(stdout+stderr, test.want) {
				t.Errorf("got code %d, %s%s", code, stdout, stderr)
			}
			if aws.body != `{"schema_check": {}}` || aws.asked.URL.Path != "/2015-03-31/functions/shop/invocations" {
				t.Errorf("got %s to %s", aws.body, aws.asked.URL.Path)
			}
		})
	}
}
