//go:build !onedriver || mysql

package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/mariadb"
	"defog-cdk/lambda/database/guard/guardtest"
)

// maria is the one MariaDB of this test binary.
var maria *mariadb.Server

func init() {
	servers = append(servers, func() (_ io.Closer, err error) {
		maria, err = mariadb.Run(mariadb.TLS())
		return maria, err
	})
}

const mysqlAccounts = `
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

// mysqlState reads everything that a hostile statement could change, and
// whether one session still lives and holds its lock.
const mysqlState = `
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

func openMaria(tb testing.TB, changes connection.Creds, directory string) *mysqlDatabase {
	tb.Helper()
	return openChanged(tb, "mysql", maria.Creds(), changes, directory).(*mysqlDatabase)
}

func TestMySQLConforms(t *testing.T) {
	maria.Query(t, mysqlAccounts+mysqlTyped)
	conform(t, dialectUnderTest{
		open:       func(t *testing.T) Database { return openMaria(t, nil, "") },
		types:      mysqlTypes,
		counter:    "SELECT seq FROM seq_1_to_%d",
		text:       "SELECT REPEAT('x', %d)",
		busy:       "SELECT seq FROM seq_1_to_1000000000000 WHERE seq % 3 = 5",
		syntax:     "SELECT FROM WHERE",
		unknown:    "SELECT * FROM missing",
		failing:    "SELECT (SELECT 1 UNION SELECT seq) FROM seq_1_to_3",
		writing:    "SELECT spend_all()",
		accounts:   "SELECT * FROM accounts ORDER BY id",
		duplicates: "SELECT 1 AS n, 2 AS n",
		columns:    []string{"n", "n"},
		empty:      "SELECT 1 AS a, 2 AS b FROM DUAL WHERE false",
	})
}

func TestMySQLRunsHarmlessStatements(t *testing.T) {
	maria.Query(t, mysqlAccounts)
	db := openMaria(t, nil, "")
	expectRun(t, db, guardtest.Statements(t, "mysql/harmless.sql", ""))
	expectRun(t, db, []string{"-- a comment first\nSELECT 1", "SELECT 1 # a\r ' \n , 2 -- b\n", "SELECT 'a'\n'b'", "SELECT 1 --\t'"})
}

func TestMySQLRefusesHostileStatements(t *testing.T) {
	maria.Query(t, mysqlAccounts)
	session := openMaria(t, nil, "")
	mustQuery(t, session, "SELECT 1", unlimited)
	if err := execMySQL(t.Context(), session.conn, "DO GET_LOCK('held', 0)"); err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	state := func() string {
		files, err := os.ReadDir(directory)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(maria.Query(t, mysqlState), files)
	}
	db := openMaria(t, nil, "")
	t.Run("writes", func(t *testing.T) {
		expectRefused(t, db, guardtest.Statements(t, "mysql/writes.sql", directory), true, state)
	})
	t.Run("reaches", func(t *testing.T) {
		before := mariaLog(t)
		list := append(guardtest.Statements(t, "mysql/reaches.sql", directory),
			"SELECT 1 # a\r ' \n , sleep(0) -- '", "SELECT 1 -- a\r ' \n , sleep(0) -- '", "SELECT 1 --\x01 '\n, sleep(0) -- '")
		expectRefused(t, db, list, false, state)
		log := strings.TrimPrefix(mariaLog(t), before)
		for _, sql := range list {
			if strings.Contains(log, "\t"+sql+"\n") {
				t.Errorf("the server saw %s", sql)
			}
		}
	})
	mustQuery(t, db, "SELECT 1", unlimited)
}

// A server whose SQL mode takes strings for names would let the guard see
// something else than it runs.
func TestMySQLModeIsPlain(t *testing.T) {
	maria.Query(t, mysqlAccounts+"SET GLOBAL sql_mode = 'ORACLE,NO_BACKSLASH_ESCAPES,ONLY_FULL_GROUP_BY'")
	defer maria.Query(t, "SET GLOBAL sql_mode = DEFAULT")
	db := openMaria(t, nil, "")
	result := mustQuery(t, db, `SELECT "accounts", 'it\'s', @@sql_mode FROM accounts LIMIT 1`, unlimited)
	mode := string(result.Data)
	if !strings.HasPrefix(mode, `[["accounts","it's",`) || !strings.Contains(mode, "ONLY_FULL_GROUP_BY") {
		t.Errorf("got %s", mode)
	}
}

func TestMySQLErrors(t *testing.T) {
	maria.Query(t, mysqlAccounts)
	db := openMaria(t, nil, "")
	expectFailures(t, db, []failingCase{
		{"SELEC 1", "", "begins with SELEC"},
		{"", "", "it is empty"},
		{"# nothing", "", "it is empty"},
		{"SELECT 'x\xff'", "", "not UTF-8"},
		{"SELECT balances FROM accounts", "1054", "Unknown column 'balances'"},
		{"SELECT * FROM missing", "1146", "bank.missing"},
		{"SELECT FROM", "1064", "syntax"},
		{"SELECT ?", "1064", "syntax"},
		{"SELECT 'x", "", "a string is not closed"},
		{"SELECT spend_all()", "1792", "READ ONLY transaction"},
		{"SELECT 9223372036854775807 + 1", "1690", "out of range"},
	})
	mustQuery(t, db, "SELECT 1", unlimited)
}

