package doctor_test

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

// drivers returns the drivers that the tests open.
func drivers() database.Drivers {
	return database.Drivers{
		"bigquery":   bigquery.New,
		"databricks": databricks.New,
		"mysql":      mysql.New,
		"postgres":   postgres.New,
		"snowflake":  snowflake.New,
		"sqlite":     sqlite.New,
		"sqlserver":  sqlserver.New,
	}
}
