package doctor_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/mariadb"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/doctor"
)

// connections returns the finding about connections.
func connections(t *testing.T, target doctor.Target) doctor.Finding {
	t.Helper()
	for _, f := range doctor.Examine(t.Context(), target).Findings {
		if f.Check == "connections" {
			return f
		}
	}
	return doctor.Finding{}
}

// checkConnections examines a target whose database leaves so many connections. It calls
// settle before each examination, if there is one.
func checkConnections(t *testing.T, target doctor.Target, free int, settle ...func()) {
	t.Helper()
	for _, test := range []struct {
		concurrency int
		status      doctor.Status
	}{
		{0, doctor.OK}, {free, doctor.OK}, {free + 1, doctor.Warning}, {doctor.AccountConcurrency, doctor.Warning},
	} {
		for _, wait := range settle {
			wait()
		}
		target.Concurrency = test.concurrency
		got := connections(t, target)
		if got.Status != test.status || !strings.Contains(got.Detail, fmt.Sprintf("suffices for %d environments", free)) ||
			test.status == doctor.Warning && free > 0 && !strings.Contains(got.Advice, fmt.Sprintf("reserved_concurrency=%d ", free)) {
			t.Errorf("concurrency %d: got %+v, want %s and %d environments", test.concurrency, got, test.status, free)
		}
	}
}

