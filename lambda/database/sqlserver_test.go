//go:build !onedriver || sqlserver

package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mssql "github.com/microsoft/go-mssqldb"

	"defog-cdk/config/connection"
	tds "defog-cdk/internal/testserver/sqlserver"
	"defog-cdk/lambda/database/guard/guardtest"
)

// redmond is the one stand-in for SQL Server of this test binary.
var redmond *tds.Server

func init() {
	servers = append(servers, func() (_ io.Closer, err error) {
		redmond, err = tds.Run(answerSQLServer)
		return redmond, err
	})
}

const (
	sqlserverCounter = "SELECT TOP (%d) n FROM numbers"
	sqlserverText    = "SELECT REPLICATE('x', %d) AS t"
	sqlserverBusy    = "SELECT COUNT(*) FROM numbers AS a CROSS JOIN numbers AS b"
)

// answerSQLServer is what a server would say to the statements of the tests.
func answerSQLServer(statement string) (tds.Result, bool) {
	statement = strings.TrimSpace(statement)
	if result, ok := typed(statement); ok {
		return result, true
	}
	n := []tds.Column{{Name: "n", Type: tds.BigInt}}
	var count int64
	switch _, err := fmt.Sscanf(statement, sqlserverCounter, &count); {
	case err == nil:
		return tds.Result{Columns: n, Rows: numbers(count)}, true
	case strings.HasPrefix(statement, "SET "):
		return tds.Result{}, true
	}
	if _, err := fmt.Sscanf(statement, sqlserverText, &count); err == nil {
		return rowOf(cell{tds.VarChar(0), tds.Pieces([]byte(strings.Repeat("x", int(count))))}), true
	}
	switch statement {
	case "select 1;", "SELECT 1":
		return tds.Result{Columns: n, Rows: numbers(1)}, true
	case "SELECT encrypted":
		all := redmond.Logins()
		return tds.Result{Columns: n, Rows: numbers(map[bool]int64{false: 0, true: 1}[all[len(all)-1].Encrypted])}, true
	case "SELECT 1 AS n, 2 AS n":
		two := tds.Short(tds.Integer(2, 8))
		return tds.Result{Columns: append(n, n...), Rows: slices.Values([][]tds.Value{{tds.Short(tds.Integer(1, 8)), two}})}, true
	case "SELECT 1 AS a, 2 AS b WHERE 1 = 0":
		return tds.Result{Columns: []tds.Column{{Name: "a", Type: tds.Int}, {Name: "b", Type: tds.Int}}}, true
	case sqlserverBusy, "SELECT lost":
		return tds.Result{Columns: n, Endless: true}, true
	case "SELECT * FROM accounts ORDER BY id":
		return rowOf(cell{tds.Int, tds.Short(tds.Integer(1, 4))}, cell{tds.NVarChar(50), tds.Sized(tds.UTF16("alice"))}), true
	case "SELECT 1 / (2 - n) FROM numbers":
		return tds.Result{Columns: n, Rows: numbers(1), Errors: []tds.Error{{Number: 8134, Class: 16, Message: "Divide by zero error encountered."}}}, true
	case "CREATE TABLE " + proofTable + " (n int)":
		return tds.Result{Makes: proofTable}, true
	case sqlserverProof:
		return names(redmond.Tables()), true
	case strings.TrimSpace(sqlserverWrites):
		return names(sqlserverMayWrite), true
	}
	failed, ok := sqlserverErrors[statement]
	return tds.Result{Errors: failed}, ok
}

// sqlserverMayWrite is what the user may write, by the server.
var sqlserverMayWrite []string

var sqlserverErrors = map[string][]tds.Error{
	"SELECT FROM WHERE":             {{Number: 156, Class: 15, Message: "Incorrect syntax near the keyword 'FROM'."}},
	"SELECT * FROM missing":         {{Number: 208, Class: 16, Message: "Invalid object name 'missing'."}},
	"SELECT dbo.spend_all()":        {{Number: 557, Class: 16, Message: "Only functions and some extended stored procedures can be executed from within a function."}},
	"SELECT * FROM " + proofTable:   {{Number: 208, Class: 16, Message: "Invalid object name '" + proofTable + "'."}},
	"SELECT a, b FROM accounts":     {{Number: 207, Class: 16, Message: "Invalid column name 'a'."}, {Number: 207, Class: 16, Message: "Invalid column name 'b'."}},
	"SELECT * FROM salaries":        {{Number: 229, Class: 14, Message: "The SELECT permission was denied on the object 'salaries', database 'bank', schema 'dbo'."}},
	"SELECT waits FROM accounts":    {{Number: 1222, Class: 16, Message: "Lock request time out period exceeded."}},
	"SELECT deadlock FROM accounts": {{Number: 1205, Class: 13, Message: "Transaction was deadlocked on lock resources with another process. Rerun the transaction."}},
	"select.foo":                    {{Number: 4701, Class: 16, Message: "a batch, and no call of a procedure"}},
}

