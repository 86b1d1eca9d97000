//go:build !onedriver || sqlite

package database

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database/guard"
)

func init() { openers["sqlite"] = openSQLite }

// mostSQLiteBytes is the longest value that a statement may build.
const mostSQLiteBytes = 64 << 20

// sqliteDatabase is a SQLite file and the one connection to it.
type sqliteDatabase struct {
	uri  string
	conn *sqlite.Conn // nil until the first query
}

// openSQLite takes the db_creds key database: a file, relative to directory.
func openSQLite(creds connection.Creds, around Surroundings) (Database, error) {
	file := creds.Text("database")
	if file == "" {
		return nil, errors.New("open sqlite: db_creds has no database")
	}
	options := url.Values{"mode": {"ro"}}
	if !filepath.IsAbs(file) {
		file = filepath.Join(around.Directory, file)
		// Dependencies never change once they are there, and SQLite needs no
		// locks and no journal then.
		options.Set("immutable", "1")
	}
	uri := url.URL{Scheme: "file", OmitHost: true, Path: file, RawQuery: options.Encode()}
	return &sqliteDatabase{uri: uri.String()}, nil
}

// Close implements Database.
func (s *sqliteDatabase) Close() error {
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}

// Query implements Database.
func (s *sqliteDatabase) Query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	if err := guard.SQLite.Check(sql); err != nil {
		return nil, &StatementError{Message: err.Error()}
	}
	return s.query(ctx, sql, limits)
}

// Prove implements Prover. Whoever may write the file is of no interest: it is
// opened for reading.
func (s *sqliteDatabase) Prove(ctx context.Context) (Rights, error) {
	err := proveRefused(ctx, s, "CREATE TABLE "+proofTable+" (n)")
	if _, written := errors.AsType[*WritableError](err); written {
		_, _ = s.query(ctx, "DROP TABLE "+proofTable, Limits{}) // as far as it goes; the error counts
	}
	return Rights{}, err
}

// query runs a statement that the guard has let through.
func (s *sqliteDatabase) query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	running := ctx
	if limits.Time > 0 {
		var cancel context.CancelFunc
		running, cancel = context.WithTimeout(ctx, limits.Time)
		defer cancel()
	}
	if err := s.connect(running); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &ConnectionError{Message: "the database connection failed: its file could not be opened", Cause: err}
	}
	s.conn.SetInterrupt(running.Done())
	defer s.conn.SetInterrupt(nil)

	result, err := s.read(sql, limits)
	switch {
	case err == nil:
		return result, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case sqlite.ErrCode(err).ToPrimary() == sqlite.ResultInterrupt:
		return nil, &StatementError{
			Code:    sqlite.ErrCode(err).String(),
			Message: fmt.Sprintf("the statement was stopped after %s, the most that one may take", limits.Time),
		}
	default:
		return nil, sqliteError(err)
	}
}

// connect opens the file, if it is not open, in a way that can't write.
func (s *sqliteDatabase) connect(ctx context.Context) (err error) {
	if s.conn != nil {
		return nil
	}
	conn, err := sqlite.OpenConn(s.uri, sqlite.OpenReadOnly|sqlite.OpenURI)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close())
		}
	}()
	conn.SetInterrupt(ctx.Done()) // it would wait for a locked file without end
	conn.Limit(sqlite.LimitAttached, 0)
	conn.Limit(sqlite.LimitLength, mostSQLiteBytes)
	for _, sql := range []string{
		"PRAGMA query_only = on",
		"PRAGMA trusted_schema = off",        // the file's views can't call dangerous functions
		"SELECT count(*) FROM sqlite_schema", // fails if the file is no database
	} {
		if err := execSQLite(conn, sql); err != nil {
			return err
		}
	}
	if err := conn.SetDefensive(true); err != nil {
		return err
	}
	if err := conn.SetAuthorizer(sqlite.AuthorizeFunc(authorizeSQLite)); err != nil {
		return err
	}
	s.conn = conn
	return nil
}

func execSQLite(conn *sqlite.Conn, sql string) error {
	statement, _, err := conn.PrepareTransient(sql)
	if err != nil {
		return err
	}
	_, err = statement.Step()
	return errors.Join(err, statement.Finalize())
}

