package mysql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/mariadb"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/database/guard/guardtest"
)

// server is the MariaDB server of this test binary.
var server *mariadb.Server

func TestMain(m *testing.M) {
	databasetest.Main(m, func() (_ io.Closer, err error) {
		server, err = mariadb.Run(mariadb.TLS())
		return server, err
	})
}

const accounts = `
	DROP DATABASE bank; CREATE DATABASE bank CHARACTER SET utf8mb4; USE bank;
	CREATE TABLE accounts (id int PRIMARY KEY, owner varchar(50), balance decimal(12, 2));
	INSERT INTO accounts VALUES (1, 'alice', 100), (2, 'bob', 50.5);
	CREATE TABLE notes (body text) ENGINE = MyISAM;
	INSERT INTO notes VALUES ('kept');
	CREATE VIEW rich AS SELECT * FROM accounts WHERE balance > 60;
	CREATE SEQUENCE counter;
	CREATE FUNCTION spend_all() RETURNS int BEGIN DELETE FROM accounts; RETURN 1; END;
	CREATE FUNCTION scribble() RETURNS int BEGIN INSERT INTO notes VALUES ('stolen'); RETURN 1; END;
	CREATE PROCEDURE spend() DELETE FROM accounts;
	CREATE OR REPLACE USER reader IDENTIFIED BY 'reads';
	GRANT SELECT ON bank.* TO reader;
`

// stateQuery reads everything that a hostile statement could change, and
// whether a session still exists and holds its lock.
const stateQuery = `
	SELECT GROUP_CONCAT(id, owner, balance ORDER BY id) FROM bank.accounts
	UNION ALL SELECT GROUP_CONCAT(body) FROM bank.notes
	UNION ALL SELECT next_not_cached_value FROM bank.counter
	UNION ALL SELECT GROUP_CONCAT(table_schema, '.', table_name, engine ORDER BY 1) FROM information_schema.tables
	UNION ALL SELECT GROUP_CONCAT(table_name, column_name ORDER BY 1) FROM information_schema.columns WHERE table_schema = 'bank'
	UNION ALL SELECT GROUP_CONCAT(index_name ORDER BY 1) FROM information_schema.statistics WHERE table_schema = 'bank'
	UNION ALL SELECT GROUP_CONCAT(default_character_set_name ORDER BY 1) FROM information_schema.schemata
	UNION ALL SELECT GROUP_CONCAT(name ORDER BY 1) FROM mysql.proc
	UNION ALL SELECT GROUP_CONCAT(name ORDER BY 1) FROM mysql.func
	UNION ALL SELECT COUNT(*) FROM mysql.event
	UNION ALL SELECT GROUP_CONCAT(trigger_name) FROM information_schema.triggers
	UNION ALL SELECT GROUP_CONCAT(user, host, priv ORDER BY 1) FROM mysql.global_priv
	UNION ALL SELECT GROUP_CONCAT(user, host, select_priv, insert_priv ORDER BY 1) FROM mysql.db
	UNION ALL SELECT CONCAT(@@max_connections, @@general_log, @@sql_mode)
	UNION ALL SELECT IS_USED_LOCK('held')
	UNION ALL SELECT COALESCE(IS_USED_LOCK('stolen'), 'free')
	UNION ALL SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_tables_locked > 0`

func openServer(tb testing.TB, changes connection.Creds, directory string) *db {
	tb.Helper()
	d := databasetest.Open(tb, New, server.Creds(), changes, directory).(*db)
	// The server itself refuses what these functions do.
	d.guard = d.guard.With(guard.Options{AllowedFunctions: []string{"bank.spend_all", "bank.scribble"}})
	return d
}

