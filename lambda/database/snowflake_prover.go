//go:build !onedriver || snowflake

package database

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// snowflakeReading are the privileges of one who only reads. Every other one is
// taken for one to write.
var snowflakeReading = []string{"USAGE", "SELECT", "REFERENCES", "MONITOR", "OPERATE", "IMPORTED PRIVILEGES", "READ"}

// Prove implements Prover. Snowflake refuses no write for being in a query's
// transaction, and commits DDL by itself, so what is tried is a row in a
// temporary table, which is the session's alone: it must be gone afterwards.
func (s *snowflake) Prove(ctx context.Context) (rights Rights, err error) {
	_, err = s.own(ctx, "CREATE TEMPORARY TABLE "+proofTable+" (n INTEGER)")
	if _, refused := errors.AsType[*StatementError](err); refused {
		return s.rights(ctx) // not even that
	}
	if err != nil {
		return Rights{}, err
	}
	defer func() {
		_, dropped := s.own(ctx, "DROP TABLE IF EXISTS "+proofTable)
		err = errors.Join(err, dropped)
	}()
	if _, err := s.query(ctx, "INSERT INTO "+proofTable+" VALUES (1)", Limits{}); err != nil {
		return Rights{}, err
	}
	left, err := s.own(ctx, "SELECT n FROM "+proofTable)
	if err != nil {
		return Rights{}, err
	}
	if left.RowCount > 0 {
		return Rights{}, &WritableError{"the database kept a row that was inserted in a query's transaction, in the temporary table " + proofTable}
	}
	return s.rights(ctx)
}

// rights asks what the session's role may write; ten privileges are enough to
// see it. What it has from roles granted to it has lines of its own.
func (s *snowflake) rights(ctx context.Context) (Rights, error) {
	rights := Rights{Grants: snowflakeGrants(s.config.Warehouse, s.config.Database)}
	current, err := s.own(ctx, "SELECT CURRENT_ROLE()")
	if err != nil {
		return Rights{}, err
	}
	var role [][]string
	if err := json.Unmarshal(current.Data, &role); err != nil || len(role) != 1 {
		return Rights{}, errors.Join(errors.New("read the session's role"), err)
	}
	result, err := s.own(ctx, "SHOW GRANTS TO ROLE "+`"`+strings.ReplaceAll(role[0][0], `"`, `""`)+`"`)
	if failed, refused := errors.AsType[*StatementError](err); refused {
		rights.Writes = []string{"it is not known what, for Snowflake does not tell: " + failed.Message}
		return rights, nil
	}
	if err != nil {
		return Rights{}, err
	}
	var rows [][]any
	if err := json.Unmarshal(result.Data, &rows); err != nil {
		return Rights{}, fmt.Errorf("read the role's privileges: %w", err)
	}
	privilege, kind, name := slices.Index(result.Columns, "privilege"), slices.Index(result.Columns, "granted_on"), slices.Index(result.Columns, "name")
	if privilege < 0 || kind < 0 || name < 0 {
		return Rights{}, &StatementError{Message: "Snowflake lists a role's privileges in another form than it used to"}
	}
	for _, row := range rows {
		if what := fmt.Sprint(row[privilege]); !slices.Contains(snowflakeReading, what) && len(rights.Writes) < 10 {
			rights.Writes = append(rights.Writes, fmt.Sprintf("%s on the %v %v", what, row[kind], row[name]))
		}
	}
	return rights, nil
}

// snowflakeGrants are the statements that make a user that may only read.
func snowflakeGrants(warehouse, database string) []string {
	if database == "" {
		database = "…"
	}
	return []string{
		"CREATE ROLE defog_reader",
		"GRANT USAGE ON WAREHOUSE " + warehouse + " TO ROLE defog_reader",
		"GRANT USAGE ON DATABASE " + database + " TO ROLE defog_reader",
		"GRANT USAGE ON ALL SCHEMAS IN DATABASE " + database + " TO ROLE defog_reader",
		"GRANT SELECT ON ALL TABLES IN DATABASE " + database + " TO ROLE defog_reader",
		"GRANT SELECT ON ALL VIEWS IN DATABASE " + database + " TO ROLE defog_reader",
		"GRANT SELECT ON FUTURE TABLES IN DATABASE " + database + " TO ROLE defog_reader",
		"CREATE USER defog_reader TYPE = SERVICE RSA_PUBLIC_KEY = '…' DEFAULT_ROLE = defog_reader",
		"GRANT ROLE defog_reader TO USER defog_reader",
	}
}
