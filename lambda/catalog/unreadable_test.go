package catalog

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/schema"
	"defog-cdk/internal/testserver/mariadb"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
)

// readNames returns the names of the tables and of the unreadable objects, and the
// progress messages.
func readNames(t *testing.T, db database.Database, dbType string, options Options) (tables, unreadable string, progress string) {
	t.Helper()
	options.Progress = func(message string) { progress += message + "\n" }
	options.ProbeTimeout = time.Second
	s, err := Read(t.Context(), db, dbType, options)
	if err != nil {
		t.Fatalf("%v\n%s", err, progress)
	}
	var names []string
	for _, table := range s.Tables {
		names = append(names, table.Path())
	}
	tables, names = strings.Join(names, " "), nil
	for _, u := range s.Unreadable {
		name := schema.Table{Schema: u.Schema, Name: u.Name}.Path()
		if u.Column != "" {
			name += "." + u.Column
		}
		names = append(names, name)
		if !strings.Contains(progress, "could not read "+name+": ") || u.Reason == "" {
			t.Errorf("no message or no reason for %s (%q):\n%s", name, u.Reason, progress)
		}
	}
	return tables, strings.Join(names, " "), progress
}

func TestUnreadableObjectsOfPostgresDoNotStopTheOthers(t *testing.T) {
	server := postgres.Start(t)
	for statement := range strings.SplitSeq(`
		CREATE ROLE reader LOGIN PASSWORD 'reads';
		CREATE TABLE stores (id int PRIMARY KEY, city text);
		INSERT INTO stores VALUES (1, 'Oslo');
		CREATE MATERIALIZED VIEW never_refreshed AS SELECT city FROM stores WITH NO DATA;
		CREATE VIEW divides AS SELECT (1 / 0)::text AS kind;
		CREATE VIEW fails_later AS SELECT city::int AS number FROM stores;
		CREATE VIEW forbidden AS SELECT pg_read_file('x') AS content;
		CREATE VIEW slow AS SELECT pg_sleep(70)::text AS kind;
		CREATE VIEW "fine view" AS SELECT city FROM stores;
		CREATE TABLE partly (a text, b text);
		GRANT SELECT ON stores, never_refreshed, divides, fails_later, forbidden, slow, "fine view" TO reader;
		GRANT SELECT (a) ON partly TO reader`, ";\n") {
		server.Query(t, statement)
	}
	creds := server.Creds()
	creds["user"], creds["password"] = "reader", "reads"
	for _, options := range []Options{{}, {Sample: true}} {
		tables, unreadable, progress := readNames(t, open(t, "postgres", creds), "postgres", options)
		if want := "fine view partly slow stores"; tables != want {
			t.Errorf("%+v: got tables %s, want %s", options, tables, want)
		}
		if want := "divides fails_later forbidden never_refreshed slow"; unreadable != want {
			t.Errorf("%+v: got unreadable %s, want %s\n%s", options, unreadable, want, progress)
		}
	}
}

