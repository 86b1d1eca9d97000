// Package doctor examines, step by step, what the query function depends on:
// credentials, files, database, generator and clock. Of each step it says how
// it went and, where something is wrong, what to do.
package doctor

import (
	"context"
	"slices"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// stepTime is how long one step may take.
const stepTime = 5 * time.Second

// Status says how a step went.
type Status string

// The statuses. Only a failed step makes a report unhealthy.
const (
	OK      Status = "ok"
	Warning Status = "warning" // questions are answered, and something should be changed
	Failed  Status = "failed"  // questions are not answered
	Skipped Status = "skipped" // there is nothing to examine, or an earlier step failed
)

// Finding is what one step found.
type Finding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	Detail string `json:"detail"`
	Advice string `json:"advice,omitempty"`
}

// Report is all that was found, in the order of the steps. It holds no
// credentials.
type Report struct {
	Healthy  bool      `json:"healthy"`
	Findings []Finding `json:"findings"`
}

// Patient is what to examine.
type Patient struct {
	// Credentials returns the connection. Its error must be fit to be shown.
	Credentials func(context.Context) (connection.Connection, error)
	// Source says where Credentials reads.
	Source string
	// Files returns the folder with the dependencies, "" when there are none.
	Files func(context.Context) (string, error)
	// Generator is who writes the SQL, and GeneratorURL where it is; "" is
	// what the connection says, or the generator's own place. Bedrock's is in
	// GeneratorRegion.
	Generator, GeneratorURL, GeneratorRegion string
	// Token is how the database knows the user when there is no password: see
	// database.Surroundings.
	Token func(ctx context.Context, endpoint, user string) (string, error)
}

// Examine takes every step that the ones before it allow.
func Examine(ctx context.Context, p Patient) Report {
	var findings []Finding
	add := func(more ...Finding) { findings = append(findings, more...) }

	conn, err := within(ctx, stepTime, p.Credentials)
	if err != nil {
		add(Finding{"credentials", Failed, err.Error(), "Correct " + p.Source + ", or the right to read it."})
	} else {
		add(Finding{"credentials", OK, "read from " + p.Source, ""})
	}
	known := err == nil
	folder, filesErr := within(ctx, 2*stepTime, p.Files)
	add(p.examineFiles(folder, filesErr)...)

	switch {
	case !known:
		add(Finding{"database", Skipped, "there are no credentials", ""})
	case len(conn.DBCreds) == 0:
		add(Finding{"database", Skipped, "db_creds is empty: SQL is written and not run", ""})
	default:
		add(examineDatabase(ctx, conn, database.Surroundings{Directory: folder, Token: p.Token})...)
	}
	if known {
		add(p.examineGenerator(ctx, conn)...)
	} else {
		add(Finding{"generator", Skipped, "there are no credentials", ""})
	}
	return Report{
		Healthy:  !slices.ContainsFunc(findings, func(f Finding) bool { return f.Status == Failed }),
		Findings: findings,
	}
}

// within takes a step that may not use up the time of the others.
func within[T any](ctx context.Context, limit time.Duration, step func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return step(ctx)
}

// examineDatabase goes from the network up to what the database's user may do.
func examineDatabase(ctx context.Context, conn connection.Connection, around database.Surroundings) []Finding {
	findings, reached := examineNetwork(ctx, conn)
	if !reached {
		return findings
	}
	db, err := database.Open(conn, around)
	if err != nil {
		return append(findings, Finding{"login", Failed, err.Error(), "Correct db_creds in connection.json."})
	}
	defer db.Close()
	login, loggedIn := examineLogin(ctx, db, conn)
	findings = append(findings, login...)
	if loggedIn {
		findings = append(findings, examineRights(ctx, db)...)
	}
	return findings
}
