// Package sqlite is the driver of SQLite files.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"

	"defog-cdk/config/connection"
	"defog-cdk/internal/sqlitefile"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/guard"
)

// db is a SQLite file and its one connection.
type db struct {
	guard     *guard.Guard
	uri       string
	immutable string       // the file that must not change; "" for none
	conn      *sqlite.Conn // nil before the first query
	abandoned bool         // a statement runs on after its deadline
	onAbandon func()
}

// New prepares a SQLite file. It implements database.Opener. The db_creds key
// database is a file, relative to options.Directory.
func New(creds connection.Creds, options database.Options) (database.Database, error) {
	file := creds.Text("database")
	if file == "" {
		return nil, fmt.Errorf("open sqlite: %w", database.MissingError("database"))
	}
	query, immutable := url.Values{"mode": {"ro"}}, ""
	if !filepath.IsAbs(file) {
		file = filepath.Join(options.Directory, file)
		immutable = file
		// Installed dependencies never change, so SQLite needs neither locks nor
		// a journal. It would also ignore a journal that is there.
		query.Set("immutable", "1")
		if err := checkImmutable(file); err != nil {
			return nil, fmt.Errorf("open sqlite: %w", err)
		}
	}
	uri := url.URL{Scheme: "file", OmitHost: true, Path: file, RawQuery: query.Encode()}
	return &db{guard: guard.SQLite.With(options.Guard()), uri: uri.String(), immutable: immutable, onAbandon: options.Abandoned}, nil
}

// checkImmutable checks that the dependencies hold the file, and no journal whose
// changes it lacks.
func checkImmutable(file string) error {
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("db_creds.database: %w; want a file of the dependencies", err)
	}
	return sqlitefile.CheckFile(file)
}

// Close implements database.Database.
func (d *db) Close() error {
	if d.conn == nil || d.abandoned {
		return nil
	}
	err := d.conn.Close()
	d.conn = nil
	return err
}

// Query implements database.Database.
func (d *db) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	statement, err := database.CheckStatement(ctx, d.guard, nil, sql)
	if err != nil {
		return nil, err
	}
	headers := func(columns []string) []string { return statement.Headers(columns, true) }
	result, err := d.query(ctx, statement.SQL, limits.Rename(headers))
	if err != nil {
		return nil, err
	}
	result.SQL, result.Columns, result.Tables = statement.SQL, headers(result.Columns), statement.Tables()
	return result, nil
}

// Prepare implements database.Preparer: EXPLAIN only compiles.
func (d *db) Prepare(ctx context.Context, sql string, limits database.Limits) error {
	statement, err := database.CheckStatement(ctx, d.guard, nil, sql)
	if err != nil {
		return err
	}
	_, err = d.query(ctx, "EXPLAIN "+statement.SQL, limits)
	return err
}

// CheckReadOnly implements database.ReadOnlyChecker. It reports no privileges:
// the file is opened for reading.
func (d *db) CheckReadOnly(ctx context.Context) (database.Privileges, error) {
	err := database.CheckRefused(ctx, d.query, "CREATE TABLE "+database.CheckTable+" (n)")
	if _, written := errors.AsType[*database.WritableError](err); written {
		_, _ = d.query(ctx, "DROP TABLE "+database.CheckTable, database.Limits{}) // the check has failed already
	}
	return database.Privileges{}, err
}

// query runs a statement without the guard.
func (d *db) query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if d.abandoned {
		return nil, database.NewConnectionError("an earlier statement does not stop", errAbandoned)
	}
	running := ctx
	if limits.Time > 0 {
		var cancel context.CancelFunc
		running, cancel = context.WithTimeout(ctx, limits.Time)
		defer cancel()
	}
	if d.immutable != "" {
		if err := sqlitefile.CheckFile(d.immutable); err != nil { // a program writes to the file after all
			return nil, database.NewConnectionError("the file has a journal with further changes", err)
		}
	}
	if err := d.connect(running); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, database.NewConnectionError("the file could not be opened", err)
	}
	result, err := d.readUntil(running, sql, limits)
	switch {
	case err == nil:
		return result, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, errAbandoned):
		failed := database.LimitExceeded(sqlite.ResultInterrupt.String(), limits.Time)
		failed.Final = true
		return nil, failed
	case sqlite.ErrCode(err).ToPrimary() == sqlite.ResultInterrupt:
		return nil, database.LimitExceeded(sqlite.ErrCode(err).String(), limits.Time)
	default:
		return nil, newError(err)
	}
}

// connect opens the file read-only unless it is open.
func (d *db) connect(ctx context.Context) (err error) {
	if d.conn != nil {
		return nil
	}
	if errAccounting != nil {
		return errAccounting
	}
	conn, err := sqlite.OpenConn(d.uri, sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close())
		}
	}()
	conn.SetInterrupt(ctx.Done()) // without it, SQLite waits for a locked file forever
	for limit, value := range limits {
		conn.Limit(limit, value)
	}
	for _, sql := range []string{
		"PRAGMA hard_heap_limit = " + strconv.Itoa(maxHeapBytes),
		"PRAGMA query_only = on",
		"PRAGMA trusted_schema = off",        // views cannot call dangerous functions
		"SELECT count(*) FROM sqlite_schema", // fails for a file that is not a database
	} {
		if err := exec(conn, sql); err != nil {
			return err
		}
	}
	if err := conn.SetDefensive(true); err != nil {
		return err
	}
	if err := openVirtualTables(conn); err != nil {
		return err
	}
	if err := conn.SetAuthorizer(sqlite.AuthorizeFunc(authorize)); err != nil {
		return err
	}
	d.conn = conn
	return nil
}

