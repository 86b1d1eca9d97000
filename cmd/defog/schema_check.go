package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"defog-cdk/cmd/defog/cdk"
	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config"
	"defog-cdk/config/connection"
	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/rowsecurity"
	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/catalog/check"
	"defog-cdk/lambda/database"
)

// Exit codes of schema --check besides 0 (no finding) and 1 (an error).
const (
	exitNew    cdk.ExitCode = 2
	exitBroken cdk.ExitCode = 3
)

// checkFlags returns an error for flags that do not belong together.
func (s *schemaCommand) checkFlags(flags *pflag.FlagSet) error {
	var problems []error
	for _, name := range []string{"function", "json", "markdown"} {
		if flags.Changed(name) && !s.check {
			problems = append(problems, fmt.Errorf("--%s: not used without --check; want both", name))
		}
	}
	for _, name := range []string{"sample", "sample-personal", "force"} {
		if flags.Changed(name) && s.check {
			problems = append(problems, fmt.Errorf("--%s: not used with --check, which writes no schema.json; want one of them", name))
		}
	}
	if s.function != "" && s.output != "" {
		problems = append(problems, errors.New("--output: not used with --function, which compares the deployed files; want one of them"))
	}
	return errors.Join(problems...)
}

// compare compares the files with the database.
func (s *schemaCommand) compare(ctx context.Context, stdout, stderr io.Writer) error {
	examine := s.compareHere
	if s.function != "" {
		examine = s.compareThere
	}
	report, err := examine(ctx, stderr)
	if err != nil {
		return err
	}
	if err := s.writeReport(report, stdout); err != nil {
		return err
	}
	switch {
	case report.Broken() > 0:
		return exitBroken
	case len(report.Findings) > 0 || report.Unchecked > 0:
		return exitNew
	}
	return nil
}

// compareThere runs the comparison in the deployed function.
func (s *schemaCommand) compareThere(ctx context.Context, _ io.Writer) (report check.Report, err error) {
	text, err := s.invokeFunction(ctx, s.function, `{"schema_check": {}}`)
	if err != nil {
		return report, err
	}
	if err := json.Unmarshal(text, &report); err != nil || report.Findings == nil {
		return report, fmt.Errorf("invoke %s: the answer is not the report of a query function; want one that is deployed from this version: %s", s.function, text)
	}
	for _, f := range report.Findings {
		if f.Kind == check.CheckFailed {
			return report, errors.New(s.function + ": " + f.Detail)
		}
	}
	if len(report.Files) == 0 {
		return report, nothingToCompare(s.function)
	}
	return report, nil
}

