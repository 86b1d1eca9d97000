package bigquery

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver"
	"defog-cdk/internal/testserver/bigquery"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/guard/guardtest"
)

// busyQuery runs for hours on a real service.
const busyQuery = "SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 1000000)) AS a CROSS JOIN UNNEST(GENERATE_ARRAY(1, 1000000)) AS b WHERE a * b < 0"

const integerColumn = `[{"name": "n", "type": "INTEGER", "mode": "NULLABLE"}]`

// answer returns the stand-in's result for a statement of the tests.
func answer(sql string) bigquery.Statement {
	var n int
	query := func(schema string, rows ...string) bigquery.Statement {
		return bigquery.Statement{Type: "SELECT", Schema: schema, Rows: len(rows), Row: func(i int) string { return rows[i] }}
	}
	fault := func(status int, reason, message string) bigquery.Statement {
		return bigquery.Statement{Fault: &bigquery.Fault{Status: status, Reason: reason, Message: message}}
	}
	if _, err := fmt.Sscanf(sql, "SELECT n FROM UNNEST(GENERATE_ARRAY(1, %d)) AS n", &n); err == nil {
		row := func(i int) string { return fmt.Sprintf(`{"f": [{"v": "%d"}]}`, i+1) }
		return bigquery.Statement{Type: "SELECT", Schema: integerColumn, Rows: n, Row: row}
	}
	if _, err := fmt.Sscanf(sql, longTextsQuery, &n); err == nil {
		return bigquery.Statement{Type: "SELECT", Schema: `[{"name": "t", "type": "STRING"}]`, Rows: n, Row: func(int) string { return longTextRow }}
	}
	if _, err := fmt.Sscanf(sql, "SELECT REPEAT('x', %d) AS t", &n); err == nil {
		return query(`[{"name": "t", "type": "STRING"}]`, `{"f": [{"v": "`+strings.Repeat("x", n)+`"}]}`)
	}
	for _, c := range types {
		if sql == c.statement() {
			field := strings.Replace(c.field, "{", `{"name": "v", `, 1)
			return query("["+field+"]", `{"f": [{"v": `+c.cell+`}]}`)
		}
	}
	switch sql {
	case "SELECT 1 AS n, 2 AS n_1":
		return query(`[{"name": "n", "type": "INTEGER"}, {"name": "n_1", "type": "INTEGER"}]`, `{"f": [{"v": "1"}, {"v": "2"}]}`)
	case "SELECT 1 AS a, 2 AS b LIMIT 0":
		return query(`[{"name": "a", "type": "INTEGER"}, {"name": "b", "type": "INTEGER"}]`)
	case "SELECT * FROM shop.accounts":
		return query(`[{"name": "id", "type": "INTEGER"}]`, `{"f": [{"v": "1"}]}`)
	case "SELECT * FROM shop.large":
		return bigquery.Statement{Type: "SELECT", Bytes: defaultMaxBytes + 1, Schema: integerColumn}
	case busyQuery:
		return bigquery.Statement{Type: "SELECT", Endless: true, Schema: integerColumn}
	case "SELECT 1 / n FROM UNNEST([1, 0]) AS n":
		return bigquery.Statement{Type: "SELECT", Failure: &bigquery.Fault{Status: 400, Reason: "invalidQuery", Message: "division by zero: 1 / 0"}}
	case "SELECT shop.spend()":
		s := query(integerColumn, `{"f": [{"v": "1"}]}`)
		s.Routines = []string{"shop.spend"}
		return s
	case "SELECT shop.tax(1)":
		s := query(integerColumn, `{"f": [{"v": "1"}]}`)
		s.Routines = []string{"shop.tax"}
		return s
	case "SELECT shop.unknown()", "SELECT shop.py()":
		return bigquery.Statement{Type: "SELECT", Routines: []string{strings.TrimSuffix(strings.TrimPrefix(sql, "SELECT "), "()")}}
	case "SELECT FROM WHERE":
		return fault(400, "invalidQuery", "Syntax error: Unexpected keyword FROM at [1:8]")
	case "SELECT * FROM shop.secret":
		return fault(403, "accessDenied", "Access Denied: Table shop.secret: User does not have permission")
	}
	return fault(404, "notFound", "Not found: Table shop-project:shop.missing was not found")
}

