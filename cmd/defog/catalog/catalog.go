// Package catalog reads a database's schema out of the database itself, by
// queries that the function's own read-only way runs.
package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/schema"
)

// queryTime is how long the database may work on one query.
const queryTime = time.Minute

// queries ask one kind of database for its structure. Every value is text, ""
// or null for none, and only what the user may read is listed. Adding a
// database is a file with its queries, and its line in sources.
type queries struct {
	// columns returns, table by table and in their order: schema ("" where the
	// table is found without it), table, "view" or "", the table's comment,
	// column, type, "not null" or "", the column's comment.
	columns string

	// keys returns a row for each column of a primary or foreign key, in the
	// key's order: schema, table, the key's name, column, and for foreign keys
	// schema, table and column that it refers to.
	keys string

	// keyRows returns those rows where no query can; nil for keys.
	keyRows func(ctx context.Context, r *reader) ([][]string, error)

	// ofDataset says that DATASET stands in them for the one that is asked.
	ofDataset bool
}

// of returns the queries of one dataset.
func (q queries) of(dbType, dataset string) (queries, error) {
	if !q.ofDataset {
		return q, nil
	}
	if dataset == "" {
		return q, errors.New("db_creds has no dataset, and the schema is that of one")
	}
	// A dataset of another project is named behind it.
	path := strings.Split(dataset, ".")
	for i, name := range path {
		path[i] = schema.Quote(dbType, name)
	}
	replacer := strings.NewReplacer("DATASET", strings.Join(path, "."))
	return queries{columns: replacer.Replace(q.columns), keys: replacer.Replace(q.keys)}, nil
}

var sources = map[string]queries{
	"bigquery":   bigqueryQueries,
	"databricks": databricksQueries,
	"mysql":      mysqlQueries,
	"postgres":   postgresQueries,
	"redshift":   redshiftQueries,
	"snowflake":  snowflakeQueries,
	"sqlite":     sqliteQueries,
	"sqlserver":  sqlserverQueries,
}

// DBTypes returns the kinds of databases that can be read, sorted.
func DBTypes() []string { return slices.Sorted(maps.Keys(sources)) }

// Options says what to read beyond the structure.
type Options struct {
	Sample   bool               // values of columns that hold few different ones
	Personal bool               // also those of columns that look personal
	Progress func(about string) // told what is done; nil for nobody
	Dataset  string             // whose tables to read, where there are datasets
}

// Read returns the schema of db, with the tables that its user may read.
func Read(ctx context.Context, db database.Database, dbType string, options Options) (schema.Schema, error) {
	source, ok := sources[dbType]
	if !ok {
		return schema.Schema{}, fmt.Errorf("reading the schema of a %s database is not supported; valid: %s", dbType, strings.Join(DBTypes(), ", "))
	}
	source, err := source.of(dbType, options.Dataset)
	if err != nil {
		return schema.Schema{}, err
	}
	r := reader{db: db, schema: schema.Schema{DBType: dbType}, options: options}
	if err := r.columns(ctx, source.columns); err != nil {
		return r.schema, fmt.Errorf("read the columns: %w", err)
	}
	if err := r.keys(ctx, source); err != nil {
		return r.schema, fmt.Errorf("read the keys: %w", err)
	}
	if options.Sample || options.Personal {
		return r.schema, r.samples(ctx)
	}
	return r.schema, nil
}

type reader struct {
	db      database.Database
	schema  schema.Schema
	options Options
}

func (r *reader) progress(format string, args ...any) {
	if r.options.Progress != nil {
		r.options.Progress(fmt.Sprintf(format, args...))
	}
}

// rows runs a query whose values are all text.
func (r *reader) rows(ctx context.Context, sql string, most int) ([][]string, error) {
	result, err := r.db.Query(ctx, sql, database.Limits{Rows: most, Time: queryTime})
	if err != nil {
		return nil, err
	}
	var rows [][]string
	if err := json.Unmarshal(result.Data, &rows); err != nil {
		return nil, fmt.Errorf("decode rows: %w", err)
	}
	return rows, nil
}

func (r *reader) columns(ctx context.Context, sql string) error {
	rows, err := r.rows(ctx, sql, 0)
	if err != nil {
		return err
	}
	var table *schema.Table
	for _, row := range rows {
		if table == nil || table.Schema != row[0] || table.Name != row[1] {
			r.schema.Tables = append(r.schema.Tables, schema.Table{Schema: row[0], Name: row[1], View: row[2] != "", Comment: row[3]})
			table = &r.schema.Tables[len(r.schema.Tables)-1]
		}
		table.Columns = append(table.Columns, schema.Column{Name: row[4], Type: row[5], NotNull: row[6] != "", Comment: row[7]})
	}
	r.progress("%s with %s", count(len(r.schema.Tables), "table"), count(len(rows), "column"))
	if len(rows) == 0 {
		return errors.New("the database user can read no table; GRANT it SELECT on those to ask about")
	}
	return nil
}

func (r *reader) keys(ctx context.Context, source queries) error {
	keyRows := source.keyRows
	if keyRows == nil {
		keyRows = func(ctx context.Context, r *reader) ([][]string, error) { return r.rows(ctx, source.keys, 0) }
	}
	rows, err := keyRows(ctx, r)
	if err != nil {
		return err
	}
	tables := map[[2]string]*schema.Table{}
	for i := range r.schema.Tables {
		table := &r.schema.Tables[i]
		tables[[2]string{table.Schema, table.Name}] = table
	}
	keys, last := 0, ""
	for _, row := range rows {
		table := tables[[2]string{row[0], row[1]}]
		if table == nil {
			continue // the user may not read it
		}
		first := strings.Join(row[:3], "\x00") != last
		if first {
			keys++
			last = strings.Join(row[:3], "\x00")
		}
		switch column, target := row[3], row[6]; {
		case row[5] == "":
			table.PrimaryKey = append(table.PrimaryKey, column)
		case first:
			table.ForeignKeys = append(table.ForeignKeys, schema.ForeignKey{Columns: []string{column}, Schema: row[4], Table: row[5], TargetColumns: []string{target}})
		default:
			key := &table.ForeignKeys[len(table.ForeignKeys)-1]
			key.Columns, key.TargetColumns = append(key.Columns, column), append(key.TargetColumns, target)
		}
	}
	r.progress("%s", count(keys, "key"))
	return nil
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
