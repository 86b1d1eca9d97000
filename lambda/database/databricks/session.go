package databricks

import (
	"context"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databricks/hive"
)

// Versions of the protocol.
const (
	hiveProtocol       = 7      // HIVE_CLI_SERVICE_PROTOCOL_V8: results in columns
	firstDatabricks    = 0xa501 // SPARK_CLI_SERVICE_PROTOCOL_V1
	databricksProtocol = 0xa507 // SPARK_CLI_SERVICE_PROTOCOL_V7
)

// session is a session on the server.
type session struct {
	handle   hive.Struct
	extended bool // the server supports Databricks' extensions
}

// connect opens a session unless there is one. Its time zone is UTC, since the
// text of a timestamp has no zone.
func (d *db) connect(ctx context.Context) error {
	if d.session != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, database.ConnectTimeout)
	defer cancel()
	opened, err := d.client.call(ctx, "OpenSession", hive.Struct{1: int32(hiveProtocol), 1282: int64(databricksProtocol)})
	if err != nil {
		return &database.ConnectFailure{Err: err}
	}
	d.session = &session{handle: opened.Struct(3), extended: opened.Int(2) >= firstDatabricks}
	for _, sql := range d.config.sessionStatements() {
		operation, err := d.execute(ctx, sql, database.ConnectTimeout, database.Limits{})
		if err != nil {
			d.drop()
			return &database.ConnectFailure{Err: err}
		}
		d.end(ctx, operation, false)
	}
	return nil
}

// sessionStatements returns the statements that configure a session. No other
// parameter of Databricks SQL changes the text of a value; ANSI_MODE, which decides
// what fails, is a choice of the warehouse.
// https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-parameters
func (c config) sessionStatements() []string {
	statements := []string{"SET TIME ZONE 'UTC'"}
	if c.catalog != "" {
		statements = append(statements, "USE CATALOG "+quoteName(c.catalog))
	}
	if c.schema != "" {
		statements = append(statements, "USE SCHEMA "+quoteName(c.schema))
	}
	return statements
}

// drop ends the session with its statements.
func (d *db) drop() {
	if d.session == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), database.CancelTimeout)
	defer cancel()
	_, _ = d.client.call(ctx, "CloseSession", hive.Struct{1: d.session.handle}) // the server closes idle sessions
	d.session = nil
}