// newSuite returns the conformance suite with MariaDB's SQL. MySQL lacks the
// sequence engine of Counter, Busy and Failing.
func newSuite(open func(t *testing.T) database.Database) databasetest.Suite {
	return databasetest.Suite{
		Open:       open,
		Types:      types,
		Counter:    "SELECT seq FROM seq_1_to_%d",
		Text:       "SELECT REPEAT('x', %d)",
		Busy:       "SELECT seq FROM seq_1_to_1000000000000 WHERE seq % 3 = 5",
		Stopped:    mariadbTimeout,
		Syntax:     databasetest.Failure{SQL: "SELECT FROM WHERE", Code: "1064", Message: "error in your SQL syntax"},
		Unknown:    databasetest.Failure{SQL: "SELECT * FROM missing", Code: "1146", Message: "missing' doesn't exist"},
		Failing:    databasetest.Failure{SQL: "SELECT (SELECT 1 UNION SELECT seq) FROM seq_1_to_3", Code: "1242", Message: "Subquery returns more than 1 row"},
		Writing:    databasetest.Failure{SQL: "SELECT spend_all()", Code: "1792", Message: "READ ONLY transaction"},
		Accounts:   "SELECT * FROM accounts ORDER BY id",
		Duplicates: "SELECT 1 AS n, 2 AS n",
		Columns:    []string{"n", "n"},
		Empty:      "SELECT 1 AS a, 2 AS b FROM DUAL WHERE false",
	}
}

func TestConformance(t *testing.T) {
	server.Query(t, accounts+typedTable)
	newSuite(func(t *testing.T) database.Database { return openServer(t, nil, "") }).Run(t)
}

func TestConformanceOnServer(t *testing.T) {
	suite := newSuite(nil)
	suite.Types = slices.DeleteFunc(slices.Clone(types), func(c databasetest.Case) bool {
		return strings.Contains(c.SQL, "typed") || strings.Contains(c.SQL, "accounts") // tables of this server
	})
	suite.Writing = databasetest.Failure{SQL: "SELECT spend_all()", Message: "the function spend_all is unknown"}
	suite.RunOnServer(t, "DEFOG_TEST_MYSQL", New)
}

func TestRunsHarmlessStatements(t *testing.T) {
	server.Query(t, accounts)
	db := openServer(t, nil, "")
	databasetest.ExpectRuns(t, db, guardtest.Statements(t, "mysql/harmless.sql", ""))
	databasetest.ExpectRuns(t, db, []string{"-- a comment first\nSELECT 1", "SELECT 1 # a\r ' \n , 2 -- b\n", "SELECT 'a'\n'b'", "SELECT 1 --\t'"})
}

func TestRefusesHostileStatements(t *testing.T) {
	server.Query(t, accounts)
	session := openServer(t, nil, "")
	databasetest.MustQuery(t, session, "SELECT 1", databasetest.Unlimited())
	if err := exec(t.Context(), session.conn, "DO GET_LOCK('held', 0)"); err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	state := func() string {
		files, err := os.ReadDir(directory)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(server.Query(t, stateQuery), files)
	}
	db := openServer(t, nil, "")
	t.Run("writes", func(t *testing.T) {
		databasetest.ExpectRefused(t, db, guardtest.Statements(t, "mysql/writes.sql", directory), db.query, state)
	})
	t.Run("reaches", func(t *testing.T) {
		before := statementLog(t)
		list := append(guardtest.Statements(t, "mysql/reaches.sql", directory),
			"SELECT 1 # a\r ' \n , sleep(0) -- '", "SELECT 1 -- a\r ' \n , sleep(0) -- '", "SELECT 1 --\x01 '\n, sleep(0) -- '")
		databasetest.ExpectRefused(t, db, list, nil, state)
		log := strings.TrimPrefix(statementLog(t), before)
		for _, sql := range list {
			if strings.Contains(log, "\t"+sql+"\n") {
				t.Errorf("the server received %s", sql)
			}
		}
	})
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
}

// In SQL modes where double quotes delimit names, the guard's lexer would
// differ from the server's.
func TestSessionRemovesLexicalModes(t *testing.T) {
	server.Query(t, accounts+"SET GLOBAL sql_mode = 'ORACLE,NO_BACKSLASH_ESCAPES,ONLY_FULL_GROUP_BY'")
	defer server.Query(t, "SET GLOBAL sql_mode = DEFAULT")
	db := openServer(t, nil, "")
	result := databasetest.MustQuery(t, db, `SELECT "accounts", 'it\'s', @@sql_mode FROM accounts LIMIT 1`, databasetest.Unlimited())
	mode := string(result.Data)
	if !strings.HasPrefix(mode, `[["accounts","it's",`) || !strings.Contains(mode, "ONLY_FULL_GROUP_BY") {
		t.Errorf("got %s", mode)
	}
}

