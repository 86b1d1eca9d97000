//go:build !onedriver || postgres || redshift

package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database/guard"
)

func init() { openers["postgres"] = openPostgres }

// postgresParameters are settings of the session that the text forms and the
// guard's lexer build on. Poolers between us and the server let these pass.
var postgresParameters = map[string]string{
	"application_name":            "defog",
	"client_encoding":             "UTF8",
	"DateStyle":                   "ISO",
	"standard_conforming_strings": "on",
}

const (
	stateIdle = 'I' // outside of a transaction

	publicSchema = "public" // where tables are looked up in if nothing else is said
)

// postgres is a PostgreSQL database and the one connection to it.
type postgres struct {
	config  *pgconn.Config
	token   func(context.Context) (string, error) // instead of a password; nil for none
	guard   *guard.Guard
	encoder func(oid uint32) encoder
	schema  string         // where tables are looked up
	conn    *pgconn.PgConn // nil until the first query, and when in doubt
	rested  time.Time      // since when conn is unused, by the wall clock
}

func openPostgres(creds connection.Creds, around Surroundings) (Database, error) {
	config, err := postgresConfig(creds, around.Directory, maps.Clone(postgresParameters))
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	token, err := tokenFor(creds, around, config.Host, config.Port)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	return &postgres{config: config, token: token, guard: guard.Postgres, encoder: postgresEncoder, schema: publicSchema}, nil
}

// Query implements Database.
func (p *postgres) Query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	if err := p.guard.Check(sql); err != nil {
		return nil, &StatementError{Message: err.Error()}
	}
	return p.query(ctx, sql, limits)
}

// Close implements Database.
func (p *postgres) Close() error {
	p.drop()
	return nil
}

// query runs a statement that the guard has let through.
func (p *postgres) query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	if err := p.connect(ctx); err != nil {
		return nil, postgresError(ctx, err)
	}
	timer := startTimer(ctx, limits.Time)
	result, err := p.run(ctx, sql, timer.timeout, limits)
	if err == nil {
		return result, nil
	}
	return nil, timer.explain(postgresError(ctx, err), codeCanceled)
}

// run does everything that one query takes in one round trip, and leaves the
// connection ready for the next one or drops it.
func (p *postgres) run(ctx context.Context, sql string, timeout time.Duration, limits Limits) (*Result, error) {
	pipeline := p.conn.StartPipeline(ctx)
	prologue := []string{"BEGIN READ ONLY"}
	if p.schema != publicSchema {
		prologue = append(prologue, "SET LOCAL search_path = "+quoteName(p.schema))
	}
	if timeout > 0 {
		prologue = append(prologue, "SET LOCAL statement_timeout = "+strconv.FormatInt(timeout.Milliseconds(), 10))
	}
	for _, statement := range append(prologue, sql) {
		pipeline.SendQueryParams(statement, nil, nil, nil, nil)
	}
	pipeline.SendPipelineSync() // after an error the server goes on from here
	pipeline.SendQueryParams("ROLLBACK", nil, nil, nil, nil)

	result, err := p.receive(ctx, pipeline, len(prologue), limits)
	_ = pipeline.Close() // what is wrong with the connection shows below
	if p.conn.IsClosed() || p.conn.TxStatus() != stateIdle {
		p.drop()
	}
	p.rested = time.Now().Round(0) // the other clock stands still in a frozen function
	return result, err
}

// receive flushes the pipeline and reads the statement's rows, which come after
// the results of the prologue.
func (p *postgres) receive(ctx context.Context, pipeline *pgconn.Pipeline, prologue int, limits Limits) (*Result, error) {
	if err := pipeline.Sync(); err != nil {
		return nil, err
	}
	for range prologue {
		if _, err := pipeline.GetResults(); err != nil {
			return nil, err
		}
	}
	return p.read(ctx, pipeline, limits)
}

// read encodes the statement's rows as they arrive.
func (p *postgres) read(ctx context.Context, pipeline *pgconn.Pipeline, limits Limits) (*Result, error) {
	results, err := pipeline.GetResults()
	if err != nil {
		return nil, err
	}
	reader, ok := results.(*pgconn.ResultReader)
	if !ok {
		return nil, fmt.Errorf("read the statement's result: the server sent %T", results)
	}
	fields := reader.FieldDescriptions()
	columns := make([]string, len(fields))
	encoders := make([]encoder, len(fields))
	for i, field := range fields {
		columns[i] = field.Name
		encoders[i] = p.encoder(field.DataTypeOID)
	}
	encode := func(dst []byte) []byte {
		for i, text := range reader.Values() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if text == nil {
				dst = append(dst, "null"...)
			} else {
				dst = encoders[i](dst, text)
			}
		}
		return dst
	}
	rows := newRows(columns, limits)
	for reader.NextRow() && rows.add(encode) {
	}
	if rows.full {
		p.cut(ctx, reader)
	} else if _, err := reader.Close(); err != nil {
		return nil, err
	}
	return rows.result(), nil
}

// cut stops the server's work on a statement whose rows are no longer wanted.
// If the server does not say that it stopped, the request to stop may still be
// on its way and would hit the next statement: the connection is closed then.
func (p *postgres) cut(ctx context.Context, reader *pgconn.ResultReader) {
	ctx, cancel := context.WithTimeout(ctx, cancelTime)
	defer cancel()
	asked := p.conn.CancelRequest(ctx)
	if asked == nil {
		_, err := reader.Close()
		if failed, ok := errors.AsType[*pgconn.PgError](err); ok && failed.Code == codeCanceled {
			return
		}
	}
	_ = p.conn.Conn().Close() // the rows are there; what becomes of the rest is not of interest
}

// connect makes sure that there is a connection which works.
func (p *postgres) connect(ctx context.Context) error {
	if p.conn != nil && !p.usable(ctx) {
		p.drop()
	}
	if p.conn != nil {
		return nil
	}
	config := p.config
	if p.token != nil {
		token, err := p.token(ctx)
		if err != nil {
			return &connectFailure{err}
		}
		config = config.Copy()
		config.Password = token
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return &connectFailure{err}
	}
	p.conn = conn
	return nil
}

// usable reports whether the server still holds the other end. A quiet socket
// that was just in use is taken for good; otherwise the server is asked.
func (p *postgres) usable(ctx context.Context) bool {
	if p.conn.IsClosed() {
		return false
	}
	unread, err := pending(p.conn.Conn())
	if errors.Is(err, io.EOF) {
		return false
	}
	if err == nil && !unread && time.Since(p.rested) < restTime {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	return p.conn.Ping(ctx) == nil
}

// drop gives the connection up. Where a statement may still run, the driver is
// telling the server to stop; that gets a moment.
func (p *postgres) drop() {
	if p.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cancelTime)
	defer cancel()
	_ = p.conn.Close(ctx) // a connection that is lost anyway
	select {
	case <-p.conn.CleanupDone():
	case <-ctx.Done():
	}
	p.conn = nil
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