func TestMySQLRights(t *testing.T) {
	maria.Query(t, mysqlAccounts+`
		CREATE OR REPLACE DATABASE secret; CREATE TABLE secret.hidden (n int);
		CREATE OR REPLACE USER writer IDENTIFIED BY 'writes'; GRANT SELECT, INSERT (id, owner), DELETE ON bank.accounts TO writer;
		CREATE OR REPLACE ROLE keeper; GRANT UPDATE ON bank.notes TO keeper; GRANT keeper TO writer; SET DEFAULT ROLE keeper FOR writer`)
	reader := openMaria(t, connection.Creds{"user": "reader", "password": "reads"}, "")
	mustQuery(t, reader, "SELECT * FROM accounts", unlimited)
	_, err := reader.Query(t.Context(), "SELECT * FROM secret.hidden", unlimited)
	if failed, ok := errors.AsType[*StatementError](err); !ok || failed.Code != "1142" {
		t.Errorf("got %#v, want a StatementError of code 1142", err)
	}
	writer := openMaria(t, connection.Creds{"user": "writer", "password": "writes"}, "")
	for _, c := range []struct {
		db   *mysqlDatabase
		want []string
	}{
		{reader, nil},
		{writer, []string{"INSERT, DELETE on `bank`.`accounts`", "UPDATE on `bank`.`notes`"}},
		{openMaria(t, nil, ""), []string{"ALL PRIVILEGES on *.*"}},
	} {
		rights, err := c.db.Prove(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, rights.Writes); diff != "" {
			t.Error(diff)
		}
		// What it names as the way to a reader is one.
		maria.Query(t, "DROP USER IF EXISTS defog_reader;"+strings.Replace(strings.Join(rights.Grants, ";"), "…", "reads", 1))
	}
	reader = openMaria(t, connection.Creds{"user": "defog_reader", "password": "reads"}, "")
	mustQuery(t, reader, "SELECT * FROM accounts", unlimited)
	if rights, err := reader.Prove(t.Context()); err != nil || len(rights.Writes) > 0 {
		t.Errorf("defog_reader: got %v, %v", rights, err)
	}
}