func TestErrors(t *testing.T) {
	server.Query(t, accounts)
	db := openServer(t, nil, "")
	databasetest.ExpectFailures(t, db, []databasetest.Failure{
		{SQL: "SELEC 1", Code: "", Message: "begins with SELEC"},
		{SQL: "", Code: "", Message: "it is empty"},
		{SQL: "# nothing", Code: "", Message: "it is empty"},
		{SQL: "SELECT 'x\xff'", Code: "", Message: "not UTF-8"},
		{SQL: "SELECT balances FROM accounts", Code: "1054", Message: "Unknown column 'balances'"},
		{SQL: "SELECT * FROM missing", Code: "1146", Message: "bank.missing"},
		{SQL: "SELECT FROM", Code: "1064", Message: "syntax"},
		{SQL: "SELECT ?", Code: "1064", Message: "syntax"},
		{SQL: "SELECT 'x", Code: "", Message: "a string is not closed"},
		{SQL: "SELECT spend_all()", Code: "1792", Message: "READ ONLY transaction"},
		{SQL: "SELECT 9223372036854775807 + 1", Code: "1690", Message: "out of range"},
	})
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
}

func TestReadOnlyCheckReportsPrivileges(t *testing.T) {
	server.Query(t, accounts+`
		CREATE OR REPLACE DATABASE secret; CREATE TABLE secret.hidden (n int);
		CREATE OR REPLACE USER writer IDENTIFIED BY 'writes'; GRANT SELECT, INSERT (id, owner), DELETE ON bank.accounts TO writer;
		CREATE OR REPLACE ROLE keeper; GRANT UPDATE ON bank.notes TO keeper; GRANT keeper TO writer; SET DEFAULT ROLE keeper FOR writer`)
	reader := openServer(t, connection.Creds{"user": "reader", "password": "reads"}, "")
	databasetest.MustQuery(t, reader, "SELECT * FROM accounts", databasetest.Unlimited())
	_, err := reader.Query(t.Context(), "SELECT * FROM secret.hidden", databasetest.Unlimited())
	if failed, ok := errors.AsType[*database.StatementError](err); !ok || failed.Code != "1142" {
		t.Errorf("got %#v, want a StatementError of code 1142", err)
	}
	writer := openServer(t, connection.Creds{"user": "writer", "password": "writes"}, "")
	for _, c := range []struct {
		db   *db
		want []string
	}{
		{reader, nil},
		{writer, []string{"INSERT, DELETE on `bank`.`accounts`", "UPDATE on `bank`.`notes`"}},
		{openServer(t, nil, ""), []string{"ALL PRIVILEGES on *.*"}},
	} {
		privileges, err := c.db.CheckReadOnly(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, privileges.Writes); diff != "" {
			t.Error(diff)
		}
		// The statements create a user that may only read.
		server.Query(t, "DROP USER IF EXISTS defog_reader;"+strings.Replace(strings.Join(privileges.Grants, ";"), "…", "reads", 1))
	}
	reader = openServer(t, connection.Creds{"user": "defog_reader", "password": "reads"}, "")
	databasetest.MustQuery(t, reader, "SELECT * FROM accounts", databasetest.Unlimited())
	if privileges, err := reader.CheckReadOnly(t.Context()); err != nil || len(privileges.Writes) > 0 {
		t.Errorf("defog_reader: got %v, %v", privileges, err)
	}
}

// MariaDB accepts the check's write in a session that is not read-only.
func TestReadOnlyCheckFailsInWritableSession(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	if err := exec(t.Context(), db.conn, "SET SESSION TRANSACTION READ WRITE"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.CheckReadOnly(t.Context()); !errors.As(err, new(*database.WritableError)) {
		t.Errorf("got %v, want a WritableError", err)
	}
}

func TestKeepsConnection(t *testing.T) {
	db := openServer(t, nil, "")
	id := func() string {
		return string(databasetest.MustQuery(t, db, "SELECT CONNECTION_ID()", databasetest.Unlimited()).Data)
	}
	databasetest.ExpectSameSession(t, id, map[string]func(){
		"success":   func() { databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited()) },
		"error":     func() { _, _ = db.Query(t.Context(), "SELECT * FROM missing", databasetest.Unlimited()) },
		"truncated": func() { databasetest.MustQuery(t, db, "SELECT seq FROM seq_1_to_100000000", database.Limits{Rows: 1}) },
		"timeout":   func() { _, _ = db.query(t.Context(), "SELECT SLEEP(60)", database.Limits{Time: time.Millisecond}) },
		"idle time": func() { db.idleSince = db.idleSince.Add(-time.Hour) },
	})
}

