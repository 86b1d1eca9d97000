package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"defog-cdk/lambda/schema"
)

const (
	sampledRows   = 10_000 // of a table, in which values are looked for
	sampledValues = 10     // the most different values that a column may have to be sampled
)

// samples adds values to the text columns that hold few different ones: those
// are the words that questions and conditions are made of.
func (r *reader) samples(ctx context.Context) error {
	var personal []string
	for i, table := range r.schema.Tables {
		r.progress("sampling %d of %d: %s", i+1, len(r.schema.Tables), table.Path())
		for j := range table.Columns {
			column := &table.Columns[j]
			if !isText(column.Type) {
				continue
			}
			kept, err := r.sample(ctx, table, column)
			if err != nil {
				return fmt.Errorf("sample %s.%s: %w", table.Path(), column.Name, err)
			}
			if !kept {
				personal = append(personal, table.Path()+"."+column.Name)
			}
		}
	}
	if len(personal) > 0 {
		r.progress("not sampled, because they look personal: %s", strings.Join(personal, ", "))
	}
	return nil
}

// sample sets the column's samples, and reports false if they look personal
// and are not wanted then.
func (r *reader) sample(ctx context.Context, table schema.Table, column *schema.Column) (kept bool, err error) {
	if !r.options.Personal && personalName(column.Name) {
		return false, nil
	}
	quote := func(name string) string { return schema.Quote(r.schema.DBType, name) }
	name, from := quote(column.Name), quote(table.Name)
	if table.Schema != "" {
		from = quote(table.Schema) + "." + from
	}
	rows, err := r.rows(ctx, sampleQuery(r.schema.DBType, name, from), sampledValues+1)
	if err != nil || len(rows) > sampledValues {
		return true, err
	}
	var values []string
	for _, row := range rows {
		values = append(values, row[0])
	}
	if !r.options.Personal && slices.ContainsFunc(values, personalValue) {
		return false, nil
	}
	column.Samples = values
	return true, nil
}

// sampleQuery asks for a column's different values, as text.
func sampleQuery(dbType, column, table string) string {
	query := "SELECT DISTINCT CAST(v AS %[1]s) AS v FROM (SELECT %[2]s AS v FROM %[3]s WHERE %[2]s IS NOT NULL LIMIT %[4]d) AS s ORDER BY v LIMIT %[5]d"
	if dbType == "sqlserver" {
		query = "SELECT DISTINCT TOP (%[5]d) CAST(v AS %[1]s) AS v FROM (SELECT TOP (%[4]d) %[2]s AS v FROM %[3]s WHERE %[2]s IS NOT NULL) AS s ORDER BY v"
	}
	return fmt.Sprintf(query, textType(dbType), column, table, sampledRows, sampledValues+1)
}

// textType is what CAST makes text of.
func textType(dbType string) string {
	switch dbType {
	case "mysql":
		return "char"
	case "sqlserver":
		return "nvarchar(max)"
	case "bigquery", "databricks":
		return "string"
	default:
		return "text"
	}
}

// isText reports whether a column's type is one of text. SQLite's columns may
// have none.
func isText(columnType string) bool {
	columnType = strings.ToLower(columnType)
	if strings.HasSuffix(columnType, "[]") {
		return false
	}
	return columnType == "" || slices.ContainsFunc([]string{"char", "text", "string", "clob", "enum", "any"}, func(word string) bool {
		return strings.Contains(columnType, word)
	})
}
