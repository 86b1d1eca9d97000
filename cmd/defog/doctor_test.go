package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/doctor"
)

const dbPassword = "password-of-the-database"

// writeConnection writes a connection without a database and with a generator at
// url. It returns the file and its content.
func writeConnection(t *testing.T, url string) (file, content string) {
	t.Helper()
	return writePostgresConnection(t, connection.Creds{}, url)
}

func writePostgresConnection(t *testing.T, creds connection.Creds, url string) (file, content string) {
	t.Helper()
	data, err := json.Marshal(connection.Connection{APIKey: dbPassword, DBType: "postgres", DBCreds: creds, BaseURL: url})
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "connection.json")
	writeFile(t, file, string(data))
	return file, string(data)
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func serveNothing(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	return server.URL
}

// serveDefog serves a generator that answers the doctor's question.
func serveDefog(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(&generator.Server{APIKey: dbPassword, SQL: map[string]string{"What is the current date?": "SELECT current_date"}})
	t.Cleanup(server.Close)
	return server.URL
}

// runDoctor runs the subcommand and returns its report.
func runDoctor(t *testing.T, args ...string) (code int, report doctor.Report, stderr string) {
	t.Helper()
	var stdout, errors bytes.Buffer
	code = run(t.Context(), append([]string{"doctor", "--json"}, args...), &stdout, &errors)
	if stdout.Len() > 0 {
		if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
			t.Fatalf("%v in %s", err, &stdout)
		}
	}
	if strings.Contains(stdout.String()+errors.String(), dbPassword) {
		t.Errorf("printed a secret: %s%s", &stdout, &errors)
	}
	return code, report, errors.String()
}

func status(report doctor.Report, check string) doctor.Status {
	for _, f := range report.Findings {
		if f.Check == check {
			return f.Status
		}
	}
	return ""
}

func TestDoctorChecksLocally(t *testing.T) {
	newAWS(t)
	writeFile(t, "lambda/query/dependencies/rds-ca.pem", "")
	file, _ := writeConnection(t, serveDefog(t))
	code, report, stderr := runDoctor(t, "-c", "connection_file="+file)
	if code != 0 || !report.Healthy || status(report, "generator") != doctor.OK || status(report, "answer") != doctor.OK {
		t.Errorf("got code %d, %+v, %s", code, report, stderr)
	}
	gone, _ := writeConnection(t, serveNothing(t))
	code, report, stderr = runDoctor(t, "-c", "connection_file="+gone)
	if code != 1 || status(report, "generator") != doctor.OK || status(report, "answer") != doctor.Failed {
		t.Errorf("without the API: got code %d, %+v, %s", code, report, stderr)
	}
	code, report, stderr = runDoctor(t, "-c", "connection_file=none.json")
	if code != 1 || status(report, "credentials") != doctor.Failed || !strings.Contains(stderr, "see the failed checks") {
		t.Errorf("without a connection file: got code %d, %+v, %s", code, report, stderr)
	}
}

func TestDoctorReadsTheSecret(t *testing.T) {
	aws := newAWS(t)
	writeFile(t, "lambda/query/dependencies/rds-ca.pem", "")
	_, content := writeConnection(t, serveDefog(t))
	answer, err := json.Marshal(map[string]string{"SecretString": content})
	if err != nil {
		t.Fatal(err)
	}
	aws.answer = string(answer)
	settings := []string{"-c", "credentials_secret=prod/defog", "-c", "db_type=postgres"}
	if code, report, stderr := runDoctor(t, settings...); code != 0 || !strings.Contains(report.Findings[0].Detail, "prod/defog") {
		t.Errorf("got code %d, %+v, %s", code, report, stderr)
	}
	aws.status, aws.answer = http.StatusBadRequest, `{"__type":"AccessDeniedException","message":"no"}`
	if code, report, _ := runDoctor(t, settings...); code != 1 || !strings.Contains(report.Findings[0].Detail, "AccessDeniedException") {
		t.Errorf("without access: got code %d, %+v", code, report)
	}
}

func TestDoctorReadsTheDependenciesOfTheSettings(t *testing.T) {
	newAWS(t)
	writeFile(t, "lambda/query/dependencies/rds-ca.pem", "")
	file, _ := writeConnection(t, serveNothing(t))
	const pairs = `[{"question": "How many customers are there?", "sql": "SELECT count(*) FROM customers"}]`
	writeFile(t, "folder/golden.json", pairs)
	archive, err := os.Create("deps.zip")
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(archive)
	if member, err := w.Create("golden.json"); err != nil {
		t.Fatal(err)
	} else if _, err := io.WriteString(member, pairs); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	writeFile(t, "empty/other", "")
	for source, want := range map[string]doctor.Status{"folder": doctor.OK, "deps.zip": doctor.OK, "empty": doctor.Failed} {
		_, report, stderr := runDoctor(t, "-c", "connection_file="+file, "-c", "generator=golden", "-c", "function_source_dependencies_zip="+source)
		if got := status(report, "golden.json"); got != want {
			t.Errorf("%s: got %s: %+v %s", source, got, report, stderr)
		}
	}
}

