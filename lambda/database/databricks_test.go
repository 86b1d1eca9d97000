//go:build !onedriver || databricks

package database

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
	"defog-cdk/lambda/database/guard/guardtest"
	"defog-cdk/lambda/database/hive"
)

func startDatabricks(t *testing.T) (*databricks.Server, *databricksDatabase) {
	t.Helper()
	server, err := databricks.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server, askDatabricks(t, server, nil)
}

func askDatabricks(t *testing.T, server *databricks.Server, changes connection.Creds) *databricksDatabase {
	t.Helper()
	db := openChanged(t, "databricks", server.Creds(), changes, "").(*databricksDatabase)
	db.http.retry.pause = time.Millisecond
	return db
}

func TestDatabricksConforms(t *testing.T) {
	for name, plain := range map[string]bool{"databricks": false, "spark": true} {
		t.Run(name, func(t *testing.T) {
			server, _ := startDatabricks(t)
			server.Plain = plain
			conform(t, dialectUnderTest{
				open:       func(t *testing.T) Database { return askDatabricks(t, server, nil) },
				types:      databricksTypes,
				counter:    "SELECT id + 1 AS id FROM range(%d)",
				text:       "SELECT repeat('x', %d) AS t",
				busy:       "SELECT count(*) FROM endless",
				syntax:     "SELECT FROM WHERE)",
				unknown:    "SELECT * FROM missing",
				failing:    "SELECT 1 / id FROM range(3)",
				writing:    "SELECT spend_all()", // which the user may not call
				accounts:   "SELECT id FROM range(1)",
				duplicates: "SELECT 1 AS n, 2 AS n",
				columns:    []string{"n", "n"},
				empty:      "SELECT 1 AS a, 2 AS b WHERE false",
			})
		})
	}
}

func TestDatabricksErrors(t *testing.T) {
	_, db := startDatabricks(t)
	for sql, want := range map[string]StatementError{
		"SELECT FROM WHERE)":          {"42601", "[PARSE_SYNTAX_ERROR] Syntax error at or near ')': extra input ')'."},
		"SELECT 1 / id FROM range(3)": {"22012", "[DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead."},
		"SELECT * FROM missing":       {"42P01", "[TABLE_OR_VIEW_NOT_FOUND] The table or view `missing` cannot be found."},
	} {
		_, err := db.Query(t.Context(), sql, unlimited)
		failed, ok := errors.AsType[*StatementError](err)
		if !ok || failed.Code != want.Code || !strings.HasPrefix(failed.Message, want.Message) {
			t.Errorf("%s: got %#v, want %v", sql, err, want)
			continue
		}
		for _, inside := range []string{"org.apache", "\tat ", "SQLSTATE", "HiveSQLException"} {
			if strings.Contains(failed.Message, inside) {
				t.Errorf("%s: the message tells of the server's inside: %s", sql, failed.Message)
			}
		}
	}
}

