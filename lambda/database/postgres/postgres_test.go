package postgres

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"defog-cdk/config/connection"
	pgtest "defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/database/guard/guardtest"
)

// server is the PostgreSQL server of this test binary.
var server *pgtest.Server

func TestMain(m *testing.M) {
	databasetest.Main(m, func() (_ io.Closer, err error) {
		server, err = pgtest.Run(pgtest.TLS(), pgtest.Setting("log_statement", "all"), pgtest.Setting("wal_level", "logical"),
			pgtest.Setting("autovacuum", "off")) // vacuuming changes the state that tests compare
		return server, err
	})
}

const accounts = `
	DROP SCHEMA public CASCADE; CREATE SCHEMA public;
	CREATE TABLE accounts (id int PRIMARY KEY, owner text, balance numeric(12, 2));
	INSERT INTO accounts VALUES (1, 'alice', 100), (2, 'bob', 50.5);
	CREATE SEQUENCE counter;
	CREATE MATERIALIZED VIEW summary AS SELECT sum(balance) FROM accounts;
	CREATE FUNCTION spend_all() RETURNS bigint LANGUAGE plpgsql AS
		$$ BEGIN DELETE FROM accounts; RETURN 1; END $$;
	CREATE PROCEDURE spend() LANGUAGE sql AS 'DELETE FROM accounts';
	CREATE TYPE mood AS ENUM ('sad', 'happy');
	CREATE TYPE pair AS (a int, b text);
	CREATE DOMAIN positive AS int CHECK (VALUE > 0);
	CREATE EXTENSION dblink; CREATE EXTENSION tablefunc; CREATE EXTENSION hstore;
	DROP ROLE IF EXISTS reader; CREATE ROLE reader;
	SELECT lo_from_bytea(4711, 'kept') WHERE NOT EXISTS (SELECT FROM pg_largeobject_metadata WHERE oid = 4711);
`

// stateQuery reads everything that a hostile statement could change, and
// whether a session still exists.
const stateQuery = `
	SELECT (SELECT json_agg(t) FROM (SELECT * FROM accounts ORDER BY id) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM summary t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT last_value, is_called FROM counter) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT oid, relname, relkind, relacl, reltuples FROM pg_class ORDER BY oid) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT oid, proname FROM pg_proc WHERE oid > 16000 ORDER BY oid) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT rolname, rolsuper FROM pg_roles ORDER BY 1) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT extname FROM pg_extension ORDER BY 1) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM pg_db_role_setting t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT loid, data FROM pg_largeobject ORDER BY 1) t)
	UNION ALL SELECT (SELECT json_agg(slot_name) FROM pg_replication_slots)
	UNION ALL SELECT (SELECT json_agg(roname) FROM pg_replication_origin)
	UNION ALL SELECT (SELECT json_agg(gid) FROM pg_prepared_xacts)
	UNION ALL SELECT (SELECT json_agg(objid) FROM pg_locks WHERE locktype = 'advisory')
	UNION ALL SELECT (SELECT json_agg(pid) FROM pg_stat_activity WHERE pid = %d)`

func openServer(tb testing.TB, changes connection.Creds, directory string) *db {
	tb.Helper()
	d := databasetest.Open(tb, New, server.Creds(), changes, directory).(*db)
	// The server itself refuses what this function does.
	d.guard = d.guard.With(guard.Options{AllowedFunctions: []string{"public.spend_all"}})
	return d
}

