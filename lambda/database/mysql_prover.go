//go:build !onedriver || mysql

package database

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// mysqlReading are the privileges of one who only reads. Every other one is
// taken for one to write.
var mysqlReading = []string{
	"USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "PROCESS", "REFERENCES", "PROXY", "SHOW_ROUTINE", "REPLICATION CLIENT",
}

// Prove implements Prover. The table does not exist, so there is nothing to drop
// if the server tries.
func (m *mysqlDatabase) Prove(ctx context.Context) (Rights, error) {
	if err := proveRefused(ctx, m, "DROP TABLE IF EXISTS "+proofTable); err != nil {
		return Rights{}, err
	}
	rows, err := queryTexts(ctx, m, "SHOW GRANTS")
	if err != nil {
		return Rights{}, err
	}
	rights := Rights{Grants: []string{
		"CREATE USER 'defog_reader'@'%' IDENTIFIED BY '…'",
		fmt.Sprintf("GRANT SELECT, SHOW VIEW ON `%s`.* TO 'defog_reader'@'%%'", strings.ReplaceAll(m.config.DBName, "`", "``")),
	}}
	for _, row := range rows {
		if what := mysqlWrites(row[0]); what != "" {
			rights.Writes = append(rights.Writes, what)
		}
	}
	return rights, nil
}

// mysqlWrites returns what a line of SHOW GRANTS lets the user write, "" for
// nothing: of "GRANT SELECT, INSERT (a, b) ON `shop`.* TO …" that is "INSERT on
// `shop`.*". What follows TO can be a password's hash.
func mysqlWrites(grant string) string {
	privileges, rest, found := strings.Cut(strings.TrimPrefix(grant, "GRANT "), " ON ")
	if !found {
		return "" // a role, whose privileges have lines of their own
	}
	where, _, _ := strings.Cut(rest, " TO ")
	var writes []string
	for privilege := range strings.SplitSeq(withoutColumns(privileges), ", ") {
		if !slices.Contains(mysqlReading, privilege) {
			writes = append(writes, privilege)
		}
	}
	if len(writes) == 0 {
		return ""
	}
	return strings.Join(writes, ", ") + " on " + where
}

// withoutColumns returns privileges without the columns that they are limited
// to, which stand in parentheses.
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
