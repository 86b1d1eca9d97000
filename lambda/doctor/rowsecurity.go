package doctor

import (
	"context"
	"strings"

	"defog-cdk/lambda/database"
)

// examineRowSecurity checks that the database limits rows to those of the caller. It
// returns nothing without row security.
func (target Target) examineRowSecurity(ctx context.Context, db database.Database, dbType string) []Finding {
	const check = "row security"
	if !target.RowSecurity.Enabled() {
		return nil
	}
	if reason := target.RowSecurity.Unsupported(dbType); reason != "" {
		return []Finding{{check, Failed, reason, "Set row_security to none, or use another database."}}
	}
	checker, ok := db.(database.RowSecurityChecker)
	if !ok {
		return []Finding{{check, Skipped, "this database type has no check of row security", ""}}
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	report, err := checker.CheckRowSecurity(ctx, target.Roles)
	const advice = "Create the reader, its roles and the policies as docs/row-security.md shows."
	switch {
	case err != nil:
		return []Finding{{check, Failed, err.Error(), advice}}
	case report.Accept() != nil:
		return []Finding{{check, Failed, report.Accept().Error(), advice + " The function answers no question until then."}}
	case len(report.Missing) > 0:
		return []Finding{{check, Failed, "the database user is not a member of row_security_roles: " + strings.Join(report.Missing, ", "),
			"Grant them: GRANT " + strings.Join(report.Missing, ", ") + " TO ‹user›. Callers with these roles get no answer until then."}}
	case len(report.Remarks) > 0:
		return []Finding{{check, Warning, strings.Join(report.Remarks, "; "), "Revoke what is not for every caller."}}
	}
	return []Finding{{check, OK, "the database limits rows to those of the caller", ""}}
}
