package guard

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"defog-cdk/lambda/database/guard/guardtest"
)

// check checks a statement without a catalogue.
func check(g *Guard, sql string) error {
	_, err := g.Check(context.Background(), sql, nil)
	return err
}

// FuzzGuard checks properties of any text. The guard's only error is a refusal, and it
// refuses a second statement after an accepted one. Text in a string neither hides a
// call nor counts as one.
func FuzzGuard(f *testing.F) {
	for _, file := range []string{
		"postgres/writes.sql", "postgres/reaches.sql", "postgres/harmless.sql",
		"mysql/writes.sql", "mysql/reaches.sql", "mysql/harmless.sql", "redshift/hostile.sql",
		"sqlserver/hostile.sql", "sqlserver/harmless.sql", "snowflake/hostile.sql", "snowflake/harmless.sql",
		"bigquery/writes.sql", "bigquery/reaches.sql", "bigquery/harmless.sql",
		"databricks/writes.sql", "databricks/reaches.sql", "databricks/harmless.sql",
	} {
		for _, sql := range guardtest.Statements(f, file, "/tmp") {
			f.Add(sql)
		}
	}
	for _, sql := range []string{"", ";", "((", "$", "$a", "$a$", "U&", `U&"`, "E'\\", "/*/", "--", "'''", "1e", "explain (", "explain (a",
		"select crosstab(", "select crosstab('select 1'", "select crosstab('select 1',", "\x00", "\xff"} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, g := range []*Guard{Postgres, Redshift, MySQL, SQLite, SQLServer, BigQuery, Snowflake, Databricks} {
			err := check(g, text)
			if _, ok := errors.AsType[*Refusal](err); err != nil && !ok {
				t.Fatalf("%q: got %#v, want a Refusal", text, err)
			}
			if err == nil && check(g, text+"\n; SELECT 1") == nil {
				t.Errorf("%q: a second statement passes", text)
			}
		}
		if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
			return
		}
		quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
		hides(t, Postgres, quoted, "pg_sleep")
		hides(t, SQLServer, quoted, "loginproperty")
		if !strings.HasPrefix(text, "@") { // a stage
			hides(t, Snowflake, strings.ReplaceAll(quoted, `\`, `\\`), "system$wait")
		}
		hides(t, MySQL, strings.ReplaceAll(quoted, `\`, `\\`), "sleep")
		escaped := strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`, "\r", `\r`).Replace(text)
		hides(t, BigQuery, "'"+escaped+"'", "external_query")
		if !strings.Contains(text, "${") {
			hides(t, Databricks, "'"+escaped+"'", "reflect")
		}
		if !strings.Contains(text, `\`) {
			hides(t, Redshift, quoted, "pg_sleep")
		}
	})
}

// hides fails the test if a guard refuses text in a string, or accepts text after it.
func hides(t *testing.T, g *Guard, quoted, refused string) {
	t.Helper()
	if err := check(g, "SELECT "+quoted+", 1"); err != nil {
		t.Errorf("%s: %v", quoted, err)
	}
	if check(g, "SELECT "+quoted+", "+refused+" ("+quoted+")") == nil {
		t.Errorf("%s: a call behind the string passes", quoted)
	}
}

// The guard alone refuses what these databases' stand-ins cannot run.
func TestGuardRefusesHostileStatements(t *testing.T) {
	for file, guard := range map[string]*Guard{
		"bigquery/reaches.sql":   BigQuery,
		"databricks/writes.sql":  Databricks,
		"databricks/reaches.sql": Databricks,
		"snowflake/hostile.sql":  Snowflake,
		"sqlserver/hostile.sql":  SQLServer,
	} {
		for _, sql := range guardtest.Statements(t, file, "/tmp") {
			if _, ok := errors.AsType[*Refusal](check(guard, sql)); !ok {
				t.Errorf("%s: %s: got no refusal", file, sql)
			}
		}
	}
}

func TestGuardPassesHarmlessStatements(t *testing.T) {
	lines := []string{"SELECT 1 -- a comment\r\n, 2", "-- first\nSELECT 1", "WITH a AS (SELECT 1 AS n)\nSELECT * FROM a"}
	for _, c := range []struct {
		name  string
		guard *Guard
		more  []string
	}{
		{"postgres", Postgres, lines},
		{"mysql", MySQL, lines},
		{"sqlite", SQLite, lines},
		{"sqlserver", SQLServer, append(lines, "SELECT 'a'\n, 'it''s -- no comment'")},
		{"bigquery", BigQuery, lines},
		{"snowflake", Snowflake, append(lines, "SELECT 1 // a comment\n, 2")},
		{"databricks", Databricks, append(guardtest.Statements(t, "databricks/functions.sql", ""), lines...)},
	} {
		for _, sql := range append(guardtest.Statements(t, c.name+"/harmless.sql", ""), c.more...) {
			if err := check(c.guard, sql); err != nil {
				t.Errorf("%s: %s: %v", c.name, sql, err)
			}
		}
	}
}

// A function of the user's needs the setting on servers without labels of functions.
func TestAllowedFunctionsNameUserFunctions(t *testing.T) {
	for _, c := range []struct {
		guard         *Guard
		allowed       string
		runs, refused []string
	}{
		{SQLServer, "dbo.total", []string{"SELECT dbo.total(1)", "SELECT bank.DBO.[Total](1)", "SELECT * FROM dbo.total(1) AS t"}, []string{"SELECT web.total(1)", "SELECT dbo.other(1)"}},
		{Snowflake, "public.total", []string{"SELECT total(1)", "SELECT public.total(1)", `SELECT bank."PUBLIC".TOTAL(1)`}, []string{"SELECT web.total(1)", "SELECT other(1)"}},
		{Databricks, "bank.total", []string{"SELECT total(1)", "SELECT main.bank.total(1)", "SELECT * FROM bank.total(1)"}, []string{"SELECT web.total(1)", "SELECT other(1)"}},
	} {
		g := c.guard.With(Options{AllowedFunctions: []string{c.allowed}})
		for _, sql := range c.runs {
			if err := check(g, sql); err != nil {
				t.Errorf("%s: %v", sql, err)
			}
			if err := check(c.guard, sql); err == nil || !strings.Contains(err.Error(), "to the setting allowed_functions") {
				t.Errorf("%s: got %v, want a refusal with the setting", sql, err)
			}
		}
		for _, sql := range c.refused {
			if check(g, sql) == nil {
				t.Errorf("%s: got no refusal", sql)
			}
		}
	}
}