// startServer starts a stand-in and opens a database on it.
func startServer(t *testing.T) (*bigquery.Server, *db) {
	t.Helper()
	server, err := bigquery.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	server.Answer = answer
	server.Routines = map[string]string{
		"shop.tax":   `{"routineType": "SCALAR_FUNCTION", "language": "SQL"}`,
		"shop.spend": `{"routineType": "SCALAR_FUNCTION", "remoteFunctionOptions": {"endpoint": "https://evil.example"}}`,
		"shop.py":    `{"routineType": "SCALAR_FUNCTION", "language": "PYTHON"}`,
	}
	return server, openServer(t, server, nil)
}

func openServer(t *testing.T, server *bigquery.Server, changes connection.Creds) *db {
	t.Helper()
	creds, err := server.Creds()
	if err != nil {
		t.Fatal(err)
	}
	db := databasetest.Open(t, New, creds, changes, "").(*db)
	db.rest.backoff.Pause = time.Millisecond
	return db
}

// newSuite returns the conformance suite with GoogleSQL.
func newSuite(open func(t *testing.T) database.Database) databasetest.Suite {
	return databasetest.Suite{
		Open:       open,
		Types:      suiteTypes(false),
		Counter:    "SELECT n FROM UNNEST(GENERATE_ARRAY(1, %d)) AS n",
		Text:       "SELECT REPEAT('x', %d) AS t",
		Busy:       busyQuery,
		Stopped:    reasonStopped,
		Syntax:     databasetest.Failure{SQL: "SELECT FROM WHERE", Code: "invalidQuery", Message: "Syntax error"},
		Unknown:    databasetest.Failure{SQL: "SELECT * FROM shop.missing", Code: "notFound", Message: "Not found"},
		Failing:    databasetest.Failure{SQL: "SELECT 1 / n FROM UNNEST([1, 0]) AS n", Code: "invalidQuery", Message: "division by zero"},
		Writing:    databasetest.Failure{SQL: "SELECT shop.spend()", Code: "remoteFunction", Message: "runs outside of BigQuery"},
		Accounts:   "SELECT * FROM shop.accounts",
		Duplicates: "SELECT 1 AS n, 2 AS n_1", // BigQuery refuses duplicate names
		Columns:    []string{"n", "n_1"},
		Empty:      "SELECT 1 AS a, 2 AS b LIMIT 0",
	}
}

func TestConformance(t *testing.T) {
	server, _ := startServer(t)
	newSuite(func(t *testing.T) database.Database { return openServer(t, server, nil) }).Run(t)
}

func TestConformanceOnServer(t *testing.T) {
	suite := newSuite(nil)
	suite.Types = suiteTypes(true)
	suite.Writing = databasetest.Failure{SQL: "SELECT spend_all()", Code: "invalidQuery", Message: "Function not found: spend_all"}
	suite.RunOnServer(t, "DEFOG_TEST_BIGQUERY", New)
}

// writesThatRan returns the statements that ran, without SELECT.
func writesThatRan(server *bigquery.Server) string {
	var ran []string
	for _, job := range server.Jobs() {
		if job.Type != "SELECT" {
			ran = append(ran, job.SQL)
		}
	}
	return strings.Join(ran, "\n")
}

func TestRefusesHostileStatements(t *testing.T) {
	server, db := startServer(t)
	server.MayCreate = true // the service accepts every statement
	state := func() string { return writesThatRan(server) }
	databasetest.ExpectRefused(t, db, guardtest.Statements(t, "bigquery/writes.sql", ""), db.query, state)
	for _, sql := range guardtest.Statements(t, "bigquery/writes.sql", "") {
		_, err := db.query(t.Context(), sql, databasetest.Unlimited())
		if failed, ok := errors.AsType[*database.StatementError](err); !ok || !strings.Contains(failed.Message, "only a SELECT may run") {
			t.Errorf("%s: without the guard: got %v", sql, err)
		}
	}
	if jobs := server.Jobs(); len(jobs) > 0 {
		t.Errorf("ran %v", jobs)
	}
}

