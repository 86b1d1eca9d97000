package postgres

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/database/guard/guardtest"
)

// readerCreds are of a user that only reads.
var readerCreds = connection.Creds{"user": "analyst", "password": "reads"}

const readerRole = `
	DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analyst') THEN CREATE ROLE analyst LOGIN PASSWORD 'reads'; END IF; END $$;`

// eachUser runs a test as the superuser and as a reader.
func eachUser(t *testing.T, run func(t *testing.T, d *db)) {
	t.Helper()
	for name, creds := range map[string]connection.Creds{"superuser": nil, "reader": readerCreds} {
		t.Run(name, func(t *testing.T) {
			run(t, databasetest.Open(t, New, server.Creds(), creds, "").(*db))
		})
	}
}

func TestAnalyticsRuns(t *testing.T) {
	server.Query(t, readerRole+strings.Join(guardtest.Statements(t, "postgres/schema.sql", ""), "\n"))
	eachUser(t, func(t *testing.T, d *db) {
		databasetest.ExpectRuns(t, d, guardtest.Statements(t, "postgres/analytics.sql", ""))
	})
}

// attackState reads what an attack could change.
const attackState = `
	SELECT (SELECT json_agg(t) FROM (SELECT objid, pid IS NULL FROM pg_locks WHERE locktype = 'advisory') t)
	UNION ALL SELECT (SELECT json_agg(t) FROM orders t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT oid, relname FROM pg_class ORDER BY 1) t)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT last_value, is_called FROM numbers) t)
	UNION ALL SELECT (SELECT json_agg(slot_name) FROM pg_replication_slots)
	UNION ALL SELECT (SELECT json_agg(roname) FROM pg_replication_origin)
	UNION ALL SELECT (SELECT json_agg(t) FROM (SELECT oid FROM pg_largeobject_metadata ORDER BY 1) t)`

