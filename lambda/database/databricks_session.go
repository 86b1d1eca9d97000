//go:build !onedriver || databricks

package database

import (
	"context"
	"strings"

	"defog-cdk/lambda/database/hive"
)

const (
	// hiveProtocol is HIVE_CLI_SERVICE_PROTOCOL_V8: results in columns.
	hiveProtocol = 7

	// firstDatabricks and databricksProtocol are the first and the seventh SPARK_CLI_SERVICE_PROTOCOL.
	firstDatabricks    = 0xa501
	databricksProtocol = 0xa507
)

// databricksSession is one on the server.
type databricksSession struct {
	handle   hive.Struct
	extended bool // the server speaks Databricks' additions
}

// connect makes sure that there is a session, in which times are in UTC, as
// their texts do not say the zone, and tables are looked up where db_creds say.
func (d *databricksDatabase) connect(ctx context.Context) error {
	if d.session != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	opened, err := d.http.call(ctx, "OpenSession", hive.Struct{1: int32(hiveProtocol), 1282: int64(databricksProtocol)})
	if err != nil {
		return &connectFailure{err}
	}
	d.session = &databricksSession{handle: opened.Struct(3), extended: opened.Int(2) >= firstDatabricks}
	for _, sql := range d.config.opening() {
		operation, err := d.execute(ctx, sql, connectTime, Limits{})
		if err != nil {
			d.drop()
			return &connectFailure{err}
		}
		d.end(ctx, operation, false)
	}
	return nil
}

// opening are the statements that a session begins with.
func (c databricksConfig) opening() []string {
	statements := []string{"SET TIME ZONE 'UTC'"}
	if c.catalog != "" {
		statements = append(statements, "USE CATALOG "+quoteSpark(c.catalog))
	}
	if c.schema != "" {
		statements = append(statements, "USE SCHEMA "+quoteSpark(c.schema))
	}
	return statements
}

// drop ends the session, and with it what it still works on.
func (d *databricksDatabase) drop() {
	if d.session == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cancelTime)
	defer cancel()
	_, _ = d.http.call(ctx, "CloseSession", hive.Struct{1: d.session.handle}) // the server ends it when it rests
	d.session = nil
}

func quoteSpark(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
