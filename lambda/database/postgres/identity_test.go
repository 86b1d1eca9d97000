package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/rowsecurity"
	pgtest "defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/guard/guardtest"
)

// identityState reads what a statement could change about roles, policies and
// settings.
const identityState = `
	SELECT (SELECT json_agg(t) FROM (SELECT * FROM orders ORDER BY id) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT rolname, rolsuper, rolbypassrls, rolconfig FROM pg_roles ORDER BY 1) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT roleid, member FROM pg_auth_members ORDER BY 1, 2) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT * FROM pg_db_role_setting ORDER BY 1, 2) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT polname, polroles, polqual FROM pg_policy ORDER BY 1) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT relname, relrowsecurity, relforcerowsecurity, relacl FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT oid::regprocedure, prosecdef FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1) t)`

var tenants = map[string]*database.Identity{
	"a": {Claims: `{"sub":"jane","tenant":"a"}`, Role: "tenant_a"},
	"b": {Claims: `{"sub":"joe","tenant":"b"}`, Role: "tenant_b"},
}

// openSecured returns the database with row security, for the reader.
func openSecured(t *testing.T, s *pgtest.Server, mode rowsecurity.Mode) *db {
	t.Helper()
	s.Query(t, strings.Join(guardtest.Statements(t, "postgres/identity_schema.sql", ""), "\n"))
	creds := s.Creds()
	creds["user"], creds["password"] = "shop_reader", "reads"
	opened, err := New(creds, database.Options{RowSecurity: mode})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened.(*db)
}

// as returns the limits of a tenant's statement.
func as(tenant string, mode rowsecurity.Mode) database.Limits {
	identity := *tenants[tenant]
	if mode == rowsecurity.Claims {
		identity.Role = ""
	}
	return database.Limits{Identity: &identity}
}

// eachMode runs a test with each mode.
func eachMode(t *testing.T, run func(t *testing.T, s *pgtest.Server, mode rowsecurity.Mode)) {
	t.Helper()
	for _, mode := range []rowsecurity.Mode{rowsecurity.Claims, rowsecurity.Role} {
		t.Run(string(mode), func(t *testing.T) { run(t, server, mode) })
	}
}

// whoAmI is the statement that returns the rows and the identity of a caller.
const whoAmI = "SELECT string_agg(note, ', ' ORDER BY id), current_user, current_setting('request.jwt.claims') FROM orders"

// expectCaller requires that a tenant gets its rows alone, as itself.
func expectCaller(t *testing.T, d *db, tenant string, mode rowsecurity.Mode) {
	t.Helper()
	limits := as(tenant, mode)
	user, notes := "shop_reader", map[string]string{"a": "note of a, more of a", "b": "foreign note, foreign too"}[tenant]
	if mode == rowsecurity.Role {
		user = limits.Identity.Role
	}
	result, err := d.Query(t.Context(), whoAmI, limits)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := result.Texts()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{notes, user, limits.Identity.Claims}}, rows); diff != "" {
		t.Fatalf("tenant %s (-want +got):\n%s", tenant, diff)
	}
}

func TestStatementRunsAsCaller(t *testing.T) {
	eachMode(t, func(t *testing.T, s *pgtest.Server, mode rowsecurity.Mode) {
		d := openSecured(t, s, mode)
		s.Query(t, "DROP OPERATOR ~> (text, text); DROP DOMAIN turning; DROP CAST (token AS text)") // they would have all rows read
		expectCaller(t, d, "a", mode)
		conn := d.conn
		for range 20 {
			expectCaller(t, d, "b", mode)
			if _, err := d.Query(t.Context(), "SELECT 1 / (id - id) FROM orders", as("b", mode)); err == nil {
				t.Fatal("a failing statement succeeded")
			}
			expectCaller(t, d, "a", mode)
			if _, err := d.Query(t.Context(), "SELECT repeat('x', 100) FROM generate_series(1, 100000)", database.Limits{Rows: 1, Identity: as("b", mode).Identity}); err != nil {
				t.Fatal(err)
			}
			if d.verified {
				t.Fatal("the rows over the limit were read")
			}
			expectCaller(t, d, "a", mode)
		}
		if d.conn != conn {
			t.Error("the connection was not reused")
		}
	})
}

func TestStatementWithoutCallerIsRefused(t *testing.T) {
	for _, mode := range []rowsecurity.Mode{rowsecurity.Claims, rowsecurity.Role} {
		d := openSecured(t, server, mode)
		for _, identity := range []*database.Identity{nil, {}, {Role: "tenant_a"}} {
			if result, err := d.Query(t.Context(), "SELECT 1", database.Limits{Identity: identity}); err == nil {
				t.Errorf("%s, %v: got %s", mode, identity, result.Data)
			}
		}
		if d.conn != nil {
			t.Error("connected without a caller")
		}
	}
	d := openSecured(t, server, rowsecurity.Role)
	if result, err := d.Query(t.Context(), "SELECT 1", as("a", rowsecurity.Claims)); err == nil {
		t.Errorf("without a role: got %s", result.Data)
	}
}

