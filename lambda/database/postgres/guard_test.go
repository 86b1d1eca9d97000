package postgres

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/guard/guardtest"
)

// readerCreds are of a user that only reads.
var readerCreds = connection.Creds{"user": "analyst", "password": "reads"}

const readerRole = `
	DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analyst') THEN CREATE ROLE analyst LOGIN PASSWORD 'reads'; END IF; END $$;`

// eachUser runs a test as the superuser and as a reader.
func eachUser(t *testing.T, run func(t *testing.T, d *db)) {
	t.Helper()
	for name, creds := range map[string]connection.Creds{"superuser": nil, "reader": readerCreds} {
		t.Run(name, func(t *testing.T) {
			run(t, databasetest.Open(t, New, server.Creds(), creds, "").(*db))
		})
	}
}

func TestAnalyticsRuns(t *testing.T) {
	server.Query(t, readerRole+strings.Join(guardtest.Statements(t, "postgres/schema.sql", ""), "\n"))
	eachUser(t, func(t *testing.T, d *db) {
		databasetest.ExpectRuns(t, d, guardtest.Statements(t, "postgres/analytics.sql", ""))
	})
}

// attackState reads what an attack could change.
const attackState = `
	SELECT (SELECT json_agg(t) FROM (SELECT objid, pid IS NULL FROM pg_locks WHERE locktype = 'advisory') t)
	UNION ALL SELECT (SELECT json_agg(t) FROM orders t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT oid, relname FROM pg_class ORDER BY 1) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT last_value, is_called FROM numbers) t)
	UNION ALL SELECT (SELECT json_agg(slot_name) FROM pg_replication_slots)
	UNION ALL SELECT (SELECT json_agg(roname) FROM pg_replication_origin)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT oid FROM pg_largeobject_metadata ORDER BY 1) t)`

func TestAttacksAreRefused(t *testing.T) {
	server.Query(t, readerRole+strings.Join(guardtest.Statements(t, "postgres/schema.sql", ""), "\n")+
		strings.Join(guardtest.Statements(t, "postgres/modules.sql", ""), "\n"))
	defer server.Query(t, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA stored CASCADE")
	state := func() string { return fmt.Sprint(server.Query(t, attackState)) }
	var attacks []string
	for _, sql := range guardtest.Statements(t, "postgres/attacks.sql", "") {
		attacks = append(attacks, strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t").Replace(sql))
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
		databasetest.ExpectRuns(t, d, guardtest.Statements(t, "postgres/analytics.sql", ""))
	})
}
