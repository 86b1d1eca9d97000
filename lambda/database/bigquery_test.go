//go:build !onedriver || bigquery

package database

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
	"defog-cdk/lambda/database/guard/guardtest"
)

const integerColumn = `[{"name": "n", "type": "INTEGER", "mode": "NULLABLE"}]`

// answerBigQuery is what the stand-in's statements do.
func answerBigQuery(sql string) bigquery.Statement {
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
	if _, err := fmt.Sscanf(sql, "SELECT REPEAT('x', %d) AS t", &n); err == nil {
		return query(`[{"name": "t", "type": "STRING"}]`, `{"f": [{"v": "`+strings.Repeat("x", n)+`"}]}`)
	}
	for _, c := range bigqueryTypes {
		if sql == "SELECT "+c.name {
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
		return bigquery.Statement{Type: "SELECT", Bytes: defaultBytesBilled + 1, Schema: integerColumn}
	case "SELECT COUNT(*) FROM shop.endless":
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

// startBigQuery starts a service and returns a database that asks it.
func startBigQuery(t *testing.T) (*bigquery.Server, *bigqueryDatabase) {
	t.Helper()
	server, err := bigquery.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	server.Answer = answerBigQuery
	server.Routines = map[string]string{
		"shop.tax":   `{"routineType": "SCALAR_FUNCTION", "language": "SQL"}`,
		"shop.spend": `{"routineType": "SCALAR_FUNCTION", "remoteFunctionOptions": {"endpoint": "https://evil.example"}}`,
		"shop.py":    `{"routineType": "SCALAR_FUNCTION", "language": "PYTHON"}`,
	}
	return server, askBigQuery(t, server, nil)
}

func askBigQuery(t *testing.T, server *bigquery.Server, changes connection.Creds) *bigqueryDatabase {
	t.Helper()
	creds, err := server.Creds()
	if err != nil {
		t.Fatal(err)
	}
	db := openChanged(t, "bigquery", creds, changes, "").(*bigqueryDatabase)
	db.rest.retry.pause = time.Millisecond
	return db
}

func TestBigQueryConforms(t *testing.T) {
	server, _ := startBigQuery(t)
	var types []typeCase
	for _, c := range bigqueryTypes {
		types = append(types, typeCase{c.name, "SELECT " + c.name, "[[" + c.data + "]]"})
	}
	conform(t, dialectUnderTest{
		open:       func(t *testing.T) Database { return askBigQuery(t, server, nil) },
		types:      types,
		counter:    "SELECT n FROM UNNEST(GENERATE_ARRAY(1, %d)) AS n",
		text:       "SELECT REPEAT('x', %d) AS t",
		busy:       "SELECT COUNT(*) FROM shop.endless",
		syntax:     "SELECT FROM WHERE",
		unknown:    "SELECT * FROM shop.missing",
		failing:    "SELECT 1 / n FROM UNNEST([1, 0]) AS n",
		writing:    "SELECT shop.spend()",
		accounts:   "SELECT * FROM shop.accounts",
		duplicates: "SELECT 1 AS n, 2 AS n_1", // the service refuses two of one name
		columns:    []string{"n", "n_1"},
		empty:      "SELECT 1 AS a, 2 AS b LIMIT 0",
	})
}

// bigqueryRan returns the statements that ran and were no SELECT.
func bigqueryRan(server *bigquery.Server) string {
	var ran []string
	for _, job := range server.Jobs() {
		if job.Type != "SELECT" {
			ran = append(ran, job.SQL)
		}
	}
	return strings.Join(ran, "\n")
}

func TestBigQueryRefusesHostileStatements(t *testing.T) {
	server, db := startBigQuery(t)
	server.MayCreate = true // the service lets everything pass that it is asked for
	state := func() string { return bigqueryRan(server) }
	expectRefused(t, db, guardtest.Statements(t, "bigquery/writes.sql", ""), true, state)
	for _, sql := range guardtest.Statements(t, "bigquery/writes.sql", "") {
		_, err := db.query(t.Context(), sql, unlimited)
		if failed, ok := errors.AsType[*StatementError](err); !ok || !strings.Contains(failed.Message, "only a SELECT may run") {
			t.Errorf("%s: without the guard: got %v", sql, err)
		}
	}
	if jobs := server.Jobs(); len(jobs) > 0 {
		t.Errorf("ran %v", jobs)
	}
}

func TestBigQueryRehearsal(t *testing.T) {
	server, db := startBigQuery(t)
	expectFailures(t, db, []failingCase{
		{"SELECT * FROM shop.large", "bytesBilledLimitExceeded", "would read 10737418241 bytes, and db_creds.max_bytes_billed allows 10737418240"},
		{"SELECT shop.spend()", "remoteFunction", "runs outside of BigQuery"},
		{"SELECT shop.py()", "remoteFunction", "runs outside of BigQuery"},
		{"SELECT shop.unknown()", "notFound", "Routine"},
		{"SELECT * FROM shop.secret", "accessDenied", "Access Denied"},
		{"SELECT FROM WHERE", "invalidQuery", "Syntax error"},
	})
	if jobs := server.Jobs(); len(jobs) > 0 {
		t.Errorf("ran %v", jobs)
	}
	mustQuery(t, db, "SELECT shop.tax(1)", unlimited)
	mustQuery(t, askBigQuery(t, server, connection.Creds{"max_bytes_billed": "20000000000"}), "SELECT * FROM shop.large", unlimited)
}

// Rows come by pages, and no page is asked for that is not needed.
func TestBigQueryPages(t *testing.T) {
	server, db := startBigQuery(t)
	before := server.Asked()
	result := mustQuery(t, db, "SELECT n FROM UNNEST(GENERATE_ARRAY(1, 12000)) AS n", unlimited)
	var rows [][]int
	if err := json.Unmarshal(result.Data, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 12000 || result.RowCount != 12000 || rows[11999][0] != 12000 || result.Truncated {
		t.Errorf("%d rows, count %d, truncated %v", len(rows), result.RowCount, result.Truncated)
	}
	if asked := server.Asked() - before; asked != 2+3 {
		t.Errorf("asked %d times", asked)
	}
	before = server.Asked()
	mustQuery(t, db, "SELECT n FROM UNNEST(GENERATE_ARRAY(1, 12000)) AS n", Limits{Rows: 10})
	if asked := server.Asked() - before; asked != 2+1 {
		t.Errorf("asked %d times for ten rows", asked)
	}
}

func TestBigQueryStopsTheJob(t *testing.T) {
	const busy = "SELECT COUNT(*) FROM shop.endless"
	testStops(t, bigqueryStopped, "SELECT * FROM shop.accounts", func(t *testing.T) endlessStatement {
		server, db := startBigQuery(t)
		return endlessStatement{db, busy, func() bool { return len(server.Jobs()) > 0 }, func(t *testing.T) {
			if diff := cmp.Diff([]bigquery.Job{{SQL: busy, Type: "SELECT", State: "stopped"}}, server.Jobs()); diff != "" {
				t.Error(diff)
			}
		}}
	})
}

// What passes by itself is tried again, and a statement runs once for it.
func TestBigQueryFaultsThatPass(t *testing.T) {
	const sql = "SELECT * FROM shop.accounts"
	backend := testserver.Says(503, `{"error": {"errors": [{"reason": "backendError", "message": "secret"}], "message": "secret"}}`)
	for name, fault := range map[string]http.HandlerFunc{
		"429":         testserver.Says(429, ""),
		"500":         testserver.Says(500, "<html>"),
		"503":         backend,
		"rate limit":  testserver.Says(403, `{"error": {"errors": [{"reason": "rateLimitExceeded"}]}}`),
		"reset":       testserver.Resets,
		"half JSON":   testserver.Says(200, `{"jobComplete": tr`),
		"HTML":        testserver.Says(200, `<html>`),
		"old token":   testserver.Says(401, `{"error": {"errors": [{"reason": "authError"}]}}`),
		"empty reply": testserver.Says(200, ""),
	} {
		for position := range 3 { // rehearsal, start, rows
			t.Run(fmt.Sprint(name, position), func(t *testing.T) {
				server, db := startBigQuery(t)
				faults := slices.Repeat([]http.HandlerFunc{server.Serve}, position)
				server.Fail(append(faults, fault)...)
				mustQuery(t, db, sql, unlimited)
				if jobs := server.Jobs(); len(jobs) != 1 || jobs[0].SQL != sql {
					t.Errorf("ran %v", jobs)
				}
			})
		}
	}
}

// A reply that got lost on its way has started the job all the same.
func TestBigQueryStartsAJobOnce(t *testing.T) {
	server, db := startBigQuery(t)
	server.Fail(server.Serve, func(w http.ResponseWriter, r *http.Request) {
		server.Serve(httptest.NewRecorder(), r)
		testserver.Resets(w, r)
	})
	mustQuery(t, db, "SELECT * FROM shop.accounts", unlimited)
	if jobs := server.Jobs(); len(jobs) != 1 {
		t.Errorf("ran %v", jobs)
	}
}

func TestBigQueryFaultsThatStay(t *testing.T) {
	for name, c := range map[string]struct {
		fault   http.HandlerFunc
		reason  string
		refused bool
	}{
		"503":         {testserver.Says(503, "secret"), "refused it with code 503", false},
		"quota":       {testserver.Says(403, `{"error": {"message": "secret", "errors": [{"reason": "quotaExceeded"}]}}`), "its quota is used up", false},
		"no right":    {testserver.Says(403, `{"error": {"message": "secret does not have bigquery.jobs.create permission", "errors": [{"reason": "accessDenied"}]}}`), "its user may not run queries", false},
		"redirect":    {testserver.Redirects, "refused it with code 302", false},
		"reset":       {testserver.Resets, "it was lost", false},
		"half JSON":   {testserver.Says(200, `{"secret": `), "its answer is not what the protocol promises", false},
		"revoked key": {testserver.Says(401, `{"error": {"message": "secret"}}`), "the login was refused", true},
	} {
		t.Run(name, func(t *testing.T) {
			server, db := startBigQuery(t)
			server.Fail(slices.Repeat([]http.HandlerFunc{c.fault}, 3*usualRetry.tries)...) // net/http tries again by itself
			_, err := db.Query(t.Context(), "SELECT * FROM shop.accounts", unlimited)
			expectConnectionFailure(t, err, c.reason, c.refused)
		})
	}
}

// A service that fails to hand out rows may still work on the job.
func TestBigQueryStopsAJobWhoseRowsDoNotCome(t *testing.T) {
	server, db := startBigQuery(t)
	fails := slices.Repeat([]http.HandlerFunc{testserver.Says(503, "")}, usualRetry.tries)
	server.Fail(append([]http.HandlerFunc{server.Serve, server.Serve}, fails...)...)
	_, err := db.Query(t.Context(), "SELECT COUNT(*) FROM shop.endless", unlimited)
	if _, ok := errors.AsType[*ConnectionError](err); !ok {
		t.Errorf("got %v, want a ConnectionError", err)
	}
	if jobs := server.Jobs(); len(jobs) != 1 || jobs[0].State != "stopped" {
		t.Errorf("on the server: %v", jobs)
	}
}

func TestBigQueryHangs(t *testing.T) {
	for position := range 3 {
		server, db := startBigQuery(t)
		mustQuery(t, db, "SELECT * FROM shop.accounts", unlimited)
		server.Fail(append(slices.Repeat([]http.HandlerFunc{server.Serve}, position), testserver.Hangs)...)
		expectDeadline(t, db, "SELECT * FROM shop.accounts")
		mustQuery(t, db, "SELECT * FROM shop.accounts", unlimited)
	}
}

// Another key is a refused login; what is open with the old one ends.
func TestBigQueryRotation(t *testing.T) {
	server, db := startBigQuery(t)
	mustQuery(t, db, "SELECT * FROM shop.accounts", unlimited)
	server.Revoke()
	mustQuery(t, db, "SELECT * FROM shop.accounts", unlimited) // the key opens anew
	if err := server.Rotate(); err != nil {
		t.Fatal(err)
	}
	expectRefusedLogin(t, db, "SELECT * FROM shop.accounts")
	mustQuery(t, askBigQuery(t, server, nil), "SELECT * FROM shop.accounts", unlimited)
}

func TestBigQueryRights(t *testing.T) {
	server, db := startBigQuery(t)
	rights, err := db.Prove(t.Context())
	if err != nil || len(rights.Writes) > 0 {
		t.Errorf("reader: got %v, %v", rights.Writes, err)
	}
	server.MayCreate = true
	rights, err = db.Prove(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"new datasets in the project shop-project", "new tables in the dataset shop"}
	if diff := cmp.Diff(want, rights.Writes); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"roles/bigquery.jobUser", "GRANT `roles/bigquery.dataViewer` ON SCHEMA `shop-project`.`shop`"} {
		if !strings.Contains(strings.Join(rights.Grants, "\n"), want) {
			t.Errorf("%q does not say %q", rights.Grants, want)
		}
	}
	if jobs := server.Jobs(); len(jobs) > 0 {
		t.Errorf("the proof ran %v", jobs)
	}
}

// A service that calls a write a SELECT lets the proof's write pass.
func TestBigQueryProofFails(t *testing.T) {
	_, db := startBigQuery(t)
	lying := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply := `{"statistics": {"query": {"statementType": "SELECT"}}}`
		if r.Method == http.MethodGet {
			reply = `{"jobComplete": true, "schema": {"fields": []}}`
		}
		_, _ = w.Write([]byte(reply))
	}))
	t.Cleanup(lying.Close)
	mustQuery(t, db, "SELECT * FROM shop.accounts", unlimited)
	db.rest.config.endpoint = lying.URL
	if _, err := db.Prove(t.Context()); !errors.As(err, new(*WritableError)) {
		t.Errorf("got %v, want a WritableError", err)
	}
}

