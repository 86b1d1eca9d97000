package sqlserver

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/rowsecurity"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/guard/guardtest"
)

func openSecured(t *testing.T) *db {
	t.Helper()
	opened, err := New(server.Creds(), database.Options{RowSecurity: rowsecurity.Claims})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened.(*db)
}

// The batch that follows the session's reset gives it the caller's claims, for good.
func TestSessionHasClaimsOfEachCaller(t *testing.T) {
	d := openSecured(t)
	before := len(server.Statements())
	var want []string
	for _, c := range []struct{ claims, literal string }{
		{`{"sub":"jane","tenant":"a"}`, `{"sub":"jane","tenant":"a"}`},
		{`{"sub":"it's'; DROP TABLE orders --"}`, `{"sub":"it''s''; DROP TABLE orders --"}`},
		{`{"sub":"` + strings.Repeat("ü", 3990) + `"}`, `{"sub":"` + strings.Repeat("ü", 3990) + `"}`},
	} {
		databasetest.MustQuery(t, d, "SELECT 1", database.Limits{Identity: &database.Identity{Claims: c.claims}})
		want = append(want, sessionSettings+"; SET LOCK_TIMEOUT -1; EXEC sys.sp_set_session_context @key = N'request.jwt.claims', @value = N'"+c.literal+"', @read_only = 1")
	}
	set := slices.DeleteFunc(server.Statements()[before:], func(sql string) bool { return !strings.Contains(sql, "LOCK_TIMEOUT") })
	if diff := cmp.Diff(want, set); diff != "" {
		t.Error(diff)
	}
}

func TestStatementWithoutClaimsIsRefused(t *testing.T) {
	d := openSecured(t)
	before := len(server.Statements())
	for _, identity := range []*database.Identity{nil, {}, {Claims: `{"sub":"` + strings.Repeat("x", 4000) + `"}`}} {
		if result, err := d.Query(t.Context(), "SELECT 1", database.Limits{Identity: identity}); err == nil {
			t.Errorf("got %s", result.Data)
		}
	}
	if ran := server.Statements()[before:]; slices.Contains(ran, "SELECT 1") || slices.Contains(ran, "\nSELECT 1") {
		t.Errorf("the server ran %q", ran)
	}
}

func TestStatementsCannotChangeCaller(t *testing.T) {
	d := openSecured(t)
	before := len(server.Statements())
	for _, sql := range guardtest.Attacks(t, "sqlserver/identity.sql", "") {
		limits := database.Limits{Identity: &database.Identity{Claims: `{"tenant":"a"}`}}
		if _, err := d.Query(t.Context(), sql, limits); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%q: got %v", sql, err)
		}
	}
	if ran := server.Statements()[before:]; len(ran) > 0 {
		t.Errorf("the server ran %q", ran)
	}
}
