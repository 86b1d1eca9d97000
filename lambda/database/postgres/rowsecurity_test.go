package postgres

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"defog-cdk/internal/rowsecurity"
	pgtest "defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
)

func TestRowSecurityOfReaderIsChecked(t *testing.T) {
	server := pgtest.Start(t) // without the tables of other tests
	d := openSecured(t, server, rowsecurity.Role)
	roles := []string{"tenant_a", "tenant_b", "auditor"}
	server.Query(t, "CREATE ROLE row_checker LOGIN PASSWORD 'reads' NOINHERIT IN ROLE tenant_a, tenant_b, auditor; GRANT SELECT ON orders TO row_checker")
	d.config.User = "row_checker"
	for name, c := range map[string]struct {
		change, undo string
		roles        []string
		want         database.RowSecurityReport
	}{
		"safe":            {"SELECT 1", "SELECT 1", roles, database.RowSecurityReport{}},
		"superuser":       {"ALTER ROLE row_checker SUPERUSER", "ALTER ROLE row_checker NOSUPERUSER", roles, database.RowSecurityReport{Passed: []string{"row_checker is a superuser"}}},
		"bypass":          {"ALTER ROLE row_checker BYPASSRLS", "ALTER ROLE row_checker NOBYPASSRLS", roles, database.RowSecurityReport{Passed: []string{"row_checker has BYPASSRLS"}}},
		"bypass by role":  {"ALTER ROLE tenant_b BYPASSRLS", "ALTER ROLE tenant_b NOBYPASSRLS", roles, database.RowSecurityReport{Passed: []string{"tenant_b has BYPASSRLS"}}},
		"forced on owner": {"ALTER TABLE orders OWNER TO tenant_a", "ALTER TABLE orders OWNER TO shop_owner", roles, database.RowSecurityReport{}},
		"owner": {"ALTER TABLE orders OWNER TO tenant_a; ALTER TABLE orders NO FORCE ROW LEVEL SECURITY", "ALTER TABLE orders OWNER TO shop_owner; ALTER TABLE orders FORCE ROW LEVEL SECURITY", roles,
			database.RowSecurityReport{Passed: []string{"tenant_a owns the table public.orders, whose row security is not forced"}}},
		"missing role": {"SELECT 1", "SELECT 1", append([]string{"nowhere", "shop_owner"}, roles...), database.RowSecurityReport{Missing: []string{"nowhere", "shop_owner"}}},
		"other role":   {"SELECT 1", "SELECT 1", roles[:2], database.RowSecurityReport{Remarks: []string{"row_checker is a member of auditor"}}},
		"open table": {"CREATE TABLE prices (n int); GRANT SELECT ON prices TO tenant_a", "DROP TABLE prices", roles,
			database.RowSecurityReport{Remarks: []string{"every caller can read the table public.prices, which has no row security"}}},
		"view": {"CREATE VIEW every AS SELECT * FROM orders; CREATE VIEW outside AS SELECT * FROM every; GRANT SELECT ON outside TO tenant_a", "DROP VIEW outside; DROP VIEW every", roles,
			database.RowSecurityReport{Remarks: []string{"every caller can read all that the owner of the view public.outside can read in it"}}},
		"invoker's view": {"CREATE VIEW mine WITH (security_invoker = true) AS SELECT * FROM orders; GRANT SELECT ON mine TO tenant_a", "DROP VIEW mine", roles, database.RowSecurityReport{}},
		"materialized view": {"CREATE MATERIALIZED VIEW kept AS SELECT * FROM orders; GRANT SELECT ON kept TO tenant_a", "DROP MATERIALIZED VIEW kept", roles,
			database.RowSecurityReport{Remarks: []string{"every caller can read all that the owner of the view public.kept can read in it"}}},
	} {
		t.Run(name, func(t *testing.T) {
			server.Query(t, c.change)
			defer server.Query(t, c.undo)
			report, err := d.CheckRowSecurity(t.Context(), c.roles)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, report, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if accepted := report.Accept() == nil; accepted != (len(c.want.Passed) == 0) {
				t.Errorf("accepted: %t", accepted)
			}
		})
	}
	if report, err := d.CheckRowSecurity(t.Context(), []string{"it's"}); err != nil || !strings.Contains(strings.Join(report.Missing, ""), "it's") {
		t.Errorf("got %v, %v", report, err)
	}
}
