package snowflake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sf "github.com/snowflakedb/gosnowflake/v2"

	"defog-cdk/config/connection"
	stand "defog-cdk/internal/testserver/snowflake"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/guard/guardtest"
)

// server is the stand-in for Snowflake of this test binary.
var server *stand.Server

func TestMain(m *testing.M) {
	databasetest.Main(m, func() (_ io.Closer, err error) {
		server, err = stand.Run(answer)
		return server, err
	})
}

const (
	counterQuery = "SELECT ROW_NUMBER() OVER (ORDER BY SEQ8()) AS n FROM TABLE(GENERATOR(ROWCOUNT => %d)) ORDER BY n"
	textQuery    = "SELECT REPEAT('x', %d) AS t"
	busyQuery    = "SELECT COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 1000000000)) AS a CROSS JOIN TABLE(GENERATOR(ROWCOUNT => 1000000000)) AS b " +
		"WHERE RANDOM() = 0 AND RANDOM() = 1"
	failingQuery = "SELECT 1 / n FROM (SELECT 1 AS n UNION ALL SELECT 0)"
	emptyQuery   = `SELECT 1 AS "a", 2 AS "b" WHERE FALSE`
)

func numbersAsText(n int64) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range n {
			if !yield(strconv.FormatInt(i+1, 10)) {
				return
			}
		}
	}
}

// answer returns Snowflake's result for a statement of the tests.
func answer(statement string) (stand.Result, bool) {
	if result, ok := typed(statement); ok {
		return result, true
	}
	if explained, ok := strings.CutPrefix(statement, "EXPLAIN USING TEXT "); ok {
		result, known := answer(explained)
		if result.Error.Code != "" {
			return result, known
		}
		return textRow([]string{"content"}, "GlobalStats: …"), known
	}
	n := []stand.Column{{Name: "N", Type: "fixed", Precision: 38}}
	var count int64
	if _, err := fmt.Sscanf(statement, counterQuery, &count); err == nil {
		return stand.Result{Columns: n, Rows: countUp(count)}, true
	}
	if _, err := fmt.Sscanf(statement, textQuery, &count); err == nil {
		return textRow([]string{"T"}, strings.Repeat("x", int(count))), true
	}
	if result, ok := large(statement); ok {
		return result, true
	}
	switch statement {
	case "SELECT 1":
		return stand.Result{Columns: n, Rows: countUp(1)}, true
	case "SELECT 1 AS n, 2 AS n":
		return stand.Result{Columns: append(n, n...), Rows: slices.Values([][]*string{{text("1"), text("2")}})}, true
	case emptyQuery:
		return stand.Result{Columns: []stand.Column{{Name: "a", Type: "fixed"}, {Name: "b", Type: "fixed"}}}, true
	case busyQuery:
		return stand.Result{Columns: n, Endless: true}, true
	case "SELECT * FROM accounts ORDER BY id":
		return textRow([]string{"ID", "OWNER"}, "1", "alice"), true
	case "CREATE TEMPORARY TABLE " + database.CheckTable + " (n INTEGER)", "DROP TABLE IF EXISTS " + database.CheckTable:
		return textRow([]string{"status"}, "done"), true
	case "INSERT INTO " + database.CheckTable + " VALUES (1)":
		return stand.Result{Columns: n, Inserts: "1"}, true
	case "SELECT n FROM " + database.CheckTable:
		return stand.Result{Columns: n, Lists: true}, true
	case "SELECT CURRENT_ROLE()":
		return textRow([]string{"CURRENT_ROLE()"}, `DEFOG"READER`), true
	case `SHOW GRANTS TO ROLE "DEFOG""READER"`:
		return grantsResult, true
	}
	failed, ok := answeredErrors[statement]
	return stand.Result{Error: failed}, ok
}

