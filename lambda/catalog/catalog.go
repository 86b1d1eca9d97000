// Package catalog reads the schema of a database by queries, which the drivers run
// read-only.
package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"defog-cdk/internal/schema"
	"defog-cdk/lambda/database"
)

// queryTimeout limits one query of a catalog or of samples.
const queryTimeout = time.Minute

// queries read the structure of one type of database. Every value is text; "" and
// null are equal. They list only objects that the user may read. To support another
// database, add a file with its queries and an entry in sources.
type queries struct {
	// columns returns the columns of all tables, table by table and in order. Its
	// values are schema ("" if the table is found without it), table, kind, the
	// table's comment, column, type, "not null" or "", and the column's comment. The
	// kind is "view", "foreign" for a foreign table, or "".
	columns string

	// objects returns schema, name and kind of all tables and views, for databases
	// whose columns omit objects that cannot be read; empty otherwise.
	objects string

	// object returns the rows of columns for one object, for databases in which one
	// object can fail the query for all; empty otherwise. NAME stands for the name as
	// a text.
	object string

	// keys returns a row for each column of a primary or foreign key, in the key's
	// order: schema, table, the key's name, and column. Of a foreign key it also
	// returns schema, table and column of the target.
	keys string

	// keyRows replaces keys if no single query returns its rows; nil otherwise.
	keyRows func(ctx context.Context, r *reader) ([][]string, error)

	// keysOf returns the rows of keys for one object, as object does for columns.
	keysOf string

	// ofDataset states whether DATASET stands for a dataset in the queries.
	ofDataset bool

	// probes states whether a read of one row costs little, so that views and foreign
	// tables are probed.
	probes bool
}

