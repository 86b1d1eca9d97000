package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"defog-cdk/lambda/database"
)

// readPrivileges are the privileges of a read-only user. Every other privilege
// counts as one to write.
var readPrivileges = []string{
	"USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "REFERENCES", "PROXY", "SHOW_ROUTINE", "REPLICATION CLIENT",
}

// CheckReadOnly implements database.ReadOnlyChecker. The table does not exist,
// so an accepted DROP has no effect.
func (d *db) CheckReadOnly(ctx context.Context) (database.Privileges, error) {
	if err := database.CheckRefused(ctx, d.query, "DROP TABLE IF EXISTS "+database.CheckTable); err != nil {
		return database.Privileges{}, err
	}
	rows, err := database.QueryTexts(ctx, d.query, "SHOW GRANTS")
	if err != nil {
		return database.Privileges{}, err
	}
	privileges := database.Privileges{Grants: []string{
		"CREATE USER 'defog_reader'@'%' IDENTIFIED BY '…'",
		fmt.Sprintf("GRANT SELECT, SHOW VIEW ON `%s`.* TO 'defog_reader'@'%%'", strings.ReplaceAll(d.config.DBName, "`", "``")),
	}}
	for _, row := range rows {
		if writes := grantedWrites(row[0]); writes != "" {
			privileges.Writes = append(privileges.Writes, writes)
		}
		privileges.Unsafe = append(privileges.Unsafe, grantedUnsafe(row[0])...)
	}
	return privileges, nil
}

// grantedWrites returns the privileges to write in a line of SHOW GRANTS, or "".
// It ignores the text after TO, which may hold a password hash. A line such as
//
//	GRANT SELECT, INSERT (a, b) ON `shop`.* TO …
//
// leads to "INSERT on `shop`.*".
func grantedWrites(grant string) string {
	granted, rest, found := strings.Cut(strings.TrimPrefix(grant, "GRANT "), " ON ")
	if !found {
		return "" // a role, whose privileges have their own lines
	}
	object, _, _ := strings.Cut(rest, " TO ")
	var writes []string
	for privilege := range strings.SplitSeq(withoutColumns(granted), ", ") {
		if !slices.Contains(readPrivileges, privilege) {
			writes = append(writes, privilege)
		}
	}
	if len(writes) == 0 {
		return ""
	}
	return strings.Join(writes, ", ") + " on " + object
}

// unsafePrivileges are global privileges beyond the tables: files of the server,
// other sessions, users, replication and the server's operation.
var unsafePrivileges = []string{
	"ALL PRIVILEGES", "FILE", "SUPER", "PROCESS", "RELOAD", "SHUTDOWN", "CREATE USER", "REPLICATION SLAVE", "BINLOG REPLAY", "SET USER", "SET_USER_ID",
	"SYSTEM_USER", "CREATE TABLESPACE", "DELETE HISTORY",
}

// grantedUnsafe returns the unsafe privileges in a line of SHOW GRANTS.
func grantedUnsafe(grant string) []string {
	granted, rest, found := strings.Cut(strings.TrimPrefix(grant, "GRANT "), " ON ")
	object, _, _ := strings.Cut(rest, " TO ")
	if !found || object != "*.*" {
		return nil
	}
	var unsafe []string
	for privilege := range strings.SplitSeq(granted, ",") {
		privilege = strings.TrimSpace(privilege) // MySQL separates dynamic privileges by a comma alone
		if slices.Contains(unsafePrivileges, privilege) || strings.HasSuffix(privilege, "ADMIN") {
			unsafe = append(unsafe, privilege)
		}
	}
	return unsafe
}

// withoutColumns returns privileges without their lists of columns, which are
// in parentheses.
func withoutColumns(privileges string) string {
	for {
		before, rest, open := strings.Cut(privileges, " (")
		_, after, closed := strings.Cut(rest, ")")
		if !open || !closed {
			return privileges
		}
		privileges = before + after
	}
}
