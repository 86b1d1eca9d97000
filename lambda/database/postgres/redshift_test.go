package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/database/guard/guardtest"
)

// openRedshiftServer opens PostgreSQL as Redshift. With escapes, its strings
// have backslash escapes as Redshift's do.
func openRedshiftServer(t *testing.T, changes connection.Creds, escapes bool) *redshift {
	t.Helper()
	opened := databasetest.Open(t, NewRedshift, server.Creds(), changes, "").(*redshift)
	opened.guard = opened.guard.With(guard.Options{AllowedFunctions: []string{"public.spend_all"}})
	if escapes {
		opened.config.RuntimeParams["standard_conforming_strings"] = "off"
		opened.config.RuntimeParams["escape_string_warning"] = "off"
	}
	return opened
}

// newRedshiftSuite returns the conformance suite with Redshift's SQL.
func newRedshiftSuite(open func(t *testing.T) database.Database) databasetest.Suite {
	suite := newSuite(open)
	suite.Columns = []string{"n_0", "n_1"}
	// The guard refuses VALUES, and a backslash before a quote.
	suite.Types = slices.DeleteFunc(slices.Clone(types), func(c databasetest.Case) bool {
		return strings.HasPrefix(c.SQL, "VALUES") || strings.Contains(c.SQL, `\'`)
	})
	return suite
}

func TestRedshiftConformance(t *testing.T) {
	server.Query(t, accounts)
	newRedshiftSuite(func(t *testing.T) database.Database { return openRedshiftServer(t, nil, false) }).Run(t)
}

func TestRedshiftConformanceOnServer(t *testing.T) {
	suite := newRedshiftSuite(nil)
	suite.Types = redshiftTypes
	suite.Busy = "SELECT COUNT(*) FROM pg_class a, pg_class b, pg_class c, pg_class d"
	suite.Writing = databasetest.Failure{SQL: "SELECT spend_all()", Code: "42883", Message: "function spend_all() does not exist"}
	suite.RunOnServer(t, "DEFOG_TEST_REDSHIFT", NewRedshift)
}

// redshiftTypes holds the types of Redshift, which PostgreSQL does not have or
// writes in another way.
var redshiftTypes = []databasetest.Case{
	{Name: "null", SQL: "SELECT NULL", Data: "[[null]]"},
	{Name: "boolean", SQL: "SELECT true, false", Data: "[[true,false]]"},
	{Name: "integers", SQL: "SELECT 1::int2, -2147483648::int, 9223372036854775807::bigint", Data: "[[1,-2147483648,9223372036854775807]]"},
	{Name: "decimal", SQL: "SELECT 12.50::decimal(10, 2)", Data: `[["12.50"]]`},
	{Name: "float", SQL: "SELECT 0.5::float8, 1::float8", Data: "[[0.5,1.0]]"},
	{Name: "text", SQL: "SELECT 'größe'::varchar, 'it''s'", Data: `[["größe","it's"]]`},
	{Name: "date", SQL: "SELECT date '2024-02-29'", Data: `[["2024-02-29"]]`},
	{Name: "timestamp", SQL: "SELECT timestamp '2024-02-29 12:00:00.5'", Data: `[["2024-02-29 12:00:00.500000"]]`},
	{Name: "super", SQL: `SELECT JSON_PARSE('{"a":[1,"x"]}')`, Data: `[[{"a":[1,"x"]}]]`},
	{Name: "varbyte", SQL: "SELECT TO_VARBYTE('00ff', 'hex')", Data: `[["\\x00ff"]]`},
}

func TestRedshiftRefusesHostileStatements(t *testing.T) {
	server.Query(t, accounts)
	state := func() string { return fmt.Sprint(server.Query(t, fmt.Sprintf(stateQuery, 0))) }
	for _, escapes := range []bool{true, false} {
		db := openRedshiftServer(t, nil, escapes)
		databasetest.ExpectRefused(t, db, guardtest.Statements(t, "postgres/writes.sql", server.DataDirectory()), db.query, state)
		databasetest.ExpectRefused(t, db, guardtest.Statements(t, "postgres/reaches.sql", server.DataDirectory()), nil, state)
		databasetest.ExpectRefused(t, db, guardtest.Statements(t, "redshift/hostile.sql", ""), nil, state)
		databasetest.MustQuery(t, db, `SELECT 'a\\', '\\d+', 'it''s', 'x' AS "into"`, databasetest.Unlimited())
	}
}

