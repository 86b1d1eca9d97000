package sqlserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mssql "github.com/microsoft/go-mssqldb"

	"defog-cdk/config/connection"
	tds "defog-cdk/internal/testserver/sqlserver"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/guard/guardtest"
)

// server is the stand-in for SQL Server of this test binary.
var server *tds.Server

func TestMain(m *testing.M) {
	databasetest.Main(m, func() (_ io.Closer, err error) {
		server, err = tds.Run(answer)
		return server, err
	})
}

const (
	counterQuery = "SELECT TOP (%d) ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS n " +
		"FROM sys.all_columns AS a CROSS JOIN sys.all_columns AS b CROSS JOIN sys.all_columns AS c"
	textQuery = "SELECT REPLICATE('x', %d) AS t"
	busyQuery = "SELECT COUNT_BIG(*) FROM sys.all_columns AS a CROSS JOIN sys.all_columns AS b CROSS JOIN sys.all_columns AS c " +
		"CROSS JOIN sys.all_columns AS d WHERE a.column_id + b.column_id + c.column_id + d.column_id < 0"
	failingQuery = "SELECT 1 / (2 - n) FROM (VALUES (1), (2), (3)) AS numbers (n)"
)

// answer returns SQL Server's result for a statement of the tests.
func answer(statement string) (tds.Result, bool) {
	statement = strings.TrimSpace(statement)
	if result, ok := typed(statement); ok {
		return result, true
	}
	if result, ok := large(statement); ok {
		return result, true
	}
	if before, after, _ := strings.Cut(describing, "%s"); strings.HasPrefix(statement, before) {
		described, ok := strings.CutSuffix(strings.TrimPrefix(statement, before), after)
		result, known := answer(strings.ReplaceAll(described, "''", "'"))
		return describe(result), ok && known
	}
	n := []tds.Column{{Name: "n", Type: tds.BigInt}}
	var count int64
	switch _, err := fmt.Sscanf(statement, counterQuery, &count); {
	case err == nil:
		return tds.Result{Columns: n, Rows: numbers(count)}, true
	case strings.HasPrefix(statement, "SET "):
		return tds.Result{}, true
	}
	if _, err := fmt.Sscanf(statement, textQuery, &count); err == nil {
		return rowOf(cell{tds.VarChar(0), tds.Pieces([]byte(strings.Repeat("x", int(count))))}), true
	}
	switch statement {
	case "select 1;", "SELECT 1":
		return tds.Result{Columns: n, Rows: numbers(1)}, true
	case "SELECT encrypted":
		all := server.Logins()
		return tds.Result{Columns: n, Rows: numbers(map[bool]int64{false: 0, true: 1}[all[len(all)-1].Encrypted])}, true
	case "SELECT 1 AS n, 2 AS n":
		two := tds.Short(tds.Integer(2, 8))
		return tds.Result{Columns: append(n, n...), Rows: slices.Values([][]tds.Value{{tds.Short(tds.Integer(1, 8)), two}})}, true
	case "SELECT 1 AS a, 2 AS b WHERE 1 = 0":
		return tds.Result{Columns: []tds.Column{{Name: "a", Type: tds.Int}, {Name: "b", Type: tds.Int}}}, true
	case busyQuery, "SELECT lost":
		return tds.Result{Columns: n, Endless: true}, true
	case "SELECT * FROM accounts ORDER BY id":
		return rowOf(cell{tds.Int, tds.Short(tds.Integer(1, 4))}, cell{tds.NVarChar(50), tds.Sized(tds.UTF16("alice"))}), true
	case failingQuery:
		return tds.Result{Columns: n, Rows: numbers(1), Errors: []tds.Error{{Number: 8134, Class: 16, Message: "Divide by zero error encountered."}}}, true
	case "CREATE TABLE " + database.CheckTable + " (n int)":
		return tds.Result{Makes: database.CheckTable}, true
	case checkTableQuery:
		return names(server.Tables()), true
	case strings.TrimSpace(writesQuery):
		return names(writes), true
	}
	failed, ok := answeredErrors[statement]
	return tds.Result{Errors: failed}, ok
}

