package guard

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"defog-cdk/internal/testserver/daemon"
	"defog-cdk/lambda/database/guard/guardtest"
)

// minSQLGlot is how many statements of each dialect sqlglot has to parse, so that
// the comparison means something.
const minSQLGlot = 150

// TestSQLGlotAgrees compares what sqlglot makes of a statement and of the guard's
// spelling, for the dialects that have no server in the tests.
func TestSQLGlotAgrees(t *testing.T) {
	checkout, err := daemon.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	python := filepath.Join(checkout, ".venv", "bin", "python")
	if err := exec.CommandContext(t.Context(), python, "-c", "import sqlglot").Run(); err != nil {
		t.Skip("sqlglot is not in .venv: run make setup")
	}
	type pair struct {
		Dialect  string `json:"dialect"`
		Original string `json:"original"`
		Spelled  string `json:"spelled"`
	}
	var pairs []pair
	var statements []Statement
	general := append(guardtest.Statements(t, "postgres/analytics.sql", ""), guardtest.Statements(t, "mysql/analytics.sql", "")...)
	for _, c := range []struct {
		guard         *Guard
		dialect, file string
	}{
		{SQLServer, "tsql", "sqlserver/harmless.sql"},
		{Snowflake, "snowflake", "snowflake/harmless.sql"},
		{BigQuery, "bigquery", "bigquery/harmless.sql"},
		{Databricks, "databricks", "databricks/harmless.sql"},
	} {
		for _, sql := range append(guardtest.Statements(t, c.file, ""), general...) {
			if statement, err := c.guard.Check(t.Context(), sql, nil); err == nil {
				pairs = append(pairs, pair{c.dialect, sql, statement.SQL})
				statements = append(statements, statement)
			}
		}
	}
	input, err := json.Marshal(pairs)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "sqlglot_parse.py"))
	command.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	var answers []struct {
		Original, Spelled *string
		Functions         []string
		Tables            []string
	}
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatal(err)
	}
	parsed, compared := map[string]int{}, map[string]int{}
	for i, answer := range answers {
		switch {
		case answer.Original == nil && answer.Spelled == nil,
			pairs[i].Dialect == "bigquery" && strings.Contains(pairs[i].Original, `r'\'`): // sqlglot lacks the backslash of raw strings
			continue
		case answer.Original == nil || answer.Spelled == nil:
			t.Errorf("%s: %q is valid is %v, and of its spelling %q %v", pairs[i].Dialect, pairs[i].Original, answer.Original != nil,
				pairs[i].Spelled, answer.Spelled != nil)
			continue
		case *answer.Original != *answer.Spelled:
			t.Errorf("%s: %q: its spelling %q means something else:\n%s\n%s", pairs[i].Dialect, pairs[i].Original, pairs[i].Spelled,
				*answer.Original, *answer.Spelled)
		}
		parsed[pairs[i].Dialect]++
		// sqlglot drops the # of a temporary table, and has no VALUES in a query of WITH for BigQuery.
		if answer.Tables != nil && !strings.Contains(pairs[i].Original, "#t") && !strings.HasPrefix(pairs[i].Original, "WITH x(random, setval)") {
			compared[pairs[i].Dialect]++
			if got := sortedTables(statements[i]); !slices.Equal(got, answer.Tables) {
				t.Errorf("%s: %q: got tables %q, sqlglot finds %q", pairs[i].Dialect, pairs[i].Original, got, answer.Tables)
			}
		}
		for _, name := range answer.Functions {
			name = name[strings.LastIndexByte(name, '.')+1:] // of a path in one pair of backquotes
			if !slices.Contains(statements[i].Functions, name) {
				t.Errorf("%s: %q: the guard does not see the call of %s: %q", pairs[i].Dialect, pairs[i].Original, name, statements[i].Functions)
			}
		}
	}
	for dialect, count := range parsed {
		if count < minSQLGlot {
			t.Errorf("%s: sqlglot parses %d statements, want %d", dialect, count, minSQLGlot)
		}
	}
	t.Logf("parsed: %v, tables compared: %v", parsed, compared)
}

func sortedTables(s Statement) []string {
	tables := []string{}
	for _, table := range s.Tables() {
		tables = append(tables, strings.ToLower(table))
	}
	slices.Sort(tables)
	return slices.Compact(tables)
}
