//go:build !onedriver || redshift

package database

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database/guard"
)

func init() { openers["redshift"] = openRedshift }

// redshift is an Amazon Redshift database. It speaks PostgreSQL's protocol, as
// that was at version 8.0.
type redshift struct{ *postgres }

// redshiftParameters lacks one of postgresParameters: the server refuses a
// connection that names a setting which it does not know.
var redshiftParameters = map[string]string{
	"application_name": "defog",
	"client_encoding":  "UTF8",
	"DateStyle":        "ISO",
}

// openRedshift takes the db_creds of openPostgres and a schema, which tables
// are looked up in.
func openRedshift(creds connection.Creds, around Surroundings) (Database, error) {
	config, err := postgresConfig(creds, around.Directory, maps.Clone(redshiftParameters))
	if err != nil {
		return nil, fmt.Errorf("open redshift: %w", err)
	}
	schema := cmp.Or(creds.Text("schema"), publicSchema)
	return &redshift{&postgres{config: config, guard: guard.Redshift, encoder: redshiftEncoder, schema: schema}}, nil
}

// Query implements Database. Columns of one name are told apart: n_0, n_1.
func (r *redshift) Query(ctx context.Context, sql string, limits Limits) (*Result, error) {
	if overflow := limits.Overflow; overflow != nil {
		limits.Overflow = func(columns []string) io.Writer { return overflow(distinct(columns)) }
	}
	result, err := r.postgres.Query(ctx, sql, limits)
	if err == nil {
		result.Columns = distinct(result.Columns)
	}
	return result, err
}

// distinct appends its index to each name that is there more than once.
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

// Types that PostgreSQL does not have.
const (
	superOID   = 4000 // JSON
	varbyteOID = 6551 // bytes, as hex digits
)

func redshiftEncoder(oid uint32) encoder {
	switch oid {
	case superOID:
		return appendJSON
	case varbyteOID:
		return appendHex
	default:
		return postgresEncoder(oid)
	}
}

// appendHex appends bytes that the server wrote as hex digits.
func appendHex(dst, text []byte) []byte {
	raw, err := hex.AppendDecode(nil, text)
	if err != nil {
		return appendString(dst, text)
	}
	return appendBytes(dst, raw)
}