var answeredErrors = map[string]stand.Error{
	"SELECT FROM WHERE":                    {Code: "001003", State: "42000", Message: "SQL compilation error:\nsyntax error line 1 at position 7 unexpected 'FROM'."},
	"SELECT * FROM missing":                {Code: "002003", State: "42S02", Message: "SQL compilation error:\nObject 'MISSING' does not exist or not authorized."},
	failingQuery:                           {Code: "100051", State: "22012", Message: "Division by zero"},
	"SELECT spend_all()":                   {Code: "002141", State: "42601", Message: "SQL compilation error:\nUnknown user-defined function SPEND_ALL"},
	"SELECT * FROM " + database.CheckTable: {Code: "002003", State: "42S02", Message: "SQL compilation error:\nObject does not exist or not authorized."},
	"SELECT slow FROM accounts":            {Code: "000630", State: "57014", Message: "Statement reached its statement or warehouse timeout of 1 second(s) and was canceled."},
}

// grantsResult is the result of SHOW GRANTS.
var grantsResult = grantRows()

func grantRows(grants ...string) stand.Result {
	var rows [][]*string
	for _, grant := range grants {
		words := strings.Fields(grant)
		rows = append(rows, []*string{text("1709208000.000"), text(words[0]), text(words[1]), text(words[2])})
	}
	return stand.Result{
		Columns: []stand.Column{{Name: "created_on", Type: "timestamp_ltz", Scale: 3}, {Name: "privilege", Type: "text"}, {Name: "granted_on", Type: "text"}, {Name: "name", Type: "text"}},
		Rows:    slices.Values(rows),
	}
}

// textRow returns a result of one row of texts.
func textRow(names []string, values ...string) stand.Result {
	var result stand.Result
	var row []*string
	for i, name := range names {
		result.Columns = append(result.Columns, stand.Column{Name: name, Type: "text", Nullable: true})
		row = append(row, &values[i])
	}
	result.Rows = slices.Values([][]*string{row})
	return result
}

func openServer(tb testing.TB, changes connection.Creds, directory string) *db {
	tb.Helper()
	return databasetest.Open(tb, New, server.Creds(), changes, directory).(*db)
}

// newSuite returns the conformance suite with Snowflake's SQL.
func newSuite(open func(t *testing.T) database.Database) databasetest.Suite {
	return databasetest.Suite{
		Open:       open,
		Types:      suiteTypes(false),
		Counter:    counterQuery,
		Text:       textQuery,
		Busy:       busyQuery,
		Stopped:    codeCanceled,
		Syntax:     databasetest.Failure{SQL: "SELECT FROM WHERE", Code: "001003", Message: "syntax error line 1"},
		Unknown:    databasetest.Failure{SQL: "SELECT * FROM missing", Code: "002003", Message: "does not exist or not authorized"},
		Failing:    databasetest.Failure{SQL: failingQuery, Code: "100051", Message: "Division by zero"},
		Writing:    databasetest.Failure{SQL: "SELECT spend_all()", Message: "the function spend_all may not be called"},
		Accounts:   "SELECT * FROM accounts ORDER BY id",
		Duplicates: "SELECT 1 AS n, 2 AS n",
		Columns:    []string{"N", "N"},
		Empty:      emptyQuery,
	}
}

func TestConformance(t *testing.T) {
	newSuite(func(t *testing.T) database.Database { return openServer(t, nil, "") }).Run(t)
}

func TestConformanceOnServer(t *testing.T) {
	suite := newSuite(nil)
	suite.Types = suiteTypes(true)
	suite.RunOnServer(t, "DEFOG_TEST_SNOWFLAKE", New)
}

func TestChunksAreReadInOrder(t *testing.T) {
	db := openServer(t, nil, "")
	result := databasetest.MustQuery(t, db, fmt.Sprintf(counterQuery, 20_000), databasetest.Unlimited())
	want := "[[" + strings.Join(slices.Collect(numbersAsText(20_000)), "],[") + "]]"
	if string(result.Data) != want || result.Truncated {
		t.Errorf("got %d rows, truncated is %t", result.RowCount, result.Truncated)
	}
}

func TestQueryRollsBack(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	before := len(server.Statements())
	for _, sql := range []string{"SELECT 1", "SELECT * FROM missing"} {
		_, _ = db.Query(t.Context(), sql, databasetest.Unlimited())
	}
	if diff := cmp.Diff([]string{"SELECT 1", "ROLLBACK", "SELECT * FROM missing", "ROLLBACK"}, server.Statements()[before:]); diff != "" {
		t.Error(diff)
	}
}

