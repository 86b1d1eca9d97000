package postgres

import (
	"strings"
	"testing"

	"defog-cdk/config/connection"
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