// newSuite returns the conformance suite with PostgreSQL's SQL.
func newSuite(open func(t *testing.T) database.Database) databasetest.Suite {
	return databasetest.Suite{
		Open:       open,
		Types:      types,
		Counter:    "SELECT generate_series(1, %d)",
		Text:       "SELECT repeat('x', %d)",
		Busy:       "SELECT count(*) FROM generate_series(1, 1000000000000)",
		Stopped:    codeCanceled,
		Syntax:     databasetest.Failure{SQL: "SELECT FROM WHERE", Code: "42601", Message: "syntax error"},
		Unknown:    databasetest.Failure{SQL: "SELECT * FROM missing", Code: "42P01", Message: `relation "missing" does not exist`},
		Failing:    databasetest.Failure{SQL: "SELECT 1 / (2 - generate_series(1, 3))", Code: "22012", Message: "division by zero"},
		Writing:    databasetest.Failure{SQL: "SELECT spend_all()", Code: "25006", Message: "read-only transaction"},
		Accounts:   "SELECT * FROM accounts ORDER BY id",
		Duplicates: "SELECT 1 AS n, 2 AS n",
		Columns:    []string{"n", "n"},
		Empty:      "SELECT 1 AS a, 2 AS b WHERE false",
	}
}

func TestConformance(t *testing.T) {
	server.Query(t, accounts)
	newSuite(func(t *testing.T) database.Database { return openServer(t, nil, "") }).Run(t)
}

func TestConformanceOnServer(t *testing.T) {
	suite := newSuite(nil)
	suite.Types = slices.DeleteFunc(slices.Clone(types), func(c databasetest.Case) bool {
		return strings.Contains(c.SQL, "::mood") // a type of this server
	})
	suite.Writing = databasetest.Failure{SQL: "SELECT spend_all()", Code: "42883", Message: "function spend_all() does not exist"}
	suite.RunOnServer(t, "DEFOG_TEST_POSTGRES", New)
}

func TestRunsHarmlessStatements(t *testing.T) {
	server.Query(t, accounts)
	db := openServer(t, nil, "")
	databasetest.ExpectRuns(t, db, guardtest.Statements(t, "postgres/harmless.sql", ""))
	databasetest.ExpectRuns(t, db, []string{"-- a comment first\nSELECT 1", "SELECT 1 -- a\r, 2 -- b", "SELECT 'a'\n'b'"})
}

func TestRefusesHostileStatements(t *testing.T) {
	server.Query(t, accounts)
	session := openServer(t, nil, "")
	session.config.RuntimeParams["application_name"] = "victim"
	databasetest.MustQuery(t, session, "SELECT 1", databasetest.Unlimited())
	victimPID := session.conn.PID()

	directory := server.DataDirectory()
	state := func() string {
		auto, err := os.ReadFile(filepath.Join(directory, "postgresql.auto.conf"))
		if err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(directory)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(server.Query(t, fmt.Sprintf(stateQuery, victimPID)), string(auto), files)
	}
	db := openServer(t, nil, "")
	t.Run("writes", func(t *testing.T) {
		databasetest.ExpectRefused(t, db, guardtest.Statements(t, "postgres/writes.sql", directory), db.query, state)
	})
	t.Run("reaches", func(t *testing.T) {
		databasetest.ExpectRefused(t, db, guardtest.Statements(t, "postgres/reaches.sql", directory), nil, state)
	})
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
}

func TestReadOnlyCheckReportsPrivileges(t *testing.T) {
	server.Query(t, accounts+`
		DROP OWNED BY reader; ALTER ROLE reader LOGIN PASSWORD 'reads'; GRANT SELECT ON accounts TO reader; GRANT USAGE ON SCHEMA public TO reader;
		DROP ROLE IF EXISTS writer; CREATE ROLE writer LOGIN PASSWORD 'writes'; GRANT reader TO writer;
		GRANT INSERT ON accounts TO writer; GRANT CREATE ON SCHEMA public TO writer`)
	defer server.Query(t, "DROP OWNED BY writer; DROP ROLE writer; DROP OWNED BY reader")
	for user, c := range map[string]struct {
		password string
		want     []string
	}{
		"reader": {"reads", []string{}},
		"writer": {"writes", []string{"new tables in the schema public", "the table public.accounts"}},
	} {
		privileges, err := openServer(t, connection.Creds{"user": user, "password": c.password}, "").CheckReadOnly(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, privileges.Writes, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", user, diff)
		}
		if revokes := slices.Contains(privileges.Grants, "REVOKE CREATE ON SCHEMA public FROM PUBLIC"); revokes != (user == "writer") {
			t.Errorf("%s: grants are %q", user, privileges.Grants)
		}
	}
	privileges, err := openServer(t, nil, "").CheckReadOnly(t.Context())
	if err != nil || !slices.Contains(privileges.Writes, "everything: the user is a superuser") {
		t.Errorf("superuser: got %v, %v", privileges, err)
	}
	// The statements create a user that may only read.
	reader := privileges.Grants
	reader[0] = strings.Replace(reader[0], "…", "reads", 1)
	server.Query(t, "DROP ROLE IF EXISTS defog_reader;"+strings.Join(reader, ";"))
	defer server.Query(t, "DROP OWNED BY defog_reader; DROP ROLE defog_reader")
	db := openServer(t, connection.Creds{"user": "defog_reader", "password": "reads"}, "")
	databasetest.MustQuery(t, db, "SELECT * FROM accounts", databasetest.Unlimited())
	if privileges, err := db.CheckReadOnly(t.Context()); err != nil || len(privileges.Writes) > 0 {
		t.Errorf("defog_reader: got %v, %v", privileges, err)
	}
}