func TestExamineComparesConcurrencyWithPostgresLimit(t *testing.T) {
	server := postgres.Start(t, postgres.Setting("max_connections", "24"), postgres.Setting("superuser_reserved_connections", "4"))
	server.Query(t, "CREATE ROLE other LOGIN PASSWORD 'reads'; CREATE ROLE shop LOGIN PASSWORD 'reads'")
	creds := server.Creds()
	creds["user"], creds["password"] = "shop", "reads"
	conn := connection.Connection{DBType: "postgres", DBCreds: creds, BaseURL: serve(t, 404, time.Now)}
	target := newTarget(conn)
	reserved := 4
	if server.Query(t, "SELECT count(*) FROM pg_settings WHERE name = 'reserved_connections'")[0][0] == "1" {
		server.Query(t, "ALTER SYSTEM SET reserved_connections = 2")
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		reserved += 2
	}
	watcher, err := pgconn.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = watcher.Close(context.Background()) }) // the server may have ended before
	execute := func(sql string) string {
		results, err := watcher.Exec(t.Context(), sql).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(results[0].Rows) == 0 {
			return ""
		}
		return string(results[0].Rows[0][0])
	}
	settled := func(sessions string) func() {
		return func() { // PostgreSQL ends a session some time after its client
			for execute("SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND usename IS NOT NULL") != sessions {
				time.Sleep(10 * time.Millisecond)
			}
		}
	}
	checkConnections(t, target, 24-reserved-1, settled("1")) // the watcher has one
	occupy(t, conn, "other", 3)
	checkConnections(t, target, 24-reserved-4, settled("4"))
	execute("ALTER ROLE shop CONNECTION LIMIT 10")
	checkConnections(t, target, 10, settled("4"))
	execute("ALTER DATABASE postgres CONNECTION LIMIT 13")
	checkConnections(t, target, 9, settled("4"))

	// With the live catalogue, each environment has two connections at times.
	target.Generator = "openai"
	folder := t.TempDir()
	target.Files = func(context.Context) (string, error) { return folder, nil }
	checkConnections(t, target, 4, settled("4"))
	if err := os.WriteFile(filepath.Join(folder, "schema.json"), []byte(`{"tables": [{"name": "a", "columns": [{"name": "b", "type": "text"}]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	checkConnections(t, target, 9, settled("4"))
	target.Samples = 3
	checkConnections(t, target, 3, settled("4"))
}

func TestExamineComparesConcurrencyWithMariaDBLimit(t *testing.T) {
	server := mariadb.Start(t, mariadb.Setting("max_connections", "20"))
	server.Query(t, "CREATE USER other@'%' IDENTIFIED BY 'reads'; CREATE USER shop@'%' IDENTIFIED BY 'reads'; GRANT SELECT ON bank.* TO shop@'%', other@'%'")
	creds := server.Creds()
	creds["user"], creds["password"] = "shop", "reads"
	conn := connection.Connection{DBType: "mysql", DBCreds: creds, BaseURL: serve(t, 404, time.Now)}
	target := newTarget(conn)
	watcher := connectAsRoot(t, server)
	settled := func(sessions int) func() {
		return func() { // MariaDB ends a session some time after its client
			for threads(t, watcher) != sessions {
				time.Sleep(10 * time.Millisecond)
			}
		}
	}
	checkConnections(t, target, 19, settled(1)) // the watcher has one
	occupy(t, conn, "other", 3)
	occupy(t, conn, "shop", 2) // as the function's environments do
	checkConnections(t, target, 16, settled(6))
	if _, err := watcher.ExecContext(t.Context(), "GRANT USAGE ON *.* TO shop@'%' WITH MAX_USER_CONNECTIONS 15"); err != nil {
		t.Fatal(err)
	}
	checkConnections(t, target, 15, settled(6))
}

// connectAsRoot opens one connection of the superuser until the test ends.
func connectAsRoot(t *testing.T, server *mariadb.Server) *sql.Conn {
	t.Helper()
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(server.Host(), strconv.Itoa(server.Port()))
	config.User, config.Passwd = "root", server.Creds().Text("password")
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() }) // the server may have ended before
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// threads returns how many sessions the server has.
func threads(t *testing.T, conn *sql.Conn) (n int) {
	t.Helper()
	const query = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Threads_connected'"
	if err := conn.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// limited is a database with a limit of connections, or with an error.
type limited struct {
	limits []database.ConnectionLimit
	err    error
}

func (limited) Query(context.Context, string, database.Limits) (*database.Result, error) {
	return &database.Result{Columns: []string{"n"}, Data: []byte("[[1]]"), RowCount: 1}, nil
}

func (limited) Close() error { return nil }

func (l limited) ConnectionLimits(context.Context) ([]database.ConnectionLimit, error) {
	return l.limits, l.err
}

func TestExamineReportsExhaustedAndUnknownLimits(t *testing.T) {
	for name, test := range map[string]struct {
		limited
		status doctor.Status
		detail string
	}{
		"exhausted":  {limited{[]database.ConnectionLimit{{Scope: "server", Permitted: 97, Others: 20}, {Scope: "user", Permitted: 5, Others: 9}}, nil}, doctor.Warning, "suffices for 0 environments"},
		"large":      {limited{[]database.ConnectionLimit{{Scope: "server", Permitted: 1001, Others: 1}}, nil}, doctor.OK, "suffices for 1000 environments"},
		"unreadable": {limited{nil, errors.New("permission denied")}, doctor.Skipped, "permission denied"},
		"none":       {limited{nil, nil}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			target := newTarget(connection.Connection{DBType: "sqlite", DBCreds: connection.Creds{"database": "shop.sqlite"}, BaseURL: serve(t, 404, time.Now)})
			target.Drivers = database.Drivers{"sqlite": func(connection.Creds, database.Options) (database.Database, error) { return test.limited, nil }}
			target.Concurrency = doctor.AccountConcurrency
			got := connections(t, target)
			if got.Status != test.status || !strings.Contains(got.Detail, test.detail) || (got.Status == doctor.Warning) != (got.Advice != "") {
				t.Errorf("got %+v, want %s with %q", got, test.status, test.detail)
			}
		})
	}
}

// occupy opens connections of a user until the test ends.
func occupy(t *testing.T, conn connection.Connection, user string, count int) {
	t.Helper()
	conn.DBCreds = maps.Clone(conn.DBCreds)
	conn.DBCreds["user"], conn.DBCreds["password"] = user, "reads"
	for range count {
		db, err := drivers().Open(conn, database.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() }) // the server may have ended before
		if _, err := db.Query(t.Context(), "SELECT 1", database.Limits{Rows: 1}); err != nil {
			t.Fatal(err)
		}
	}
}
