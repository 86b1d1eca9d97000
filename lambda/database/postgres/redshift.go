package postgres

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/guard"
)

// redshift is an Amazon Redshift database. It uses PostgreSQL's protocol of
// version 8.0.
type redshift struct{ *db }

// redshiftParameters lacks standard_conforming_strings: Redshift refuses a
// connection with a setting that it does not have.
var redshiftParameters = map[string]string{
	"application_name": "defog",
	"client_encoding":  "UTF8",
	"DateStyle":        "ISO",
}

// redshiftPinned sets for one transaction what the text formats require, with
// Redshift's defaults. A user or a pooled session can have other values.
// https://docs.aws.amazon.com/redshift/latest/dg/r_interval_data_types.html
// https://docs.aws.amazon.com/redshift/latest/dg/r_extra_float_digits.html
var redshiftPinned = []string{
	"SELECT pg_catalog.set_config('DateStyle', 'ISO', true), pg_catalog.set_config('IntervalStyle', 'postgres', true)," +
		" pg_catalog.set_config('extra_float_digits', '0', true)",
}

// NewRedshift prepares a Redshift database. It implements database.Opener. Its
// db_creds are those of New and a schema, which is the search path.
func NewRedshift(creds connection.Creds, options database.Options) (database.Database, error) {
	config, err := newConfig(creds, options.Directory, maps.Clone(redshiftParameters))
	if err != nil {
		return nil, fmt.Errorf("open redshift: %w", err)
	}
	schema := cmp.Or(creds.Text("schema"), defaultSchema)
	return &redshift{&db{
		config: config, guard: guard.Redshift.With(options.Guard()),
		catalogue: catalogue{queries: guard.RedshiftQueries}, encoder: newRedshiftEncoder, schema: schema, pinned: redshiftPinned,
		reset:  "RESET ALL", // there is no DISCARD
		unsafe: redshiftUnsafeQuery,
	}}, nil
}

// Query implements database.Database. Columns of the same name get their index
// as a suffix: n_0, n_1.
func (r *redshift) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	result, err := r.db.Query(ctx, sql, limits.Rename(distinct))
	if err == nil {
		result.Columns = distinct(result.Columns)
	}
	return result, err
}

// distinct appends the index to each duplicate name.
func distinct(columns []string) []string {
	count := map[string]int{}
	for _, name := range columns {
		count[name]++
	}
	renamed := slices.Clone(columns)
	for i, name := range columns {
		if count[name] > 1 {
			renamed[i] = name + "_" + strconv.Itoa(i)
		}
	}
	return renamed
}

// Types of Redshift only.
const (
	superOID   = 4000 // JSON
	varbyteOID = 6551 // bytes, as hex digits
)

func newRedshiftEncoder(oid uint32) database.Encoder {
	switch oid {
	case superOID:
		return database.AppendJSON
	case varbyteOID:
		return appendHex
	default:
		return newEncoder(oid)
	}
}

// appendHex appends bytes that the server wrote as hex digits.
func appendHex(dst, text []byte) []byte {
	raw, err := hex.AppendDecode(nil, text)
	if err != nil {
		return database.AppendString(dst, text)
	}
	return database.AppendBytes(dst, raw)
}
