//go:build !onedriver || postgres || redshift

package database

import (
	"context"
	"fmt"
	"io"
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
	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/database/guard/guardtest"
)

// server is the one PostgreSQL of this test binary.
var server *pgtest.Server

func init() {
	servers = append(servers, func() (_ io.Closer, err error) {
		server, err = pgtest.Run(pgtest.TLS(), pgtest.Setting("log_statement", "all"), pgtest.Setting("wal_level", "logical"),
			pgtest.Setting("autovacuum", "off")) // which changes what tests compare
		return server, err
	})
}

const postgresAccounts = `
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

// postgresState reads everything that a hostile statement could change, and
// whether one session still lives.
const postgresState = `
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

func openServer(tb testing.TB, changes connection.Creds, directory string) *postgres {
	tb.Helper()
	return openChanged(tb, "postgres", server.Creds(), changes, directory).(*postgres)
}

// postgresDialect is what PostgreSQL brings to the conformance suite.
var postgresDialect = dialectUnderTest{
	types:      postgresTypes,
	counter:    "SELECT generate_series(1, %d)",
	text:       "SELECT repeat('x', %d)",
	busy:       "SELECT count(*) FROM generate_series(1, 1000000000000)",
	syntax:     "SELECT FROM WHERE",
	unknown:    "SELECT * FROM missing",
	failing:    "SELECT 1 / (2 - generate_series(1, 3))",
	writing:    "SELECT spend_all()",
	accounts:   "SELECT * FROM accounts ORDER BY id",
	duplicates: "SELECT 1 AS n, 2 AS n",
	columns:    []string{"n", "n"},
	empty:      "SELECT 1 AS a, 2 AS b WHERE false",
}

func TestPostgresConforms(t *testing.T) {
	server.Query(t, postgresAccounts)
	dialect := postgresDialect
	dialect.open = func(t *testing.T) Database { return openServer(t, nil, "") }
	conform(t, dialect)
}

func TestPostgresRunsHarmlessStatements(t *testing.T) {
	server.Query(t, postgresAccounts)
	db := openServer(t, nil, "")
	expectRun(t, db, guardtest.Statements(t, "postgres/harmless.sql", ""))
	expectRun(t, db, []string{"-- a comment first\nSELECT 1", "SELECT 1 -- a\r, 2 -- b", "SELECT 'a'\n'b'"})
}

func TestPostgresRefusesHostileStatements(t *testing.T) {
	server.Query(t, postgresAccounts)
	session := openServer(t, nil, "")
	session.config.RuntimeParams["application_name"] = "victim"
	mustQuery(t, session, "SELECT 1", unlimited)
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
		return fmt.Sprint(server.Query(t, fmt.Sprintf(postgresState, victimPID)), string(auto), files)
	}
	db := openServer(t, nil, "")
	t.Run("writes", func(t *testing.T) {
		expectRefused(t, db, guardtest.Statements(t, "postgres/writes.sql", directory), true, state)
	})
	t.Run("reaches", func(t *testing.T) {
		expectRefused(t, db, guardtest.Statements(t, "postgres/reaches.sql", directory), false, state)
	})
	mustQuery(t, db, "SELECT 1", unlimited)
}