// describe returns the server's result for the description of a statement with a result.
func describe(described tds.Result) tds.Result {
	var rows [][]tds.Value
	if described.Rows == nil { // others fail while they run
		for _, failed := range described.Errors {
			rows = append(rows, []tds.Value{tds.Sized([]byte(strconv.Itoa(int(failed.Number)))), tds.Sized(tds.UTF16(failed.Message))})
		}
	}
	return tds.Result{Columns: []tds.Column{{Name: "", Type: tds.VarChar(11)}, {Name: "error_message", Type: tds.NVarChar(4000)}}, Rows: slices.Values(rows)}
}

// writes is the server's result for writesQuery.
var writes []string

var answeredErrors = map[string][]tds.Error{
	"SELECT FROM WHERE":                    {{Number: 156, Class: 15, Message: "Incorrect syntax near the keyword 'FROM'."}},
	"SELECT * FROM missing":                {{Number: 208, Class: 16, Message: "Invalid object name 'missing'."}},
	"SELECT dbo.spend_all()":               {{Number: 4121, Class: 16, Message: `Cannot find either column "dbo" or the user-defined function or aggregate "dbo.spend_all", or the name is ambiguous.`}},
	"SELECT * FROM " + database.CheckTable: {{Number: 208, Class: 16, Message: "Invalid object name '" + database.CheckTable + "'."}},
	"SELECT a, b FROM accounts":            {{Number: 207, Class: 16, Message: "Invalid column name 'a'."}, {Number: 207, Class: 16, Message: "Invalid column name 'b'."}},
	"SELECT * FROM salaries":               {{Number: 229, Class: 14, Message: "The SELECT permission was denied on the object 'salaries', database 'bank', schema 'dbo'."}},
	"SELECT waits FROM accounts":           {{Number: 1222, Class: 16, Message: "Lock request time out period exceeded."}},
	"SELECT deadlock FROM accounts":        {{Number: 1205, Class: 13, Message: "Transaction was deadlocked on lock resources with another process. Rerun the transaction."}},
	"select.foo":                           {{Number: 4701, Class: 16, Message: "a batch, not a procedure call"}},
}

// names returns a result of one column of text.
func names(list []string) tds.Result {
	var rows [][]tds.Value
	for _, name := range list {
		rows = append(rows, []tds.Value{tds.Sized(tds.UTF16(name))})
	}
	return tds.Result{Columns: []tds.Column{{Name: "name", Type: tds.NVarChar(128)}}, Rows: slices.Values(rows)}
}

func openServer(tb testing.TB, changes connection.Creds, directory string) *db {
	tb.Helper()
	return databasetest.Open(tb, New, server.Creds(), changes, directory).(*db)
}

// newSuite returns the conformance suite with T-SQL.
func newSuite(open func(t *testing.T) database.Database) databasetest.Suite {
	return databasetest.Suite{
		Open:       open,
		Types:      suiteTypes(false),
		Counter:    counterQuery,
		Text:       textQuery,
		Busy:       busyQuery,
		Stopped:    codeStopped,
		Syntax:     databasetest.Failure{SQL: "SELECT FROM WHERE", Code: "156", Message: "Incorrect syntax near the keyword 'FROM'"},
		Unknown:    databasetest.Failure{SQL: "SELECT * FROM missing", Code: "208", Message: "Invalid object name 'missing'"},
		Failing:    databasetest.Failure{SQL: failingQuery, Code: "8134", Message: "Divide by zero"},
		Writing:    databasetest.Failure{SQL: "SELECT dbo.spend_all()", Message: "the function dbo.spend_all may not be called"},
		Accounts:   "SELECT * FROM accounts ORDER BY id",
		Duplicates: "SELECT 1 AS n, 2 AS n",
		Columns:    []string{"n", "n"},
		Empty:      "SELECT 1 AS a, 2 AS b WHERE 1 = 0",
	}
}

func TestConformance(t *testing.T) {
	newSuite(func(t *testing.T) database.Database { return openServer(t, nil, "") }).Run(t)
}

func TestConformanceOnServer(t *testing.T) {
	suite := newSuite(nil)
	suite.Types = suiteTypes(true)
	suite.RunOnServer(t, "DEFOG_TEST_SQLSERVER", New)
}

