package generate

import (
	"fmt"
	"slices"
	"strings"

	"defog-cdk/internal/schema"
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

// reservedWords lists keywords of the databases that are likely names of tables
// and columns. Quoting an unreserved name is harmless.
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

// dialect formats names and tables in the SQL of one db_type.
type dialect string

// name returns the name, quoted unless it is plain.
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

// table returns a table's name with its schema, if any.
func (d dialect) table(schema, name string) string {
	if schema == "" {
		return d.name(name)
	}
	return d.name(schema) + "." + d.name(name)
}

// plainName reports whether every database accepts the name without quotes.
func plainName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz_"
	return strings.Trim(name, letters+"0123456789") == "" && strings.ContainsRune(letters, first(name)) &&
		!slices.Contains(reservedWords, name)
}

const (
	maxComment = 300 // bytes of one comment
	maxSample  = 40  // bytes of one sample value
)

// ddl returns a CREATE TABLE or CREATE VIEW statement that describes table.
// Models are trained on this form.
func (d dialect) ddl(table schema.Table) string {
	var text strings.Builder
	kind := "TABLE"
	if table.View {
		kind = "VIEW"
	}
	fmt.Fprintf(&text, "CREATE %s %s (%s\n", kind, d.table(table.Schema, table.Name), comment(table.Comment))
	lines := len(table.Columns) + len(table.ForeignKeys)
	if len(table.PrimaryKey) > 0 {
		lines++
	}
	line := func(definition, comment string) {
		if lines--; lines > 0 {
			definition += ","
		}
		fmt.Fprintf(&text, "  %s%s\n", definition, comment)
	}
	for _, column := range table.Columns {
		definition := strings.TrimSuffix(d.name(column.Name)+" "+oneLine(column.Type, maxComment), " ")
		if column.NotNull {
			definition += " NOT NULL"
		}
		line(definition, comment(column.Comment, samples(column.Samples)))
	}
	if len(table.PrimaryKey) > 0 {
		line("PRIMARY KEY ("+d.names(table.PrimaryKey)+")", "")
	}
	for _, key := range table.ForeignKeys {
		target := d.table(key.Schema, key.Table)
		if len(key.TargetColumns) > 0 {
			target += " (" + d.names(key.TargetColumns) + ")"
		}
		line("FOREIGN KEY ("+d.names(key.Columns)+") REFERENCES "+target, "")
	}
	text.WriteString(");\n")
	return text.String()
}

// comment joins remarks to an SQL comment for the end of a line.
func comment(remarks ...string) string {
	var text string
	for _, remark := range remarks {
		if remark = oneLine(remark, maxComment); remark != "" {
			text += "; " + remark
		}
	}
	if text == "" {
		return ""
	}
	return " -- " + strings.TrimPrefix(text, "; ")
}

func samples(values []string) string {
	if len(values) == 0 {
		return ""
	}
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = "'" + strings.ReplaceAll(oneLine(value, maxSample), "'", "''") + "'"
	}
	return "such as " + strings.Join(quoted, ", ")
}

// oneLine replaces line breaks, which would end a comment, and limits the length
// in bytes.
func oneLine(text string, limit int) string {
	return clip(strings.Join(strings.Fields(text), " "), limit)
}

// clip truncates text to limit bytes.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
