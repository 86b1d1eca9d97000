package mysql

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"defog-cdk/internal/rowsecurity"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/guard/guardtest"
)

const tenantTables = `
	DROP DATABASE IF EXISTS of_a; DROP DATABASE IF EXISTS of_b; CREATE DATABASE of_a; CREATE DATABASE of_b;
	CREATE TABLE of_a.orders (id int, note varchar(50)); INSERT INTO of_a.orders VALUES (1, 'note of a');
	CREATE TABLE of_b.orders (id int, note varchar(50)); INSERT INTO of_b.orders VALUES (1, 'foreign note');
	CREATE OR REPLACE ROLE tenant_a; CREATE OR REPLACE ROLE tenant_b; CREATE OR REPLACE USER tenant_reader IDENTIFIED BY 'reads';
	GRANT SELECT, EXECUTE ON of_a.* TO tenant_a; GRANT SELECT, EXECUTE ON of_b.* TO tenant_b; GRANT tenant_a TO tenant_reader; GRANT tenant_b TO tenant_reader;
	CREATE FUNCTION of_a.notes_of_b() RETURNS varchar(50) READS SQL DATA RETURN (SELECT note FROM of_b.orders);
	CREATE PROCEDURE of_a.become() SET ROLE tenant_b;
	CREATE FUNCTION of_a.become_b() RETURNS int DETERMINISTIC SQL SECURITY INVOKER BEGIN SET @tenant = 'b'; RETURN (SELECT COUNT(*) FROM of_b.orders); END;
	CREATE FUNCTION of_a.raise_b() RETURNS varchar(50) READS SQL DATA SQL SECURITY INVOKER
		BEGIN DECLARE m varchar(50); SET ROLE tenant_b; SELECT note INTO m FROM of_b.orders; SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = m; RETURN m; END`

const tenantState = `
	SELECT GROUP_CONCAT(id, note) FROM of_a.orders UNION ALL SELECT GROUP_CONCAT(id, note) FROM of_b.orders
	UNION ALL SELECT GROUP_CONCAT(user, host, priv ORDER BY 1) FROM mysql.global_priv
	UNION ALL SELECT GROUP_CONCAT(user, role ORDER BY 1) FROM mysql.roles_mapping
	UNION ALL SELECT GROUP_CONCAT(user, db, select_priv ORDER BY 1) FROM mysql.db`

func openSecured(t *testing.T) *db {
	t.Helper()
	server.Query(t, tenantTables)
	creds := server.Creds()
	creds["user"], creds["password"], creds["database"] = "tenant_reader", "reads", "information_schema"
	opened, err := New(creds, database.Options{RowSecurity: rowsecurity.Role})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened.(*db)
}

func as(tenant string) database.Limits {
	return database.Limits{Identity: &database.Identity{Claims: `{"sub":"jane"}`, Role: "tenant_" + tenant}}
}

// expectCaller requires that a tenant reads its table alone, as its role.
func expectCaller(t *testing.T, d *db, tenant, other, note string) {
	t.Helper()
	result, err := d.Query(t.Context(), "SELECT note, CURRENT_ROLE(), @tenant FROM of_"+tenant+".orders", as(tenant))
	if err != nil {
		t.Fatal(err)
	}
	if want := `[["` + note + `","tenant_` + tenant + `",null]]`; string(result.Data) != want {
		t.Errorf("got %s, want %s", result.Data, want)
	}
	if result, err := d.Query(t.Context(), "SELECT note FROM of_"+other+".orders", as(tenant)); err == nil {
		t.Errorf("tenant %s got %s", tenant, result.Data)
	}
}

func TestStatementRunsAsRole(t *testing.T) {
	d := openSecured(t)
	expectCaller(t, d, "a", "b", "note of a")
	conn := d.conn
	for range 10 {
		expectCaller(t, d, "b", "a", "foreign note")
		if _, err := d.Query(t.Context(), "SELECT no_column FROM of_b.orders", as("b")); err == nil {
			t.Error("a failing statement succeeded")
		}
		expectCaller(t, d, "a", "b", "note of a")
	}
	if d.conn != conn {
		t.Error("the connection was not reused")
	}
	for _, limits := range []database.Limits{{}, {Identity: &database.Identity{Claims: "{}"}}} {
		if result, err := d.Query(t.Context(), "SELECT 1", limits); err == nil {
			t.Errorf("%v: got %s", limits.Identity, result.Data)
		}
	}
	for _, role := range []string{"nowhere", "root", "x`; SET ROLE tenant_b; -- "} {
		limits := as("a")
		limits.Identity.Role = role
		if result, err := d.Query(t.Context(), "SELECT 1", limits); err == nil {
			t.Errorf("%s: got %s", role, result.Data)
		}
		expectCaller(t, d, "a", "b", "note of a")
	}
}

