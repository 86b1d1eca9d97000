package main

import (
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/bigquery"
	"defog-cdk/lambda/database/databricks"
	"defog-cdk/lambda/database/mysql"
	"defog-cdk/lambda/database/postgres"
	"defog-cdk/lambda/database/snowflake"
	"defog-cdk/lambda/database/sqlite"
	"defog-cdk/lambda/database/sqlserver"
)

// drivers returns all drivers.
func drivers() database.Drivers {
	return database.Drivers{
		"bigquery":   bigquery.New,
		"databricks": databricks.New,
		"mysql":      mysql.New,
		"postgres":   postgres.New,
		"redshift":   postgres.NewRedshift,
		"snowflake":  snowflake.New,
		"sqlite":     sqlite.New,
		"sqlserver":  sqlserver.New,
	}
}