func TestDryRunRefuses(t *testing.T) {
	server, db := startServer(t)
	databasetest.ExpectFailures(t, db, []databasetest.Failure{
		{SQL: "SELECT * FROM shop.large", Code: "bytesBilledLimitExceeded", Message: "would read 10737418241 bytes, and db_creds.max_bytes_billed allows 10737418240"},
		{SQL: "SELECT shop.spend()", Code: "remoteFunction", Message: "runs outside of BigQuery"},
		{SQL: "SELECT shop.py()", Code: "remoteFunction", Message: "runs outside of BigQuery"},
		{SQL: "SELECT shop.unknown()", Code: "notFound", Message: "Routine"},
		{SQL: "SELECT * FROM shop.secret", Code: "accessDenied", Message: "Access Denied"},
		{SQL: "SELECT FROM WHERE", Code: "invalidQuery", Message: "Syntax error"},
	})
	if jobs := server.Jobs(); len(jobs) > 0 {
		t.Errorf("ran %v", jobs)
	}
	databasetest.MustQuery(t, db, "SELECT shop.tax(1)", databasetest.Unlimited())
	allowing := openServer(t, server, nil)
	allowing.allowed = []string{"shop.py"}
	if _, err := allowing.dryRun(t.Context(), "SELECT shop.py()"); err != nil {
		t.Errorf("a remote function that the setting names: %v", err)
	}
	databasetest.ExpectFailures(t, allowing, []databasetest.Failure{{SQL: "SELECT shop.spend()", Code: "remoteFunction", Message: "add shop.spend to the setting"}})
	databasetest.MustQuery(t, openServer(t, server, connection.Creds{"max_bytes_billed": "20000000000"}), "SELECT * FROM shop.large", databasetest.Unlimited())
}