// Each statement of the list fails by the guard or by the verification, and the next
// question of the same connection has its own identity.
func TestStatementsCannotChangeCaller(t *testing.T) {
	attacks := guardtest.Attacks(t, "postgres/identity.sql", "")
	if len(attacks) < 60 {
		t.Fatalf("%d statements", len(attacks))
	}
	expectFailures := func(t *testing.T, s *pgtest.Server, mode rowsecurity.Mode) {
		d := openSecured(t, s, mode)
		before := fmt.Sprint(s.Query(t, identityState))
		for _, sql := range attacks {
			for _, limits := range []database.Limits{{}, {Rows: 1}} {
				limits.Identity = as("a", mode).Identity
				result, err := d.Query(t.Context(), sql, limits)
				if _, ok := errors.AsType[*database.StatementError](err); !ok || result != nil {
					t.Errorf("%q: got %v, %v; want an error", sql, result, err)
				}
				if err != nil && strings.Contains(err.Error(), "foreign") {
					t.Errorf("%q: the error holds foreign rows: %v", sql, err)
				}
			}
			expectCaller(t, d, "a", mode)
		}
		if diff := cmp.Diff(before, fmt.Sprint(s.Query(t, identityState))); diff != "" {
			t.Error(diff)
		}
	}
	eachMode(t, expectFailures)
	t.Run("PostgreSQL 15", func(t *testing.T) {
		if !pgtest.IsInstalled("15") {
			t.Skip("PostgreSQL 15 is not installed (on Debian: `apt-get install postgresql-15`)")
		}
		older := pgtest.Start(t, pgtest.Installed("15"), pgtest.Setting("jit", "off"))
		for _, mode := range []rowsecurity.Mode{rowsecurity.Claims, rowsecurity.Role} {
			t.Run(string(mode), func(t *testing.T) { expectFailures(t, older, mode) })
		}
	})
}

// The verification does not depend on the guard: what the guard would refuse gets no
// rows, and leaves nothing behind.
func TestChangedCallerGetsNoRows(t *testing.T) {
	eachMode(t, func(t *testing.T, s *pgtest.Server, mode rowsecurity.Mode) {
		d := openSecured(t, s, mode)
		changes := 0
		for _, sql := range guardtest.Attacks(t, "postgres/identity.sql", "") {
			conn := d.conn
			result, err := d.query(t.Context(), sql, as("a", mode))
			if err == nil && strings.Contains(string(result.Data), "foreign") && !strings.Contains(sql, "all_notes") && !strings.Contains(sql, "~~~") &&
				!strings.Contains(sql, "note_of") && !strings.Contains(sql, "collected") {
				t.Errorf("%q: got %s", sql, result.Data)
			}
			if err != nil && err.Error() == database.IdentityChanged().Error() {
				changes++
				if d.conn != nil && d.conn == conn {
					t.Errorf("%q: the connection is kept", sql)
				}
			}
			expectCaller(t, d, "a", mode)
			expectCaller(t, d, "b", mode)
		}
		if changes < 30 {
			t.Errorf("%d statements changed the caller; want 30, or the test shows nothing", changes)
		}
	})
}

// A pooled session can have the role and the claims of its last user.
func TestLastUserOfSessionLeavesNothing(t *testing.T) {
	eachMode(t, func(t *testing.T, s *pgtest.Server, mode rowsecurity.Mode) {
		d := openSecured(t, s, mode)
		if err := d.connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, sql := range []string{"SET ROLE auditor", `SET request.jwt.claims = '{"tenant":"b"}'`} {
			if _, err := d.conn.Exec(context.WithoutCancel(t.Context()), sql).ReadAll(); err != nil {
				t.Fatal(err)
			}
		}
		expectCaller(t, d, "a", mode)
	})
}

// The catalogue is not what a caller's statement reads, also after one with withheld errors.
func TestErrorOfCatalogueIsNotWithheld(t *testing.T) {
	d := openSecured(t, server, rowsecurity.Claims)
	expectCaller(t, d, "a", rowsecurity.Claims)
	if !d.verified {
		t.Fatal("the statement's errors are not withheld")
	}
	d.catalogue.queries.Catalogue, d.catalogue.read = "SELECT 1 / 0", nil
	if _, err := d.Query(t.Context(), whoAmI, as("a", rowsecurity.Claims)); err == nil || !strings.Contains(err.Error(), "division by zero") {
		t.Errorf("got %v", err)
	}
}

func TestUnknownRoleFailsOneStatement(t *testing.T) {
	d := openSecured(t, server, rowsecurity.Role)
	for _, role := range []string{"postgres", "nowhere", `x"; RESET ROLE; --`} {
		limits := as("a", rowsecurity.Role)
		limits.Identity.Role = role
		if result, err := d.Query(t.Context(), whoAmI, limits); err == nil {
			t.Errorf("%s: got %s", role, result.Data)
		}
		expectCaller(t, d, "a", rowsecurity.Role)
	}
}

func TestClaimsHoldAnyText(t *testing.T) {
	d := openSecured(t, server, rowsecurity.Claims)
	for _, claims := range []string{`{"sub":"it's \"quoted\" \\ $1 ; -- ü \u0000"}`, `{"sub":"` + strings.Repeat("x", 100_000) + `"}`} {
		limits := database.Limits{Identity: &database.Identity{Claims: claims}}
		result, err := d.Query(t.Context(), "SELECT current_setting('request.jwt.claims')", limits)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := result.Texts()
		if err != nil || rows[0][0] != claims {
			t.Errorf("got %.100s, %v", result.Data, err)
		}
	}
}
