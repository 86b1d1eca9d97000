//go:build !onedriver || postgres || redshift

package database

import (
	"context"
	"fmt"
	"slices"
)

// postgresWrites asks what the user may write: everything, in a schema, or in a
// table; ten tables are enough to see it.
const postgresWrites = `
	SELECT 'everything: the user is a superuser' FROM pg_catalog.pg_user WHERE usename = current_user AND usesuper
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

// Prove implements Prover. If the table were made, that would be rolled back.
func (p *postgres) Prove(ctx context.Context) (Rights, error) {
	if err := proveRefused(ctx, p, "CREATE TABLE "+proofTable+" (n int)"); err != nil {
		return Rights{}, err
	}
	rows, err := queryTexts(ctx, p, postgresWrites)
	if err != nil {
		return Rights{}, err
	}
	schema := quoteName(p.schema)
	rights := Rights{Grants: []string{
		"CREATE USER defog_reader PASSWORD '…'",
		fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO defog_reader", schema),
		fmt.Sprintf("GRANT SELECT ON ALL TABLES IN SCHEMA %s TO defog_reader", schema),
		fmt.Sprintf("ALTER DEFAULT PRIVILEGES IN SCHEMA %s GRANT SELECT ON TABLES TO defog_reader", schema),
	}}
	rights.Writes = slices.Concat(rows...)
	if slices.ContainsFunc(rights.Writes, func(what string) bool { return what == "new tables in the schema public" }) {
		rights.Grants = append(rights.Grants, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	}
	return rights, nil
}