// A new version of PostgreSQL with new volatile functions that the guard accepts
// fails here.
func TestGuardRefusesVolatileFunctionsOfTheServer(t *testing.T) {
	server.Query(t, accounts)
	db := openServer(t, nil, "")
	if err := db.readCatalogue(t.Context(), catalogueAge); err != nil {
		t.Fatal(err)
	}
	accepted := map[string]bool{}
	for name := range strings.FieldsSeq(`
		array_sample array_shuffle bernoulli system clock_timestamp current_query currval lastval gen_random_uuid uuidv4 uuidv7 random
		random_normal timeofday txid_status lo_get pg_blocking_pids pg_safe_snapshot_blocking_pids pg_collation_actual_version
		pg_database_collation_actual_version pg_database_size pg_indexes_size pg_relation_size pg_table_size pg_tablespace_size
		pg_total_relation_size pg_get_multixact_members pg_get_sequence_data pg_is_in_recovery pg_jit_available
		pg_last_xact_replay_timestamp pg_notification_queue_usage pg_partition_ancestors pg_partition_tree pg_sequence_last_value
		pg_stat_have_stats pg_xact_commit_timestamp pg_xact_status`) {
		accepted[name] = true
	}
	for _, row := range server.Query(t, `SELECT DISTINCT proname FROM pg_proc
		WHERE provolatile = 'v' AND pronamespace = 'pg_catalog'::regnamespace
		AND proname NOT LIKE 'plpgsql%'`) {
		name := row[0]
		_, err := database.CheckStatement(t.Context(), db.guard, db.catalogue.read, `SELECT "`+name+`"()`)
		if accepted[name] != (err == nil) {
			t.Errorf("%s: accepted is %v, got %v", name, accepted[name], err)
		}
	}
}

func TestErrors(t *testing.T) {
	server.Query(t, accounts)
	db := openServer(t, nil, "")
	databasetest.ExpectFailures(t, db, []databasetest.Failure{
		{SQL: "SELEC 1", Code: "", Message: "begins with SELEC"},
		{SQL: "", Code: "", Message: "it is empty"},
		{SQL: "-- nothing", Code: "", Message: "it is empty"},
		{SQL: "SELECT balances FROM accounts", Code: "42703", Message: `column "balances" does not exist` + "\nHINT:  Perhaps you meant"},
		{SQL: "SELECT $1", Code: "08P01", Message: "bind message supplies 0 parameters"},
		{SQL: "SELECT 1 / 0", Code: "22012", Message: "division by zero"},
		{SQL: "SELECT 'x", Code: "", Message: "a string is not closed"},
		{SQL: "SELECT * FROM accounts FOR UPDATE", Code: "25006", Message: "read-only transaction"},
		{SQL: "SELECT repeat('x', 17 * 1024 * 1024)", Code: "", Message: "more than 8388608 bytes"},
	})
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
}