// names is a result of one column of text.
func names(list []string) tds.Result {
	var rows [][]tds.Value
	for _, name := range list {
		rows = append(rows, []tds.Value{tds.Sized(tds.UTF16(name))})
	}
	return tds.Result{Columns: []tds.Column{{Name: "name", Type: tds.NVarChar(128)}}, Rows: slices.Values(rows)}
}

func openRedmond(tb testing.TB, changes connection.Creds, directory string) *sqlserver {
	tb.Helper()
	return openChanged(tb, "sqlserver", redmond.Creds(), changes, directory).(*sqlserver)
}

func TestSQLServerConforms(t *testing.T) {
	conform(t, dialectUnderTest{
		open:       func(t *testing.T) Database { return openRedmond(t, nil, "") },
		types:      typeCases(),
		counter:    sqlserverCounter,
		text:       sqlserverText,
		busy:       sqlserverBusy,
		syntax:     "SELECT FROM WHERE",
		unknown:    "SELECT * FROM missing",
		failing:    "SELECT 1 / (2 - n) FROM numbers",
		writing:    "SELECT dbo.spend_all()",
		accounts:   "SELECT * FROM accounts ORDER BY id",
		duplicates: "SELECT 1 AS n, 2 AS n",
		columns:    []string{"n", "n"},
		empty:      "SELECT 1 AS a, 2 AS b WHERE 1 = 0",
	})
}

