package postgres

import (
	"fmt"
	"testing"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// textForms is a statement whose values depend on settings of the session, with its
// rows.
const (
	textForms = `SELECT interval '1 day 2:03:04' AS a, interval '1 year 2 mons -3 days 04:05:06.5' AS b, interval '90 minutes' AS c,
		ARRAY[interval '1 day'] AS d, 0.1::float8 + 0.2::float8 AS e, '\x00ff'::bytea AS f, ARRAY['\x00'::bytea] AS g,
		DATE '2024-02-29' AS h, 'é\d' AS i, (SELECT count(*) FROM accounts) AS j, current_setting('TimeZone') AS k, ROW(DATE '2024-02-29', interval '1 day') AS l`
	textRows = `[["1 day, 2:03:04","422 days, 4:05:06.500000","1:30:00",["1 day, 0:00:00"],0.30000000000000004,"\\x00ff",["\\x00"],` +
		`"2024-02-29","é\\d",2,"%s","(2024-02-29,\"1 day\")"]]`
)

// otherSettings lists settings with other values than the formats require.
var otherSettings = []string{
	"IntervalStyle = 'iso_8601'", "IntervalStyle = 'sql_standard'", "IntervalStyle = 'postgres_verbose'", "extra_float_digits = -5",
	"DateStyle = 'German'", "DateStyle = 'SQL, DMY'", "bytea_output = 'escape'", "standard_conforming_strings = off", "client_encoding = 'LATIN1'",
}

func checkForms(t *testing.T, d *db, name, zone string) {
	t.Helper()
	result, err := d.Query(t.Context(), textForms, database.Limits{Time: time.Minute})
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if want := fmt.Sprintf(textRows, zone); string(result.Data) != want {
		t.Errorf("%s: got %s, want %s", name, result.Data, want)
	}
}

func TestTextFormsDoNotDependOnRole(t *testing.T) {
	server.Query(t, accounts)
	server.Query(t, "DROP ROLE IF EXISTS styled; CREATE ROLE styled LOGIN PASSWORD 'styles'; GRANT SELECT ON accounts TO styled; GRANT USAGE ON SCHEMA public TO styled")
	t.Cleanup(func() { server.Query(t, "DROP OWNED BY styled; DROP ROLE styled") })
	for _, setting := range append(otherSettings, "TimeZone = 'Asia/Tokyo'") {
		server.Query(t, "ALTER ROLE styled SET "+setting)
		d := openServer(t, connection.Creds{"user": "styled", "password": "styles"}, "")
		zone := server.Query(t, "SHOW TimeZone")[0][0]
		if setting == "TimeZone = 'Asia/Tokyo'" {
			zone = "Asia/Tokyo" // a choice of the role, which remains
		}
		checkForms(t, d, setting, zone)
		server.Query(t, "ALTER ROLE styled RESET ALL")
	}
}

// TestTextFormsDoNotDependOnPooledSession changes the session before each query, as
// another client of a pooler can.
func TestTextFormsDoNotDependOnPooledSession(t *testing.T) {
	server.Query(t, accounts)
	d := openServer(t, nil, "")
	zone := server.Query(t, "SHOW TimeZone")[0][0]
	checkForms(t, d, "new session", zone)
	for _, setting := range append(otherSettings, "TimeZone = 'Asia/Tokyo'", "search_path = pg_catalog", "default_transaction_read_only = off") {
		if _, err := d.conn.Exec(t.Context(), "SET "+setting).ReadAll(); err != nil {
			t.Fatal(err)
		}
		checkForms(t, d, setting, zone)
	}
}
