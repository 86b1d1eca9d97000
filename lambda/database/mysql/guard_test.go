package mysql

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/database/guard/guardtest"
)

// shop creates the tables of analytics.sql, and a user who only reads them.
func shop(t *testing.T) {
	t.Helper()
	server.Query(t, strings.Join(guardtest.Statements(t, "mysql/schema.sql", ""), "\n")+`
		CREATE SEQUENCE shop.numbers;
		CREATE OR REPLACE USER analyst IDENTIFIED BY 'reads'; GRANT SELECT, SHOW VIEW, EXECUTE ON shop.* TO analyst`)
	t.Cleanup(func() { server.Query(t, "DROP DATABASE shop; DROP USER analyst") })
}

// eachUser runs a test as the superuser and as a reader.
func eachUser(t *testing.T, run func(t *testing.T, d *db)) {
	t.Helper()
	for name, creds := range map[string]connection.Creds{
		"superuser": {"database": "shop"}, "reader": {"database": "shop", "user": "analyst", "password": "reads"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, databasetest.Open(t, New, server.Creds(), creds, "").(*db))
		})
	}
}

func TestAnalyticsRuns(t *testing.T) {
	shop(t)
	eachUser(t, func(t *testing.T, d *db) {
		databasetest.ExpectRuns(t, d, guardtest.Statements(t, "mysql/analytics.sql", ""))
	})
}

func TestAttacksAreRefused(t *testing.T) {
	shop(t)
	directory := t.TempDir()
	attacks := guardtest.Attacks(t, "mysql/attacks.sql", directory)
	state := func() string {
		files, err := os.ReadDir(directory)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(files, server.Query(t, `SELECT GROUP_CONCAT(id, total) FROM shop.orders
			UNION ALL SELECT next_not_cached_value FROM shop.numbers UNION ALL SELECT COALESCE(IS_USED_LOCK('stolen'), 'free')
			UNION ALL SELECT CONCAT(@@general_log, @@sql_mode)`))
	}
	eachUser(t, func(t *testing.T, d *db) {
		before := state()
		for _, sql := range attacks {
			result, err := d.Query(t.Context(), sql, databasetest.Unlimited())
			failed, ok := errors.AsType[*database.StatementError](err)
			if !ok || failed.Code != "" {
				t.Errorf("%q: got %v, %v; want a refusal by the guard", sql, result, err)
			}
		}
		if diff := cmp.Diff(before, state()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAllowedFunctionRuns(t *testing.T) {
	shop(t)
	eachUser(t, func(t *testing.T, d *db) {
		_, err := d.Query(t.Context(), "SELECT scribbled()", databasetest.Unlimited())
		if err == nil || !strings.Contains(err.Error(), "add shop.scribbled to the setting allowed_functions") {
			t.Errorf("got %v, want the name of the setting", err)
		}
		d.guard = d.guard.With(guard.Options{AllowedFunctions: []string{"shop.scribbled"}})
		databasetest.ExpectRuns(t, d, []string{"SELECT scribbled(), shop.scribbled()"})
	})
}

// A stored function can set a variable or take a lock, which its session keeps.
func TestSessionEndsAfterStoredFunction(t *testing.T) {
	shop(t)
	server.Query(t, "CREATE FUNCTION shop.leave_lock() RETURNS int READS SQL DATA RETURN (SELECT GET_LOCK('left behind', 0))")
	server.Query(t, "CREATE VIEW shop.leaving AS SELECT shop.leave_lock() AS n; CREATE VIEW shop.leaving_again AS SELECT n FROM shop.leaving")
	eachUser(t, func(t *testing.T, d *db) {
		for _, sql := range []string{"SELECT leave_lock()", "SELECT * FROM leaving", "SELECT n FROM `shop`.`leaving_again`", "SELECT shop.leave_lock(), (SELECT 1 UNION SELECT 2)"} {
			_, _ = d.Query(t.Context(), sql, databasetest.Unlimited()) // the lock counts
			for tries := 0; ; tries++ {
				if rows := server.Query(t, "SELECT COALESCE(IS_USED_LOCK('left behind'), 'free')"); rows[0][0] == "free" {
					break
				}
				if tries == 100 {
					t.Fatalf("%s: the lock remains", sql)
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
	})
}

func TestHeadersAreThoseOfTheOriginal(t *testing.T) {
	d := databasetest.Open(t, New, server.Creds(), nil, "").(*db)
	databasetest.ExpectHeaders(t, d, d.query, `SELECT concat('a', "b"), concat("it's"), concat('a\tb', 'c'), 'a\nb'`, "SELECT größe + 1, größe FROM (SELECT 1 AS größe) a",
		"SELECT @'a', @`a`, DATE'2024-01-01', {d '2024-01-01'}", "SELECT 1a.b+1 FROM (SELECT 1 AS b) 1a", `SELECT 'a' LIKE 'a\_b'`, "SELECT 1 # c\n + 2")
}

// A function that is stored after the catalogue was read is found before a refusal.
func TestRefusalIsCheckedAgain(t *testing.T) {
	shop(t)
	d := databasetest.Open(t, New, server.Creds(), connection.Creds{"database": "shop"}, "").(*db)
	databasetest.MustQuery(t, d, "SELECT 1", databasetest.Unlimited())
	server.Query(t, "CREATE FUNCTION shop.doubled(n int) RETURNS int DETERMINISTIC RETURN 2 * n")
	const sql = "SELECT doubled(2)"
	if _, err := d.Query(t.Context(), sql, databasetest.Unlimited()); err == nil || !strings.Contains(err.Error(), "the function doubled is unknown") {
		t.Errorf("got %v, want a refusal of an unknown function", err)
	}
	d.catalogueSince = d.catalogueSince.Add(-recheckAge)
	databasetest.MustQuery(t, d, sql, databasetest.Unlimited())
}