// The driver requests no page that it does not need.
func TestPages(t *testing.T) {
	server, db := startServer(t)
	before := server.Asked()
	result := databasetest.MustQuery(t, db, "SELECT n FROM UNNEST(GENERATE_ARRAY(1, 12000)) AS n", databasetest.Unlimited())
	var rows [][]int
	if err := json.Unmarshal(result.Data, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 12000 || result.RowCount != 12000 || rows[11999][0] != 12000 || result.Truncated {
		t.Errorf("%d rows, count %d, truncated %v", len(rows), result.RowCount, result.Truncated)
	}
	if n := server.Asked() - before; n != 2+3 {
		t.Errorf("%d requests", n)
	}
	before = server.Asked()
	databasetest.MustQuery(t, db, "SELECT n FROM UNNEST(GENERATE_ARRAY(1, 12000)) AS n", database.Limits{Rows: 10})
	if n := server.Asked() - before; n != 2+1 {
		t.Errorf("%d requests for ten rows", n)
	}
}

func TestContextAndLimitStopJob(t *testing.T) {
	databasetest.RunStops(t, reasonStopped, "SELECT * FROM shop.accounts", func(t *testing.T) databasetest.EndlessStatement {
		server, db := startServer(t)
		return databasetest.EndlessStatement{DB: db, SQL: busyQuery, Running: func() bool { return len(server.Jobs()) > 0 }, Stopped: func(t *testing.T) {
			if diff := cmp.Diff([]bigquery.Job{{SQL: busyQuery, Type: "SELECT", State: "stopped"}}, server.Jobs()); diff != "" {
				t.Error(diff)
			}
		}}
	})
}

// Requests with transient faults are repeated, and the statement runs once.
func TestTransientFaults(t *testing.T) {
	const sql = "SELECT * FROM shop.accounts"
	backend := testserver.Reply(503, `{"error": {"errors": [{"reason": "backendError", "message": "secret"}], "message": "secret"}}`)
	for name, fault := range map[string]http.HandlerFunc{
		"429":         testserver.Reply(429, ""),
		"500":         testserver.Reply(500, "<html>"),
		"503":         backend,
		"rate limit":  testserver.Reply(403, `{"error": {"errors": [{"reason": "rateLimitExceeded"}]}}`),
		"reset":       testserver.Resets,
		"half JSON":   testserver.Reply(200, `{"jobComplete": tr`),
		"HTML":        testserver.Reply(200, `<html>`),
		"old token":   testserver.Reply(401, `{"error": {"errors": [{"reason": "authError"}]}}`),
		"empty reply": testserver.Reply(200, ""),
	} {
		for position := range 3 { // dry run, start, rows
			t.Run(fmt.Sprint(name, position), func(t *testing.T) {
				server, db := startServer(t)
				faults := slices.Repeat([]http.HandlerFunc{server.Serve}, position)
				server.Fail(append(faults, fault)...)
				databasetest.MustQuery(t, db, sql, databasetest.Unlimited())
				if jobs := server.Jobs(); len(jobs) != 1 || jobs[0].SQL != sql {
					t.Errorf("ran %v", jobs)
				}
			})
		}
	}
}

// A request whose reply is lost has started the job.
func TestLostReplyStartsJobOnce(t *testing.T) {
	server, db := startServer(t)
	server.Fail(server.Serve, func(w http.ResponseWriter, r *http.Request) {
		server.Serve(httptest.NewRecorder(), r)
		testserver.Resets(w, r)
	})
	databasetest.MustQuery(t, db, "SELECT * FROM shop.accounts", databasetest.Unlimited())
	if jobs := server.Jobs(); len(jobs) != 1 {
		t.Errorf("ran %v", jobs)
	}
}

func TestPermanentFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault   http.HandlerFunc
		reason  string
		refused bool
	}{
		"503":         {testserver.Reply(503, "secret"), "the server returned code 503", false},
		"quota":       {testserver.Reply(403, `{"error": {"message": "secret", "errors": [{"reason": "quotaExceeded"}]}}`), "the project's quota is exceeded", false},
		"no right":    {testserver.Reply(403, `{"error": {"message": "secret does not have bigquery.jobs.create permission", "errors": [{"reason": "accessDenied"}]}}`), "the account may not run queries", false},
		"redirect":    {testserver.Redirects, "the server returned code 302", false},
		"reset":       {testserver.Resets, "the connection was lost", false},
		"half JSON":   {testserver.Reply(200, `{"secret": `), "the server sent an invalid reply", false},
		"revoked key": {testserver.Reply(401, `{"error": {"message": "secret"}}`), "the server refused the login", true},
	} {
		t.Run(name, func(t *testing.T) {
			server, db := startServer(t)
			server.Fail(slices.Repeat([]http.HandlerFunc{c.fault}, 3*database.DefaultBackoff().Tries)...) // net/http repeats requests too
			_, err := db.Query(t.Context(), "SELECT * FROM shop.accounts", databasetest.Unlimited())
			databasetest.ExpectConnectionError(t, err, c.reason, c.refused)
		})
	}
}

// The service may still run a job whose rows it does not send.
func TestFaultOfRowsStopsJob(t *testing.T) {
	server, db := startServer(t)
	fails := slices.Repeat([]http.HandlerFunc{testserver.Reply(503, "")}, database.DefaultBackoff().Tries)
	server.Fail(append([]http.HandlerFunc{server.Serve, server.Serve}, fails...)...)
	_, err := db.Query(t.Context(), busyQuery, databasetest.Unlimited())
	if _, ok := errors.AsType[*database.ConnectionError](err); !ok {
		t.Errorf("got %v, want a ConnectionError", err)
	}
	if jobs := server.Jobs(); len(jobs) != 1 || jobs[0].State != "stopped" {
		t.Errorf("on the server: %v", jobs)
	}
}

func TestServerHangs(t *testing.T) {
	for position := range 3 {
		server, db := startServer(t)
		databasetest.MustQuery(t, db, "SELECT * FROM shop.accounts", databasetest.Unlimited())
		server.Fail(append(slices.Repeat([]http.HandlerFunc{server.Serve}, position), testserver.Hangs)...)
		databasetest.ExpectDeadline(t, db, "SELECT * FROM shop.accounts")
		databasetest.MustQuery(t, db, "SELECT * FROM shop.accounts", databasetest.Unlimited())
	}
}