// TestReasonsHoldNoData checks a view whose error message holds a value.
func TestReasonsHoldNoData(t *testing.T) {
	server := postgres.Start(t)
	server.Query(t, `CREATE TABLE people (name text)`)
	server.Query(t, `INSERT INTO people VALUES ('Ada Lovelace')`)
	server.Query(t, `CREATE VIEW numbers AS SELECT name::int AS n FROM people`)
	s, err := Read(t.Context(), open(t, "postgres", server.Creds()), "postgres", Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []schema.Unreadable{{Name: "numbers", Reason: "the query failed with code 22P02"}}
	if diff := cmp.Diff(want, s.Unreadable); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	content, err := s.Encode()
	if err != nil || strings.Contains(string(content), "Ada") {
		t.Errorf("got %s, %v", content, err)
	}
	if _, err := schema.Parse(content); err != nil {
		t.Errorf("schema.json cannot be read back: %v", err)
	}
}

func TestUnreadableObjectsOfSQLiteDoNotStopTheOthers(t *testing.T) {
	const script = `
		CREATE TABLE stores (id INTEGER PRIMARY KEY, city TEXT);
		INSERT INTO stores VALUES (1, 'Oslo');
		CREATE TABLE visits (store INTEGER REFERENCES stores);
		CREATE TABLE old_stores (city TEXT);
		CREATE VIEW closed AS SELECT city FROM old_stores;
		DROP TABLE old_stores;
		CREATE VIEW "bad 'function" AS SELECT no_such_function(city) AS x FROM stores;
		CREATE VIEW circle AS SELECT * FROM closed;
		CREATE VIEW fine AS SELECT city FROM stores;
		CREATE VIRTUAL TABLE site_index USING rtree(id, minx, maxx);
		CREATE VIRTUAL TABLE notes USING fts5(body);
		PRAGMA writable_schema = on;
		INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql)
			VALUES ('table', 'spatial', 'spatial', 0, 'CREATE VIRTUAL TABLE spatial USING spatialite(x)');`
	for _, options := range []Options{{}, {Sample: true}} {
		tables, unreadable, progress := readNames(t, openSQLite(t, script), "sqlite", options)
		if want := "fine notes site_index stores visits"; tables != want {
			t.Errorf("%+v: got tables %s, want %s", options, tables, want)
		}
		if want := "bad 'function circle closed spatial"; unreadable != want {
			t.Errorf("%+v: got unreadable %s, want %s\n%s", options, unreadable, want, progress)
		}
		if !strings.Contains(progress, "could not read closed: SQL logic error: no such table: main.old_stores\n") {
			t.Errorf("got %s", progress)
		}
		if !strings.Contains(progress, "\n2 keys\n") {
			t.Errorf("the keys are missing:\n%s", progress)
		}
	}
}

func TestUnreadableObjectsOfMySQLDoNotStopTheOthers(t *testing.T) {
	server := mariadb.Start(t)
	server.Query(t, `
		CREATE TABLE stores (id int PRIMARY KEY, city varchar(20));
		INSERT INTO stores VALUES (1, 'Oslo');
		CREATE TABLE old_stores (city varchar(20));
		CREATE VIEW closed AS SELECT city FROM old_stores;
		DROP TABLE old_stores;
		CREATE FUNCTION gone() RETURNS int DETERMINISTIC RETURN 1;
		CREATE VIEW without_function AS SELECT gone() AS n;
		DROP FUNCTION gone;
		CREATE USER definer@localhost IDENTIFIED BY 'x';
		GRANT SELECT ON bank.* TO definer@localhost;
		CREATE DEFINER = definer@localhost SQL SECURITY DEFINER VIEW lost_definer AS SELECT city FROM stores;
		DROP USER definer@localhost;
		CREATE VIEW fine AS SELECT city FROM stores;
		CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'reads';
		GRANT SELECT ON bank.* TO reader@'127.0.0.1'`)
	creds := server.Creds()
	creds["user"], creds["password"] = "reader", "reads"
	for _, options := range []Options{{}, {Sample: true}} {
		tables, unreadable, progress := readNames(t, open(t, "mysql", creds), "mysql", options)
		if want := "fine stores"; tables != want {
			t.Errorf("%+v: got tables %s, want %s", options, tables, want)
		}
		for _, name := range []string{"closed", "without_function", "lost_definer"} {
			if !strings.Contains(unreadable, name) {
				t.Errorf("%+v: %s is not in %s\n%s", options, name, unreadable, progress)
			}
		}
	}
}

// brokenDatabase fails the statements on one table, and all statements after it if
// it is down.
type brokenDatabase struct {
	database.Database
	table string
	err   error
	down  bool
	fails bool
}

func (b *brokenDatabase) Query(ctx context.Context, sql string, limits database.Limits) (*database.Result, error) {
	if strings.Contains(sql, `"`+b.table+`"`) || b.fails {
		b.fails = b.down
		return nil, b.err
	}
	return b.Database.Query(ctx, sql, limits)
}

func TestLostConnections(t *testing.T) {
	lost := database.NewConnectionError("the connection was lost", errors.New("EOF"))
	db := &brokenDatabase{Database: openSQLite(t, sqliteShop), table: "codes", err: lost}
	tables, unreadable, _ := readNames(t, db, "sqlite", Options{Sample: true})
	if tables != "Order Items parcels products" || unreadable != "codes" {
		t.Errorf("one object ends the connection: got tables %s, unreadable %s", tables, unreadable)
	}
	db.down = true
	if _, err := Read(t.Context(), db, "sqlite", Options{}); !errors.Is(err, lost) {
		t.Errorf("the database is down: got %v", err)
	}
}

// TestFailedColumnKeepsItsTable fails the samples of one column.
func TestFailedColumnKeepsItsTable(t *testing.T) {
	db := &brokenDatabase{Database: openSQLite(t, sqliteShop), table: "carrier", err: &database.StatementError{Message: "no"}}
	tables, unreadable, _ := readNames(t, db, "sqlite", Options{Sample: true})
	if tables != "Order Items codes parcels products" || unreadable != "parcels.carrier" {
		t.Errorf("got tables %s, unreadable %s", tables, unreadable)
	}
}
