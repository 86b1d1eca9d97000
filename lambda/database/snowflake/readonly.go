package snowflake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"defog-cdk/lambda/database"
)

// readPrivileges are the privileges of a read-only user. Every other privilege
// counts as one to write.
var readPrivileges = []string{"USAGE", "SELECT", "REFERENCES", "MONITOR", "OPERATE", "IMPORTED PRIVILEGES", "READ"}

// CheckReadOnly implements database.ReadOnlyChecker. Snowflake accepts writes
// in a query's transaction, and commits DDL. The check is therefore a row in a
// temporary table of the session: the rollback must remove it.
func (d *db) CheckReadOnly(ctx context.Context) (privileges database.Privileges, err error) {
	_, err = d.keep(ctx, "CREATE TEMPORARY TABLE "+database.CheckTable+" (n INTEGER)")
	if _, refused := errors.AsType[*database.StatementError](err); refused {
		return d.privileges(ctx) // the user may not create even that
	}
	if err != nil {
		return database.Privileges{}, err
	}
	defer func() {
		_, dropErr := d.keep(ctx, "DROP TABLE IF EXISTS "+database.CheckTable)
		err = errors.Join(err, dropErr)
	}()
	if _, err := d.query(ctx, "INSERT INTO "+database.CheckTable+" VALUES (1)", database.Limits{}); err != nil {
		return database.Privileges{}, err
	}
	left, err := d.keep(ctx, "SELECT n FROM "+database.CheckTable)
	if err != nil {
		return database.Privileges{}, err
	}
	if left.RowCount > 0 {
		return database.Privileges{}, &database.WritableError{
			Message: "the database kept a row that a query's transaction inserted, in the temporary table " + database.CheckTable,
		}
	}
	return d.privileges(ctx)
}

// privileges returns what the session's role may write. Ten privileges suffice
// for the report. Roles that are granted to it have their own lines.
func (d *db) privileges(ctx context.Context) (database.Privileges, error) {
	privileges := database.Privileges{Grants: grantStatements(d.config.Warehouse, d.config.Database)}
	current, err := d.keep(ctx, "SELECT CURRENT_ROLE()")
	if err != nil {
		return database.Privileges{}, err
	}
	role, err := current.Texts()
	if err != nil || len(role) != 1 {
		return database.Privileges{}, errors.Join(errors.New("read the session's role: want one row"), err)
	}
	if slices.Contains([]string{"ACCOUNTADMIN", "SECURITYADMIN", "ORGADMIN", "GLOBALORGADMIN"}, role[0][0]) {
		privileges.Unsafe = []string{"role " + role[0][0]}
	}
	result, err := d.keep(ctx, "SHOW GRANTS TO ROLE "+`"`+strings.ReplaceAll(role[0][0], `"`, `""`)+`"`)
	if failed, refused := errors.AsType[*database.StatementError](err); refused {
		privileges.Writes = []string{"unknown: Snowflake refuses to list the role's privileges: " + failed.Message}
		return privileges, nil
	}
	if err != nil {
		return database.Privileges{}, err
	}
	var rows [][]any
	if err := json.Unmarshal(result.Data, &rows); err != nil {
		return database.Privileges{}, fmt.Errorf("read the role's privileges: %w", err)
	}
	privilege, kind, name := slices.Index(result.Columns, "privilege"), slices.Index(result.Columns, "granted_on"), slices.Index(result.Columns, "name")
	if privilege < 0 || kind < 0 || name < 0 {
		return database.Privileges{}, &database.StatementError{
			Message: "SHOW GRANTS: a column is missing; want privilege, granted_on and name",
		}
	}
	for _, row := range rows {
		if granted := fmt.Sprint(row[privilege]); !slices.Contains(readPrivileges, granted) && len(privileges.Writes) < 10 {
			privileges.Writes = append(privileges.Writes, fmt.Sprintf("%s on the %v %v", granted, row[kind], row[name]))
		}
	}
	return privileges, nil
}

// grantStatements returns the statements that create a read-only user.
func grantStatements(warehouse, databaseName string) []string {
	if databaseName == "" {
		databaseName = "…"
	}
	return []string{
		"CREATE ROLE defog_reader",
		"GRANT USAGE ON WAREHOUSE " + warehouse + " TO ROLE defog_reader",
		"GRANT USAGE ON DATABASE " + databaseName + " TO ROLE defog_reader",
		"GRANT USAGE ON ALL SCHEMAS IN DATABASE " + databaseName + " TO ROLE defog_reader",
		"GRANT SELECT ON ALL TABLES IN DATABASE " + databaseName + " TO ROLE defog_reader",
		"GRANT SELECT ON ALL VIEWS IN DATABASE " + databaseName + " TO ROLE defog_reader",
		"GRANT SELECT ON FUTURE TABLES IN DATABASE " + databaseName + " TO ROLE defog_reader",
		"CREATE USER defog_reader TYPE = SERVICE RSA_PUBLIC_KEY = '…' DEFAULT_ROLE = defog_reader",
		"GRANT ROLE defog_reader TO USER defog_reader",
	}
}
