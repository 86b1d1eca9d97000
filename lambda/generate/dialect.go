package generate

import (
	"slices"
	"strings"

	"defog-cdk/lambda/schema"
)

// dialects names the SQL of each db_type.
var dialects = map[string]string{
	"postgres":   "PostgreSQL",
	"redshift":   "Amazon Redshift",
	"mysql":      "MySQL",
	"snowflake":  "Snowflake",
	"databricks": "Databricks SQL",
	"bigquery":   "BigQuery (GoogleSQL)",
	"sqlserver":  "Microsoft SQL Server (T-SQL)",
	"sqlite":     "SQLite",
}

// reservedWords are keywords in one database or another, that tables and
// columns are likely to be called. Quoting one too many does no harm.
var reservedWords = strings.Fields(`
	all analyse analyze and any array as asc asymmetric authorization between both by case cast check collate column
	condition constraint create cross cube current date datetime day default deferrable delete desc distinct div do
	else end except exists explain false fetch filter float for foreign from full function grant group grouping groups
	having hash hour if ilike in index inner insert int integer intersect interval into is isnull join key keys kill
	lag lateral lead leading left like limit lines load lock long loop match maxvalue merge minute mod month natural
	new not notnull null of offset old on only open option or order outer over overlaps partition percent plan
	position precision primary procedure public range rank read real recursive references release rename replace
	return returning revoke right row rows schema second select sequence session_user set show similar smallint some
	start symmetric system table tablesample then time timestamp to top trailing trigger true union unique unnest
	update usage use user using value values variadic verbose view when where window with within write year`)

// dialect writes names as one database's SQL has them.
type dialect string

// name quotes a name unless it is plain.
func (d dialect) name(name string) string {
	if plainName(name) {
		return name
	}
	return schema.Quote(string(d), name)
}

func (d dialect) names(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = d.name(name)
	}
	return strings.Join(quoted, ", ")
}

// table is a table's name as a query has it.
func (d dialect) table(schema, name string) string {
	if schema == "" {
		return d.name(name)
	}
	return d.name(schema) + "." + d.name(name)
}

// plainName reports whether every database takes the name as it stands.
func plainName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz_"
	return strings.Trim(name, letters+"0123456789") == "" && strings.ContainsRune(letters, first(name)) &&
		!slices.Contains(reservedWords, name)
}
