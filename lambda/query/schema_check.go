package main

import (
	"context"

	"defog-cdk/internal/knowledge"
	"defog-cdk/lambda/catalog/check"
)

// checkSchema compares the generator's files with the database, on connections of its
// own. It opens neither the generator nor the connection of questions.
func (s *service) checkSchema(ctx context.Context, invalid error) (report check.Report, err error) {
	if invalid != nil {
		return report, invalid
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return report, err
	}
	directory, err := s.files(ctx)
	if err != nil || directory == "" {
		return check.Report{Files: []string{}, Findings: []check.Finding{}}, err
	}
	options := s.databaseOptions(directory)
	options.RowSecurity = s.policy.Mode
	return check.Examine(ctx, check.Target{
		Open: knowledge.Folder(directory), Connection: conn, Drivers: drivers, Options: options, Roles: s.policy.Roles,
		StatementTime: s.statementTimeout, Redact: s.secrets.Redact,
	})
}