func TestLoginParameters(t *testing.T) {
	changes := connection.Creds{"schema": "sales", "role": "defog_reader"}
	databasetest.MustQuery(t, openServer(t, changes, ""), "SELECT 1", database.Limits{Rows: 10, Time: 1500 * time.Millisecond})
	logins := server.Logins()
	got := logins[len(logins)-1]
	for name, want := range map[string]string{
		"GO_QUERY_RESULT_FORMAT": "JSON", "ABORT_DETACHED_QUERY": "true", "MULTI_STATEMENT_COUNT": "1",
		"STATEMENT_TIMEOUT_IN_SECONDS": "2", "ROWS_PER_RESULTSET": "11", "CLIENT_PREFETCH_THREADS": "1",
		"DATE_OUTPUT_FORMAT": "YYYY-MM-DD", "TIME_OUTPUT_FORMAT": "HH24:MI:SS", "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
	} {
		if fmt.Sprint(got.Parameters[name]) != want {
			t.Errorf("%s is %v, want %s", name, got.Parameters[name], want)
		}
	}
	got.Parameters = nil
	if !slices.Contains(server.Statements(), "ALTER SESSION SET AUTOCOMMIT = FALSE") {
		t.Error("autocommit is on")
	}
	want := stand.Login{Account: "org-test", User: "reader", Database: "bank", Schema: "sales", Warehouse: "small", Role: "defog_reader"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestKeyReplacesPassword(t *testing.T) {
	key := server.PrivateKey()
	for name, text := range map[string]string{"lines": key, "one line": strings.ReplaceAll(key, "\n", `\n`)} {
		t.Run(name, func(t *testing.T) {
			databasetest.MustQuery(t, openServer(t, connection.Creds{"password": "", "private_key": text}, ""), "SELECT 1", databasetest.Unlimited())
			logins := server.Logins()
			if !logins[len(logins)-1].Key {
				t.Error("the login used no key")
			}
		})
	}
	other := stand.Start(t, answer)
	databasetest.ExpectRefusedLogin(t, openServer(t, connection.Creds{"private_key": other.PrivateKey()}, ""), "SELECT 1")
}

func TestRefusesHostileStatements(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	before := len(server.Statements())
	list := append(guardtest.Statements(t, "snowflake/hostile.sql", ""),
		"SELECT 1 -- a\r , SYSTEM$WAIT(1)", "SELECT 1 // a\u2028 , SYSTEM$WAIT(1)", "SELECT 1 -- a\v , SYSTEM$WAIT(1)",
		"SELECT 1 AS x\u00a0INTO y", "SELECT 1 AS x\u3000INTO y", "SELECT \\\n1", "SELECT 1\x00")
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
		{SQL: "SELECT 1; SELECT 2", Code: "", Message: "more than one statement"},
		{SQL: "SELECT * FROM missing", Code: "002003", Message: "does not exist or not authorized"},
		{SQL: "SELECT slow FROM accounts", Code: "000630", Message: "timeout of 1 second"},
	})
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
}

func TestReadOnlyCheckReportsPrivileges(t *testing.T) {
	db := openServer(t, nil, "")
	defer func() { grantsResult = grantRows() }()
	for _, c := range []struct{ grants, want []string }{
		{[]string{"USAGE WAREHOUSE SMALL", "SELECT TABLE BANK.PUBLIC.ACCOUNTS"}, nil},
		{nil, []string{"unknown: Snowflake refuses to list the role's privileges: SQL access control error"}},
		{[]string{"OWNERSHIP TABLE BANK.PUBLIC.ACCOUNTS", "SELECT VIEW V"}, []string{"OWNERSHIP on the TABLE BANK.PUBLIC.ACCOUNTS"}},
	} {
		grantsResult = grantRows(c.grants...)
		if c.grants == nil {
			grantsResult = stand.Result{Error: stand.Error{Code: "003001", State: "42501", Message: "SQL access control error"}}
		}
		privileges, err := db.CheckReadOnly(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, privileges.Writes); diff != "" {
			t.Error(diff)
		}
		if !slices.Contains(privileges.Grants, "GRANT SELECT ON ALL TABLES IN DATABASE bank TO ROLE defog_reader") {
			t.Errorf("got %v", privileges.Grants)
		}
	}
}