// The server's limit is set for each statement, also to no limit.
func TestStatementTimeoutIsSet(t *testing.T) {
	db := openServer(t, nil, "")
	for _, c := range []struct {
		limit time.Duration
		want  string
	}{
		{0, `[["0.000000"]]`},
		{1500 * time.Millisecond, `[["1.500000"]]`},
		{1500 * time.Millisecond, `[["1.500000"]]`},
		{time.Hour, `[["3600.000000"]]`},
		{0, `[["0.000000"]]`},
	} {
		result := databasetest.MustQuery(t, db, "SELECT CAST(@@max_statement_time AS DECIMAL(12, 6))", database.Limits{Time: c.limit})
		if diff := cmp.Diff(c.want, string(result.Data)); diff != "" {
			t.Errorf("%s: %s", c.limit, diff)
		}
	}
}

func TestReconnects(t *testing.T) {
	const marker = "SELECT 'marker'"
	open := func(t *testing.T) *db { return openServer(t, nil, "") }
	seen := func(t *testing.T) int { return strings.Count(statementLog(t), marker) }
	databasetest.RunReconnects(t, open, marker, seen, map[string]func(t *testing.T, db *db){
		"restarted server": func(t *testing.T, _ *db) {
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
		},
		"ended session": func(t *testing.T, db *db) { killSession(t, db.session.id) },
		"ended session after idle time": func(t *testing.T, db *db) {
			killSession(t, db.session.id)
			db.idleSince = db.idleSince.Add(-time.Hour)
		},
	})
}

// killSession ends a session and waits for its end.
func killSession(t *testing.T, id string) {
	t.Helper()
	server.Query(t, "KILL "+id)
	for len(server.Query(t, "SELECT 1 FROM information_schema.processlist WHERE id = "+id)) > 0 {
		time.Sleep(time.Millisecond)
	}
}

