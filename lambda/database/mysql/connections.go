package mysql

import (
	"context"
	"errors"

	"defog-cdk/lambda/database"
)

// connectionsQuery returns the limits of the user's connections, with the
// schema of the table global_status. A user's limit of 0 is none.
// https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_max_connections
func connectionsQuery(statusSchema string) string {
	return `
		SELECT 'server', CAST(@@max_connections AS SIGNED),
			(SELECT CAST(variable_value AS SIGNED) FROM ` + statusSchema + `.global_status WHERE variable_name = 'Threads_connected')
			- (SELECT COUNT(*) FROM information_schema.processlist WHERE user = SUBSTRING_INDEX(USER(), '@', 1))
		UNION ALL
		SELECT 'user', CAST(@@max_user_connections AS SIGNED), 0 FROM (SELECT 1 AS one) AS single WHERE @@max_user_connections > 0`
}

// ConnectionLimits implements database.ConnectionLimiter. MariaDB has the table
// global_status in information_schema, and MySQL in performance_schema, which is empty on
// MariaDB.
func (d *db) ConnectionLimits(ctx context.Context) ([]database.ConnectionLimit, error) {
	limits, err := database.QueryConnectionLimits(ctx, d.query, connectionsQuery("information_schema"))
	if _, absent := errors.AsType[*database.StatementError](err); absent {
		return database.QueryConnectionLimits(ctx, d.query, connectionsQuery("performance_schema"))
	}
	return limits, err
}
