package postgres

import (
	"context"

	"defog-cdk/lambda/database"
)

// connectionsQuery returns the limits of the user's connections. Some of the server's
// connections are reserved for its administrators. Background processes are not sessions
// of a database.
// https://www.postgresql.org/docs/current/runtime-config-connection.html
const connectionsQuery = `
	WITH sessions AS (
		SELECT datname FROM pg_catalog.pg_stat_activity WHERE datid IS NOT NULL AND usename <> current_user)
	SELECT 'server', CAST(sum(CASE name WHEN 'max_connections' THEN 1 ELSE -1 END * CAST(setting AS int)) AS int),
		(SELECT CAST(count(*) AS int) FROM sessions)
	FROM pg_catalog.pg_settings WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections', 'rds.rds_superuser_reserved_connections')
	UNION ALL
	SELECT 'user', rolconnlimit, 0 FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolconnlimit >= 0
	UNION ALL
	SELECT 'database', datconnlimit, (SELECT CAST(count(*) AS int) FROM sessions WHERE sessions.datname = d.datname)
	FROM pg_catalog.pg_database d WHERE d.datname = current_database() AND datconnlimit >= 0`

// ConnectionLimits implements database.ConnectionLimiter. Redshift shows no session of
// other users.
func (d *db) ConnectionLimits(ctx context.Context) ([]database.ConnectionLimit, error) {
	if d.connections == "" {
		return nil, nil
	}
	return database.QueryConnectionLimits(ctx, d.query, d.connections)
}
