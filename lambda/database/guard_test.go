//go:build !onedriver

package database

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzGuard holds what must be so of any text: the guard never fails but by
// refusing, a second statement behind an accepted one is refused, and text in a
// string can neither hide a call nor be taken for one.
func FuzzGuard(f *testing.F) {
	for _, file := range []string{
		"postgres_writes.sql", "postgres_reaches.sql", "postgres_harmless.sql",
		"mysql_writes.sql", "mysql_reaches.sql", "mysql_harmless.sql", "redshift_hostile.sql",
		"sqlserver_hostile.sql", "sqlserver_harmless.sql", "snowflake_hostile.sql", "snowflake_harmless.sql",
		"bigquery_writes.sql", "bigquery_reaches.sql", "bigquery_harmless.sql",
		"databricks_writes.sql", "databricks_reaches.sql", "databricks_harmless.sql",
	} {
		for _, sql := range statements(f, file, "/tmp") {
			f.Add(sql)
		}
	}
	for _, sql := range []string{"", ";", "((", "$", "$a", "$a$", "U&", `U&"`, "E'\\", "/*/", "--", "'''", "1e", "explain (", "explain (a",
		"select crosstab(", "select crosstab('select 1'", "select crosstab('select 1',", "\x00", "\xff"} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, g := range []*guard{&postgresGuard, &redshiftGuard, &mysqlGuard, &sqliteGuard, &sqlserverGuard, &bigqueryGuard, &snowflakeGuard, &databricksGuard} {
			err := g.check(text)
			if _, ok := errors.AsType[*StatementError](err); err != nil && !ok {
				t.Fatalf("%q: got %#v, want a StatementError", text, err)
			}
			if err == nil && g.check(text+"\n; SELECT 1") == nil {
				t.Errorf("%q: a second statement passes", text)
			}
		}
		if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
			return
		}
		quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
		hides(t, &postgresGuard, quoted, "pg_sleep")
		hides(t, &sqlserverGuard, quoted, "loginproperty")
		if !strings.HasPrefix(text, "@") { // a stage
			hides(t, &snowflakeGuard, strings.ReplaceAll(quoted, `\`, `\\`), "system$wait")
		}
		hides(t, &mysqlGuard, strings.ReplaceAll(quoted, `\`, `\\`), "sleep")
		escaped := strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`, "\r", `\r`).Replace(text)
		hides(t, &bigqueryGuard, "'"+escaped+"'", "external_query")
		if !strings.Contains(text, "${") {
			hides(t, &databricksGuard, "'"+escaped+"'", "reflect")
		}
		if !strings.Contains(text, `\`) {
			hides(t, &redshiftGuard, quoted, "pg_sleep")
		}
	})
}

// hides fails the test if a guard sees something in a string or nothing behind
// it.
func hides(t *testing.T, g *guard, quoted, refused string) {
	t.Helper()
	if err := g.check("SELECT " + quoted + ", 1"); err != nil {
		t.Errorf("%s: %v", quoted, err)
	}
	if g.check("SELECT "+quoted+", "+refused+" ("+quoted+")") == nil {
		t.Errorf("%s: a call behind the string passes", quoted)
	}
}
