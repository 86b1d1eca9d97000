package mysql

import (
	"context"
	"strings"

	"defog-cdk/lambda/database"
)

// assume gives the session its role. The server has no role for one transaction alone,
// so that leave ends it.
func (d *db) assume(ctx context.Context, identity *database.Identity) error {
	if !d.security.Enabled() {
		return nil
	}
	role := "NONE"
	if identity != nil {
		role = quoteName(identity.Role)
	}
	return exec(ctx, d.conn, "SET ROLE "+role)
}

// leave ends the session's role. The error is that of a statement with another role than
// before, or of a broken connection.
func (d *db) leave(ctx context.Context, identity *database.Identity) error {
	if !d.security.Enabled() || identity == nil || d.conn == nil {
		return nil
	}
	row, err := queryRow(ctx, d.conn, "SELECT COALESCE(CURRENT_ROLE(), '')")
	if err != nil {
		return err
	}
	if roleName(row[0]) != identity.Role {
		return database.IdentityChanged()
	}
	return exec(ctx, d.conn, "SET ROLE NONE")
}

// roleName returns the name in CURRENT_ROLE(): MariaDB's name, or MySQL's `name`@`host`.
// It returns several roles as they are.
func roleName(text string) string {
	if strings.Contains(text, ",") {
		return text
	}
	name, _, _ := strings.Cut(text, "@")
	return strings.Trim(name, "`")
}

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