func TestPostgresRights(t *testing.T) {
	server.Query(t, postgresAccounts+`
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
		rights, err := openServer(t, connection.Creds{"user": user, "password": c.password}, "").Prove(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, rights.Writes, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", user, diff)
		}
		if revokes := slices.Contains(rights.Grants, "REVOKE CREATE ON SCHEMA public FROM PUBLIC"); revokes != (user == "writer") {
			t.Errorf("%s: grants are %q", user, rights.Grants)
		}
	}
	rights, err := openServer(t, nil, "").Prove(t.Context())
	if err != nil || !slices.Contains(rights.Writes, "everything: the user is a superuser") {
		t.Errorf("superuser: got %v, %v", rights, err)
	}
	// What it names as the way to a reader is one.
	reader := rights.Grants
	reader[0] = strings.Replace(reader[0], "…", "reads", 1)
	server.Query(t, "DROP ROLE IF EXISTS defog_reader;"+strings.Join(reader, ";"))
	defer server.Query(t, "DROP OWNED BY defog_reader; DROP ROLE defog_reader")
	db := openServer(t, connection.Creds{"user": "defog_reader", "password": "reads"}, "")
	mustQuery(t, db, "SELECT * FROM accounts", unlimited)
	if rights, err := db.Prove(t.Context()); err != nil || len(rights.Writes) > 0 {
		t.Errorf("defog_reader: got %v, %v", rights, err)
	}
}

// What is volatile either does no harm or is refused. A new version of
// PostgreSQL, with new functions, fails here.
func TestPostgresGuardKnowsVolatileFunctions(t *testing.T) {
	harmless := map[string]bool{}
	for name := range strings.FieldsSeq(`
		amvalidate array_sample array_shuffle bernoulli system brinhandler bthandler ginhandler gisthandler
		hashhandler spghandler heap_tableam_handler clock_timestamp current_query currtid2 currval lastval
		dsnowball_init dsnowball_lexize gen_random_uuid uuidv4 uuidv7 random random_normal setseed timeofday
		txid_status lo_get plpgsql_call_handler plpgsql_inline_handler plpgsql_validator
		pg_available_wal_summaries pg_wal_summary_contents pg_blocking_pids pg_safe_snapshot_blocking_pids
		pg_collation_actual_version pg_database_collation_actual_version pg_control_checkpoint pg_control_init
		pg_control_recovery pg_control_system pg_current_wal_flush_lsn pg_current_wal_insert_lsn
		pg_current_wal_lsn pg_database_size pg_indexes_size pg_relation_size pg_table_size pg_tablespace_size
		pg_total_relation_size pg_get_aios pg_get_backend_memory_contexts pg_get_loaded_modules
		pg_get_multixact_members pg_get_sequence_data pg_get_shmem_allocations pg_get_shmem_allocations_numa
		pg_get_wait_events pg_is_in_recovery pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact
		pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_lock_status
		pg_notification_queue_usage pg_partition_ancestors pg_partition_tree pg_prepared_xact
		pg_sequence_last_value pg_show_replication_origin_status pg_stat_get_backend_io pg_stat_get_backend_wal
		pg_stat_get_io pg_stat_get_recovery_prefetch pg_stat_have_stats pg_xact_commit_timestamp
		pg_xact_commit_timestamp_origin pg_xact_status`) {
		harmless[name] = true
	}
	for _, row := range server.Query(t, `SELECT DISTINCT proname FROM pg_proc
		WHERE provolatile = 'v' AND pronamespace = 'pg_catalog'::regnamespace AND prorettype <> 'trigger'::regtype
		AND proname NOT LIKE 'pg_stat_get_xact_%'`) {
		name := row[0]
		refused := guard.Postgres.Check("SELECT "+name+"()") != nil
		if harmless[name] == refused {
			t.Errorf("%s: harmless is %v, refused is %v", name, harmless[name], refused)
		}
	}
}

func TestPostgresErrors(t *testing.T) {
	server.Query(t, postgresAccounts)
	db := openServer(t, nil, "")
	expectFailures(t, db, []failingCase{
		{"SELEC 1", "", "begins with SELEC"},
		{"", "", "it is empty"},
		{"-- nothing", "", "it is empty"},
		{"SELECT balances FROM accounts", "42703", `column "balances" does not exist` + "\nHINT:  Perhaps you meant"},
		{"SELECT $1", "08P01", "bind message supplies 0 parameters"},
		{"SELECT 1 / 0", "22012", "division by zero"},
		{"SELECT 'x", "", "a string is not closed"},
		{"SELECT * FROM accounts FOR UPDATE", "25006", "read-only transaction"},
		{"SELECT repeat('x', 17 * 1024 * 1024)", "", "16777216 is the most"},
	})
	mustQuery(t, db, "SELECT 1", unlimited)
}

func TestPostgresKeepsItsConnection(t *testing.T) {
	db := openServer(t, nil, "")
	pid := func() string { return string(mustQuery(t, db, "SELECT pg_backend_pid()", unlimited).Data) }
	expectKept(t, pid, map[string]func(){
		"success":   func() { mustQuery(t, db, "SELECT 1", unlimited) },
		"error":     func() { _, _ = db.Query(t.Context(), "SELECT 1 / 0", unlimited) },
		"truncated": func() { mustQuery(t, db, "SELECT generate_series(1, 100000000)", Limits{Rows: 1}) },
		"timeout":   func() { _, _ = db.query(t.Context(), "SELECT pg_sleep(60)", Limits{Time: time.Millisecond}) },
		"a rest":    func() { db.rested = db.rested.Add(-time.Hour) },
		"settings":  func() { _, _ = db.query(t.Context(), "SELECT set_config('search_path', 'x', false)", unlimited) },
	})
	path := mustQuery(t, db, "SELECT current_setting('search_path'), current_setting('statement_timeout')", Limits{})
	if got, want := string(path.Data), `[["\"$user\", public","0"]]`; got != want {
		t.Errorf("settings are %s, want %s", got, want)
	}
}

func TestPostgresReconnects(t *testing.T) {
	const marker = "SELECT 'marker'"
	open := func(t *testing.T) *postgres { return openServer(t, nil, "") }
	seen := func(*testing.T) int { return strings.Count(server.Log(), marker) }
	testReconnects(t, open, marker, seen, map[string]func(t *testing.T, db *postgres){
		"restarted server": func(t *testing.T, _ *postgres) {
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
		},
		"ended session": func(t *testing.T, db *postgres) { endSession(t, db.conn.PID()) },
		"ended session after a rest": func(t *testing.T, db *postgres) {
			endSession(t, db.conn.PID())
			db.rested = db.rested.Add(-time.Hour)
		},
	})
}

func endSession(t *testing.T, pid uint32) {
	t.Helper()
	server.Query(t, fmt.Sprintf("SELECT pg_terminate_backend(%d, 60000)", pid))
}

func TestPostgresLosesConnectionInAStatement(t *testing.T) {
	db := openServer(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	failure := begin(t.Context(), db.query, "SELECT pg_sleep(3600) -- lost", unlimited)
	endSession(t, awaitSleep(t, "SELECT pg_sleep(3600) -- lost"))
	expectLost(t, <-failure, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	if n := strings.Count(server.Log(), "execute <unnamed>: SELECT pg_sleep(3600) -- lost"); n != 1 {
		t.Errorf("the lost statement ran %d times", n)
	}
}

// awaitSleep returns the process of the server that sleeps in a statement. One
// that the server has not begun to run may be missed by a request to stop.
func awaitSleep(t *testing.T, sql string) (pid uint32) {
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

func TestPostgresContextStopsTheServer(t *testing.T) {
	db := openServer(t, nil, "")
	const busy = "SELECT pg_sleep(3600) -- busy"
	var pid uint32
	expectCanceled(t, db.query, busy, func() bool { pid = awaitSleep(t, busy); return true })
	for {
		rows := server.Query(t, fmt.Sprintf("SELECT FROM pg_stat_activity WHERE pid = %d AND state = 'active'", pid))
		if len(rows) == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	mustQuery(t, db, "SELECT 1", unlimited)
}

func TestPostgresHangs(t *testing.T) {
	db := openServer(t, nil, "")
	mustQuery(t, db, "SELECT 1", unlimited)
	testHangs(t, server.Pause, server.Resume, db)
}

func TestPostgresCantConnect(t *testing.T) {
	open := func(changes connection.Creds) Database { return openServer(t, changes, "") }
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

func TestPostgresWantsValidCredentials(t *testing.T) {
	expectInvalid(t, openPostgres, nil, []invalidCase{
		{connection.Creds{}, "no host"},
		{connection.Creds{"host": "h", "port": "zero"}, "from 1 to 65535"},
		{connection.Creds{"host": "h", "port": 70000.0}, "from 1 to 65535"},
		{connection.Creds{"host": "h", "sslmode": "prefer"}, "disable, require, verify-ca, verify-full"},
		{connection.Creds{"host": "h", "sslrootcert": "missing.pem"}, "missing.pem"},
	})
}

func TestPostgresTLS(t *testing.T) {
	testTLS(t, server.Authority(), func(t *testing.T, creds connection.Creds, directory string) Database {
		db := openServer(t, creds, directory)
		db.config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{server.Host()}, nil }
		return db
	}, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "[[true]]", "[[false]]")
}

// A row costs no allocation of its own.
func TestPostgresAllocatesNothingPerRow(t *testing.T) {
	db := openServer(t, nil, "")
	allocations := func(rows int) float64 {
		sql := fmt.Sprintf(`SELECT n, n::text, n * 1.5, n::float8, n %% 2 = 0, timestamptz '2024-02-29' + n * interval '1 s',
			'größe "quoted"', '{"a": 1}'::jsonb, NULL FROM generate_series(1, %d) AS n`, rows)
		return testing.AllocsPerRun(3, func() { mustQuery(t, db, sql, Limits{}) })
	}
	few, many := allocations(100), allocations(10_000)
	// The race detector has pools of the standard library give up some of what
	// they hold, which is less than one allocation a row.
	if many-few > 9_000 {
		t.Errorf("%v allocations for 100 rows, %v for 10,000", few, many)
	}
}

func TestPostgresLetsInByToken(t *testing.T) {
	testToken(t, server.Creds(), openPostgres)
}
