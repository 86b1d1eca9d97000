package postgres

import (
	"os"
	"strings"
	"testing"

	"defog-cdk/internal/rowsecurity"
	pgtest "defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
)

// sqlBlocks returns the SQL examples of a page below docs.
func sqlBlocks(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, part := range strings.Split(string(text), "\n```sql\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```\n")
		blocks = append(blocks, block)
	}
	return blocks
}

// The examples of the page run as they stand, and limit each tenant to its row.
func TestRowSecurityPageWorks(t *testing.T) {
	blocks := sqlBlocks(t, "row-security.md")
	if len(blocks) != 2 {
		t.Fatalf("%d examples", len(blocks))
	}
	server := pgtest.Start(t) // without the roles of other tests
	server.Query(t, strings.Join(blocks, "\n"))
	for _, test := range []struct {
		mode              rowsecurity.Mode
		user, table, want string
		roles             []string
	}{
		{rowsecurity.Claims, "defog_reader", "orders", "an order of ", nil},
		{rowsecurity.Role, "defog_role_reader", "invoices", "an invoice of ", []string{"tenant_a", "tenant_b"}},
	} {
		creds := server.Creds()
		creds["user"], creds["password"] = test.user, "choose-a-password"
		opened, err := New(creds, database.Options{RowSecurity: test.mode})
		if err != nil {
			t.Fatal(err)
		}
		d := opened.(*db)
		defer d.Close()
		report, err := d.CheckRowSecurity(t.Context(), test.roles)
		if err != nil || report.Accept() != nil || len(report.Missing) > 0 || len(report.Remarks) > 0 {
			t.Errorf("%s: %v, %v", test.user, report, err)
		}
		if privileges, err := d.CheckReadOnly(t.Context()); err != nil || len(privileges.Writes) > 0 || len(privileges.Unsafe) > 0 {
			t.Errorf("%s: %v, %v", test.user, privileges, err)
		}
		for _, tenant := range []string{"a", "b"} {
			result, err := d.Query(t.Context(), "SELECT note FROM "+test.table, as(tenant, test.mode))
			if err != nil {
				t.Fatal(err)
			}
			if want := `[["` + test.want + tenant + `"]]`; string(result.Data) != want {
				t.Errorf("%s, tenant %s: got %s, want %s", test.user, tenant, result.Data, want)
			}
		}
		without := database.Limits{Identity: &database.Identity{Claims: `{"sub":"jane"}`, Role: as("a", test.mode).Identity.Role}}
		if result, err := d.Query(t.Context(), "SELECT note FROM "+test.table+" WHERE tenant <> 'a'", without); err != nil || result.RowCount > 0 {
			t.Errorf("%s, no tenant: %v, %v", test.user, result, err)
		}
	}
}