// compareHere runs the comparison on this machine.
func (s *schemaCommand) compareHere(ctx context.Context, stderr io.Writer) (report check.Report, err error) {
	settings, err := s.settings()
	if err != nil {
		return report, err
	}
	folder, err := os.MkdirTemp("", "defog-schema-")
	if err != nil {
		return report, fmt.Errorf("make a folder for the dependencies: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	source, err := s.gatherFiles(folder, settings)
	if err != nil {
		return report, err
	}
	conn, err := s.connection(ctx, settings)
	if err != nil {
		return report, err
	}
	secrets := secretsOf(conn)
	report, err = check.Examine(ctx, check.Target{
		Open: knowledge.Folder(folder), Connection: conn, Drivers: drivers(), Roles: settings.RowSecurityRoles,
		Options: database.Options{
			Directory: folder, Token: s.databaseToken, AllowedFunctions: settings.AllowedFunctions, MaxSQLBytes: settings.MaxSQLBytes,
			RowSecurity: rowsecurity.Mode(settings.RowSecurity),
		},
		StatementTime: time.Duration(settings.StatementTimeout) * time.Second,
		Note:          func(message string) { fmt.Fprintln(stderr, terminal.Line(secrets.Redact(message))) },
		Progress:      progressOf(stderr, "golden queries"),
		Redact:        secrets.Redact,
	})
	if err == nil && len(report.Files) == 0 {
		err = nothingToCompare(source)
	}
	return report, explainDatabase(err)
}

func nothingToCompare(source string) error {
	return fmt.Errorf("%s: has none of schema.json, glossary.md and golden.json; want at least one to compare", source)
}

// gatherFiles fills a folder with the dependencies of the settings, and returns their
// source.
func (s *schemaCommand) gatherFiles(folder string, settings config.Settings) (source string, err error) {
	if source = s.output; source == "" {
		if source, err = inHome(settings.Dependencies); err != nil {
			return "", err
		}
	}
	key := "function_source_dependencies_zip"
	switch {
	case s.output != "":
		key = "--output"
	case source == "":
		source = "dependencies" // that of schema without --check
	}
	if _, err := os.Stat(source); err != nil {
		return "", fmt.Errorf("%s: %w; want a folder with schema.json, glossary.md or golden.json, which defog schema writes", key, err)
	}
	return source, gather(folder, defaultDependencies, source)
}

// secretsOf returns the secrets of a connection, for redaction.
func secretsOf(conn connection.Connection) *ask.Secrets {
	var secrets ask.Secrets
	for _, secret := range conn.Secrets() {
		secrets.Add(secret)
	}
	return &secrets
}

// progressOf shows on a terminal how many of something are done.
func progressOf(stderr io.Writer, noun string) func(done, total int) {
	if !isTerminal(stderr) {
		return nil
	}
	return func(done, total int) {
		fmt.Fprintf(stderr, "\r%d of %d %s", done, total, noun)
		if done == total {
			fmt.Fprintln(stderr)
		}
	}
}

// writeReport writes the report to stdout and to the files of the flags.
func (s *schemaCommand) writeReport(report check.Report, stdout io.Writer) error {
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the findings: %w", err)
	}
	for _, output := range []struct{ path, text string }{{s.json, string(text) + "\n"}, {s.markdown, markdownOf(report)}} {
		if output.path == "" {
			continue
		}
		if err := os.WriteFile(output.path, []byte(output.text), 0o644); err != nil {
			return fmt.Errorf("write the findings: %w", err)
		}
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, f := range report.Findings {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.Status(), f.File, terminal.Line(f.Subject()), terminal.Line(detailOf(f)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(report.Findings) > 0 {
		fmt.Fprintln(stdout)
	}
	_, err = fmt.Fprintln(stdout, summaryOf(report))
	return err
}

// detailOf returns a finding's text with its question.
func detailOf(f check.Finding) string {
	detail := strings.Join(strings.Fields(f.Detail), " ")
	if f.Question != "" {
		detail += fmt.Sprintf(" (%s)", f.Question)
	}
	return detail
}

// summaryOf returns the counts in one line.
func summaryOf(report check.Report) string {
	verdict := "no differences"
	if n := len(report.Findings); n > 0 {
		verdict = fmt.Sprintf("%d broken, %d new or unknown", report.Broken(), n-report.Broken())
	}
	text := fmt.Sprintf("%s: %s and the database's %d table(s); %d golden queries checked", verdict, strings.Join(report.Files, ", "), report.Tables, report.Pairs)
	if report.Unchecked > 0 {
		text += fmt.Sprintf(", %d not, because the function's time ended; run defog schema --check without --function for all", report.Unchecked)
	}
	return text
}

// markdownOf returns the report for a pull request.
func markdownOf(report check.Report) string {
	var text strings.Builder
	if len(report.Findings) > 0 {
		text.WriteString("| | file | place | finding |\n|---|---|---|---|\n")
		for _, f := range report.Findings {
			fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", f.Status(), f.File, markdownCell(f.Subject()), markdownCell(detailOf(f)))
		}
		text.WriteString("\n")
	}
	text.WriteString(markdownCell(summaryOf(report)) + "\n")
	return text.String()
}

func markdownCell(text string) string { return terminal.Cell(terminal.Line(text)) }
