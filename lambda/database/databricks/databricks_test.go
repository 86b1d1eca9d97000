package databricks

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver"
	"defog-cdk/internal/testserver/databricks"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/databricks/hive"
	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/database/guard/guardtest"
)

func startServer(t *testing.T) (*databricks.Server, *db) {
	t.Helper()
	server, err := databricks.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	server.Respell(func(sql string) string {
		statement, err := guard.Databricks.Check(t.Context(), sql, nil)
		if err != nil {
			return ""
		}
		return statement.SQL
	})
	return server, openServer(t, server, nil)
}

func openServer(t *testing.T, server *databricks.Server, changes connection.Creds) *db {
	t.Helper()
	db := databasetest.Open(t, New, server.Creds(), changes, "").(*db)
	db.client.backoff.Pause = time.Millisecond
	return db
}

// newSuite returns the conformance suite with Spark's SQL.
func newSuite(open func(t *testing.T) database.Database) databasetest.Suite {
	return databasetest.Suite{
		Open:       open,
		Types:      types,
		Counter:    "SELECT id + 1 AS id FROM range(%d)",
		Text:       "SELECT repeat('x', %d) AS t",
		Busy:       "SELECT count(*) FROM endless",
		Stopped:    stateStopped,
		Syntax:     databasetest.Failure{SQL: "SELECT FROM WHERE)", Code: "42601", Message: "[PARSE_SYNTAX_ERROR] Syntax error"},
		Unknown:    databasetest.Failure{SQL: "SELECT * FROM missing", Code: "42P01", Message: "[TABLE_OR_VIEW_NOT_FOUND]"},
		Failing:    databasetest.Failure{SQL: "SELECT 1 / id FROM range(3)", Code: "22012", Message: "[DIVIDE_BY_ZERO] Division by zero"},
		Writing:    databasetest.Failure{SQL: "SELECT spend_all()", Message: "the function spend_all may not be called"},
		Accounts:   "SELECT id FROM range(1)",
		Duplicates: "SELECT 1 AS n, 2 AS n",
		Columns:    []string{"n", "n"},
		Empty:      "SELECT 1 AS a, 2 AS b WHERE false",
	}
}

func TestConformance(t *testing.T) {
	for name, plain := range map[string]bool{"databricks": false, "spark": true} {
		t.Run(name, func(t *testing.T) {
			server, _ := startServer(t)
			server.Plain = plain
			newSuite(func(t *testing.T) database.Database { return openServer(t, server, nil) }).Run(t)
		})
	}
}

func TestConformanceOnServer(t *testing.T) {
	suite := newSuite(nil)
	suite.Busy = "SELECT count(*) FROM range(10000000000) AS a CROSS JOIN range(10000000000) AS b WHERE a.id * b.id < 0"
	suite.RunOnServer(t, "DEFOG_TEST_DATABRICKS", New)
}

func TestErrors(t *testing.T) {
	_, db := startServer(t)
	for sql, want := range map[string]database.StatementError{
		"SELECT FROM WHERE)":          {Code: "42601", Message: "[PARSE_SYNTAX_ERROR] Syntax error at or near ')': extra input ')'."},
		"SELECT 1 / id FROM range(3)": {Code: "22012", Message: "[DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead."},
		"SELECT * FROM missing":       {Code: "42P01", Message: "[TABLE_OR_VIEW_NOT_FOUND] The table or view `missing` cannot be found."},
	} {
		_, err := db.Query(t.Context(), sql, databasetest.Unlimited())
		failed, ok := errors.AsType[*database.StatementError](err)
		if !ok || failed.Code != want.Code || !strings.HasPrefix(failed.Message, want.Message) {
			t.Errorf("%s: got %#v, want %v", sql, err, want)
			continue
		}
		for _, inside := range []string{"org.apache", "\tat ", "SQLSTATE", "HiveSQLException"} {
			if strings.Contains(failed.Message, inside) {
				t.Errorf("%s: the message holds the server's internals: %s", sql, failed.Message)
			}
		}
	}
}

