//go:build !onedriver || redshift

package database

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database/guard/guardtest"
)

// openRedshiftServer has PostgreSQL stand in for Redshift. Its strings know
// backslashes if escapes is set, as Redshift's do.
func openRedshiftServer(t *testing.T, changes connection.Creds, escapes bool) *redshift {
	t.Helper()
	creds := server.Creds()
	maps.Copy(creds, changes)
	db, err := Open(connection.Connection{DBType: "redshift", DBCreds: creds}, Surroundings{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	opened := db.(*redshift)
	if escapes {
		opened.config.RuntimeParams["standard_conforming_strings"] = "off"
		opened.config.RuntimeParams["escape_string_warning"] = "off"
	}
	return opened
}

func TestRedshiftConforms(t *testing.T) {
	server.Query(t, postgresAccounts)
	dialect := postgresDialect
	dialect.open = func(t *testing.T) Database { return openRedshiftServer(t, nil, false) }
	dialect.columns = []string{"n_0", "n_1"}
	// Redshift has no VALUES, and a backslash before a quote is refused.
	dialect.types = slices.DeleteFunc(slices.Clone(postgresTypes), func(c typeCase) bool {
		return strings.HasPrefix(c.sql, "VALUES") || strings.Contains(c.sql, `\'`)
	})
	conform(t, dialect)
}

func TestRedshiftRefusesHostileStatements(t *testing.T) {
	server.Query(t, postgresAccounts)
	state := func() string { return fmt.Sprint(server.Query(t, fmt.Sprintf(postgresState, 0))) }
	for _, escapes := range []bool{true, false} {
		db := openRedshiftServer(t, nil, escapes)
		expectRefused(t, db, guardtest.Statements(t, "postgres/writes.sql", server.DataDirectory()), true, state)
		expectRefused(t, db, guardtest.Statements(t, "postgres/reaches.sql", server.DataDirectory()), false, state)
		expectRefused(t, db, guardtest.Statements(t, "redshift/hostile.sql", ""), false, state)
		mustQuery(t, db, `SELECT 'a\\', '\\d+', 'it''s', 'x' AS "into"`, unlimited)
	}
}

func TestRedshiftLooksInItsSchema(t *testing.T) {
	server.Query(t, postgresAccounts+`
		DROP SCHEMA IF EXISTS "od""d" CASCADE; CREATE SCHEMA "od""d"; CREATE TABLE "od""d".here AS SELECT 1 AS n`)
	db := openRedshiftServer(t, connection.Creds{"schema": `od"d`}, false)
	for range 2 {
		mustQuery(t, db, "SELECT * FROM here", unlimited)
	}
	rights, err := db.Prove(t.Context())
	if err != nil || !strings.Contains(fmt.Sprint(rights.Grants), `GRANT SELECT ON ALL TABLES IN SCHEMA "od""d"`) {
		t.Errorf("got %v, %v", rights, err)
	}
	for _, creds := range []connection.Creds{nil, {"schema": "public"}} {
		db := openRedshiftServer(t, creds, false)
		if _, err := db.Query(t.Context(), "SELECT * FROM here", unlimited); err == nil {
			t.Errorf("%v: found a table of another schema", creds)
		}
		mustQuery(t, db, "SELECT * FROM accounts", unlimited)
	}
}

func TestRedshiftNamesColumns(t *testing.T) {
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
		if got := string(redshiftEncoder(c.oid)(nil, []byte(c.text))); got != c.want {
			t.Errorf("%d %s: got %s, want %s", c.oid, c.text, got, c.want)
		}
	}
}

// Redshift's errors lack the field by which PostgreSQL's tell their severity in
// every language.
func TestRedshiftErrors(t *testing.T) {
	err := postgresError(context.Background(), &pgconn.PgError{Severity: "ERROR", Code: "42P01", Message: "no such table"})
	if failed, ok := errors.AsType[*StatementError](err); !ok || failed.Code != "42P01" {
		t.Errorf("got %#v, want a StatementError", err)
	}
	err = postgresError(context.Background(), &pgconn.PgError{Severity: "FATAL", Code: "57P01"})
	if _, ok := errors.AsType[*ConnectionError](err); !ok {
		t.Errorf("got %#v, want a ConnectionError", err)
	}
}

// The server refuses a connection that names a setting which it does not have.
func TestRedshiftNamesNoUnknownSetting(t *testing.T) {
	if value, named := openRedshiftServer(t, nil, false).config.RuntimeParams["standard_conforming_strings"]; named {
		t.Errorf("asks for standard_conforming_strings = %s", value)
	}
}