func TestKeepsConnection(t *testing.T) {
	db := openServer(t, nil, "")
	pid := func() string {
		return string(databasetest.MustQuery(t, db, "SELECT pg_backend_pid()", databasetest.Unlimited()).Data)
	}
	databasetest.ExpectSameSession(t, pid, map[string]func(){
		"success": func() { databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited()) },
		"error":   func() { _, _ = db.Query(t.Context(), "SELECT 1 / 0", databasetest.Unlimited()) },
		"truncated": func() {
			databasetest.MustQuery(t, db, "SELECT generate_series(1, 100000000)", database.Limits{Rows: 1})
		},
		"timeout":   func() { _, _ = db.query(t.Context(), "SELECT pg_sleep(60)", database.Limits{Time: time.Millisecond}) },
		"idle time": func() { db.idleSince = db.idleSince.Add(-time.Hour) },
		"settings": func() {
			_, _ = db.query(t.Context(), "SELECT set_config('search_path', 'x', false)", databasetest.Unlimited())
		},
	})
	path := databasetest.MustQuery(t, db, "SELECT current_setting('search_path'), current_setting('statement_timeout')", database.Limits{})
	if got, want := string(path.Data), `[["\"$user\", public","0"]]`; got != want {
		t.Errorf("settings are %s, want %s", got, want)
	}
}

func TestReconnects(t *testing.T) {
	const marker = "SELECT 'marker'"
	open := func(t *testing.T) *db { return openServer(t, nil, "") }
	seen := func(*testing.T) int { return strings.Count(server.Log(), marker) }
	databasetest.RunReconnects(t, open, marker, seen, map[string]func(t *testing.T, db *db){
		"restarted server": func(t *testing.T, _ *db) {
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
		},
		"ended session": func(t *testing.T, db *db) { endSession(t, db.conn.PID()) },
		"ended session after idle time": func(t *testing.T, db *db) {
			endSession(t, db.conn.PID())
			db.idleSince = db.idleSince.Add(-time.Hour)
		},
	})
}

func endSession(t *testing.T, pid uint32) {
	t.Helper()
	server.Query(t, fmt.Sprintf("SELECT pg_terminate_backend(%d, 60000)", pid))
}

