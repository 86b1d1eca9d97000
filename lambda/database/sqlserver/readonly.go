package sqlserver

import (
	"context"
	"errors"
	"slices"

	"defog-cdk/lambda/database"
)

// writesQuery lists what the user may write: everything, in the database, or in
// a table. Ten tables suffice for the report.
const writesQuery = `
	SELECT 'everything: the user is a ' + role AS what
	FROM (VALUES ('sysadmin', IS_SRVROLEMEMBER('sysadmin')), ('db_owner', IS_ROLEMEMBER('db_owner'))) AS roles (role, member)
	WHERE member = 1
	UNION ALL
	SELECT permission_name COLLATE DATABASE_DEFAULT + ' in the database' FROM sys.fn_my_permissions(NULL, 'DATABASE')
	WHERE permission_name IN ('INSERT', 'UPDATE', 'DELETE', 'EXECUTE', 'ALTER', 'CONTROL', 'CREATE TABLE', 'ALTER ANY SCHEMA')
	UNION ALL
	SELECT what FROM (
		SELECT TOP (10) 'the table ' + s.name + '.' + t.name COLLATE DATABASE_DEFAULT AS what
		FROM sys.tables AS t JOIN sys.schemas AS s ON s.schema_id = t.schema_id
		CROSS APPLY (VALUES (QUOTENAME(s.name) + '.' + QUOTENAME(t.name))) AS quoted (name)
		WHERE 1 IN (HAS_PERMS_BY_NAME(quoted.name, 'OBJECT', 'INSERT'), HAS_PERMS_BY_NAME(quoted.name, 'OBJECT', 'UPDATE'),
			HAS_PERMS_BY_NAME(quoted.name, 'OBJECT', 'DELETE'))
		ORDER BY what) AS writable`

// checkTableQuery returns a row if the check's table exists.
const checkTableQuery = "SELECT name FROM sys.tables WHERE name = '" + database.CheckTable + "'"

// CheckReadOnly implements database.ReadOnlyChecker. SQL Server accepts writes
// in a query's transaction, so the check is that the rollback undoes them.
func (d *db) CheckReadOnly(ctx context.Context) (database.Privileges, error) {
	_, err := d.query(ctx, "CREATE TABLE "+database.CheckTable+" (n int)", database.Limits{})
	if _, refused := errors.AsType[*database.StatementError](err); err != nil && !refused {
		return database.Privileges{}, err
	}
	left, err := database.QueryTexts(ctx, d.query, checkTableQuery)
	if err != nil {
		return database.Privileges{}, err
	}
	if len(left) > 0 {
		return database.Privileges{}, &database.WritableError{
			Message: "the database kept a table that a query's transaction created: " + database.CheckTable,
		}
	}
	rows, err := database.QueryTexts(ctx, d.query, writesQuery)
	if err != nil {
		return database.Privileges{}, err
	}
	writes := slices.Concat(rows...)
	var unsafe []string
	if slices.Contains(writes, "everything: the user is a sysadmin") {
		unsafe = []string{"member of sysadmin"}
	}
	return database.Privileges{
		Writes: writes,
		Unsafe: unsafe,
		Grants: []string{
			"CREATE LOGIN defog_reader WITH PASSWORD = '…'",
			"CREATE USER defog_reader FOR LOGIN defog_reader",
			"ALTER ROLE db_datareader ADD MEMBER defog_reader",
		},
	}, nil
}
