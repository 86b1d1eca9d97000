package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"defog-cdk/internal/schema"
)

const (
	sampledRows   = 10_000 // rows of a table that are sampled
	sampledValues = 10     // maximum number of different values of a sampled column
)

// samples adds values to the text columns that hold few different ones, because
// questions and conditions use these words.
func (r *reader) samples(ctx context.Context) error {
	var personal []string
	tables := slices.Clone(r.schema.Tables)
	for i, table := range tables {
		r.progress("sampling %d of %d: %s", i+1, len(tables), table.Path())
		columns, err := r.sampleTable(ctx, table)
		if err != nil {
			return err
		}
		personal = append(personal, columns...)
	}
	if len(personal) > 0 {
		r.progress("not sampled, because they look personal: %s", strings.Join(personal, ", "))
	}
	return nil
}

// sampleTable samples the columns of one table, up to one that exceeds its time
// limit. It returns the columns that look personal.
func (r *reader) sampleTable(ctx context.Context, table schema.Table) (personal []string, err error) {
	for i := range table.Columns {
		column := &table.Columns[i]
		if !isText(column.Type) || r.slow[[2]string{table.Schema, table.Name}] {
			continue
		}
		kept, err := r.sample(ctx, table, column)
		switch {
		case err != nil && !r.source.probes && ctx.Err() == nil:
			// The table or only the column can be the cause.
			if whole := r.probe(ctx, table); whole != nil {
				return personal, r.failed(ctx, table, "", whole)
			}
			fallthrough
		case err != nil:
			if err := r.failed(ctx, table, column.Name, err); err != nil {
				return personal, err
			}
		case !kept:
			personal = append(personal, table.Path()+"."+column.Name)
		}
	}
	return personal, nil
}

// sample sets the column's samples. It reports false for a column that looks
// personal and is not sampled for that reason.
func (r *reader) sample(ctx context.Context, table schema.Table, column *schema.Column) (kept bool, err error) {
	if !r.options.Personal && personalName(column.Name) {
		return false, nil
	}
	name := schema.Quote(r.schema.DBType, column.Name)
	rows, err := r.rows(ctx, sampleQuery(r.schema.DBType, name, r.from(table)), sampledValues+1)
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

// sampleQuery returns the query for the different values of a column, as text.
func sampleQuery(dbType, column, table string) string {
	query := "SELECT DISTINCT CAST(v AS %[1]s) AS v FROM (SELECT %[2]s AS v FROM %[3]s WHERE %[2]s IS NOT NULL LIMIT %[4]d) AS s ORDER BY v LIMIT %[5]d"
	if dbType == "sqlserver" {
		query = "SELECT DISTINCT TOP (%[5]d) CAST(v AS %[1]s) AS v FROM (SELECT TOP (%[4]d) %[2]s AS v FROM %[3]s WHERE %[2]s IS NOT NULL) AS s ORDER BY v"
	}
	return fmt.Sprintf(query, textType(dbType), column, table, sampledRows, sampledValues+1)
}

// textType returns the type of text in a CAST.
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

// isText reports whether a column's type is one of text. A column of SQLite may have
// no type.
func isText(columnType string) bool {
	columnType = strings.ToLower(columnType)
	if strings.HasSuffix(columnType, "[]") {
		return false
	}
	return columnType == "" || slices.ContainsFunc([]string{"char", "text", "string", "clob", "enum", "any"}, func(word string) bool {
		return strings.Contains(columnType, word)
	})
}