// openVirtualTables opens the virtual tables before the authorizer is set. An R-Tree
// prepares statements that would write its shadow tables when it is opened, which
// the authorizer denies; a read never runs them. A table that cannot be opened fails
// the statements that read it.
func openVirtualTables(conn *sqlite.Conn) error {
	const list = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage = 0"
	statement, _, err := conn.PrepareTransient(list)
	if err != nil {
		return err
	}
	var names []string
	for {
		row, err := statement.Step()
		if err != nil {
			return errors.Join(err, statement.Finalize())
		}
		if !row {
			break
		}
		names = append(names, statement.ColumnText(0))
	}
	if err := statement.Finalize(); err != nil {
		return err
	}
	for _, name := range names {
		query := `SELECT * FROM "` + strings.ReplaceAll(name, `"`, `""`) + `" LIMIT 0`
		if opened, _, err := conn.PrepareTransient(query); err == nil {
			_ = opened.Finalize() // a statement that never ran
		}
	}
	return nil
}

func exec(conn *sqlite.Conn, sql string) error {
	statement, _, err := conn.PrepareTransient(sql)
	if err != nil {
		return err
	}
	_, err = statement.Step()
	return errors.Join(err, statement.Finalize())
}

// readPragmas return the schema. Full-text tables run data_version when they
// are read. authorize denies every other pragma.
var readPragmas = map[string]bool{
	"table_info": true, "table_xinfo": true, "table_list": true, "foreign_key_list": true,
	"index_list": true, "index_info": true, "index_xinfo": true, "collation_list": true,
	"function_list": true, "data_version": true,
}

// authorize allows reading and calls of functions, and denies everything else.
// SQLite calls it for every action of a statement, views included.
func authorize(action sqlite.Action) sqlite.AuthResult {
	switch action.Type() {
	case sqlite.OpSelect, sqlite.OpFunction, sqlite.OpRecursive:
		return sqlite.AuthResultOK
	case sqlite.OpRead:
		// These tables hold raw pages, with rows that were deleted, and statements.
		if !slices.Contains([]string{"sqlite_dbpage", "sqlite_stmt"}, strings.ToLower(action.Table())) {
			return sqlite.AuthResultOK
		}
	case sqlite.OpPragma:
		if readPragmas[strings.ToLower(action.Pragma())] {
			return sqlite.AuthResultOK
		}
	}
	return sqlite.AuthResultDeny
}

// read runs the statement and encodes its rows.
func (d *db) read(sql string, limits database.Limits) (*database.Result, error) {
	statement, trailing, err := d.conn.PrepareTransient(sql)
	if err != nil {
		return nil, err
	}
	defer func() { _ = statement.Finalize() }() // repeats the error of Step
	columns, err := d.columns(statement, sql[:len(sql)-trailing])
	if err != nil {
		return nil, err
	}
	encode := func(dst []byte) []byte {
		for i := range columns {
			if database.IsFull(dst) {
				break
			}
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, statement, i)
		}
		return dst
	}
	rows := database.NewRows(columns, limits)
	for {
		row, err := statement.Step()
		if err != nil {
			return nil, err
		}
		if !row || !rows.Add(encode) {
			return rows.Result()
		}
	}
}

// columns returns the names of the statement's columns. Of several columns
// with one name, the library returns the name for the last one only. For the
// others, columns selects from the statement as a subquery, whose names SQLite
// makes unique by a suffix: n, n:1.
func (d *db) columns(statement *sqlite.Stmt, sql string) ([]string, error) {
	columns := make([]string, statement.ColumnCount())
	distinct, size := true, 0
	for i := range columns {
		columns[i] = statement.ColumnName(i)
		if size += len(columns[i]); size > database.MaxRowBytes {
			return nil, database.NamesTooLarge(size, database.MaxRowBytes)
		}
		distinct = distinct && statement.ColumnIndex(columns[i]) == i
	}
	if distinct {
		return columns, nil
	}
	unique, _, err := d.conn.PrepareTransient("SELECT * FROM (" + strings.TrimSuffix(sql, ";") + "\n)")
	if err != nil {
		return nil, err
	}
	defer func() { _ = unique.Finalize() }() // a statement that never ran
	for i := range columns {
		columns[i] = unique.ColumnName(i)
		if colon := strings.LastIndexByte(columns[i], ':'); statement.ColumnIndex(columns[i]) < 0 && colon >= 0 {
			columns[i] = columns[i][:colon]
		}
	}
	return columns, nil
}

func appendValue(dst []byte, statement *sqlite.Stmt, column int) []byte {
	switch statement.ColumnType(column) {
	case sqlite.TypeInteger:
		return strconv.AppendInt(dst, statement.ColumnInt64(column), 10)
	case sqlite.TypeFloat:
		return database.AppendFloat(dst, statement.ColumnFloat(column))
	case sqlite.TypeText:
		return database.AppendString(dst, statement.ColumnText(column))
	case sqlite.TypeBlob:
		raw := make([]byte, statement.ColumnLen(column))
		return database.AppendBytes(dst, raw[:statement.ColumnBytes(column, raw)])
	default:
		return append(dst, "null"...)
	}
}

// newError converts a driver's error to one of package database.
func newError(err error) error {
	if failed, ok := errors.AsType[*database.StatementError](err); ok {
		return failed
	}
	code := sqlite.ErrCode(err)
	if err := newLimitError(code); err != nil {
		return err
	}
	switch code.ToPrimary() {
	case sqlite.ResultIOErr, sqlite.ResultCorrupt, sqlite.ResultNotADB, sqlite.ResultCantOpen, sqlite.ResultBusy:
		return database.NewConnectionError("the file could not be read", err)
	}
	// The driver prefixes SQLite's message with its function.
	message := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "sqlite: prepare: "), "sqlite: step: ")
	return &database.StatementError{Code: code.String(), Message: message}
}
