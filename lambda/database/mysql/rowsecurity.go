package mysql

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"defog-cdk/lambda/database"
)

// grantedRole is a role's name in a line of SHOW GRANTS, with its host on MySQL.
var grantedRole = regexp.MustCompile("`((?:[^`]|``)+)`(@`[^`]*`)?")

// CheckRowSecurity implements database.RowSecurityChecker. A role adds to the rights of
// the user, so that every caller has at least the user's rights.
func (d *db) CheckRowSecurity(ctx context.Context, roles []string) (database.RowSecurityReport, error) {
	var report database.RowSecurityReport
	rows, err := database.QueryTexts(ctx, d.query, "SHOW GRANTS")
	if err != nil {
		return report, err
	}
	var granted []string
	for _, row := range rows {
		privileges, rest, found := strings.Cut(strings.TrimPrefix(row[0], "GRANT "), " ON ")
		if !found {
			names, _, _ := strings.Cut(privileges, " TO ")
			for _, match := range grantedRole.FindAllStringSubmatch(names, -1) {
				granted = append(granted, match[1])
			}
			continue
		}
		object, _, _ := strings.Cut(rest, " TO ")
		switch reads := privileges != "USAGE" && !strings.HasPrefix(row[0], "GRANT PROXY"); {
		case reads && (object == "*.*" || object == quoteName(d.config.DBName)+".*"):
			report.Passed = append(report.Passed, "every caller has the user's rights on "+object+": "+privileges)
		case reads:
			report.Remarks = append(report.Remarks, "every caller has the user's rights on "+object+": "+privileges)
		}
	}
	for _, role := range roles {
		if !slices.Contains(granted, role) {
			report.Missing = append(report.Missing, role)
		}
	}
	for _, role := range granted {
		if !slices.Contains(roles, role) {
			report.Remarks = append(report.Remarks, "the user is a member of "+role)
		}
	}
	return report, nil
}