// sqlitePragmas tell about the schema, and the last is what full-text tables
// ask for when they are read. Every other one is refused.
var sqlitePragmas = map[string]bool{
	"table_info": true, "table_xinfo": true, "table_list": true, "foreign_key_list": true,
	"index_list": true, "index_info": true, "index_xinfo": true, "collation_list": true,
	"function_list": true, "data_version": true,
}

// authorizeSQLite lets a statement read and call functions, and nothing else.
// The compiler asks for every action in it, also those of views.
func authorizeSQLite(action sqlite.Action) sqlite.AuthResult {
	switch action.Type() {
	case sqlite.OpSelect, sqlite.OpRead, sqlite.OpFunction, sqlite.OpRecursive:
		return sqlite.AuthResultOK
	case sqlite.OpPragma:
		if sqlitePragmas[strings.ToLower(action.Pragma())] {
			return sqlite.AuthResultOK
		}
	}
	return sqlite.AuthResultDeny
}

// read runs the statement and encodes its rows.
func (s *sqliteDatabase) read(sql string, limits Limits) (*Result, error) {
	statement, trailing, err := s.conn.PrepareTransient(sql)
	if err != nil {
		return nil, err
	}
	defer func() { _ = statement.Finalize() }() // says again what Step said
	columns, err := s.columns(statement, sql[:len(sql)-trailing])
	if err != nil {
		return nil, err
	}
	encode := func(dst []byte) []byte {
		for i := range columns {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendSQLite(dst, statement, i)
		}
		return dst
	}
	rows := newRows(columns, limits)
	for {
		row, err := statement.Step()
		if err != nil {
			return nil, err
		}
		if !row || !rows.add(encode) {
			return rows.result(), nil
		}
	}
}

// columns returns the names of the statement's columns. Of several columns with
// one name the library tells the last alone. The others are learnt from SQLite,
// which makes names of a subquery unique by a suffix: n, n:1.
func (s *sqliteDatabase) columns(statement *sqlite.Stmt, sql string) ([]string, error) {
	columns := make([]string, statement.ColumnCount())
	distinct := true
	for i := range columns {
		columns[i] = statement.ColumnName(i)
		distinct = distinct && statement.ColumnIndex(columns[i]) == i
	}
	if distinct {
		return columns, nil
	}
	unique, _, err := s.conn.PrepareTransient("SELECT * FROM (" + strings.TrimSuffix(sql, ";") + "\n)")
	if err != nil {
		return nil, err
	}
	defer func() { _ = unique.Finalize() }() // it never ran
	for i := range columns {
		columns[i] = unique.ColumnName(i)
		if colon := strings.LastIndexByte(columns[i], ':'); statement.ColumnIndex(columns[i]) < 0 && colon >= 0 {
			columns[i] = columns[i][:colon]
		}
	}
	return columns, nil
}

func appendSQLite(dst []byte, statement *sqlite.Stmt, column int) []byte {
	switch statement.ColumnType(column) {
	case sqlite.TypeInteger:
		return strconv.AppendInt(dst, statement.ColumnInt64(column), 10)
	case sqlite.TypeFloat:
		return appendFloat(dst, statement.ColumnFloat(column))
	case sqlite.TypeText:
		return appendString(dst, statement.ColumnText(column))
	case sqlite.TypeBlob:
		raw := make([]byte, statement.ColumnLen(column))
		return appendBytes(dst, raw[:statement.ColumnBytes(column, raw)])
	default:
		return append(dst, "null"...)
	}
}

// sqliteError turns a driver's error into one of the statement or, where the
// file is at fault, of the connection.
func sqliteError(err error) error {
	code := sqlite.ErrCode(err)
	switch code.ToPrimary() {
	case sqlite.ResultIOErr, sqlite.ResultCorrupt, sqlite.ResultNotADB, sqlite.ResultCantOpen, sqlite.ResultBusy:
		return &ConnectionError{Message: "the database connection failed: its file could not be read", Cause: err}
	}
	// The driver's text begins with what it was doing.
	message := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "sqlite: prepare: "), "sqlite: step: ")
	return &StatementError{Code: code.String(), Message: message}
}