// A revoked token is replaced; a replaced key is a refused login.
func TestKeyRotation(t *testing.T) {
	server, db := startServer(t)
	databasetest.MustQuery(t, db, "SELECT * FROM shop.accounts", databasetest.Unlimited())
	server.Revoke()
	databasetest.MustQuery(t, db, "SELECT * FROM shop.accounts", databasetest.Unlimited()) // with a new token
	if err := server.Rotate(); err != nil {
		t.Fatal(err)
	}
	databasetest.ExpectRefusedLogin(t, db, "SELECT * FROM shop.accounts")
	databasetest.MustQuery(t, openServer(t, server, nil), "SELECT * FROM shop.accounts", databasetest.Unlimited())
}

func TestReadOnlyCheckReportsPrivileges(t *testing.T) {
	server, db := startServer(t)
	privileges, err := db.CheckReadOnly(t.Context())
	if err != nil || len(privileges.Writes) > 0 {
		t.Errorf("reader: got %v, %v", privileges.Writes, err)
	}
	server.MayCreate = true
	privileges, err = db.CheckReadOnly(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"new datasets in the project shop-project", "new tables in the dataset shop"}
	if diff := cmp.Diff(want, privileges.Writes); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"roles/bigquery.jobUser", "GRANT `roles/bigquery.dataViewer` ON SCHEMA `shop-project`.`shop`"} {
		if !strings.Contains(strings.Join(privileges.Grants, "\n"), want) {
			t.Errorf("%q lacks %q", privileges.Grants, want)
		}
	}
	if jobs := server.Jobs(); len(jobs) > 0 {
		t.Errorf("the check ran %v", jobs)
	}
}

// The check fails for a service that reports a write as a SELECT.
func TestReadOnlyCheckFailsForAcceptedWrite(t *testing.T) {
	_, db := startServer(t)
	accepting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply := `{"statistics": {"query": {"statementType": "SELECT"}}}`
		if r.Method == http.MethodGet {
			reply = `{"jobComplete": true, "schema": {"fields": []}}`
		}
		_, _ = w.Write([]byte(reply))
	}))
	t.Cleanup(accepting.Close)
	databasetest.MustQuery(t, db, "SELECT * FROM shop.accounts", databasetest.Unlimited())
	db.rest.config.endpoint = accepting.URL
	if _, err := db.CheckReadOnly(t.Context()); !errors.As(err, new(*database.WritableError)) {
		t.Errorf("got %v, want a WritableError", err)
	}
}

func TestUnreachableServer(t *testing.T) {
	server, _ := startServer(t)
	untrusted := httptest.NewTLSServer(nil)
	t.Cleanup(untrusted.Close)
	open := func(changes connection.Creds) database.Database { return openServer(t, server, changes) }
	databasetest.ExpectUnreachable(t, open, []databasetest.Unreachable{
		{Creds: connection.Creds{"endpoint": "http://127.0.0.1:1"}, Reason: "the server could not be reached"},
		{Creds: connection.Creds{"token_uri": "http://127.0.0.1:1/token"}, Reason: "the server could not be reached"},
		{Creds: connection.Creds{"endpoint": "https://no-such-host.invalid"}, Reason: "the host name could not be resolved"},
		{Creds: connection.Creds{"endpoint": untrusted.URL}, Reason: "the server's TLS certificate could not be verified"},
		{Creds: connection.Creds{"token_uri": untrusted.URL}, Reason: "the server's TLS certificate could not be verified"},
	})
}

func TestInvalidCredentials(t *testing.T) {
	server, _ := startServer(t)
	valid, err := server.Creds()
	if err != nil {
		t.Fatal(err)
	}
	databasetest.ExpectInvalidCreds(t, New, valid, []databasetest.InvalidCreds{
		{Creds: connection.Creds{"json_key_path": "/home/secret/key.json"}, Want: "names a file of another machine"},
		{Creds: connection.Creds{"client_email": ""}, Want: "db_creds.client_email: missing"},
		{Creds: connection.Creds{"private_key": "secret"}, Want: "not PEM"},
		{Creds: connection.Creds{"private_key": "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"}, Want: "not an RSA key"},
		{Creds: connection.Creds{"max_bytes_billed": "0"}, Want: "want a number of bytes, from 1"},
	})
}