func TestBigQueryCantConnect(t *testing.T) {
	server, _ := startBigQuery(t)
	untrusted := httptest.NewTLSServer(nil)
	t.Cleanup(untrusted.Close)
	open := func(changes connection.Creds) Database { return askBigQuery(t, server, changes) }
	expectUnreachable(t, open, []unreachableCase{
		{connection.Creds{"endpoint": "http://127.0.0.1:1"}, "it could not be reached", false},
		{connection.Creds{"token_uri": "http://127.0.0.1:1/token"}, "it could not be reached", false},
		{connection.Creds{"endpoint": "https://no-such-host.invalid"}, "its host name could not be resolved", false},
		{connection.Creds{"endpoint": untrusted.URL}, "its TLS certificate could not be verified", false},
		{connection.Creds{"token_uri": untrusted.URL}, "its TLS certificate could not be verified", false},
	})
}

func TestBigQueryWantsValidCredentials(t *testing.T) {
	server, _ := startBigQuery(t)
	valid, err := server.Creds()
	if err != nil {
		t.Fatal(err)
	}
	expectInvalid(t, openBigQuery, valid, []invalidCase{
		{connection.Creds{"json_key_path": "/home/secret/key.json"}, "a file of another machine"},
		{connection.Creds{"client_email": ""}, "no client_email"},
		{connection.Creds{"private_key": "secret"}, "is not in PEM form"},
		{connection.Creds{"private_key": "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"}, "holds no RSA key"},
		{connection.Creds{"max_bytes_billed": "0"}, "a number of bytes, from 1"},
	})
}