func TestAttacksAreRefused(t *testing.T) {
	server.Query(t, readerRole+strings.Join(guardtest.Statements(t, "postgres/schema.sql", ""), "\n")+
		strings.Join(guardtest.Statements(t, "postgres/modules.sql", ""), "\n"))
	defer server.Query(t, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA stored CASCADE")
	state := func() string { return fmt.Sprint(server.Query(t, attackState)) }
	attacks := guardtest.Attacks(t, "postgres/attacks.sql", "")
	eachUser(t, func(t *testing.T, d *db) {
		before := state()
		for _, sql := range attacks {
			result, err := d.Query(t.Context(), sql, databasetest.Unlimited())
			failed, ok := errors.AsType[*database.StatementError](err)
			if !ok || failed.Code != "" {
				t.Errorf("%q: got %v, %v; want a refusal by the guard", sql, result, err)
			}
		}
		if diff := cmp.Diff(before, state()); diff != "" {
			t.Error(diff)
		}
		databasetest.ExpectRuns(t, d, append(guardtest.Statements(t, "postgres/analytics.sql", ""), guardtest.Statements(t, "postgres/beside.sql", "")...))
	})
}

func TestUnsafePowersAreFound(t *testing.T) {
	server.Query(t, readerRole)
	for name, c := range map[string]struct {
		grant, revoke string
		want          []string
	}{
		"reader":       {"SELECT 1", "SELECT 1", nil},
		"replication":  {"ALTER ROLE analyst REPLICATION", "ALTER ROLE analyst NOREPLICATION", []string{"replication"}},
		"row security": {"ALTER ROLE analyst BYPASSRLS", "ALTER ROLE analyst NOBYPASSRLS", []string{"bypass of row security"}},
		"server files": {"GRANT pg_read_server_files TO analyst", "REVOKE pg_read_server_files FROM analyst", []string{"member of pg_read_server_files"}},
		"programs":     {"GRANT pg_execute_server_program TO analyst", "REVOKE pg_execute_server_program FROM analyst", []string{"member of pg_execute_server_program"}},
		"superuser":    {"ALTER ROLE analyst SUPERUSER", "ALTER ROLE analyst NOSUPERUSER", []string{"superuser"}},
		"another's":    {"GRANT postgres TO analyst", "REVOKE postgres FROM analyst", []string{"member of postgres"}},
		"no inheritance": {"ALTER ROLE analyst NOINHERIT; GRANT pg_write_server_files TO analyst", "REVOKE pg_write_server_files FROM analyst; ALTER ROLE analyst INHERIT",
			[]string{"member of pg_write_server_files"}},
	} {
		t.Run(name, func(t *testing.T) {
			server.Query(t, c.grant)
			defer server.Query(t, c.revoke)
			privileges, err := databasetest.Open(t, New, server.Creds(), readerCreds, "").(*db).CheckReadOnly(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, privileges.Unsafe, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What one question leaves behind in its session is gone before the next one,
// even if the user allows a function that does so.
func TestSessionIsResetAfterEachQuery(t *testing.T) {
	server.Query(t, accounts+`
		CREATE FUNCTION leave() RETURNS void LANGUAGE plpgsql AS
			$$ BEGIN PERFORM pg_advisory_lock(4242); PERFORM set_config('app.left', 'behind', false); END $$`)
	d := openServer(t, nil, "")
	d.guard = d.guard.With(guard.Options{AllowedFunctions: []string{"public.leave"}})
	for _, sql := range []string{"SELECT leave()", "SELECT leave(), 1 / 0", "SELECT leave() FROM generate_series(1, 100000)"} {
		_, _ = d.Query(t.Context(), sql, database.Limits{Rows: 1}) // the state counts
		if rows := server.Query(t, "SELECT objid FROM pg_locks WHERE locktype = 'advisory'"); len(rows) > 0 {
			t.Errorf("%s: locks remain: %v", sql, rows)
		}
		result := databasetest.MustQuery(t, d, "SELECT current_setting('app.left', true)", databasetest.Unlimited())
		if got := string(result.Data); got != `[[null]]` && got != `[[""]]` {
			t.Errorf("%s: a setting remains: %s", sql, got)
		}
	}
}

// A connection that cannot be reset is not used again.
func TestConnectionWithoutResetIsDropped(t *testing.T) {
	server.Query(t, accounts)
	d := openServer(t, nil, "")
	d.reset = "SELECT 1 / 0"
	databasetest.MustQuery(t, d, "SELECT 1", databasetest.Unlimited())
	if d.conn != nil {
		t.Error("the connection is kept")
	}
}

// A function is known to the first question after its creation, with what uses it. A
// question without such costs no further catalogue.
func TestNewFunctionsAreFoundAtOnce(t *testing.T) {
	server.Query(t, accounts)
	d := openServer(t, nil, "")
	databasetest.MustQuery(t, d, "SELECT 1", databasetest.Unlimited())
	for _, c := range []struct{ create, attack string }{
		{"CREATE FUNCTION fresh(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_lock(n); RETURN n; END'", "SELECT fresh(1)"},
		{"CREATE FUNCTION fresher(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_lock(n); RETURN n; END'",
			"SELECT g.fresher FROM generate_series(1, 1) g"},
		{"CREATE FUNCTION freshest(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN n; END'; CREATE OPERATOR <%%> (RIGHTARG = int, FUNCTION = freshest)",
			"SELECT <%%> 1"},
		{"CREATE FUNCTION gladly(m mood) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN true; END'; CREATE CAST (mood AS bool) WITH FUNCTION gladly(mood)",
			"SELECT 'sad'::mood::bool"},
	} {
		server.Query(t, c.create)
		_, err := d.Query(t.Context(), c.attack, databasetest.Unlimited())
		if failed, ok := errors.AsType[*database.StatementError](err); !ok || failed.Code != "" {
			t.Errorf("%s: got %v, want a refusal by the guard", c.attack, err)
		}
	}
	read := d.catalogue.read
	for _, sql := range []string{"SELECT id FROM accounts", "SELECT fresh(1)"} {
		_, _ = d.Query(t.Context(), sql, databasetest.Unlimited()) // the catalogue counts
		if d.catalogue.read != read {
			t.Errorf("%s: the catalogue was read again", sql)
		}
	}
}

// Connect reads what a statement's check requires. The check still finds functions that
// are newer.
func TestConnectReadsTheCatalogueBefore(t *testing.T) {
	server.Query(t, accounts)
	d := openServer(t, nil, "")
	if err := d.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	read := d.catalogue.read
	if _, err := d.Query(t.Context(), "SELECT id FROM accounts", database.Limits{}); err != nil || read == nil || d.catalogue.read != read {
		t.Errorf("the statement read the catalogue again: %v", err)
	}
	if err := d.Connect(t.Context()); err != nil || d.catalogue.read != read {
		t.Errorf("a second Connect read the catalogue again: %v", err)
	}
	server.Query(t, "CREATE FUNCTION later(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN n; END'")
	_, err := d.Query(t.Context(), "SELECT later(1)", database.Limits{})
	if _, ok := errors.AsType[*database.StatementError](err); !ok || !strings.Contains(err.Error(), "it is volatile") {
		t.Errorf("got %v", err)
	}
	if err := openServer(t, connection.Creds{"password": "wrong"}, "").Connect(t.Context()); !isConnectionError(err) {
		t.Errorf("got %v; want a failed connection", err)
	}
}

func isConnectionError(err error) bool {
	_, ok := errors.AsType[*database.ConnectionError](err)
	return ok
}

// The catalogue does not call pg_function_is_visible for most functions of the server,
// which takes milliseconds. A search path can hide these.
func TestCatalogueShowsVisibleFunctions(t *testing.T) {
	server.Query(t, accounts+`CREATE FUNCTION random() RETURNS double precision LANGUAGE sql IMMUTABLE RETURN 1;
		CREATE FUNCTION pg_sleep(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN $1; CREATE SCHEMA IF NOT EXISTS unseen;
		CREATE OR REPLACE FUNCTION unseen.pg_advisory_lock(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN $1`)
	defer server.Query(t, "DROP SCHEMA unseen CASCADE")
	for _, path := range []string{"public", "public, pg_catalog", "pg_catalog, public", "unseen, pg_catalog"} {
		d := openServer(t, nil, "")
		d.pinned = append(slices.Clone(d.pinned), "SET LOCAL search_path = "+path)
		read := func(sql string) [][]string {
			rows, err := database.QueryTexts(t.Context(), d.query, sql)
			if err != nil {
				t.Fatal(err)
			}
			return rows
		}
		got := map[string]bool{} // each function by schema, name, volatility and visibility
		for _, row := range read(guard.PostgresQueries.Catalogue) {
			if row[0] == "functions" {
				for _, name := range namesIn(t, row) {
					got[strings.Join([]string{row[1], name, row[3], row[9]}, " ")] = true
				}
			}
		}
		want := map[string]bool{}
		hidden := 0
		for _, row := range read(`SELECT n.nspname::text, p.proname::text, p.provolatile::text, pg_catalog.pg_function_is_visible(p.oid)::text
			FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace`) {
			function := strings.Join(row, " ")
			if row[0] == "pg_catalog" && row[2] != "v" && !got[function] {
				continue // irrelevant
			}
			want[function] = true
			if row[0] == "pg_catalog" && row[3] == "false" {
				hidden++
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("search path %s: %s", path, diff)
		}
		if wantHidden := strings.HasSuffix(path, ", pg_catalog"); (hidden > 0) != wantHidden {
			t.Errorf("search path %s: %d functions of the server are hidden", path, hidden)
		}
	}
}

// Each object that can call a function brings what it calls into the catalogue.
func TestObjectsThatCallFunctionsAreRead(t *testing.T) {
	const plain = `
		DROP SCHEMA public CASCADE; CREATE SCHEMA public;
		CREATE TYPE color AS ENUM ('red');
		CREATE TYPE pair AS (a int, b color[]);
		CREATE DOMAIN short AS varchar(3) NOT NULL;
		CREATE DOMAIN shorter AS short DEFAULT 'a';
		CREATE TABLE plain (n int[], s short[] CHECK (s IS NOT NULL), p pair DEFAULT NULL);
		CREATE VIEW seen AS SELECT * FROM plain;`
	const class = "OPERATOR CLASS other FOR TYPE int8 USING hash AS "
	defer server.Query(t, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
	for object, want := range map[string]bool{
		"": false,
		"CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1":                  true,
		"CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int)":                true,
		"CREATE OPERATOR === (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text)": true,
		"CREATE CAST (color AS int) WITH INOUT":                                    true,
		"CREATE DOMAIN positive AS int CHECK (VALUE > 0)":                          true,
		"CREATE " + class + "OPERATOR 1 = (int8, int8)":                            true,
		"CREATE " + class + "FUNCTION 1 hashint8(int8)":                            true,
		"CREATE EXTENSION citext":                                                  true,
	} {
		server.Query(t, plain+object)
		if got := readFor(t, openServer(t, nil, ""), guard.Postgres, guard.PostgresQueries).read.NeedsWired; got != want {
			t.Errorf("%q: got %v, want %v; functions: %s", object, got, want,
				server.Query(t, "SELECT oid::regprocedure::text FROM pg_proc WHERE oid >= 16384"))
		}
	}
}

// namesIn returns the names in a row of the catalogue.
func namesIn(t *testing.T, row []string) []string {
	t.Helper()
	var names []string
	if err := json.Unmarshal([]byte(row[2]), &names); err != nil {
		t.Fatal(err)
	}
	return names
}

// The catalogue excludes functions of the server. With all functions, the guard decides
// the same.
func TestExcludedFunctionsChangeNothing(t *testing.T) {
	server.Query(t, strings.Join(guardtest.Statements(t, "postgres/schema.sql", ""), "\n")+
		strings.Join(guardtest.Statements(t, "postgres/modules.sql", ""), "\n")+`
		CREATE TABLE named (current_setting int, nextval int, pg_sleep int, pg_stat_get_activity int, lower int, random int, http int, pg_log_in int);
		CREATE FUNCTION lower(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
		CREATE OPERATOR === (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text)`)
	defer server.Query(t, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA stored CASCADE")
	d := openServer(t, nil, "")
	condition := regexp.MustCompile(`WHERE p\.provolatile = 'v' OR [^\n]* OR p\.oid >= 16384\)`)
	for name, c := range map[string]struct {
		guard   *guard.Guard
		queries guard.CatalogueQueries
	}{
		"default":      {guard.Postgres, guard.PostgresQueries},
		"row security": {guard.PostgresOfCallers, guard.RowSecurityQueries},
	} {
		all := guard.CatalogueQueries{
			Catalogue: condition.ReplaceAllLiteralString(c.queries.Catalogue, "WHERE true)"),
			Wired:     condition.ReplaceAllLiteralString(c.queries.Wired, "WHERE true)"),
		}
		part, whole := readFor(t, d, c.guard, c.queries), readFor(t, d, c.guard, all)
		functions := server.Query(t, "SELECT DISTINCT proname::text FROM pg_proc")
		for _, function := range functions {
			for _, form := range []string{
				"SELECT %s(1)", "SELECT pg_catalog.%s(1)", "SELECT public.%s(1)", "SELECT named.%s FROM named", "SELECT (n).%s FROM named n", "SELECT n.%s FROM public.named n",
				"SELECT x.%[1]s FROM (SELECT 1 AS %[1]s) x", "SELECT x.%s FROM generate_series(1, 2) x", "SELECT %[1]s.%[1]s FROM orders %[1]s", "SELECT 1::%s",
			} {
				sql := fmt.Sprintf(form, quoteName(function[0]))
				got, gotErr := c.guard.Check(t.Context(), sql, part.read)
				want, wantErr := c.guard.Check(t.Context(), sql, whole.read)
				if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) || got.RunsUserCode != want.RunsUserCode {
					t.Errorf("%s: %s: %v, %v; want %v, %v", name, sql, gotErr, got.RunsUserCode, wantErr, want.RunsUserCode)
				}
			}
		}
		if len(functions) < 2000 || part.functions == 0 || whole.functions < 3*part.functions {
			t.Errorf("%s: %d of %d functions, and %d in the server", name, part.functions, whole.functions, len(functions))
		}
	}
}

// reading is a catalogue and the number of its functions.
type reading struct {
	read      *guard.Catalogue
	functions int
}

// readFor reads a catalogue as readCatalogue does.
func readFor(t *testing.T, d *db, g *guard.Guard, queries guard.CatalogueQueries) (r reading) {
	t.Helper()
	read := func(sql string) [][]string {
		rows, err := database.QueryTexts(t.Context(), d.query, sql)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	rows := read(queries.Catalogue)
	var err error
	if r.read, err = guard.NewPostgresCatalogue(rows); err != nil {
		t.Fatal(err)
	}
	if r.read.NeedsWired {
		r.read.AddWired(read(queries.Wired))
	}
	if g.NeedsTypes(r.read) {
		r.read.AddTypes(read(guard.PostgresTypes))
	}
	for _, row := range rows {
		if row[0] == "functions" {
			r.functions += len(namesIn(t, row))
		}
	}
	return r
}

// The second query of the catalogue can be later than a change.
func TestFunctionRenamedBetweenQueriesIsRefused(t *testing.T) {
	server.Query(t, accounts+`CREATE FUNCTION spend(int, int) RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT nextval(''counter'') > 0';
		CREATE OPERATOR === (FUNCTION = spend, LEFTARG = int, RIGHTARG = int)`)
	d := openServer(t, nil, "")
	read := func(sql string) [][]string {
		rows, err := database.QueryTexts(t.Context(), d.query, sql)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	catalogue, err := guard.NewPostgresCatalogue(read(guard.PostgresQueries.Catalogue))
	if err != nil {
		t.Fatal(err)
	}
	server.Query(t, "ALTER FUNCTION spend(int, int) RENAME TO spent")
	catalogue.AddWired(read(guard.PostgresQueries.Wired))
	const want = "the operator === calls a function: the function public.spent may not be called: it is not in the catalogue"
	if _, err := guard.Postgres.Check(t.Context(), "SELECT 1 === 2", catalogue); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

// A catalogue that is not new refuses nothing.
func TestRefusalIsCheckedAgain(t *testing.T) {
	server.Query(t, accounts+"CREATE FUNCTION amount(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN n; END'")
	d := openServer(t, nil, "")
	databasetest.MustQuery(t, d, "SELECT 1", databasetest.Unlimited())
	server.Query(t, "CREATE TABLE invoices (amount int)")
	const sql = "SELECT i.amount FROM invoices i"
	if _, err := d.Query(t.Context(), sql, databasetest.Unlimited()); err == nil {
		t.Error("a catalogue without the table permits its column")
	}
	d.catalogue.since = d.catalogue.since.Add(-recheckAge)
	databasetest.MustQuery(t, d, sql, databasetest.Unlimited())
}

// The loop ends behind a balancer of servers whose catalogues differ.
func TestCatalogueThatGoesOnToChange(t *testing.T) {
	server.Query(t, accounts)
	d := openServer(t, nil, "")
	d.catalogue.queries.Catalogue = strings.Replace(guard.PostgresQueries.Catalogue, "(SELECT max(oid) FROM pg_catalog.pg_proc)", "1", 1)
	databasetest.MustQuery(t, d, "SELECT 1", databasetest.Unlimited())
}