func TestStatementsCannotChangeRole(t *testing.T) {
	d := openSecured(t)
	attacks := guardtest.Attacks(t, "mysql/identity.sql", "")
	if len(attacks) < 60 {
		t.Fatalf("%d statements", len(attacks))
	}
	before := fmt.Sprint(server.Query(t, tenantState))
	for _, sql := range attacks {
		result, err := d.Query(t.Context(), sql, as("a"))
		if _, ok := errors.AsType[*database.StatementError](err); !ok || result != nil {
			t.Errorf("%q: got %v, %v; want an error", sql, result, err)
		}
		if err != nil && strings.Contains(err.Error(), "foreign") {
			t.Errorf("%q: the error holds foreign rows: %v", sql, err)
		}
	}
	expectCaller(t, d, "a", "b", "note of a")
	// Without the guard, no statement gets rows as another role, and none leaves a role.
	changes := 0
	for _, sql := range []string{"SET ROLE tenant_b", "SET ROLE NONE", "EXECUTE IMMEDIATE 'SET ROLE tenant_b'"} {
		if result, err := d.query(t.Context(), sql, as("a")); err == nil {
			t.Errorf("%q: got %s", sql, result.Data)
		} else if err.Error() == database.IdentityChanged().Error() {
			changes++
		}
		expectCaller(t, d, "a", "b", "note of a")
	}
	if changes == 0 {
		t.Error("no statement changed the role; the test shows nothing")
	}
	if diff := cmp.Diff(before, fmt.Sprint(server.Query(t, tenantState))); diff != "" {
		t.Error(diff)
	}
}

func TestRowSecurityOfUserIsChecked(t *testing.T) {
	d := openSecured(t)
	for name, c := range map[string]struct {
		grant, revoke string
		roles         []string
		want          database.RowSecurityReport
	}{
		"safe":       {"SELECT 1", "SELECT 1", []string{"tenant_a", "tenant_b"}, database.RowSecurityReport{}},
		"missing":    {"SELECT 1", "SELECT 1", []string{"tenant_a", "tenant_b", "tenant_c"}, database.RowSecurityReport{Missing: []string{"tenant_c"}}},
		"additional": {"SELECT 1", "SELECT 1", []string{"tenant_a"}, database.RowSecurityReport{Remarks: []string{"the user is a member of tenant_b"}}},
		"all tables": {"GRANT SELECT ON *.* TO tenant_reader", "REVOKE SELECT ON *.* FROM tenant_reader", []string{"tenant_a", "tenant_b"},
			database.RowSecurityReport{Passed: []string{"every caller has the user's rights on *.*: SELECT"}}},
		"one table": {"GRANT SELECT ON of_a.orders TO tenant_reader", "REVOKE SELECT ON of_a.orders FROM tenant_reader", []string{"tenant_a", "tenant_b"},
			database.RowSecurityReport{Remarks: []string{"every caller has the user's rights on `of_a`.`orders`: SELECT"}}},
	} {
		t.Run(name, func(t *testing.T) {
			server.Query(t, c.grant)
			defer server.Query(t, c.revoke)
			d.drop() // a session keeps the privileges that it started with
			report, err := d.CheckRowSecurity(t.Context(), c.roles)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, report, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestRoleNameReadsBothServers(t *testing.T) {
	for text, want := range map[string]string{"tenant_a": "tenant_a", "`tenant_a`@`%`": "tenant_a", "NONE": "NONE", "": "", "`a`@`%`,`b`@`%`": "`a`@`%`,`b`@`%`"} {
		if got := roleName(text); got != want {
			t.Errorf("%s: got %s", text, got)
		}
	}
}