// The folder that the driver reads is temporary.
func TestDoctorNamesJournalAmongTheDependencies(t *testing.T) {
	newAWS(t)
	writeFile(t, "lambda/query/dependencies/rds-ca.pem", "")
	writeFile(t, "connection.json", `{"db_type":"sqlite","db_creds":{"database":"shop.db"}}`)
	writeFile(t, "folder/golden.json", "[]")
	writeFile(t, "folder/shop.db", "")
	writeFile(t, "folder/shop.db-wal", strings.Repeat("w", 33))
	_, report, stderr := runDoctor(t, "-c", "connection_file=connection.json", "-c", "generator=golden", "-c", "function_source_dependencies_zip=folder")
	for _, f := range report.Findings {
		if f.Check == "login" && strings.HasPrefix(f.Detail, "shop.db-wal: holds changes") && strings.Contains(f.Advice, "dependencies") {
			return
		}
	}
	t.Errorf("got %+v %s, want a finding about shop.db-wal", report, stderr)
}

func TestDoctorSeparatesProblemsOfOneFile(t *testing.T) {
	newAWS(t)
	writeFile(t, "lambda/query/dependencies/rds-ca.pem", "")
	writeFile(t, "connection.json", `{"db_type":"postgres","api_key":"your Defog API key","db_creds":{"host":"postgres://db/shop"}}`)
	var stdout, stderr bytes.Buffer
	run(t.Context(), []string{"doctor", "-c", "connection_file=connection.json"}, &stdout, &stderr)
	if text := stdout.String(); !strings.Contains(text, "api_key") || !strings.Contains(text, "connection.json: db_creds.host: a URL; want the host name alone; ") || strings.Contains(text, `\n`) {
		t.Errorf("got %s %s, want the problems on one line with semicolons", text, &stderr)
	}
}

func TestDoctorFollowsAllowPrivilegedLogin(t *testing.T) {
	server := postgres.Start(t) // before newAWS, which changes the folder
	newAWS(t)
	testDoctorSettings(t, server.Creds(), serveNothing(t), "login rights", map[string]doctor.Status{
		"allow_privileged_login=false": doctor.Failed, "allow_privileged_login=true": doctor.Warning,
	})
}

// testDoctorSettings tests the status of a check in a PostgreSQL, by setting.
func testDoctorSettings(t *testing.T, creds connection.Creds, url, check string, settings map[string]doctor.Status) {
	t.Helper()
	writeFile(t, "lambda/query/dependencies/rds-ca.pem", "")
	file, _ := writePostgresConnection(t, creds, url)
	for setting, want := range settings {
		_, report, stderr := runDoctor(t, "-c", "connection_file="+file, "-c", setting)
		if got := status(report, check); got != want {
			t.Errorf("%s: got %q, want %q: %+v %s", setting, got, want, report, stderr)
		}
	}
}

func TestDoctorInvokesTheDeployedFunction(t *testing.T) {
	aws := newAWS(t)
	aws.answer = `{"healthy":false,"findings":[{"check":"port","status":"failed","detail":"nothing answers\u001b[2J","advice":"Look."}]}`
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"doctor", "--function", "shop-prod-query"}, &stdout, &stderr)
	if want := "failed  port  nothing answers\\x1b[2J → Look.\n"; code != 1 || stdout.String() != want {
		t.Errorf("got code %d, %q %s", code, stdout.String(), &stderr)
	}
	if aws.body != `{"doctor": true}` || aws.asked.URL.Path != "/2015-03-31/functions/shop-prod-query/invocations" {
		t.Errorf("sent %s to %s", aws.body, aws.asked.URL.Path)
	}
	aws.answer = `{"errorMessage":"no"}`
	if code, _, stderr := runDoctor(t, "--function", "other"); code != 1 || !strings.Contains(stderr, "is not the report of a query function") {
		t.Errorf("another function: got code %d, %s", code, stderr)
	}
}

func TestDoctorAdvisesReservedConcurrency(t *testing.T) {
	server := postgres.Start(t) // before newAWS, which changes the folder
	newAWS(t)
	testDoctorSettings(t, server.ReaderCreds(), serveDefog(t), "connections", map[string]doctor.Status{
		"lambda_timeout=29": doctor.Warning, "reserved_concurrency=10": doctor.OK, "reserved_concurrency=2000": doctor.Warning,
	})
}