// Every statement runs in its own transaction, which is rolled back.
func TestQueryRollsBack(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	before := len(server.Statements())
	for _, sql := range []string{";SELECT 1", "SELECT * FROM missing"} {
		_, _ = db.Query(t.Context(), sql, databasetest.Unlimited())
	}
	want := []string{
		sessionSettings + "; SET LOCK_TIMEOUT 300000", "BEGIN TRANSACTION", "\nSELECT 1", "ROLLBACK TRANSACTION",
		sessionSettings + "; SET LOCK_TIMEOUT 300000", "BEGIN TRANSACTION", "\nSELECT * FROM missing", // the server rolls back after an error
	}
	if diff := cmp.Diff(want, server.Statements()[before:]); diff != "" {
		t.Error(diff)
	}
	if _, err := db.query(t.Context(), "CREATE TABLE "+database.CheckTable+" (n int)", databasetest.Unlimited()); err != nil {
		t.Fatal(err)
	}
	if tables := server.Tables(); len(tables) > 0 {
		t.Errorf("committed tables: %v", tables)
	}
}

func TestLogin(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	logins := server.Logins()
	got := logins[len(logins)-1]
	want := tds.Login{User: "reader", Password: server.Creds().Text("password"), Database: "bank", Application: "defog", Host: "defog", ReadOnly: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(server.Statements(), sessionSettings) {
		t.Error("the session was not configured")
	}
}

func TestRefusesHostileStatements(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	before := len(server.Statements())
	list := append(guardtest.Statements(t, "sqlserver/hostile.sql", ""),
		"SELECT 1 -- a\r DELETE FROM accounts", "SELECT 1 -- a\u2028 DELETE FROM accounts", "SELECT 1 -- a\v DELETE FROM accounts",
		"SELECT 1 AS x\u00a0DELETE FROM accounts", "SELECT 1 AS x\u3000DELETE FROM accounts", "SELECT 1\x01DELETE FROM accounts",
		"SELECT 1\nGO\nDELETE FROM accounts", "SELECT 1 AS x\ufeffDELETE FROM accounts", "SELECT \\\n1", "SELECT 1\x00")
	databasetest.ExpectRefused(t, db, list, nil, func() string { return fmt.Sprint(server.Statements()[before:]) })
	if len(list) < 200 {
		t.Errorf("there are only %d hostile statements", len(list))
	}
}

func TestErrors(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.ExpectFailures(t, db, []databasetest.Failure{
		{SQL: "SELEC 1", Code: "", Message: "begins with SELEC"},
		{SQL: "", Code: "", Message: "it is empty"},
		{SQL: "SELECT", Code: "", Message: "it is not complete"},
		{SQL: "SELECT 1 SELECT 2", Code: "", Message: "more than one statement"},
		{SQL: "SELECT 1; SELECT 2", Code: "", Message: "more than one statement"},
		{SQL: "SELECT a, b FROM accounts", Code: "207", Message: "Invalid column name 'a'.\nInvalid column name 'b'."},
		{SQL: "SELECT * FROM salaries", Code: "229", Message: "permission was denied"},
		{SQL: "SELECT deadlock FROM accounts", Code: "1205", Message: "deadlocked"},
		{SQL: "SELECT waits FROM accounts", Code: "1222", Message: "Lock request time out"},
		{SQL: "select.foo", Code: "4701", Message: "not a procedure call"},
	})
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
}

func TestReadOnlyCheckReportsPrivileges(t *testing.T) {
	db := openServer(t, nil, "")
	defer func() { writes = nil }()
	for _, want := range [][]string{nil, {"everything: the user is a sysadmin", "the table dbo.accounts"}} {
		writes = want
		privileges, err := db.CheckReadOnly(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, privileges.Writes); diff != "" {
			t.Error(diff)
		}
		if !slices.Contains(privileges.Grants, "ALTER ROLE db_datareader ADD MEMBER defog_reader") {
			t.Errorf("got %v", privileges.Grants)
		}
	}
}

// A session that commits statements keeps the check's table.
func TestReadOnlyCheckFailsInCommittingSession(t *testing.T) {
	other := tds.Start(t, func(statement string) (tds.Result, bool) {
		if strings.TrimSpace(statement) == checkTableQuery {
			return names([]string{database.CheckTable}), true
		}
		return answer(statement)
	})
	db, err := New(other.Creds(), database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.(database.ReadOnlyChecker).CheckReadOnly(t.Context()); !errors.As(err, new(*database.WritableError)) {
		t.Errorf("got %v, want a WritableError", err)
	}
}

func TestKeepsConnection(t *testing.T) {
	db := openServer(t, nil, "")
	session := func() string {
		databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
		return fmt.Sprint(len(server.Logins()))
	}
	databasetest.ExpectSameSession(t, session, map[string]func(){
		"success": func() { databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited()) },
		"error":   func() { _, _ = db.Query(t.Context(), "SELECT * FROM missing", databasetest.Unlimited()) },
		"truncated": func() {
			databasetest.MustQuery(t, db, fmt.Sprintf(counterQuery, 100_000_000), database.Limits{Rows: 1})
		},
		"timeout":   func() { _, _ = db.Query(t.Context(), busyQuery, database.Limits{Time: time.Millisecond}) },
		"idle time": func() { db.idleSince = db.idleSince.Add(-time.Hour) },
	})
}

// A login's language changes CONVERT, DATENAME and the parsing of dates.
func TestSessionSetsLanguage(t *testing.T) {
	before := len(server.Statements())
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", database.Limits{})
	settings := server.Statements()[before]
	for _, want := range []string{"SET LANGUAGE us_english; SET DATEFORMAT mdy; SET DATEFIRST 7;", "SET ROWCOUNT 0;"} {
		if !strings.Contains(settings, want) {
			t.Errorf("the first batch is %q; want %q in it", settings, want)
		}
	}
}

// The batch with the settings follows the reset, which undoes them.
func TestSessionIsConfiguredForEachQuery(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", database.Limits{})
	before := len(server.Statements())
	for _, limit := range []time.Duration{0, 1500 * time.Millisecond, 1500 * time.Millisecond, time.Hour, 0} {
		databasetest.MustQuery(t, db, "SELECT 1", database.Limits{Time: limit})
	}
	set := slices.DeleteFunc(server.Statements()[before:], func(sql string) bool { return !strings.HasPrefix(sql, "SET") })
	var want []string
	for _, limit := range []string{"-1", "1500", "1500", "3600000", "-1"} {
		want = append(want, sessionSettings+"; SET LOCK_TIMEOUT "+limit)
	}
	if diff := cmp.Diff(want, set); diff != "" {
		t.Error(diff)
	}
}

func TestReconnects(t *testing.T) {
	const sql = "SELECT 1 AS n, 2 AS n"
	open := func(t *testing.T) *db { return openServer(t, nil, "") }
	seen := func(*testing.T) int { return databasetest.Count(server.Statements(), "\n"+sql) }
	databasetest.RunReconnects(t, open, sql, seen, map[string]func(t *testing.T, db *db){
		"restarted server": func(t *testing.T, _ *db) {
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
		},
		"ended session": func(*testing.T, *db) { server.Kill("") },
		"ended session after idle time": func(_ *testing.T, db *db) {
			server.Kill("")
			db.idleSince = db.idleSince.Add(-time.Hour)
		},
	})
}

func TestConnectionLostDuringStatement(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	failure := databasetest.Start(t.Context(), db.Query, "SELECT lost", databasetest.Unlimited())
	databasetest.WaitUntil(func() bool { return slices.Contains(server.Running(), "\nSELECT lost") })
	server.Kill("\nSELECT lost")
	databasetest.ExpectLost(t, <-failure, database.ReasonClosedByServer)
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
}

func TestContextStopsServer(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	before, logins := len(server.Statements()), len(server.Logins())
	databasetest.ExpectCanceled(t, db.Query, busyQuery, func() bool { return slices.Contains(server.Running(), "\n"+busyQuery) })
	if !slices.Contains(server.Statements()[before:], "ATTENTION") {
		t.Errorf("the server received no attention: %v", server.Statements()[before:])
	}
	databasetest.WaitUntil(func() bool { return len(server.Running()) == 0 })
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	if n := len(server.Logins()); n != logins {
		t.Error("the connection was not kept")
	}
}

func TestServerHangs(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	databasetest.RunHangs(t, server.Pause, server.Resume, db, openServer(t, nil, "")) // in a query, and in the login
}

func TestUnreachableServer(t *testing.T) {
	open := func(changes connection.Creds) database.Database { return openServer(t, changes, "") }
	databasetest.ExpectUnreachable(t, open, []databasetest.Unreachable{
		{Creds: connection.Creds{"password": "wrong-password"}, Reason: "the server refused the login", LoginRefused: true},
		{Creds: connection.Creds{"user": "nobody-known"}, Reason: "the server refused the login", LoginRefused: true},
		{Creds: connection.Creds{"database": "no-such-database"}, Reason: "the database does not exist"},
		{Creds: connection.Creds{"server": "127.0.0.1,1"}, Reason: "the server could not be reached"},
		{Creds: connection.Creds{"server": "no-such-host.invalid", "sslmode": "disable"}, Reason: "the host name could not be resolved"},
		{Creds: connection.Creds{"sslmode": "verify-full"}, Reason: "the server's TLS certificate could not be verified"},
		{Creds: connection.Creds{"sslmode": "verify-ca"}, Reason: "the server's TLS certificate could not be verified"},
	})
}

// The stand-in does not send these numbers.
func TestReasonsOfErrorNumbers(t *testing.T) {
	for number, want := range map[int32]string{
		18486: database.ReasonLoginRefused, 40613: database.ReasonNoDatabase, 10928: database.ReasonTooManyConnections, 40615: database.ReasonAddressRefused, 6005: database.ReasonClosedByServer,
		17809: database.ReasonTooManyConnections, 1: database.ReasonCode + "1",
	} {
		err := newError(t.Context(), &database.ConnectFailure{Err: mssql.Error{Number: number, Class: 14, Message: "secret"}})
		databasetest.ExpectConnectionError(t, err, want, want == database.ReasonLoginRefused)
	}
}

// After a password change, the old password is refused.
func TestPasswordChange(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	server.Rotate()
	server.Kill("")
	databasetest.ExpectRefusedLogin(t, db, "SELECT 1")
	databasetest.MustQuery(t, openServer(t, nil, ""), "SELECT 1", databasetest.Unlimited())
}

func TestInvalidCredentials(t *testing.T) {
	databasetest.ExpectInvalidCreds(t, New, nil, []databasetest.InvalidCreds{
		{Creds: connection.Creds{}, Want: "db_creds.server: missing"},
		{Creds: connection.Creds{"server": "h,zero"}, Want: "from 1 to 65535"},
		{Creds: connection.Creds{"server": `h\`}, Want: `host\instance`},
		{Creds: connection.Creds{"server": "h:1433"}, Want: "want host, host,port"},
		{Creds: connection.Creds{"server": "h", "sslmode": "prefer"}, Want: "want disable, require, verify-ca or verify-full"},
		{Creds: connection.Creds{"server": "h", "sslrootcert": "missing.pem"}, Want: "missing.pem"},
	})
	for server, want := range map[string]string{
		"h": "h||0", "tcp:h,1433": "h||1433", `h\inst`: "h|inst|0", `h\inst, 5000`: "h|inst|5000", `.\inst`: "localhost|inst|0", "::1,7": "::1||7",
	} {
		host, instance, port, err := parseServer(server)
		if got := fmt.Sprintf("%s|%s|%d", host, instance, port); got != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", server, got, err, want)
		}
	}
}

func TestTLS(t *testing.T) {
	databasetest.RunTLS(t, databasetest.TLSServer{
		Authority: server.Authority(),
		Open: func(t *testing.T, changes connection.Creds, directory string) database.Database {
			if host := changes.Text("host"); host != "" {
				changes["server"] = host
			}
			d := openServer(t, changes, directory)
			d.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, server.Address())
			}
			return d
		},
		SQL:    "SELECT encrypted",
		Secure: "[[1]]",
		Plain:  "[]",
	})
}