// Without its read-only session MariaDB would let the proof's write pass.
func TestMySQLProofFails(t *testing.T) {
	db := openMaria(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	if err := execMySQL(t.Context(), db.conn, "SET SESSION TRANSACTION READ WRITE"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Prove(t.Context()); !errors.As(err, new(*WritableError)) {
		t.Errorf("got %v, want a WritableError", err)
	}
}

func TestMySQLKeepsItsConnection(t *testing.T) {
	db := openMaria(t, nil, "")
	id := func() string { return string(mustQuery(t, db, "SELECT CONNECTION_ID()", unlimited).Data) }
	expectKept(t, id, map[string]func(){
		"success":   func() { mustQuery(t, db, "SELECT 1", unlimited) },
		"error":     func() { _, _ = db.Query(t.Context(), "SELECT * FROM missing", unlimited) },
		"truncated": func() { mustQuery(t, db, "SELECT seq FROM seq_1_to_100000000", Limits{Rows: 1}) },
		"timeout":   func() { _, _ = db.query(t.Context(), "SELECT SLEEP(60)", Limits{Time: time.Millisecond}) },
		"a rest":    func() { db.rested = db.rested.Add(-time.Hour) },
	})
}

// The server's limit is set anew only when it changes, and to no limit too.
func TestMySQLSetsTheTimeLimit(t *testing.T) {
	db := openMaria(t, nil, "")
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
		result := mustQuery(t, db, "SELECT CAST(@@max_statement_time AS DECIMAL(12, 6))", Limits{Time: c.limit})
		if diff := cmp.Diff(c.want, string(result.Data)); diff != "" {
			t.Errorf("%s: %s", c.limit, diff)
		}
	}
}

func TestMySQLReconnects(t *testing.T) {
	const marker = "SELECT 'marker'"
	open := func(t *testing.T) *mysqlDatabase { return openMaria(t, nil, "") }
	seen := func(t *testing.T) int { return strings.Count(mariaLog(t), marker) }
	testReconnects(t, open, marker, seen, map[string]func(t *testing.T, db *mysqlDatabase){
		"restarted server": func(t *testing.T, _ *mysqlDatabase) {
			if err := maria.Restart(); err != nil {
				t.Fatal(err)
			}
		},
		"ended session": func(t *testing.T, db *mysqlDatabase) { killMaria(t, db.session.id) },
		"ended session after a rest": func(t *testing.T, db *mysqlDatabase) {
			killMaria(t, db.session.id)
			db.rested = db.rested.Add(-time.Hour)
		},
	})
}

// killMaria ends a session, and returns when it is gone.
func killMaria(t *testing.T, id string) {
	t.Helper()
	maria.Query(t, "KILL "+id)
	for len(maria.Query(t, "SELECT 1 FROM information_schema.processlist WHERE id = "+id)) > 0 {
		time.Sleep(time.Millisecond)
	}
}

func TestMySQLLosesConnectionInAStatement(t *testing.T) {
	db := openMaria(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	failure := begin(t.Context(), db.query, "SELECT SLEEP(3600) AS lost", unlimited)
	killMaria(t, awaitMariaSleep(t, "SELECT SLEEP(3600) AS lost"))
	expectLost(t, <-failure, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	if n := strings.Count(mariaLog(t), "Query\tSELECT SLEEP(3600) AS lost"); n != 1 {
		t.Errorf("the lost statement ran %d times", n)
	}
}

// awaitMariaSleep returns the session that sleeps in a statement.
func awaitMariaSleep(t *testing.T, sql string) string {
	t.Helper()
	for {
		rows := maria.Query(t, fmt.Sprintf(
			"SELECT id FROM information_schema.processlist WHERE state = 'User sleep' AND info = '%s'", sql))
		if len(rows) == 1 {
			return rows[0][0]
		}
		time.Sleep(time.Millisecond)
	}
}

func TestMySQLContextStopsTheServer(t *testing.T) {
	db := openMaria(t, nil, "")
	const busy = "SELECT SLEEP(3600) AS busy"
	var id string
	expectCanceled(t, db.query, busy, func() bool { id = awaitMariaSleep(t, busy); return true })
	for len(maria.Query(t, "SELECT 1 FROM information_schema.processlist WHERE info = '"+busy+"' AND id = "+id)) > 0 {
		time.Sleep(time.Millisecond)
	}
	if !strings.Contains(mariaLog(t), "KILL QUERY "+id) {
		t.Error("the server was not told to stop")
	}
	mustQuery(t, db, "SELECT 1", unlimited)
}

func TestMySQLHangs(t *testing.T) {
	db := openMaria(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	testHangs(t, maria.Pause, maria.Resume, db)
}

func TestMySQLCantConnect(t *testing.T) {
	open := func(changes connection.Creds) Database { return openMaria(t, changes, "") }
	expectUnreachable(t, open, []unreachableCase{
		{connection.Creds{"password": "wrong-password"}, "the login was refused", true},
		{connection.Creds{"user": "nobody-known"}, "the login was refused", true},
		{connection.Creds{"database": "no-such-database"}, "there is no database of that name", false},
		{connection.Creds{"port": "1"}, "it could not be reached", false},
		{connection.Creds{"host": "no-such-host.invalid", "sslmode": "disable"}, "its host name could not be resolved", false},
		{connection.Creds{"sslmode": "verify-full"}, "its TLS certificate could not be verified", false},
		{connection.Creds{"sslmode": "verify-ca"}, "its TLS certificate could not be verified", false},
	})
}

// Codes that only a MySQL server sends.
func TestMySQLErrorCodes(t *testing.T) {
	for code, want := range map[uint16]string{
		3118: refusedLogin, 1040: noConnectionLeft, 4031: endedByServer, 1053: endedByServer, 3159: "it wants TLS",
		1130: noConnectionsFromHere, 1251: refusedWithCode + "1251",
	} {
		err := mysqlError(t.Context(), &connectFailure{&mysql.MySQLError{Number: code, Message: "secret"}})
		expectConnectionFailure(t, err, want, want == refusedLogin)
	}
	ended := timer{timeout: time.Millisecond, own: true}
	err := ended.explain(mysqlError(t.Context(), &mysql.MySQLError{Number: 3024, Message: "x"}), mysqlTimeout)
	if err == nil || !strings.Contains(err.Error(), "stopped after 1ms") {
		t.Errorf("got %v", err)
	}
}

func TestMySQLWantsValidCredentials(t *testing.T) {
	expectInvalid(t, openMySQL, nil, []invalidCase{
		{connection.Creds{}, "no host"},
		{connection.Creds{"host": "h", "port": "zero"}, "from 1 to 65535"},
		{connection.Creds{"host": "h", "sslmode": "prefer"}, "disable, require, verify-ca, verify-full"},
		{connection.Creds{"host": "h", "sslrootcert": "missing.pem"}, "missing.pem"},
	})
}

func TestMySQLTLS(t *testing.T) {
	testTLS(t, maria.Authority(), func(t *testing.T, creds connection.Creds, directory string) Database {
		db := openMaria(t, creds, directory)
		db.config.DialFunc = func(ctx context.Context, network, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, network, net.JoinHostPort(maria.Host(), fmt.Sprint(maria.Port())))
		}
		return db
	}, "SELECT variable_value <> '' FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'", "[[1]]", "[[0]]")
}

func mariaLog(t *testing.T) string {
	t.Helper()
	log, err := maria.Statements()
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestMySQLLetsInByToken(t *testing.T) {
	testToken(t, maria.Creds(), openMySQL)
}