func TestConnectionLostDuringStatement(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	failure := databasetest.Start(t.Context(), db.query, "SELECT SLEEP(3600) AS lost", databasetest.Unlimited())
	killSession(t, waitForSleep(t, "SELECT SLEEP(3600) AS lost"))
	databasetest.ExpectLost(t, <-failure, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	if n := strings.Count(statementLog(t), "Query\tSELECT SLEEP(3600) AS lost"); n != 1 {
		t.Errorf("the lost statement ran %d times", n)
	}
}

// waitForSleep returns the session that sleeps in a statement.
func waitForSleep(t *testing.T, sql string) string {
	t.Helper()
	for {
		rows := server.Query(t, fmt.Sprintf(
			"SELECT id FROM information_schema.processlist WHERE state = 'User sleep' AND info = '%s'", sql))
		if len(rows) == 1 {
			return rows[0][0]
		}
		time.Sleep(time.Millisecond)
	}
}

func TestContextStopsServer(t *testing.T) {
	db := openServer(t, nil, "")
	const busy = "SELECT SLEEP(3600) AS busy"
	var id string
	databasetest.ExpectCanceled(t, db.query, busy, func() bool { id = waitForSleep(t, busy); return true })
	for len(server.Query(t, "SELECT 1 FROM information_schema.processlist WHERE info = '"+busy+"' AND id = "+id)) > 0 {
		time.Sleep(time.Millisecond)
	}
	if !strings.Contains(statementLog(t), "KILL QUERY "+id) {
		t.Error("the server received no request to stop")
	}
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
}

func TestServerHangs(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	databasetest.RunHangs(t, server.Pause, server.Resume, db)
}

func TestUnreachableServer(t *testing.T) {
	open := func(changes connection.Creds) database.Database { return openServer(t, changes, "") }
	databasetest.ExpectUnreachable(t, open, []databasetest.Unreachable{
		{Creds: connection.Creds{"password": "wrong-password"}, Reason: "the server refused the login", LoginRefused: true},
		{Creds: connection.Creds{"user": "nobody-known"}, Reason: "the server refused the login", LoginRefused: true},
		{Creds: connection.Creds{"database": "no-such-database"}, Reason: "the database does not exist"},
		{Creds: connection.Creds{"port": "1"}, Reason: "the server could not be reached"},
		{Creds: connection.Creds{"host": "no-such-host.invalid", "sslmode": "disable"}, Reason: "the host name could not be resolved"},
		{Creds: connection.Creds{"sslmode": "verify-full"}, Reason: "the server's TLS certificate could not be verified"},
		{Creds: connection.Creds{"sslmode": "verify-ca"}, Reason: "the server's TLS certificate could not be verified"},
	})
}

// MariaDB does not send these codes.
func TestReasonsOfMySQLCodes(t *testing.T) {
	for code, want := range map[uint16]string{
		3118: database.ReasonLoginRefused, 1040: database.ReasonTooManyConnections, 4031: database.ReasonClosedByServer, 1053: database.ReasonClosedByServer, 3159: "the server requires TLS",
		1130: database.ReasonAddressRefused, 1251: database.ReasonCode + "1251",
	} {
		err := newError(t.Context(), &database.ConnectFailure{Err: &mysql.MySQLError{Number: code, Message: "secret"}})
		databasetest.ExpectConnectionError(t, err, want, want == database.ReasonLoginRefused)
	}
	timer := database.StartTimer(t.Context(), time.Millisecond)
	time.Sleep(2 * time.Millisecond)
	err := timer.Explain(newError(t.Context(), &mysql.MySQLError{Number: 3024, Message: "x"}), mysqlTimeout)
	if err == nil || !strings.Contains(err.Error(), "time limit of 1ms") {
		t.Errorf("got %v", err)
	}
}

func TestInvalidCredentials(t *testing.T) {
	databasetest.ExpectInvalidCreds(t, New, nil, []databasetest.InvalidCreds{
		{Creds: connection.Creds{}, Want: "db_creds.host: missing"},
		{Creds: connection.Creds{"host": "h", "port": "zero"}, Want: "from 1 to 65535"},
		{Creds: connection.Creds{"host": "h", "sslmode": "prefer"}, Want: "want disable, require, verify-ca or verify-full"},
		{Creds: connection.Creds{"host": "h", "sslrootcert": "missing.pem"}, Want: "missing.pem"},
	})
}

func TestTLS(t *testing.T) {
	databasetest.RunTLS(t, databasetest.TLSServer{
		Authority: server.Authority(),
		Open: func(t *testing.T, changes connection.Creds, directory string) database.Database {
			d := openServer(t, changes, directory)
			d.config.DialFunc = func(ctx context.Context, network, _ string) (net.Conn, error) {
				var dialer net.Dialer
				return dialer.DialContext(ctx, network, net.JoinHostPort(server.Host(), fmt.Sprint(server.Port())))
			}
			return d
		},
		SQL:    "SELECT variable_value <> '' FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'",
		Secure: "[[1]]",
		Plain:  "[[0]]",
	})
}

func statementLog(t *testing.T) string {
	t.Helper()
	log, err := server.Statements()
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestTokenReplacesPassword(t *testing.T) {
	databasetest.RunToken(t, server.Creds(), New)
}

func TestUnsafePrivilegesAreFound(t *testing.T) {
	for grant, want := range map[string][]string{
		"GRANT SELECT, SHOW VIEW ON `shop`.* TO 'r'@'%'":                         nil,
		"GRANT USAGE ON *.* TO `r`@`%` IDENTIFIED BY PASSWORD '*FILE ON *.* TO'": nil,
		"GRANT ALL PRIVILEGES ON `shop`.* TO 'r'@'%'":                            nil,
		"GRANT SELECT, FILE ON *.* TO 'r'@'%'":                                   {"FILE"},
		"GRANT SELECT, PROCESS, SUPER ON *.* TO 'r'@'%' WITH GRANT OPTION":       {"PROCESS", "SUPER"},
		"GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION":    {"ALL PRIVILEGES"},
		"GRANT CONNECTION_ADMIN,SET_USER_ID ON *.* TO `r`@`%`":                   {"CONNECTION_ADMIN", "SET_USER_ID"},
		"GRANT CONNECTION ADMIN, BINLOG REPLAY ON *.* TO `r`@`%`":                {"CONNECTION ADMIN", "BINLOG REPLAY"},
		"GRANT `analysts`@`%` TO `r`@`%`":                                        nil,
	} {
		if diff := cmp.Diff(want, grantedUnsafe(grant)); diff != "" {
			t.Errorf("%s: %s", grant, diff)
		}
	}
}