func TestDatabricksRefusesHostileStatements(t *testing.T) {
	server, db := startDatabricks(t)
	// What ran without being a description, or the session's beginning.
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
	expectRefused(t, db, writes, true, state)
	for _, sql := range writes {
		_, err := db.query(t.Context(), sql, unlimited)
		if failed, ok := errors.AsType[*StatementError](err); !ok || !strings.HasPrefix(failed.Message, "[") {
			t.Errorf("%s: without the guard: got %v, want Spark's refusal to describe it", sql, err)
		}
	}
	if ran := state(); ran != "" {
		t.Errorf("ran %s", ran)
	}
	for _, sql := range guardtest.Statements(t, "databricks/harmless.sql", "") {
		if _, err := db.Query(t.Context(), strings.TrimSuffix(sql, " ; -- done"), unlimited); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestDatabricksPages(t *testing.T) {
	for name, c := range map[string]struct {
		plain   bool
		fetches int
	}{"databricks": {false, 3}, "spark": {true, 4}} {
		t.Run(name, func(t *testing.T) {
			server, db := startDatabricks(t)
			server.Plain = c.plain
			mustQuery(t, db, "SELECT id FROM range(1)", unlimited)
			before := server.Asked()
			result := mustQuery(t, db, "SELECT id + 1 AS id FROM range(12000)", unlimited)
			if result.RowCount != 12000 || !strings.HasSuffix(string(result.Data), ",[12000]]") || result.Truncated {
				t.Errorf("%d rows, truncated %v", result.RowCount, result.Truncated)
			}
			described := 4 // execute, status, rows, close
			if c.plain {
				described++
			}
			if asked := server.Asked() - before; asked != described+3+c.fetches {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

func TestDatabricksStopsTheOperation(t *testing.T) {
	const busy = "SELECT count(*) FROM endless"
	testStops(t, databricksStopped, "SELECT id FROM range(1)", func(t *testing.T) endlessStatement {
		server, db := startDatabricks(t)
		mustQuery(t, db, "SELECT id FROM range(1)", unlimited)
		running := func() bool {
			return slices.ContainsFunc(server.Operations(), func(o databricks.Operation) bool { return o.SQL == busy })
		}
		return endlessStatement{db, busy, running, func(t *testing.T) {
			operations := server.Operations()
			if last := operations[len(operations)-1]; last.SQL != busy || last.State != "stopped" {
				t.Errorf("on the server: %v", last)
			}
		}}
	})
}

// The server's own limit, in whole seconds, ends what does not hear of ours.
func TestDatabricksTellsTheServerTheLimit(t *testing.T) {
	server, db := startDatabricks(t)
	mustQuery(t, db, "SELECT id FROM range(1)", unlimited)
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
	_, _ = db.Query(t.Context(), "SELECT id FROM range(1)", Limits{Time: 1200 * time.Millisecond}) // what counts is the request
	if diff := cmp.Diff([]any{int64(2)}, seconds); diff != "" {
		t.Error(diff)
	}
}

// A session that the server has ended is opened anew, and rests on it until
// then.
func TestDatabricksSession(t *testing.T) {
	server, _ := startDatabricks(t)
	db := askDatabricks(t, server, connection.Creds{"catalog": "main", "schema": "sa`les"})
	for range 3 {
		mustQuery(t, db, "SELECT id FROM range(1)", unlimited)
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
	mustQuery(t, db, "SELECT id FROM range(1)", unlimited)
	if err := db.Close(); err != nil || server.Sessions() != 0 {
		t.Errorf("%v, %d sessions are left", err, server.Sessions())
	}
}

func TestDatabricksFaults(t *testing.T) {
	const sql = "SELECT id FROM range(1)"
	for name, c := range map[string]struct {
		fault   http.HandlerFunc
		reason  string // when it stays
		passes  bool
		refused bool
	}{
		"429":          {testserver.Says(429, "secret"), "no connection left", true, false},
		"503":          {testserver.Says(503, "secret"), "it is starting or shutting down", true, false},
		"500":          {testserver.Says(500, "secret"), "refused it with code 500", true, false},
		"reset":        {testserver.Resets, "it could not be reached", true, false},
		"HTML":         {testserver.Says(200, "<html>secret"), "its answer is not what the protocol promises", true, false},
		"half a reply": {testserver.Says(200, "\x80\x01\x00\x02\x00\x00\x00\x0cFetchRes"), "its answer is not what the protocol promises", true, false},
		"401":          {testserver.Says(401, "secret"), "the login was refused", false, true},
		"404":          {testserver.Says(404, "secret"), "there is no warehouse or cluster at http_path", false, false},
		"redirect":     {testserver.Redirects, "refused it with code 302", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			for position := range 8 {
				server, db := startDatabricks(t)
				before := slices.Repeat([]http.HandlerFunc{server.Serve}, position)
				if c.passes {
					server.Fail(append(before, c.fault)...)
					mustQuery(t, db, sql, unlimited)
				}
			}
			server, db := startDatabricks(t)
			server.Fail(slices.Repeat([]http.HandlerFunc{c.fault}, 3*usualRetry.tries)...) // net/http tries again by itself
			_, err := db.Query(t.Context(), sql, unlimited)
			expectConnectionFailure(t, err, c.reason, c.refused)
		})
	}
}

func TestDatabricksHangs(t *testing.T) {
	server, db := startDatabricks(t)
	for position := range 6 {
		mustQuery(t, db, "SELECT id FROM range(1)", unlimited)
		server.Fail(append(slices.Repeat([]http.HandlerFunc{server.Serve}, position), testserver.Hangs)...)
		expectDeadline(t, db, "SELECT id FROM range(1)")
	}
	mustQuery(t, db, "SELECT id FROM range(1)", unlimited)
}

func TestDatabricksRotation(t *testing.T) {
	server, db := startDatabricks(t)
	mustQuery(t, db, "SELECT id FROM range(1)", unlimited)
	server.Rotate("dapi-second")
	expectRefusedLogin(t, db, "SELECT id FROM range(1)")
	mustQuery(t, askDatabricks(t, server, nil), "SELECT id FROM range(1)", unlimited)
}

func TestDatabricksRights(t *testing.T) {
	for name, c := range map[string]struct {
		rights, want []string
	}{
		"reader":     {[]string{}, nil},
		"writer":     {[]string{"modify on the table bank.accounts"}, []string{"modify on the table bank.accounts"}},
		"no catalog": {nil, []string{"what is not known: its catalog has no information_schema to say"}},
	} {
		server, _ := startDatabricks(t)
		server.Rights = c.rights
		rights, err := askDatabricks(t, server, connection.Creds{"catalog": "main", "schema": "bank"}).Prove(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, rights.Writes); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if !strings.Contains(strings.Join(rights.Grants, ";"), "GRANT USE SCHEMA, SELECT ON SCHEMA `main`.`bank` TO") {
			t.Errorf("%s: %v", name, rights.Grants)
		}
	}
}

func TestDatabricksCantConnect(t *testing.T) {
	server, _ := startDatabricks(t)
	untrusted := httptest.NewTLSServer(nil)
	t.Cleanup(untrusted.Close)
	open := func(changes connection.Creds) Database { return askDatabricks(t, server, changes) }
	expectUnreachable(t, open, []unreachableCase{
		{connection.Creds{"endpoint": "http://127.0.0.1:1"}, "it could not be reached", false},
		{connection.Creds{"endpoint": "", "server_hostname": "no-such-host.invalid"}, "its host name could not be resolved", false},
		{connection.Creds{"endpoint": untrusted.URL}, "its TLS certificate could not be verified", false},
		{connection.Creds{"http_path": "/another"}, "there is no warehouse or cluster at http_path", false},
	})
	for _, key := range []string{"server_hostname", "http_path", "access_token"} {
		creds := server.Creds()
		delete(creds, key)
		if _, err := openDatabricks(creds, Surroundings{}); err == nil || !strings.Contains(err.Error(), "no "+key) {
			t.Errorf("without %s: got %v", key, err)
		}
	}
}

// What the server adds to its own words is left out, wherever it stands.
func TestDatabricksMessages(t *testing.T) {
	for message, want := range map[string]StatementError{
		"org.apache.E: Error running query: [A_B.C] org.apache.F: [A_B.C] No [X] here.\nTry it. SQLSTATE: 42000; line 1 pos 2;\n'Project [X] y": {"42000", "[A_B.C] No [X] here.\nTry it."},
		"[A_B] Bad. SQLSTATE: 22012\n== SQL ==\nSELECT '[Z] '":       {"22012", "[A_B] Bad."},
		"\njava.lang.E: out of memory\n\tat org.apache.X(Y.scala:1)": {"HY000", "java.lang.E: out of memory"},
		"[A_B] Without a state\n\tat org.apache.X(Y.scala:1)":        {"HY000", "[A_B] Without a state"},
		"": {"HY000", "the statement failed"},
	} {
		if got := (&hiveFailure{message: message}).statement(); *got != want {
			t.Errorf("%q: got %+v, want %+v", message, *got, want)
		}
	}
}