// of returns the queries of one dataset.
func (q queries) of(dbType, dataset string) (queries, error) {
	if !q.ofDataset {
		return q, nil
	}
	if dataset == "" {
		return q, errors.New("db_creds: have no dataset; want the dataset whose schema to read")
	}
	// A dataset of another project has the project's name before it.
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

// DBTypes returns the supported types of databases, sorted.
func DBTypes() []string { return slices.Sorted(maps.Keys(sources)) }

// Options are the parts of the schema beyond the structure.
type Options struct {
	Sample   bool                 // add values of columns that hold few different ones
	Personal bool                 // add those of columns that look personal, too
	Progress func(message string) // receives progress messages; may be nil
	Dataset  string               // the dataset, for databases with datasets
	Unprobed bool                 // do not read one row of each view; a view that cannot be read stays

	ProbeTimeout time.Duration // limit of the read of one row of a view; zero for the default
}

// ErrNoTables is the error of a database without tables for its user.
var ErrNoTables = errors.New("the database user can read no table; GRANT it SELECT on the tables for questions, or with row_security=role deploy a schema.json")

// Read returns the schema of db, with the tables that its user may read. Objects
// that cannot be read are in Unreadable, and do not stop the others.
func Read(ctx context.Context, db database.Database, dbType string, options Options) (schema.Schema, error) {
	source, ok := sources[dbType]
	if !ok {
		return schema.Schema{}, fmt.Errorf("db_type: %q has no schema reader; want one of: %s", dbType, strings.Join(DBTypes(), ", "))
	}
	options.ProbeTimeout = cmp.Or(options.ProbeTimeout, defaultProbeTimeout)
	source, err := source.of(dbType, options.Dataset)
	if err != nil {
		return schema.Schema{}, err
	}
	r := reader{db: db, source: source, schema: schema.Schema{DBType: dbType}, options: options, kinds: map[[2]string]string{}, slow: map[[2]string]bool{}}
	if err := r.columns(ctx); err != nil {
		return r.schema, fmt.Errorf("read the columns: %w", err)
	}
	if source.probes && !options.Unprobed {
		if err := r.probeAll(ctx); err != nil {
			return r.schema, err
		}
	}
	if err := r.keys(ctx); err != nil {
		return r.schema, fmt.Errorf("read the keys: %w", err)
	}
	if options.Sample || options.Personal {
		if err := r.samples(ctx); err != nil {
			return r.schema, err
		}
	}
	if len(r.schema.Tables) == 0 {
		return r.schema, ErrNoTables
	}
	return r.schema, nil
}

// reader reads one schema.
type reader struct {
	db      database.Database
	source  queries
	schema  schema.Schema
	options Options
	kinds   map[[2]string]string // by schema and name
	slow    map[[2]string]bool   // objects that exceeded a time limit
}

func (r *reader) progress(format string, args ...any) {
	if r.options.Progress != nil {
		r.options.Progress(fmt.Sprintf(format, args...))
	}
}

// rows runs a query whose values are all text.
func (r *reader) rows(ctx context.Context, sql string, most int) ([][]string, error) {
	result, err := r.db.Query(ctx, sql, database.Limits{Rows: most, Time: queryTimeout})
	if err != nil {
		return nil, err
	}
	var rows [][]string
	if err := json.Unmarshal(result.Data, &rows); err != nil {
		return nil, fmt.Errorf("decode rows: %w", err)
	}
	return rows, nil
}

// columns reads the tables with their columns.
func (r *reader) columns(ctx context.Context) error {
	rows, err := r.rows(ctx, r.source.columns, 0)
	if failed := statementError(err); failed != nil && r.source.object != "" {
		rows, err = nil, nil // one object fails the query: read each by itself
	}
	if err != nil {
		return err
	}
	r.add(rows)
	if r.source.objects != "" {
		if err := r.missing(ctx); err != nil {
			return err
		}
	}
	columns := 0
	for _, table := range r.schema.Tables {
		columns += len(table.Columns)
	}
	r.progress("%s with %s", count(len(r.schema.Tables), "table"), count(columns, "column"))
	return nil
}

// add adds the tables in rows of columns.
func (r *reader) add(rows [][]string) {
	var table *schema.Table
	for _, row := range rows {
		if table == nil || table.Schema != row[0] || table.Name != row[1] {
			r.kinds[[2]string{row[0], row[1]}] = row[2]
			r.schema.Tables = append(r.schema.Tables, schema.Table{Schema: row[0], Name: row[1], View: row[2] == "view", Comment: row[3]})
			table = &r.schema.Tables[len(r.schema.Tables)-1]
		}
		table.Columns = append(table.Columns, schema.Column{Name: row[4], Type: row[5], NotNull: row[6] != "", Comment: row[7]})
	}
}

// missing reads the objects without columns, and reports those that fail.
func (r *reader) missing(ctx context.Context) error {
	objects, err := r.rows(ctx, r.source.objects, 0)
	if err != nil {
		return err
	}
	for _, object := range objects {
		table := schema.Table{Schema: object[0], Name: object[1]}
		if _, known := r.kinds[[2]string{table.Schema, table.Name}]; known {
			continue
		}
		var rows [][]string
		if r.source.object != "" {
			if rows, err = r.rows(ctx, withName(r.source.object, table.Name), 0); err != nil {
				err = &structureError{err}
			}
			r.add(rows)
		} else {
			err = r.probe(ctx, table)
			if err == nil {
				err = &structureError{&database.StatementError{Message: "the catalog has no columns of it"}}
			}
		}
		if err = r.failed(ctx, table, "", err); err != nil {
			return err
		}
	}
	if r.source.object != "" {
		slices.SortStableFunc(r.schema.Tables, func(a, b schema.Table) int { return strings.Compare(a.Name, b.Name) })
	}
	return nil
}

// withName puts a name into a query of one object.
func withName(query, name string) string {
	return strings.ReplaceAll(query, "NAME", "'"+strings.ReplaceAll(name, "'", "''")+"'")
}

// keys adds the keys to the tables. A schema without keys still serves, so a failed
// query is only reported.
func (r *reader) keys(ctx context.Context) error {
	rows, err := r.keyRows(ctx)
	if failed := statementError(err); failed != nil {
		r.progress("could not read the keys: %s", failed.Message)
		return nil //nolint:nilerr // reported
	}
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

// keyRows returns the rows of keys, of each table by itself if one of them fails
// the query for all.
func (r *reader) keyRows(ctx context.Context) ([][]string, error) {
	if r.source.keyRows != nil {
		return r.source.keyRows(ctx, r)
	}
	rows, err := r.rows(ctx, r.source.keys, 0)
	if statementError(err) == nil || r.source.keysOf == "" {
		return rows, err
	}
	for _, table := range r.schema.Tables {
		of, err := r.rows(ctx, withName(r.source.keysOf, table.Name), 0)
		if failed := statementError(err); failed != nil {
			r.progress("could not read the keys of %s: %s", table.Path(), failed.Message)
			continue
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, of...)
	}
	return rows, nil
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
