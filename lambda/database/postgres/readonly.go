package postgres

import (
	"context"
	"fmt"
	"slices"

	"defog-cdk/lambda/database"
)

// writesQuery lists what the user may write: everything, in a schema, or in a
// table. Ten tables suffice for the report.
const writesQuery = `
	SELECT 'everything: the user is a superuser'::text FROM pg_catalog.pg_user WHERE usename = current_user AND usesuper
	UNION ALL
	SELECT 'new tables in the schema ' || nspname FROM pg_catalog.pg_namespace
	WHERE nspname NOT LIKE 'pg~_%' ESCAPE '~' AND nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(nspname, 'CREATE')
	UNION ALL
	SELECT * FROM (
		SELECT 'the table ' || n.nspname || '.' || c.relname
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg~_%' ESCAPE '~' AND n.nspname <> 'information_schema'
			AND (pg_catalog.has_table_privilege(c.oid, 'INSERT') OR pg_catalog.has_table_privilege(c.oid, 'UPDATE')
				OR pg_catalog.has_table_privilege(c.oid, 'DELETE'))
		ORDER BY 1 LIMIT 10) AS writable`

// unsafeQuery lists the powers of the user that no read-only transaction limits.
// A user that is a member of a role can take it on.
const unsafeQuery = `
	SELECT CASE WHEN rolsuper THEN 'superuser'::text END FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper
	UNION ALL
	SELECT 'replication' FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolreplication AND NOT rolsuper
	UNION ALL
	SELECT 'bypass of row security' FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolbypassrls AND NOT rolsuper
	UNION ALL
	SELECT 'member of ' || r.rolname FROM pg_catalog.pg_roles r, pg_catalog.pg_roles u
	WHERE u.rolname = current_user AND NOT u.rolsuper AND r.rolname <> u.rolname AND pg_catalog.pg_has_role(r.oid, 'MEMBER') AND (r.rolsuper OR r.rolname IN (
		'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program',
		'rds_superuser', 'cloudsqlsuperuser', 'alloydbsuperuser', 'azure_pg_admin'))`

// redshiftUnsafeQuery does so on Redshift, where a constant without a type fits no UNION.
const redshiftUnsafeQuery = "SELECT 'superuser'::text FROM pg_catalog.pg_user WHERE usename = current_user AND usesuper"

// CheckReadOnly implements database.ReadOnlyChecker. The transaction would roll
// the table back if the server created it.
func (d *db) CheckReadOnly(ctx context.Context) (database.Privileges, error) {
	if err := database.CheckRefused(ctx, d.query, "CREATE TABLE "+database.CheckTable+" (n int)"); err != nil {
		return database.Privileges{}, err
	}
	// One query instead of two saves a round trip.
	rows, err := database.QueryTexts(ctx, d.query, "SELECT 'writes'::text, * FROM ("+writesQuery+") AS w UNION ALL SELECT 'unsafe'::text, * FROM ("+d.unsafe+") AS u")
	if err != nil {
		return database.Privileges{}, err
	}
	schema := quoteName(d.schema)
	privileges := database.Privileges{
		Grants: []string{
			"CREATE USER defog_reader PASSWORD '…'",
			fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO defog_reader", schema),
			fmt.Sprintf("GRANT SELECT ON ALL TABLES IN SCHEMA %s TO defog_reader", schema),
			fmt.Sprintf("ALTER DEFAULT PRIVILEGES IN SCHEMA %s GRANT SELECT ON TABLES TO defog_reader", schema),
		},
	}
	for _, row := range rows {
		if row[0] == "writes" {
			privileges.Writes = append(privileges.Writes, row[1])
		} else {
			privileges.Unsafe = append(privileges.Unsafe, row[1])
		}
	}
	if slices.Contains(privileges.Writes, "new tables in the schema public") {
		privileges.Grants = append(privileges.Grants, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	}
	return privileges, nil
}