func TestConnectionLostDuringStatement(t *testing.T) {
	db := openServer(t, nil, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	failure := databasetest.Start(t.Context(), db.query, "SELECT pg_sleep(3600) -- lost", databasetest.Unlimited())
	endSession(t, waitForSleep(t, "SELECT pg_sleep(3600) -- lost"))
	databasetest.ExpectLost(t, <-failure, "")
	databasetest.MustQuery(t, db, "SELECT 1", databasetest.Unlimited())
	if n := strings.Count(server.Log(), "execute <unnamed>: SELECT pg_sleep(3600) -- lost"); n != 1 {
		t.Errorf("the lost statement ran %d times", n)
	}
}

// waitForSleep returns the server's process that sleeps in a statement. A
// request to stop can miss a statement that the server has not started.
func waitForSleep(t *testing.T, sql string) (pid uint32) {
	t.Helper()
	for {
		rows := server.Query(t, fmt.Sprintf(
			"SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query = $$%s$$", sql))
		if len(rows) == 1 {
			if _, err := fmt.Sscan(rows[0][0], &pid); err != nil {
				t.Fatal(err)
			}
			return pid
		}
		time.Sleep(time.Millisecond)
	}
}

func TestContextStopsServer(t *testing.T) {
	db := openServer(t, nil, "")
	const busy = "SELECT pg_sleep(3600) -- busy"
	var pid uint32
	databasetest.ExpectCanceled(t, db.query, busy, func() bool { pid = waitForSleep(t, busy); return true })
	for {
		rows := server.Query(t, fmt.Sprintf("SELECT FROM pg_stat_activity WHERE pid = %d AND state = 'active'", pid))
		if len(rows) == 0 {
			break
		}
		time.Sleep(time.Millisecond)
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

func TestInvalidCredentials(t *testing.T) {
	databasetest.ExpectInvalidCreds(t, New, nil, []databasetest.InvalidCreds{
		{Creds: connection.Creds{}, Want: "db_creds.host: missing"},
		{Creds: connection.Creds{"host": "h", "port": "zero"}, Want: "from 1 to 65535"},
		{Creds: connection.Creds{"host": "h", "port": 70000.0}, Want: "from 1 to 65535"},
		{Creds: connection.Creds{"host": "h", "sslmode": "prefer"}, Want: "want disable, require, verify-ca or verify-full"},
		{Creds: connection.Creds{"host": "h", "sslrootcert": "missing.pem"}, Want: "missing.pem"},
	})
}

// unguarded is a database without its guard.
type unguarded struct{ *db }

func (u unguarded) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	return u.query(ctx, sql, limits)
}

func TestTLS(t *testing.T) {
	databasetest.RunTLS(t, databasetest.TLSServer{
		Authority: server.Authority(),
		Open: func(t *testing.T, changes connection.Creds, directory string) database.Database {
			d := openServer(t, changes, directory)
			d.config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{server.Host()}, nil }
			return unguarded{d}
		},
		SQL:    "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
		Secure: "[[true]]",
		Plain:  "[[false]]",
	})
}

func TestRowsTakeNoAllocations(t *testing.T) {
	db := openServer(t, nil, "")
	allocations := func(rows int) float64 {
		sql := fmt.Sprintf(`SELECT n, n::text, n * 1.5, n::float8, n %% 2 = 0, timestamptz '2024-02-29' + n * interval '1 s',
			'größe "quoted"', '{"a": 1}'::jsonb, NULL FROM generate_series(1, %d) AS n`, rows)
		return testing.AllocsPerRun(3, func() { databasetest.MustQuery(t, db, sql, database.Limits{}) })
	}
	few, many := allocations(100), allocations(10_000)
	// The race detector makes the standard library's pools drop some of their
	// buffers: less than one allocation a row.
	if many-few > 9_000 {
		t.Errorf("%v allocations for 100 rows, %v for 10,000", few, many)
	}
}

func TestTokenReplacesPassword(t *testing.T) {
	databasetest.RunToken(t, server.Creds(), New)
}

// lateWriter delays Write until the driver starts to read in the background, as
// on a machine under load.
type lateWriter struct{ *net.TCPConn }

func (w lateWriter) Write(p []byte) (int, error) {
	n, err := w.TCPConn.Write(p)
	time.Sleep(60 * time.Millisecond)
	return n, err
}

// After a slow write, the driver leaves a reader of the connection behind.
func TestSlowWriteDoesNotBlockNextQuery(t *testing.T) {
	db := openServer(t, map[string]any{"sslmode": "disable"}, "")
	dial := db.config.DialFunc
	db.config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return lateWriter{conn.(*net.TCPConn)}, nil
	}
	for range 3 {
		if _, err := db.Query(t.Context(), "SELECT 1", database.Limits{}); err != nil {
			t.Fatal(err)
		}
	}
}

// countedConn counts the packets that the driver sends.
type countedConn struct {
	*net.TCPConn
	sent *int
}

func (c countedConn) Write(p []byte) (int, error) {
	*c.sent++
	return c.TCPConn.Write(p)
}

// A query is one packet, with a ping before it after an idle time.
func TestQueryChecksIdleConnectionOnce(t *testing.T) {
	db := openServer(t, map[string]any{"sslmode": "disable"}, "")
	sent := 0
	dial := db.config.DialFunc
	db.config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return countedConn{conn.(*net.TCPConn), &sent}, nil
	}
	packets := func() int {
		t.Helper()
		before := sent
		if _, err := db.Query(t.Context(), "SELECT 1", database.Limits{}); err != nil {
			t.Fatal(err)
		}
		return sent - before
	}
	packets() // connects, and reads the catalogue
	if warm := packets(); warm != 1 {
		t.Errorf("a warm query sends %d packets, want 1", warm)
	}
	db.idleSince = db.idleSince.Add(-time.Minute)
	if idle := packets(); idle != 2 {
		t.Errorf("a query after an idle time sends %d packets, want 2", idle)
	}
}