// The check fails for a session that keeps an inserted row. It passes if the
// user may not create a temporary table.
func TestReadOnlyCheck(t *testing.T) {
	for name, c := range map[string]struct {
		statement string
		result    stand.Result
		fails     bool
	}{
		"kept row": {"SELECT n FROM " + database.CheckTable, stand.Result{Columns: []stand.Column{{Name: "N", Type: "fixed"}}, Rows: countUp(1)}, true},
		"no temporary table": {"CREATE TEMPORARY TABLE " + database.CheckTable + " (n INTEGER)",
			stand.Result{Error: stand.Error{Code: "003001", State: "42501", Message: "SQL access control error:\nInsufficient privileges to operate on schema 'PUBLIC'"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			other := stand.Start(t, func(statement string) (stand.Result, bool) {
				if statement == c.statement {
					return c.result, true
				}
				return answer(statement)
			})
			db, err := New(other.Creds(), database.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.(database.ReadOnlyChecker).CheckReadOnly(t.Context()); errors.As(err, new(*database.WritableError)) != c.fails || !c.fails && err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestKeepsSession(t *testing.T) {
	db := openServer(t, nil, "")
	session := func() string {
		databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
		return fmt.Sprint(len(server.Logins()))
	}
	databasetest.ExpectSameSession(t, session, map[string]func(){
		"success":   func() { databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited()) },
		"error":     func() { _, _ = db.Query(t.Context(), "SELECT * FROM missing", databasetest.Unlimited()) },
		"truncated": func() { databasetest.MustQuery(t, db, fmt.Sprintf(counterQuery, 100_000), database.Limits{Rows: 1}) },
		"timeout":   func() { _, _ = db.Query(t.Context(), busyQuery, database.Limits{Time: time.Millisecond}) },
		"idle time": func() { db.idleSince = db.idleSince.Add(-time.Hour) },
	})
}

func TestSessionLimitsAreSetOnChange(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", database.Limits{})
	before := len(server.Statements())
	for _, limits := range []database.Limits{{}, {Time: 1500 * time.Millisecond}, {Time: 1500 * time.Millisecond}, {Time: time.Hour, Rows: 5}, {Time: time.Hour, Rows: 5}, {}} {
		databasetest.MustQuery(t, db, "SELECT 1", limits)
	}
	set := slices.DeleteFunc(server.Statements()[before:], func(sql string) bool { return !strings.HasPrefix(sql, "ALTER") })
	want := []string{
		"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 2", "ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 3600", "ALTER SESSION SET ROWS_PER_RESULTSET = 6",
		"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 0", "ALTER SESSION SET ROWS_PER_RESULTSET = 0",
	}
	if diff := cmp.Diff(want, set); diff != "" {
		t.Error(diff)
	}
}

func TestReconnects(t *testing.T) {
	const sql = "SELECT 1 AS n, 2 AS n"
	open := func(t *testing.T) *db { return openServer(t, nil, "") }
	seen := func(*testing.T) int { return databasetest.Count(server.Statements(), sql) }
	databasetest.RunReconnects(t, open, sql, seen, map[string]func(t *testing.T, db *db){
		"restarted server": func(t *testing.T, _ *db) {
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
		},
		"ended session": func(*testing.T, *db) { server.Expire() },
	})
}

func TestConnectionLostDuringStatement(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	failure := databasetest.Start(t.Context(), db.Query, busyQuery, databasetest.Unlimited())
	databasetest.WaitUntil(func() bool { return len(server.Running()) > 0 })
	server.Stop()
	err := <-failure
	if err := server.StartAgain(); err != nil {
		t.Fatal(err)
	}
	databasetest.ExpectLost(t, err, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
}

func TestContextStopsServer(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	before := len(server.Statements())
	databasetest.ExpectCanceled(t, db.Query, busyQuery, func() bool { return len(server.Running()) > 0 })
	if !slices.Contains(server.Statements()[before:], "ABORT") {
		t.Errorf("the server received no request to stop: %v", server.Statements()[before:])
	}
	databasetest.WaitUntil(func() bool { return len(server.Running()) == 0 })
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
}

func TestServerHangs(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	databasetest.RunHangs(t, server.Pause, server.Resume, db, openServer(t, nil, "")) // during a query and a login
}

func TestUnreachableServer(t *testing.T) {
	open := func(changes connection.Creds) database.Database { return openServer(t, changes, "") }
	databasetest.ExpectUnreachable(t, open, []databasetest.Unreachable{
		{Creds: connection.Creds{"password": "wrong-password"}, Reason: "the server refused the login", LoginRefused: true},
		{Creds: connection.Creds{"user": "nobody-known"}, Reason: "the server refused the login", LoginRefused: true},
		{Creds: connection.Creds{"database": "no-such-database"}, Reason: "the database does not exist"},
		{Creds: connection.Creds{"port": "1"}, Reason: "the server could not be reached"},
		{Creds: connection.Creds{"host": "no-such-host.invalid", "sslmode": "disable"}, Reason: "the host name could not be resolved"},
	})
}

// The stand-in does not send these numbers.
func TestReasonsOfErrorNumbers(t *testing.T) {
	for number, want := range map[int]string{
		390106: database.ReasonLoginRefused, 390189: database.ReasonLoginRefused, 390422: database.ReasonAddressRefused, 390114: database.ReasonClosedByServer,
		sf.ErrCodeFailedToConnect: "the account does not exist", 390999: database.ReasonCode + "390999",
	} {
		err := newError(t.Context(), &database.ConnectFailure{Err: &sf.SnowflakeError{Number: number, Message: "secret"}})
		databasetest.ExpectConnectionError(t, err, want, want == database.ReasonLoginRefused)
	}
	timer := database.StartTimer(t.Context(), time.Millisecond)
	time.Sleep(2 * time.Millisecond)
	err := timer.Explain(newError(t.Context(), &sf.SnowflakeError{Number: 630, Message: "x"}), codeTimeout)
	if err == nil || !strings.Contains(err.Error(), "time limit of 1ms") {
		t.Errorf("got %v", err)
	}
}

// After a password change, the old password is refused.
func TestPasswordChange(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	server.Rotate()
	server.Expire()
	databasetest.ExpectRefusedLogin(t, db, "SELECT 1")
	databasetest.MustQuery(t, openServer(t, nil, ""), "SELECT 1", databasetest.Unlimited())
}

func TestInvalidCredentials(t *testing.T) {
	encrypted := "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----"
	databasetest.ExpectInvalidCreds(t, New, nil, []databasetest.InvalidCreds{
		{Creds: connection.Creds{}, Want: "db_creds.account: missing"},
		{Creds: connection.Creds{"account": "a", "port": "zero"}, Want: "from 1 to 65535"},
		{Creds: connection.Creds{"account": "a", "private_key": "secret"}, Want: "not PEM"},
		{Creds: connection.Creds{"account": "a", "private_key": encrypted}, Want: "without a passphrase"},
		{Creds: connection.Creds{"account": "a", "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}, Want: "not an RSA key"},
		{Creds: connection.Creds{"account": "a", "sslrootcert": "missing.pem"}, Want: "missing.pem"},
	})
	for account, want := range map[string]string{
		"Org-My_Account":       "Org-My_Account at https://org-my-account.snowflakecomputing.com:443",
		"xy12345.eu-central-1": "xy12345 at https://xy12345.eu-central-1.snowflakecomputing.com:443",
	} {
		config, _, err := newConfig(connection.Creds{"account": account}, "")
		if got := fmt.Sprintf("%s at %s://%s:%d", config.Account, config.Protocol, config.Host, config.Port); got != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", account, got, err, want)
		}
	}
}

func TestTLS(t *testing.T) {
	secure := stand.Start(t, answer, stand.TLS())
	databasetest.RunTLS(t, databasetest.TLSServer{
		Authority: secure.Authority(),
		Open: func(t *testing.T, changes connection.Creds, directory string) database.Database {
			target, loopback := secure, changes.Text("host") == "" && changes.Text("sslmode") == ""
			if loopback || changes.Text("sslmode") == "disable" {
				target = server // the other stand-in requires TLS
			}
			d := databasetest.Open(t, New, target.Creds(), changes, directory).(*db)
			d.transport.base.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, target.Address())
			}
			return d
		},
		SQL:    "SELECT 1",
		Secure: "[[1]]",
		Plain:  "[[1]]",
	})
}
