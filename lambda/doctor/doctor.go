// Package doctor checks what the query function depends on: credentials, files,
// database, generator and clock. Each finding has a status and, for a problem,
// the advice that fixes it.
package doctor

import (
	"context"
	"errors"
	"slices"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/rowsecurity"
	"defog-cdk/internal/sqlitefile"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
)

// stepTime is the timeout of one check.
const stepTime = 5 * time.Second

// Status is the outcome of one check.
type Status string

// The statuses. Only a failed check makes a report unhealthy.
const (
	OK      Status = "ok"
	Warning Status = "warning" // the function answers questions; a change is recommended
	Failed  Status = "failed"  // the function cannot answer questions
	Skipped Status = "skipped" // the check does not apply, or an earlier check failed
)

// Finding is the result of one check.
type Finding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	Detail string `json:"detail"`
	Advice string `json:"advice,omitempty"`
}

// Report lists the findings in the order of the checks. It holds no credentials.
type Report struct {
	Healthy  bool      `json:"healthy"`
	Findings []Finding `json:"findings"`
}

// Target is the configuration to check.
type Target struct {
	// Credentials returns the connection. Its error must not hold a secret.
	Credentials func(context.Context) (connection.Connection, error)
	// Source is the name of what Credentials reads, for messages.
	Source string
	// Files returns the folder with the dependencies, or "" without any.
	Files func(context.Context) (string, error)
	// Generator is the type of SQL generator (defog, golden, bedrock, openai).
	// GeneratorURL is its URL; "" selects the connection's, or else the
	// generator's default. GeneratorRegion is the AWS region of Bedrock.
	Generator, GeneratorURL, GeneratorRegion string
	// NewGenerator returns the generator for a question. Without it, there is none.
	NewGenerator func(ctx context.Context, conn connection.Connection, folder string) (generate.Generator, error)
	// Drivers holds the drivers of this program.
	Drivers database.Drivers
	// Token returns a database login token for a user without a password: see
	// database.Options.
	Token func(ctx context.Context, endpoint, user string) (string, error)
	// PrivilegedLogin accepts a database user with unsafe powers.
	PrivilegedLogin bool
	// RowSecurity is how the database limits rows by caller, and Roles are those that a
	// caller can have.
	RowSecurity rowsecurity.Mode
	Roles       []string
	// Concurrency is how many environments the function can have at a time; 0 if that
	// is unknown.
	Concurrency int

	// Samples is the setting samples: an environment keeps a connection for each.
	Samples int
}

// Examine runs each check whose prerequisites succeeded.
func Examine(ctx context.Context, target Target) Report {
	var findings []Finding
	add := func(more ...Finding) { findings = append(findings, more...) }

	conn, err := within(ctx, stepTime, target.Credentials)
	if err != nil {
		add(Finding{"credentials", Failed, err.Error(), "Correct " + target.Source + ", or grant permission to read it."})
	} else {
		add(Finding{"credentials", OK, "read from " + target.Source, ""})
	}
	connected := err == nil
	folder, filesErr := within(ctx, 2*stepTime, target.Files)
	add(target.examineFiles(folder, filesErr)...)

	switch {
	case !connected:
		add(Finding{"database", Skipped, "no credentials", ""})
	case len(conn.DBCreds) == 0:
		add(Finding{"database", Skipped, "db_creds is empty: the function generates SQL and does not run it", ""})
	default:
		add(target.examineDatabase(ctx, conn, database.Options{Directory: folder, Token: target.Token})...)
	}
	if connected {
		add(target.examineGenerator(ctx, conn)...)
		add(target.examineAnswer(ctx, conn, folder)...)
	} else {
		add(Finding{"generator", Skipped, "no credentials", ""})
	}
	return Report{
		Healthy:  !slices.ContainsFunc(findings, func(f Finding) bool { return f.Status == Failed }),
		Findings: findings,
	}
}

// within runs step with a timeout, so that one step leaves time for the others.
func within[T any](ctx context.Context, limit time.Duration, step func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return step(ctx)
}

// examineDatabase checks the network, the login and the user's privileges.
func (target Target) examineDatabase(ctx context.Context, conn connection.Connection, options database.Options) []Finding {
	findings, reached := examineNetwork(ctx, conn)
	if !reached {
		return findings
	}
	if err := conn.CheckSQLite(); err != nil {
		findings = append(findings, Finding{"file", Warning, err.Error(), "Name it in db_creds.database, and the folder in function_source_dependencies_zip."})
	}
	db, err := target.Drivers.Open(conn, options)
	if journal, ok := errors.AsType[*sqlitefile.JournalError](err); ok {
		// The folder is temporary, so that the error names the file as the dependencies do.
		found := &sqlitefile.JournalError{Database: conn.DBCreds.Text("database"), Suffix: journal.Suffix}
		return append(findings, Finding{"login", Failed, found.Error(), "Replace the file in the dependencies."})
	}
	if err != nil {
		return append(findings, Finding{"login", Failed, err.Error(), "Correct db_creds in connection.json."})
	}
	defer db.Close()
	login, loggedIn := examineLogin(ctx, db, conn)
	findings = append(findings, login...)
	if loggedIn {
		findings = append(findings, examineRights(ctx, db, target.PrivilegedLogin)...)
		findings = append(findings, target.examineRowSecurity(ctx, db, conn.DBType)...)
		findings = append(findings, target.examineConnections(ctx, db, options.Directory)...)
	}
	return findings
}
