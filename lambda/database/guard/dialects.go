package guard

import "defog-cdk/lambda/database/guard/lex"

// dialects holds the guard of each db_type.
var dialects = map[string]*Guard{
	"bigquery":   BigQuery,
	"databricks": Databricks,
	"mysql":      MySQL,
	"postgres":   Postgres,
	"redshift":   Redshift,
	"snowflake":  Snowflake,
	"sqlite":     SQLite,
	"sqlserver":  SQLServer,
}

// Of returns the guard of a db_type, or nil for an unknown one.
func Of(dbType string) *Guard { return dialects[dbType] }

// Tokens returns the tokens of a statement in the guard's dialect.
func (g *Guard) Tokens(sql string) ([]lex.Token, error) { return g.scanner.Scan(sql) }
