//go:build !onedriver || databricks

package database

import (
	"context"
	"errors"
	"fmt"
)

// databricksWrites asks what the user, or a group of theirs, may write in the
// catalog; ten lines are enough to see it.
const databricksWrites = `
	SELECT DISTINCT concat(lower(replace(privilege_type, '_', ' ')), ' on ', what) FROM (
		SELECT privilege_type, grantee, concat('the catalog ', catalog_name) AS what FROM information_schema.catalog_privileges
		UNION ALL SELECT privilege_type, grantee, concat('the schema ', schema_name) FROM information_schema.schema_privileges
		UNION ALL SELECT privilege_type, grantee, concat('the table ', table_schema, '.', table_name) FROM information_schema.table_privileges
		UNION ALL SELECT 'OWNERSHIP', table_owner, concat('the table ', table_schema, '.', table_name) FROM information_schema.tables
	) AS granted
	WHERE (grantee = current_user() OR is_account_group_member(grantee))
		AND replace(privilege_type, ' ', '_') NOT IN ('SELECT', 'USE_CATALOG', 'USE_SCHEMA', 'BROWSE', 'EXECUTE', 'READ_VOLUME', 'REFERENCES')
	ORDER BY 1 LIMIT 10`

// Prove implements Prover. There is nothing to drop if the server would do it,
// which it does not even try: it describes queries alone. What a string is to
// it must be what it is to the guard.
func (d *databricksDatabase) Prove(ctx context.Context) (Rights, error) {
	if err := proveRefused(ctx, d, "DROP TABLE IF EXISTS "+proofTable); err != nil {
		return Rights{}, err
	}
	rows, err := queryTexts(ctx, d, `SELECT concat(length('\\'), length("a"))`)
	if err != nil {
		return Rights{}, err
	}
	if len(rows) != 1 || rows[0][0] != "11" {
		return Rights{}, &WritableError{"the server is set up to read strings in another way than statements are checked: " +
			"unset spark.sql.parser.escapedStringLiterals and spark.sql.ansi.doubleQuotedIdentifiers"}
	}
	rights := Rights{Grants: []string{
		"GRANT USE CATALOG ON CATALOG … TO `defog-reader`",
		fmt.Sprintf("GRANT USE SCHEMA, SELECT ON SCHEMA %s TO `defog-reader`", d.config.where()),
	}}
	rows, err = queryTexts(ctx, d, databricksWrites)
	if _, unknown := errors.AsType[*StatementError](err); unknown {
		rights.Writes = []string{"what is not known: its catalog has no information_schema to say"}
		return rights, nil
	}
	if err != nil {
		return Rights{}, err
	}
	for _, row := range rows {
		rights.Writes = append(rights.Writes, row[0])
	}
	return rights, nil
}

// where is the schema that tables are looked up in, as a GRANT has it.
func (c databricksConfig) where() string {
	if c.schema == "" {
		return "…"
	}
	if c.catalog == "" {
		return quoteSpark(c.schema)
	}
	return quoteSpark(c.catalog) + "." + quoteSpark(c.schema)
}
