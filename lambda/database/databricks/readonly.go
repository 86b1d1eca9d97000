package databricks

import (
	"context"
	"errors"
	"fmt"

	"defog-cdk/lambda/database"
)

// writesQuery lists what the user, or one of the user's groups, may write in the
// catalog. Ten lines suffice for the report.
const writesQuery = `
	SELECT DISTINCT concat(lower(replace(privilege_type, '_', ' ')), ' on ', what) FROM (
		SELECT privilege_type, grantee, concat('the catalog ', catalog_name) AS what FROM information_schema.catalog_privileges
		UNION ALL SELECT privilege_type, grantee, concat('the schema ', schema_name) FROM information_schema.schema_privileges
		UNION ALL SELECT privilege_type, grantee, concat('the table ', table_schema, '.', table_name) FROM information_schema.table_privileges
		UNION ALL SELECT 'OWNERSHIP', table_owner, concat('the table ', table_schema, '.', table_name) FROM information_schema.tables
	) AS granted
	WHERE (grantee = current_user() OR is_account_group_member(grantee))
		AND replace(privilege_type, ' ', '_') NOT IN ('SELECT', 'USE_CATALOG', 'USE_SCHEMA', 'BROWSE', 'EXECUTE', 'READ_VOLUME', 'REFERENCES')
	ORDER BY 1 LIMIT 10`

// CheckReadOnly implements database.ReadOnlyChecker. The server refuses to
// describe the write, and an accepted DROP has no effect. The check also
// compares the server's syntax of strings with the guard's.
func (d *db) CheckReadOnly(ctx context.Context) (database.Privileges, error) {
	if err := database.CheckRefused(ctx, d.query, "DROP TABLE IF EXISTS "+database.CheckTable); err != nil {
		return database.Privileges{}, err
	}
	rows, err := database.QueryTexts(ctx, d.query, `SELECT concat(length('\\'), length("a"))`)
	if err != nil {
		return database.Privileges{}, err
	}
	if len(rows) != 1 || rows[0][0] != "11" {
		return database.Privileges{}, &database.WritableError{Message: "the server's syntax of strings differs from the guard's: " +
			"unset spark.sql.parser.escapedStringLiterals and spark.sql.ansi.doubleQuotedIdentifiers"}
	}
	privileges := database.Privileges{Grants: []string{
		"GRANT USE CATALOG ON CATALOG … TO `defog-reader`",
		fmt.Sprintf("GRANT USE SCHEMA, SELECT ON SCHEMA %s TO `defog-reader`", d.config.schemaName()),
	}}
	rows, err = database.QueryTexts(ctx, d.query, writesQuery)
	if _, unknown := errors.AsType[*database.StatementError](err); unknown {
		privileges.Writes = []string{"unknown: the catalog has no information_schema"}
		return privileges, nil
	}
	if err != nil {
		return database.Privileges{}, err
	}
	for _, row := range rows {
		privileges.Writes = append(privileges.Writes, row[0])
	}
	return privileges, nil
}