func TestRedshiftSearchesSchema(t *testing.T) {
	server.Query(t, accounts+`
		DROP SCHEMA IF EXISTS "od""d" CASCADE; CREATE SCHEMA "od""d"; CREATE TABLE "od""d".here AS SELECT 1 AS n`)
	db := openRedshiftServer(t, connection.Creds{"schema": `od"d`}, false)
	for range 2 {
		databasetest.MustQuery(t, db, "SELECT * FROM here", databasetest.Unlimited())
	}
	privileges, err := db.CheckReadOnly(t.Context())
	if err != nil || !strings.Contains(fmt.Sprint(privileges.Grants), `GRANT SELECT ON ALL TABLES IN SCHEMA "od""d"`) {
		t.Errorf("got %v, %v", privileges, err)
	}
	for _, creds := range []connection.Creds{nil, {"schema": "public"}} {
		db := openRedshiftServer(t, creds, false)
		if _, err := db.Query(t.Context(), "SELECT * FROM here", databasetest.Unlimited()); err == nil {
			t.Errorf("%v: found a table of another schema", creds)
		}
		databasetest.MustQuery(t, db, "SELECT * FROM accounts", databasetest.Unlimited())
	}
}

func TestRedshiftRenamesDuplicateColumns(t *testing.T) {
	for _, c := range []struct{ columns, want []string }{
		{[]string{}, []string{}},
		{[]string{"a", "b"}, []string{"a", "b"}},
		{[]string{"a", "b", "a", "a"}, []string{"a_0", "b", "a_2", "a_3"}},
	} {
		if diff := cmp.Diff(c.want, distinct(c.columns)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRedshiftTypes(t *testing.T) {
	for _, c := range []struct {
		oid        uint32
		text, want string
	}{
		{superOID, `{"a":[1,"x"]}`, `{"a":[1,"x"]}`},
		{superOID, `not json`, `"not json"`},
		{varbyteOID, "00ff", `"\\x00ff"`},
		{varbyteOID, "", `"\\x"`},
		{varbyteOID, "xyz", `"xyz"`},
	} {
		if got := string(newRedshiftEncoder(c.oid)(nil, []byte(c.text))); got != c.want {
			t.Errorf("%d %s: got %s, want %s", c.oid, c.text, got, c.want)
		}
	}
}

// Redshift's errors lack the severity that is the same in every language.
func TestRedshiftErrors(t *testing.T) {
	err := newError(context.Background(), &pgconn.PgError{Severity: "ERROR", Code: "42P01", Message: "no such table"})
	if failed, ok := errors.AsType[*database.StatementError](err); !ok || failed.Code != "42P01" {
		t.Errorf("got %#v, want a StatementError", err)
	}
	err = newError(context.Background(), &pgconn.PgError{Severity: "FATAL", Code: "57P01"})
	if _, ok := errors.AsType[*database.ConnectionError](err); !ok {
		t.Errorf("got %#v, want a ConnectionError", err)
	}
}

// Redshift refuses a connection with a setting that it does not have.
func TestRedshiftSendsNoUnknownSetting(t *testing.T) {
	if value, named := openRedshiftServer(t, nil, false).config.RuntimeParams["standard_conforming_strings"]; named {
		t.Errorf("sends standard_conforming_strings = %s", value)
	}
}

// Without versions of the catalogue, a name that it lacks leads to a new reading. Words of
// the syntax are such names, too, and lead to one reading at the most.
func TestRedshiftReadsUnknownNames(t *testing.T) {
	server.Query(t, accounts)
	r := openRedshiftServer(t, nil, false)
	databasetest.MustQuery(t, r, "SELECT 1", databasetest.Unlimited())
	server.Query(t, "CREATE FUNCTION fresh(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN n; END'")
	age := func() { r.catalogue.since = r.catalogue.since.Add(-recheckAge) }
	age()
	if _, err := r.Query(t.Context(), "SELECT fresh(1)", databasetest.Unlimited()); err == nil || !strings.Contains(err.Error(), "allowed_functions") {
		t.Errorf("got %v, want a refusal", err)
	}
	const words = "SELECT id FROM accounts WHERE id IN (1, 2)"
	age()
	databasetest.MustQuery(t, r, words, databasetest.Unlimited())
	age()
	read := r.catalogue.read
	databasetest.MustQuery(t, r, words, databasetest.Unlimited())
	if r.catalogue.read != read {
		t.Error("the catalogue was read again for a word of the syntax")
	}
}