// Every statement is in a transaction of its own, and none is committed.
func TestSQLServerRollsBack(t *testing.T) {
	db := openRedmond(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	before := len(redmond.Statements())
	for _, sql := range []string{";SELECT 1", "SELECT * FROM missing"} {
		_, _ = db.Query(t.Context(), sql, unlimited)
	}
	want := []string{
		"BEGIN TRANSACTION", "\nSELECT 1", "ROLLBACK TRANSACTION",
		"BEGIN TRANSACTION", "\nSELECT * FROM missing", // which the server rolls back by itself
	}
	if diff := cmp.Diff(want, redmond.Statements()[before:]); diff != "" {
		t.Error(diff)
	}
	if _, err := db.query(t.Context(), "CREATE TABLE "+proofTable+" (n int)", unlimited); err != nil {
		t.Fatal(err)
	}
	if tables := redmond.Tables(); len(tables) > 0 {
		t.Errorf("these were committed: %v", tables)
	}
}

func TestSQLServerSaysWhoItIs(t *testing.T) {
	db := openRedmond(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	logins := redmond.Logins()
	got := logins[len(logins)-1]
	want := tds.Login{User: "reader", Password: redmond.Creds().Text("password"), Database: "bank", Application: "defog", Host: "defog", ReadOnly: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(redmond.Statements(), sqlserverSession) {
		t.Error("the session was not set up")
	}
}

func TestSQLServerRefusesHostileStatements(t *testing.T) {
	db := openRedmond(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	before := len(redmond.Statements())
	list := append(guardtest.Statements(t, "sqlserver/hostile.sql", ""),
		"SELECT 1 -- a\r DELETE FROM accounts", "SELECT 1 -- a\u2028 DELETE FROM accounts", "SELECT 1 -- a\v DELETE FROM accounts",
		"SELECT 1 AS x\u00a0DELETE FROM accounts", "SELECT 1 AS x\u3000DELETE FROM accounts", "SELECT 1\x01DELETE FROM accounts",
		"SELECT 1\nGO\nDELETE FROM accounts", "SELECT 1 AS x\ufeffDELETE FROM accounts", "SELECT \\\n1", "SELECT 1\x00")
	expectRefused(t, db, list, false, func() string { return fmt.Sprint(redmond.Statements()[before:]) })
	if len(list) < 200 {
		t.Errorf("there are only %d hostile statements", len(list))
	}
}

func TestSQLServerErrors(t *testing.T) {
	db := openRedmond(t, nil, "")
	expectFailures(t, db, []failingCase{
		{"SELEC 1", "", "begins with SELEC"},
		{"", "", "it is empty"},
		{"SELECT", "", "it is not complete"},
		{"SELECT 1 SELECT 2", "", "more than one statement"},
		{"SELECT 1; SELECT 2", "", "more than one statement"},
		{"SELECT a, b FROM accounts", "207", "Invalid column name 'a'.\nInvalid column name 'b'."},
		{"SELECT * FROM salaries", "229", "permission was denied"},
		{"SELECT deadlock FROM accounts", "1205", "deadlocked"},
		{"SELECT waits FROM accounts", "1222", "Lock request time out"},
		{"select.foo", "4701", "no call of a procedure"},
	})
	mustQuery(t, db, "SELECT 1", unlimited)
}

func TestSQLServerRights(t *testing.T) {
	db := openRedmond(t, nil, "")
	defer func() { sqlserverMayWrite = nil }()
	for _, want := range [][]string{nil, {"everything: the user is a sysadmin", "the table dbo.accounts"}} {
		sqlserverMayWrite = want
		rights, err := db.Prove(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, rights.Writes); diff != "" {
			t.Error(diff)
		}
		if !slices.Contains(rights.Grants, "ALTER ROLE db_datareader ADD MEMBER defog_reader") {
			t.Errorf("got %v", rights.Grants)
		}
	}
}

// A session whose statements are committed keeps the proof's table.
func TestSQLServerProofFails(t *testing.T) {
	server := tds.Start(t, func(statement string) (tds.Result, bool) {
		if strings.TrimSpace(statement) == sqlserverProof {
			return names([]string{proofTable}), true
		}
		return answerSQLServer(statement)
	})
	db, err := openSQLServer(server.Creds(), Surroundings{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.(Prover).Prove(t.Context()); !errors.As(err, new(*WritableError)) {
		t.Errorf("got %v, want a WritableError", err)
	}
}

func TestSQLServerKeepsItsConnection(t *testing.T) {
	db := openRedmond(t, nil, "")
	session := func() string {
		mustQuery(t, db, "SELECT 1", unlimited)
		return fmt.Sprint(len(redmond.Logins()))
	}
	expectKept(t, session, map[string]func(){
		"success":   func() { mustQuery(t, db, "SELECT 1", unlimited) },
		"error":     func() { _, _ = db.Query(t.Context(), "SELECT * FROM missing", unlimited) },
		"truncated": func() { mustQuery(t, db, fmt.Sprintf(sqlserverCounter, 100_000_000), Limits{Rows: 1}) },
		"timeout":   func() { _, _ = db.Query(t.Context(), sqlserverBusy, Limits{Time: time.Millisecond}) },
		"a rest":    func() { db.rested = db.rested.Add(-time.Hour) },
	})
}

// The server's limit for locks is set anew only when it changes.
func TestSQLServerSetsTheTimeLimit(t *testing.T) {
	db := openRedmond(t, nil, "")
	mustQuery(t, db, "SELECT 1", Limits{})
	before := len(redmond.Statements())
	for _, limit := range []time.Duration{0, 1500 * time.Millisecond, 1500 * time.Millisecond, time.Hour, 0} {
		mustQuery(t, db, "SELECT 1", Limits{Time: limit})
	}
	set := slices.DeleteFunc(redmond.Statements()[before:], func(sql string) bool { return !strings.HasPrefix(sql, "SET") })
	if diff := cmp.Diff([]string{"SET LOCK_TIMEOUT 1500", "SET LOCK_TIMEOUT 3600000", "SET LOCK_TIMEOUT -1"}, set); diff != "" {
		t.Error(diff)
	}
}

func TestSQLServerReconnects(t *testing.T) {
	const sql = "SELECT 1 AS n, 2 AS n"
	open := func(t *testing.T) *sqlserver { return openRedmond(t, nil, "") }
	seen := func(*testing.T) int { return occurrences(redmond.Statements(), "\n"+sql) }
	testReconnects(t, open, sql, seen, map[string]func(t *testing.T, db *sqlserver){
		"restarted server": func(t *testing.T, _ *sqlserver) {
			if err := redmond.Restart(); err != nil {
				t.Fatal(err)
			}
		},
		"ended session": func(*testing.T, *sqlserver) { redmond.Kill("") },
		"ended session after a rest": func(_ *testing.T, db *sqlserver) {
			redmond.Kill("")
			db.rested = db.rested.Add(-time.Hour)
		},
	})
}

func TestSQLServerLosesConnectionInAStatement(t *testing.T) {
	db := openRedmond(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	failure := begin(t.Context(), db.Query, "SELECT lost", unlimited)
	await(func() bool { return slices.Contains(redmond.Running(), "\nSELECT lost") })
	redmond.Kill("\nSELECT lost")
	expectLost(t, <-failure, endedByServer)
	mustQuery(t, db, "SELECT 1", unlimited)
}

func TestSQLServerContextStopsTheServer(t *testing.T) {
	db := openRedmond(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	before, logins := len(redmond.Statements()), len(redmond.Logins())
	expectCanceled(t, db.Query, sqlserverBusy, func() bool { return slices.Contains(redmond.Running(), "\n"+sqlserverBusy) })
	if !slices.Contains(redmond.Statements()[before:], "ATTENTION") {
		t.Errorf("the server was not told to stop: %v", redmond.Statements()[before:])
	}
	await(func() bool { return len(redmond.Running()) == 0 })
	mustQuery(t, db, "SELECT 1", unlimited)
	if n := len(redmond.Logins()); n != logins {
		t.Error("the connection was not kept")
	}
}

func TestSQLServerHangs(t *testing.T) {
	db := openRedmond(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	testHangs(t, redmond.Pause, redmond.Resume, db, openRedmond(t, nil, "")) // in a query, and in the login
}

func TestSQLServerCantConnect(t *testing.T) {
	open := func(changes connection.Creds) Database { return openRedmond(t, changes, "") }
	expectUnreachable(t, open, []unreachableCase{
		{connection.Creds{"password": "wrong-password"}, "the login was refused", true},
		{connection.Creds{"user": "nobody-known"}, "the login was refused", true},
		{connection.Creds{"database": "no-such-database"}, "there is no database of that name", false},
		{connection.Creds{"server": "127.0.0.1,1"}, "it could not be reached", false},
		{connection.Creds{"server": "no-such-host.invalid", "sslmode": "disable"}, "its host name could not be resolved", false},
		{connection.Creds{"sslmode": "verify-full"}, "its TLS certificate could not be verified", false},
		{connection.Creds{"sslmode": "verify-ca"}, "its TLS certificate could not be verified", false},
	})
}

// Numbers that the stand-in does not send.
func TestSQLServerErrorNumbers(t *testing.T) {
	for number, want := range map[int32]string{
		18486: refusedLogin, 40613: noDatabase, 10928: noConnectionLeft, 40615: noConnectionsFromHere, 6005: endedByServer,
		17809: noConnectionLeft, 1: refusedWithCode + "1",
	} {
		err := sqlserverError(t.Context(), &connectFailure{mssql.Error{Number: number, Class: 14, Message: "secret"}})
		expectConnectionFailure(t, err, want, want == refusedLogin)
	}
}

// A login whose password was changed is refused, and works with the new one.
func TestSQLServerRotates(t *testing.T) {
	db := openRedmond(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	redmond.Rotate()
	redmond.Kill("")
	expectRefusedLogin(t, db, "SELECT 1")
	mustQuery(t, openRedmond(t, nil, ""), "SELECT 1", unlimited)
}

func TestSQLServerWantsValidCredentials(t *testing.T) {
	expectInvalid(t, openSQLServer, nil, []invalidCase{
		{connection.Creds{}, "no server"},
		{connection.Creds{"server": "h,zero"}, "from 1 to 65535"},
		{connection.Creds{"server": `h\`}, `host\instance`},
		{connection.Creds{"server": "h:1433"}, "host,port"},
		{connection.Creds{"server": "h", "sslmode": "prefer"}, "disable, require, verify-ca, verify-full"},
		{connection.Creds{"server": "h", "sslrootcert": "missing.pem"}, "missing.pem"},
	})
	for server, want := range map[string]string{
		"h": "h||0", "tcp:h,1433": "h||1433", `h\inst`: "h|inst|0", `h\inst, 5000`: "h|inst|5000", `.\inst`: "localhost|inst|0", "::1,7": "::1||7",
	} {
		host, instance, port, err := sqlserverAddress(server)
		if got := fmt.Sprintf("%s|%s|%d", host, instance, port); got != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", server, got, err, want)
		}
	}
}

func TestSQLServerTLS(t *testing.T) {
	testTLS(t, redmond.Authority(), func(t *testing.T, creds connection.Creds, directory string) Database {
		if host := creds.Text("host"); host != "" {
			creds["server"] = host
		}
		db := openRedmond(t, creds, directory)
		db.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, redmond.Address())
		}
		return db
	}, "SELECT encrypted", "[[1]]", "[]")
}