func TestRefusesHostileStatements(t *testing.T) {
	server, db := startServer(t)
	// The statements that ran, without descriptions and session settings.
	state := func() string {
		var ran []string
		for _, o := range server.Operations() {
			if !strings.HasPrefix(o.SQL, "DESCRIBE QUERY ") && !strings.HasPrefix(o.SQL, "SET TIME ZONE ") {
				ran = append(ran, o.SQL)
			}
		}
		return strings.Join(ran, "\n")
	}
	writes := guardtest.Statements(t, "databricks/writes.sql", "DIRECTORY")
	databasetest.ExpectRefused(t, db, writes, db.query, state)
	for _, sql := range writes {
		_, err := db.query(t.Context(), sql, databasetest.Unlimited())
		if failed, ok := errors.AsType[*database.StatementError](err); !ok || !strings.HasPrefix(failed.Message, "[") {
			t.Errorf("%s: without the guard: got %v, want Spark's refusal to describe it", sql, err)
		}
	}
	if ran := state(); ran != "" {
		t.Errorf("ran %s", ran)
	}
	for _, sql := range guardtest.Statements(t, "databricks/harmless.sql", "") {
		if _, err := db.Query(t.Context(), strings.TrimSuffix(sql, " ; -- done"), databasetest.Unlimited()); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestPages(t *testing.T) {
	for name, c := range map[string]struct {
		plain   bool
		fetches int
	}{"databricks": {false, 3}, "spark": {true, 4}} {
		t.Run(name, func(t *testing.T) {
			server, db := startServer(t)
			server.Plain = c.plain
			databasetest.MustQuery(t, db, "SELECT id FROM range(1)", databasetest.Unlimited())
			before := server.Asked()
			result := databasetest.MustQuery(t, db, "SELECT id + 1 AS id FROM range(12000)", databasetest.Unlimited())
			if result.RowCount != 12000 || !strings.HasSuffix(string(result.Data), ",[12000]]") || result.Truncated {
				t.Errorf("%d rows, truncated %v", result.RowCount, result.Truncated)
			}
			described := 4 // execute, status, rows, close
			if c.plain {
				described++
			}
			if n := server.Asked() - before; n != described+3+c.fetches {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestContextAndLimitStopOperation(t *testing.T) {
	const busy = "SELECT count(*) FROM endless"
	databasetest.RunStops(t, stateStopped, "SELECT id FROM range(1)", func(t *testing.T) databasetest.EndlessStatement {
		server, db := startServer(t)
		databasetest.MustQuery(t, db, "SELECT id FROM range(1)", databasetest.Unlimited())
		running := func() bool {
			return slices.ContainsFunc(server.Operations(), func(o databricks.Operation) bool { return o.SQL == busy })
		}
		return databasetest.EndlessStatement{DB: db, SQL: busy, Running: running, Stopped: func(t *testing.T) {
			operations := server.Operations()
			if last := operations[len(operations)-1]; last.SQL != busy || last.State != "stopped" {
				t.Errorf("on the server: %v", last)
			}
		}}
	})
}

// The server's timeout, in whole seconds, ends a statement without a request.
func TestServerReceivesTimeout(t *testing.T) {
	server, db := startServer(t)
	databasetest.MustQuery(t, db, "SELECT id FROM range(1)", databasetest.Unlimited())
	var seconds []any
	server.Fail(server.Serve, server.Serve, server.Serve, server.Serve, func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _, content, err := hive.Decode(text)
		if err != nil {
			t.Error(err)
		}
		seconds = append(seconds, content.Struct(1)[5])
		w.WriteHeader(http.StatusBadRequest)
	})
	_, _ = db.Query(t.Context(), "SELECT id FROM range(1)", database.Limits{Time: 1200 * time.Millisecond}) // the test checks the request
	if diff := cmp.Diff([]any{int64(2)}, seconds); diff != "" {
		t.Error(diff)
	}
}

// The session is kept until the server ends it, and then replaced.
func TestSession(t *testing.T) {
	server, _ := startServer(t)
	db := openServer(t, server, connection.Creds{"catalog": "main", "schema": "sa`les"})
	for range 3 {
		databasetest.MustQuery(t, db, "SELECT id FROM range(1)", databasetest.Unlimited())
		if sessions := server.Sessions(); sessions != 1 {
			t.Errorf("%d sessions", sessions)
		}
	}
	var opening []string
	for _, o := range server.Operations()[:3] {
		opening = append(opening, o.SQL)
	}
	if diff := cmp.Diff([]string{"SET TIME ZONE 'UTC'", "USE CATALOG `main`", "USE SCHEMA `sa``les`"}, opening); diff != "" {
		t.Error(diff)
	}
	server.EndSessions()
	databasetest.MustQuery(t, db, "SELECT id FROM range(1)", databasetest.Unlimited())
	if err := db.Close(); err != nil || server.Sessions() != 0 {
		t.Errorf("%v, %d sessions are left", err, server.Sessions())
	}
}

func TestFaults(t *testing.T) {
	const sql = "SELECT id FROM range(1)"
	for name, c := range map[string]struct {
		fault   http.HandlerFunc
		reason  string // when the fault is permanent
		passes  bool
		refused bool
	}{
		"429":          {testserver.Reply(429, "secret"), "the server has too many connections", true, false},
		"503":          {testserver.Reply(503, "secret"), "the server is starting or shutting down", true, false},
		"500":          {testserver.Reply(500, "secret"), "the server returned code 500", true, false},
		"reset":        {testserver.Resets, "the server could not be reached", true, false},
		"HTML":         {testserver.Reply(200, "<html>secret"), "the server sent an invalid reply", true, false},
		"half a reply": {testserver.Reply(200, "\x80\x01\x00\x02\x00\x00\x00\x0cFetchRes"), "the server sent an invalid reply", true, false},
		"401":          {testserver.Reply(401, "secret"), "the server refused the login", false, true},
		"404":          {testserver.Reply(404, "secret"), "db_creds.http_path leads to no warehouse or cluster", false, false},
		"redirect":     {testserver.Redirects, "the server returned code 302", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			for position := range 8 {
				server, db := startServer(t)
				before := slices.Repeat([]http.HandlerFunc{server.Serve}, position)
				if c.passes {
					server.Fail(append(before, c.fault)...)
					databasetest.MustQuery(t, db, sql, databasetest.Unlimited())
				}
			}
			server, db := startServer(t)
			server.Fail(slices.Repeat([]http.HandlerFunc{c.fault}, 3*database.DefaultBackoff().Tries)...) // net/http repeats requests too
			_, err := db.Query(t.Context(), sql, databasetest.Unlimited())
			databasetest.ExpectConnectionError(t, err, c.reason, c.refused)
		})
	}
}

func TestServerHangs(t *testing.T) {
	server, db := startServer(t)
	for position := range 6 {
		databasetest.MustQuery(t, db, "SELECT id FROM range(1)", databasetest.Unlimited())
		server.Fail(append(slices.Repeat([]http.HandlerFunc{server.Serve}, position), testserver.Hangs)...)
		databasetest.ExpectDeadline(t, db, "SELECT id FROM range(1)")
	}
	databasetest.MustQuery(t, db, "SELECT id FROM range(1)", databasetest.Unlimited())
}

func TestTokenRotation(t *testing.T) {
	server, db := startServer(t)
	databasetest.MustQuery(t, db, "SELECT id FROM range(1)", databasetest.Unlimited())
	server.Rotate("dapi-second")
	databasetest.ExpectRefusedLogin(t, db, "SELECT id FROM range(1)")
	databasetest.MustQuery(t, openServer(t, server, nil), "SELECT id FROM range(1)", databasetest.Unlimited())
}

func TestReadOnlyCheckReportsPrivileges(t *testing.T) {
	for name, c := range map[string]struct {
		privileges, want []string
	}{
		"reader":     {[]string{}, nil},
		"writer":     {[]string{"modify on the table bank.accounts"}, []string{"modify on the table bank.accounts"}},
		"no catalog": {nil, []string{"unknown: the catalog has no information_schema"}},
	} {
		server, _ := startServer(t)
		server.Rights = c.privileges
		privileges, err := openServer(t, server, connection.Creds{"catalog": "main", "schema": "bank"}).CheckReadOnly(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, privileges.Writes); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if !strings.Contains(strings.Join(privileges.Grants, ";"), "GRANT USE SCHEMA, SELECT ON SCHEMA `main`.`bank` TO") {
			t.Errorf("%s: %v", name, privileges.Grants)
		}
	}
}

func TestUnreachableServer(t *testing.T) {
	server, _ := startServer(t)
	untrusted := httptest.NewTLSServer(nil)
	t.Cleanup(untrusted.Close)
	open := func(changes connection.Creds) database.Database { return openServer(t, server, changes) }
	databasetest.ExpectUnreachable(t, open, []databasetest.Unreachable{
		{Creds: connection.Creds{"endpoint": "http://127.0.0.1:1"}, Reason: "the server could not be reached"},
		{Creds: connection.Creds{"endpoint": "", "server_hostname": "no-such-host.invalid"}, Reason: "the host name could not be resolved"},
		{Creds: connection.Creds{"endpoint": untrusted.URL}, Reason: "the server's TLS certificate could not be verified"},
		{Creds: connection.Creds{"http_path": "/another"}, Reason: "db_creds.http_path leads to no warehouse or cluster"},
	})
	for _, key := range []string{"server_hostname", "http_path", "access_token"} {
		creds := server.Creds()
		delete(creds, key)
		if _, err := New(creds, database.Options{}); err == nil || !strings.Contains(err.Error(), "db_creds."+key+": missing") {
			t.Errorf("without %s: got %v", key, err)
		}
	}
}

// The message has no Java classes, plans or stack traces.
func TestStatementErrorHasSparkMessage(t *testing.T) {
	for message, want := range map[string]database.StatementError{
		"org.apache.E: Error running query: [A_B.C] org.apache.F: [A_B.C] No [X] here.\nTry it. SQLSTATE: 42000; line 1 pos 2;\n'Project [X] y": {Code: "42000", Message: "[A_B.C] No [X] here.\nTry it."},
		"[A_B] Bad. SQLSTATE: 22012\n== SQL ==\nSELECT '[Z] '":       {Code: "22012", Message: "[A_B] Bad."},
		"\njava.lang.E: out of memory\n\tat org.apache.X(Y.scala:1)": {Code: "HY000", Message: "java.lang.E: out of memory"},
		"[A_B] Without a state\n\tat org.apache.X(Y.scala:1)":        {Code: "HY000", Message: "[A_B] Without a state"},
		"": {Code: "HY000", Message: "the statement failed"},
	} {
		if got := (&failure{message: message}).statementError(); *got != want {
			t.Errorf("%q: got %+v, want %+v", message, *got, want)
		}
	}
}
