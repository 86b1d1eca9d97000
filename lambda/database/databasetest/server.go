package databasetest

import (
	"os"
	"testing"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// RunOnServer runs the suite against the real server of a connection file, and
// skips it without one. The environment variable names the file, for example
//
//	DEFOG_TEST_SNOWFLAKE=$PWD/connection.json go test ./lambda/database/snowflake -run OnServer
//
// The server needs no fixtures, and the user no more than the right to read.
func (s Suite) RunOnServer(t *testing.T, variable string, opener database.Opener) {
	file := os.Getenv(variable)
	if file == "" {
		t.Skipf("%s is not set; want the path of a connection.json, to run the suite against a real server", variable)
	}
	conn, err := connection.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	s.Open = func(t *testing.T) database.Database {
		return Open(t, opener, conn.DBCreds, nil, "")
	}
	s.Accounts = "SELECT table_schema, table_name FROM INFORMATION_SCHEMA.TABLES ORDER BY 1, 2"
	s.Run(t)
}
