package catalog

import (
	"testing"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/bigquery"
	"defog-cdk/lambda/database/mysql"
	"defog-cdk/lambda/database/postgres"
	"defog-cdk/lambda/database/snowflake"
	"defog-cdk/lambda/database/sqlite"
	"defog-cdk/lambda/database/sqlserver"
)

// open opens a database until the end of the test.
func open(t *testing.T, dbType string, creds connection.Creds) database.Database {
	t.Helper()
	drivers := database.Drivers{
		"bigquery":  bigquery.New,
		"mysql":     mysql.New,
		"postgres":  postgres.New,
		"redshift":  postgres.NewRedshift,
		"snowflake": snowflake.New,
		"sqlite":    sqlite.New,
		"sqlserver": sqlserver.New,
	}
	db, err := drivers.Open(connection.Connection{DBType: dbType, DBCreds: creds}, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
