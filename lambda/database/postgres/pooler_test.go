package postgres

import (
	"testing"
	"time"

	"defog-cdk/config/connection"
	pgtest "defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/guard"
)

func openPooler(t *testing.T, pooler *pgtest.Pooler, changes connection.Creds) *db {
	t.Helper()
	d := databasetest.Open(t, New, pooler.Creds(), changes, "").(*db)
	d.guard = d.guard.With(guard.Options{AllowedFunctions: []string{"public.spend_all"}})
	return d
}

func TestConformanceThroughPooler(t *testing.T) {
	pooler := pgtest.StartPooler(t, server)
	server.Query(t, accounts)
	newSuite(func(t *testing.T) database.Database { return openPooler(t, pooler, nil) }).Run(t)
}

// TestTextFormsDoNotDependOnOtherClients changes settings in the server's session,
// which the pooler's clients share.
func TestTextFormsDoNotDependOnOtherClients(t *testing.T) {
	pooler := pgtest.StartPooler(t, server)
	server.Query(t, accounts)
	zone := server.Query(t, "SHOW TimeZone")[0][0]
	other, err := pooler.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := other.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	d := openPooler(t, pooler, nil)
	checkForms(t, d, "new session", zone)
	for _, setting := range append(otherSettings, "TimeZone = 'Asia/Tokyo'", "search_path = pg_catalog", "default_transaction_read_only = off") {
		if _, err := other.Exec(t.Context(), "SET "+setting).ReadAll(); err != nil {
			t.Fatal(err)
		}
		checkForms(t, d, setting, zone)
	}
}

// TestRedshiftTextFormsDoNotDependOnOtherClients has floats of 15 digits, as Redshift
// by default.
func TestRedshiftTextFormsDoNotDependOnOtherClients(t *testing.T) {
	d := openRedshiftServer(t, nil, false)
	const sql = "SELECT interval '1 day 2:03:04' AS a, interval '1 year 2 mons' AS b, 0.1::float8 + 0.2::float8 AS c, DATE '2024-02-29' AS d"
	const want = `[["1 day, 2:03:04","425 days, 0:00:00",0.3,"2024-02-29"]]`
	check := func(name string) {
		t.Helper()
		result, err := d.Query(t.Context(), sql, database.Limits{Time: time.Minute})
		if err != nil || string(result.Data) != want {
			t.Errorf("%s: got %s, %v; want %s", name, result.Data, err, want)
		}
	}
	check("new session")
	for _, setting := range []string{"IntervalStyle = 'sql_standard'", "IntervalStyle = 'postgres_verbose'", "extra_float_digits = 2", "DateStyle = 'SQL, DMY'"} {
		if _, err := d.conn.Exec(t.Context(), "SET "+setting).ReadAll(); err != nil {
			t.Fatal(err)
		}
		check(setting)
	}
}
