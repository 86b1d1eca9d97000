//go:build !onedriver || snowflake

package database

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
	"defog-cdk/lambda/database/guard/guardtest"
)

// sanMateo is the one stand-in for Snowflake of this test binary.
var sanMateo *stand.Server

func init() {
	servers = append(servers, func() (_ io.Closer, err error) {
		sanMateo, err = stand.Run(answerSnowflake)
		return sanMateo, err
	})
}

const (
	snowflakeCounter = "SELECT n FROM numbers LIMIT %d"
	snowflakeText    = "SELECT REPEAT('x', %d) AS t"
	snowflakeBusy    = "SELECT COUNT(*) FROM numbers AS a CROSS JOIN numbers AS b"
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

// answerSnowflake is what Snowflake would say to the statements of the tests.
func answerSnowflake(statement string) (stand.Result, bool) {
	if result, ok := flaked(statement); ok {
		return result, true
	}
	n := []stand.Column{{Name: "N", Type: "fixed", Precision: 38}}
	var count int64
	if _, err := fmt.Sscanf(statement, snowflakeCounter, &count); err == nil {
		return stand.Result{Columns: n, Rows: countUp(count)}, true
	}
	if _, err := fmt.Sscanf(statement, snowflakeText, &count); err == nil {
		return textRow([]string{"T"}, strings.Repeat("x", int(count))), true
	}
	switch statement {
	case "SELECT 1":
		return stand.Result{Columns: n, Rows: countUp(1)}, true
	case "SELECT 1 AS n, 2 AS n":
		return stand.Result{Columns: append(n, n...), Rows: slices.Values([][]*string{{text("1"), text("2")}})}, true
	case "SELECT 1 AS a, 2 AS b WHERE FALSE":
		return stand.Result{Columns: []stand.Column{{Name: "a", Type: "fixed"}, {Name: "b", Type: "fixed"}}}, true
	case snowflakeBusy:
		return stand.Result{Columns: n, Endless: true}, true
	case "SELECT * FROM accounts ORDER BY id":
		return textRow([]string{"ID", "OWNER"}, "1", "alice"), true
	case "CREATE TEMPORARY TABLE " + proofTable + " (n INTEGER)", "DROP TABLE IF EXISTS " + proofTable:
		return textRow([]string{"status"}, "done"), true
	case "INSERT INTO " + proofTable + " VALUES (1)":
		return stand.Result{Columns: n, Inserts: "1"}, true
	case "SELECT n FROM " + proofTable:
		return stand.Result{Columns: n, Lists: true}, true
	case "SELECT CURRENT_ROLE()":
		return textRow([]string{"CURRENT_ROLE()"}, `DEFOG"READER`), true
	case `SHOW GRANTS TO ROLE "DEFOG""READER"`:
		return snowflakeRights, true
	}
	failed, ok := snowflakeErrors[statement]
	return stand.Result{Error: failed}, ok
}

var snowflakeErrors = map[string]stand.Error{
	"SELECT FROM WHERE":           {Code: "001003", State: "42000", Message: "SQL compilation error:\nsyntax error line 1 at position 7 unexpected 'FROM'."},
	"SELECT * FROM missing":       {Code: "002003", State: "42S02", Message: "SQL compilation error:\nObject 'MISSING' does not exist or not authorized."},
	"SELECT 1 / n FROM zeros":     {Code: "100051", State: "22012", Message: "Division by zero"},
	"SELECT spend_all()":          {Code: "002141", State: "42601", Message: "SQL compilation error:\nUnknown user-defined function SPEND_ALL"},
	"SELECT * FROM " + proofTable: {Code: "002003", State: "42S02", Message: "SQL compilation error:\nObject does not exist or not authorized."},
	"SELECT slow FROM accounts":   {Code: "000630", State: "57014", Message: "Statement reached its statement or warehouse timeout of 1 second(s) and was canceled."},
}

// snowflakeRights is what SHOW GRANTS returns.
var snowflakeRights = grantRows()

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

// textRow is a result of one row of texts.
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

func openSanMateo(tb testing.TB, changes connection.Creds, directory string) *snowflake {
	tb.Helper()
	return openChanged(tb, "snowflake", sanMateo.Creds(), changes, directory).(*snowflake)
}

func TestSnowflakeConforms(t *testing.T) {
	conform(t, dialectUnderTest{
		open:       func(t *testing.T) Database { return openSanMateo(t, nil, "") },
		types:      flakeCases(),
		counter:    snowflakeCounter,
		text:       snowflakeText,
		busy:       snowflakeBusy,
		syntax:     "SELECT FROM WHERE",
		unknown:    "SELECT * FROM missing",
		failing:    "SELECT 1 / n FROM zeros",
		writing:    "SELECT spend_all()",
		accounts:   "SELECT * FROM accounts ORDER BY id",
		duplicates: "SELECT 1 AS n, 2 AS n",
		columns:    []string{"N", "N"},
		empty:      "SELECT 1 AS a, 2 AS b WHERE FALSE",
	})
}

// A result in many pieces comes whole and in order.
func TestSnowflakeReadsPieces(t *testing.T) {
	db := openSanMateo(t, nil, "")
	result := mustQuery(t, db, fmt.Sprintf(snowflakeCounter, 20_000), unlimited)
	want := "[[" + strings.Join(slices.Collect(numbersAsText(20_000)), "],[") + "]]"
	if string(result.Data) != want || result.Truncated {
		t.Errorf("got %d rows, truncated is %t", result.RowCount, result.Truncated)
	}
}

func TestSnowflakeRollsBack(t *testing.T) {
	db := openSanMateo(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	before := len(sanMateo.Statements())
	for _, sql := range []string{"SELECT 1", "SELECT * FROM missing"} {
		_, _ = db.Query(t.Context(), sql, unlimited)
	}
	if diff := cmp.Diff([]string{"SELECT 1", "ROLLBACK", "SELECT * FROM missing", "ROLLBACK"}, sanMateo.Statements()[before:]); diff != "" {
		t.Error(diff)
	}
}

func TestSnowflakeSaysWhatItWants(t *testing.T) {
	changes := connection.Creds{"schema": "sales", "role": "defog_reader"}
	mustQuery(t, openSanMateo(t, changes, ""), "SELECT 1", Limits{Rows: 10, Time: 1500 * time.Millisecond})
	logins := sanMateo.Logins()
	got := logins[len(logins)-1]
	for name, want := range map[string]string{
		"GO_QUERY_RESULT_FORMAT": "JSON", "ABORT_DETACHED_QUERY": "true", "MULTI_STATEMENT_COUNT": "1",
		"STATEMENT_TIMEOUT_IN_SECONDS": "2", "ROWS_PER_RESULTSET": "11", "CLIENT_PREFETCH_THREADS": "1",
	} {
		if fmt.Sprint(got.Parameters[name]) != want {
			t.Errorf("%s is %v, want %s", name, got.Parameters[name], want)
		}
	}
	got.Parameters = nil
	if !slices.Contains(sanMateo.Statements(), "ALTER SESSION SET AUTOCOMMIT = FALSE") {
		t.Error("autocommit was not switched off")
	}
	want := stand.Login{Account: "org-test", User: "reader", Database: "bank", Schema: "sales", Warehouse: "small", Role: "defog_reader"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A key takes the password's place.
func TestSnowflakeLogsInByKey(t *testing.T) {
	key := sanMateo.PrivateKey()
	for name, text := range map[string]string{"as it is": key, "in one line": strings.ReplaceAll(key, "\n", `\n`)} {
		t.Run(name, func(t *testing.T) {
			mustQuery(t, openSanMateo(t, connection.Creds{"password": "", "private_key": text}, ""), "SELECT 1", unlimited)
			logins := sanMateo.Logins()
			if !logins[len(logins)-1].Key {
				t.Error("there was a login without the key")
			}
		})
	}
	other := stand.Start(t, answerSnowflake)
	expectRefusedLogin(t, openSanMateo(t, connection.Creds{"private_key": other.PrivateKey()}, ""), "SELECT 1")
}

func TestSnowflakeRefusesHostileStatements(t *testing.T) {
	db := openSanMateo(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	before := len(sanMateo.Statements())
	list := append(guardtest.Statements(t, "snowflake/hostile.sql", ""),
		"SELECT 1 -- a\r , SYSTEM$WAIT(1)", "SELECT 1 // a\u2028 , SYSTEM$WAIT(1)", "SELECT 1 -- a\v , SYSTEM$WAIT(1)",
		"SELECT 1 AS x\u00a0INTO y", "SELECT 1 AS x\u3000INTO y", "SELECT \\\n1", "SELECT 1\x00")
	expectRefused(t, db, list, false, func() string { return fmt.Sprint(sanMateo.Statements()[before:]) })
	if len(list) < 200 {
		t.Errorf("there are only %d hostile statements", len(list))
	}
}

func TestSnowflakeErrors(t *testing.T) {
	db := openSanMateo(t, nil, "")
	expectFailures(t, db, []failingCase{
		{"SELEC 1", "", "begins with SELEC"},
		{"", "", "it is empty"},
		{"SELECT", "", "it is not complete"},
		{"SELECT 1; SELECT 2", "", "more than one statement"},
		{"SELECT * FROM missing", "002003", "does not exist or not authorized"},
		{"SELECT slow FROM accounts", "000630", "timeout of 1 second"},
	})
	mustQuery(t, db, "SELECT 1", unlimited)
}

func TestSnowflakeRights(t *testing.T) {
	db := openSanMateo(t, nil, "")
	defer func() { snowflakeRights = grantRows() }()
	for _, c := range []struct{ grants, want []string }{
		{[]string{"USAGE WAREHOUSE SMALL", "SELECT TABLE BANK.PUBLIC.ACCOUNTS"}, nil},
		{nil, []string{"it is not known what, for Snowflake does not tell: SQL access control error"}},
		{[]string{"OWNERSHIP TABLE BANK.PUBLIC.ACCOUNTS", "SELECT VIEW V"}, []string{"OWNERSHIP on the TABLE BANK.PUBLIC.ACCOUNTS"}},
	} {
		snowflakeRights = grantRows(c.grants...)
		if c.grants == nil {
			snowflakeRights = stand.Result{Error: stand.Error{Code: "003001", State: "42501", Message: "SQL access control error"}}
		}
		rights, err := db.Prove(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, rights.Writes); diff != "" {
			t.Error(diff)
		}
		if !slices.Contains(rights.Grants, "GRANT SELECT ON ALL TABLES IN DATABASE bank TO ROLE defog_reader") {
			t.Errorf("got %v", rights.Grants)
		}
	}
}

// A session that keeps what was inserted fails the proof; one that may not even
// make a temporary table passes it.
func TestSnowflakeProof(t *testing.T) {
	for name, c := range map[string]struct {
		statement string
		result    stand.Result
		fails     bool
	}{
		"a row is kept": {"SELECT n FROM " + proofTable, stand.Result{Columns: []stand.Column{{Name: "N", Type: "fixed"}}, Rows: countUp(1)}, true},
		"nothing may be made": {"CREATE TEMPORARY TABLE " + proofTable + " (n INTEGER)",
			stand.Result{Error: stand.Error{Code: "003001", State: "42501", Message: "SQL access control error:\nInsufficient privileges to operate on schema 'PUBLIC'"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := stand.Start(t, func(statement string) (stand.Result, bool) {
				if statement == c.statement {
					return c.result, true
				}
				return answerSnowflake(statement)
			})
			db, err := openSnowflake(server.Creds(), Surroundings{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.(Prover).Prove(t.Context()); errors.As(err, new(*WritableError)) != c.fails || !c.fails && err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSnowflakeKeepsItsSession(t *testing.T) {
	db := openSanMateo(t, nil, "")
	session := func() string {
		mustQuery(t, db, "SELECT 1", unlimited)
		return fmt.Sprint(len(sanMateo.Logins()))
	}
	expectKept(t, session, map[string]func(){
		"success":   func() { mustQuery(t, db, "SELECT 1", unlimited) },
		"error":     func() { _, _ = db.Query(t.Context(), "SELECT * FROM missing", unlimited) },
		"truncated": func() { mustQuery(t, db, fmt.Sprintf(snowflakeCounter, 100_000), Limits{Rows: 1}) },
		"timeout":   func() { _, _ = db.Query(t.Context(), snowflakeBusy, Limits{Time: time.Millisecond}) },
		"a rest":    func() { db.rested = db.rested.Add(-time.Hour) },
	})
}

// The server's limits are set anew only when they change.
func TestSnowflakeSetsTheLimits(t *testing.T) {
	db := openSanMateo(t, nil, "")
	mustQuery(t, db, "SELECT 1", Limits{})
	before := len(sanMateo.Statements())
	for _, limits := range []Limits{{}, {Time: 1500 * time.Millisecond}, {Time: 1500 * time.Millisecond}, {Time: time.Hour, Rows: 5}, {Time: time.Hour, Rows: 5}, {}} {
		mustQuery(t, db, "SELECT 1", limits)
	}
	set := slices.DeleteFunc(sanMateo.Statements()[before:], func(sql string) bool { return !strings.HasPrefix(sql, "ALTER") })
	want := []string{
		"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 2", "ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 3600", "ALTER SESSION SET ROWS_PER_RESULTSET = 6",
		"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 0", "ALTER SESSION SET ROWS_PER_RESULTSET = 0",
	}
	if diff := cmp.Diff(want, set); diff != "" {
		t.Error(diff)
	}
}

func TestSnowflakeReconnects(t *testing.T) {
	const sql = "SELECT 1 AS n, 2 AS n"
	open := func(t *testing.T) *snowflake { return openSanMateo(t, nil, "") }
	seen := func(*testing.T) int { return occurrences(sanMateo.Statements(), sql) }
	testReconnects(t, open, sql, seen, map[string]func(t *testing.T, db *snowflake){
		"restarted server": func(t *testing.T, _ *snowflake) {
			if err := sanMateo.Restart(); err != nil {
				t.Fatal(err)
			}
		},
		"ended session": func(*testing.T, *snowflake) { sanMateo.Expire() },
	})
}

func TestSnowflakeLosesConnectionInAStatement(t *testing.T) {
	db := openSanMateo(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	failure := begin(t.Context(), db.Query, snowflakeBusy, unlimited)
	await(func() bool { return len(sanMateo.Running()) > 0 })
	sanMateo.Stop()
	err := <-failure
	if err := sanMateo.StartAgain(); err != nil {
		t.Fatal(err)
	}
	expectLost(t, err, "")
	mustQuery(t, db, "SELECT 1", unlimited)
}

func TestSnowflakeContextStopsTheServer(t *testing.T) {
	db := openSanMateo(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	before := len(sanMateo.Statements())
	expectCanceled(t, db.Query, snowflakeBusy, func() bool { return len(sanMateo.Running()) > 0 })
	if !slices.Contains(sanMateo.Statements()[before:], "ABORT") {
		t.Errorf("the server was not told to stop: %v", sanMateo.Statements()[before:])
	}
	await(func() bool { return len(sanMateo.Running()) == 0 })
	mustQuery(t, db, "SELECT 1", unlimited)
}

func TestSnowflakeHangs(t *testing.T) {
	db := openSanMateo(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	testHangs(t, sanMateo.Pause, sanMateo.Resume, db, openSanMateo(t, nil, "")) // in a query, and in the login
}

func TestSnowflakeCantConnect(t *testing.T) {
	open := func(changes connection.Creds) Database { return openSanMateo(t, changes, "") }
	expectUnreachable(t, open, []unreachableCase{
		{connection.Creds{"password": "wrong-password"}, "the login was refused", true},
		{connection.Creds{"user": "nobody-known"}, "the login was refused", true},
		{connection.Creds{"database": "no-such-database"}, "there is no database of that name", false},
		{connection.Creds{"port": "1"}, "it could not be reached", false},
		{connection.Creds{"host": "no-such-host.invalid", "sslmode": "disable"}, "its host name could not be resolved", false},
	})
}

// Numbers that the stand-in does not send.
func TestSnowflakeErrorNumbers(t *testing.T) {
	for number, want := range map[int]string{
		390106: refusedLogin, 390189: refusedLogin, 390422: noConnectionsFromHere, 390114: endedByServer,
		sf.ErrCodeFailedToConnect: "there is no account of that name", 390999: refusedWithCode + "390999",
	} {
		err := snowflakeError(t.Context(), &connectFailure{&sf.SnowflakeError{Number: number, Message: "secret"}})
		expectConnectionFailure(t, err, want, want == refusedLogin)
	}
	ended := timer{timeout: time.Millisecond, own: true}
	err := ended.explain(snowflakeError(t.Context(), &sf.SnowflakeError{Number: 630, Message: "x"}), snowflakeTimeout)
	if err == nil || !strings.Contains(err.Error(), "stopped after 1ms") {
		t.Errorf("got %v", err)
	}
}

// A login whose password was changed is refused, and works with the new one.
func TestSnowflakeRotates(t *testing.T) {
	db := openSanMateo(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	sanMateo.Rotate()
	sanMateo.Expire()
	expectRefusedLogin(t, db, "SELECT 1")
	mustQuery(t, openSanMateo(t, nil, ""), "SELECT 1", unlimited)
}

func TestSnowflakeWantsValidCredentials(t *testing.T) {
	encrypted := "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----"
	expectInvalid(t, openSnowflake, nil, []invalidCase{
		{connection.Creds{}, "no account"},
		{connection.Creds{"account": "a", "port": "zero"}, "from 1 to 65535"},
		{connection.Creds{"account": "a", "private_key": "secret"}, "not PEM"},
		{connection.Creds{"account": "a", "private_key": encrypted}, "without a passphrase"},
		{connection.Creds{"account": "a", "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}, "no RSA key"},
		{connection.Creds{"account": "a", "sslrootcert": "missing.pem"}, "missing.pem"},
	})
	for account, want := range map[string]string{
		"Org-My_Account":       "Org-My_Account at https://org-my-account.snowflakecomputing.com:443",
		"xy12345.eu-central-1": "xy12345 at https://xy12345.eu-central-1.snowflakecomputing.com:443",
	} {
		config, _, err := snowflakeConfig(connection.Creds{"account": account}, "")
		if got := fmt.Sprintf("%s at %s://%s:%d", config.Account, config.Protocol, config.Host, config.Port); got != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", account, got, err, want)
		}
	}
}

func TestSnowflakeTLS(t *testing.T) {
	secret := stand.Start(t, answerSnowflake, stand.TLS())
	testTLS(t, secret.Authority(), func(t *testing.T, creds connection.Creds, directory string) Database {
		server, here := secret, creds.Text("host") == "" && creds.Text("sslmode") == ""
		if here || creds.Text("sslmode") == "disable" {
			server = sanMateo // the other one speaks no plain HTTP
		}
		db := openChanged(t, "snowflake", server.Creds(), creds, directory)
		db.(*snowflake).transport.base.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Address())
		}
		return db
	}, "SELECT 1", "[[1]]", "[[1]]")
}
