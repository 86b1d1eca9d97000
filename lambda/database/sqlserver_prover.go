//go:build !onedriver || sqlserver

package database

import (
	"context"
	"errors"
	"slices"
)

// sqlserverWrites asks what the user may write: everything, in the database, or
// in a table; ten tables are enough to see it.
const sqlserverWrites = `
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

// sqlserverProof asks whether the proof's table is there.
const sqlserverProof = "SELECT name FROM sys.tables WHERE name = '" + proofTable + "'"

// Prove implements Prover. SQL Server refuses no write for being in a query's
// transaction, so the proof is that nothing of it is left.
func (s *sqlserver) Prove(ctx context.Context) (Rights, error) {
	_, err := s.query(ctx, "CREATE TABLE "+proofTable+" (n int)", Limits{})
	if _, refused := errors.AsType[*StatementError](err); err != nil && !refused {
		return Rights{}, err
	}
	left, err := queryTexts(ctx, s, sqlserverProof)
	if err != nil {
		return Rights{}, err
	}
	if len(left) > 0 {
		return Rights{}, &WritableError{"the database kept a table that was made in a query's transaction: " + proofTable}
	}
	rows, err := queryTexts(ctx, s, sqlserverWrites)
	if err != nil {
		return Rights{}, err
	}
	return Rights{
		Writes: slices.Concat(rows...),
		Grants: []string{
			"CREATE LOGIN defog_reader WITH PASSWORD = '…'",
			"CREATE USER defog_reader FOR LOGIN defog_reader",
			"ALTER ROLE db_datareader ADD MEMBER defog_reader",
		},
	}, nil
}
