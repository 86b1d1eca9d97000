package check

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"defog-cdk/config/connection"
	"defog-cdk/internal/rowsecurity"
	"defog-cdk/internal/testserver/mariadb"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
	mysqldriver "defog-cdk/lambda/database/mysql"
	postgresdriver "defog-cdk/lambda/database/postgres"
	sqlitedriver "defog-cdk/lambda/database/sqlite"
)

// files opens texts by the names of files.
func files(texts map[string]string) func(string) (io.ReadCloser, error) {
	return func(name string) (io.ReadCloser, error) {
		text, ok := texts[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return io.NopCloser(strings.NewReader(text)), nil
	}
}

var drivers = database.Drivers{"sqlite": sqlitedriver.New, "postgres": postgresdriver.New, "mysql": mysqldriver.New}

// newTarget returns a target with a database and files.
func newTarget(dbType string, creds connection.Creds, texts map[string]string) Target {
	return Target{Connection: connection.Connection{DBType: dbType, DBCreds: creds}, Drivers: drivers, StatementTime: time.Minute, Open: files(texts)}
}

func newSQLite(t *testing.T, script string) connection.Creds {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.sqlite")
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := sqlitex.ExecuteScript(conn, script, nil); err != nil {
		t.Fatal(err)
	}
	return connection.Creds{"database": path}
}

const shop = `
	CREATE TABLE orders (id INTEGER PRIMARY KEY, total NUMERIC(10,2), state TEXT, customer_id INTEGER);
	CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);`

// examine returns the report's findings as texts, those that break answers first.
func examine(t *testing.T, target Target) (broken, others []string, report Report) {
	t.Helper()
	report, err := Examine(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		text := f.Kind + " " + strings.Join([]string{f.File, f.Subject(), f.Detail}, ": ")
		if f.Broken {
			broken = append(broken, text)
		} else {
			others = append(others, text)
		}
	}
	if report.Broken() != len(broken) {
		t.Errorf("got %d broken, want %d", report.Broken(), len(broken))
	}
	return broken, others, report
}

func TestExamineComparesAllFiles(t *testing.T) {
	creds := newSQLite(t, shop)
	broken, others, report := examine(t, newTarget("sqlite", creds, map[string]string{
		"schema.json": `{"db_type": "sqlite", "tables": [
			{"name": "orders", "columns": [{"name": "id", "type": "INTEGER"}, {"name": "total", "type": "numeric(10, 2)"}, {"name": "stat", "type": "TEXT"}, {"name": "customer_id", "type": "TEXT"}]},
			{"name": "invoices", "columns": [{"name": "paid"}]}],
			"unreadable": [{"name": "orders", "column": "state", "reason": "slow"}]}`,
		"golden.json": `[
			{"question": "How many orders are there?", "sql": "SELECT count(*) FROM orders;"},
			{"question": "How many invoices are paid?", "sql": "SELECT count(*) FROM invoices"},
			{"question": "Which orders are late?", "sql": "SELECT id FORM orders"},
			{"question": "Which tables are there?", "sql": "EXPLAIN SELECT 1"},
			{"question": "May I?", "sql": "DELETE FROM orders"}]`,
		"glossary.md": "Revenue is the sum of `orders.price`.\n\nInvoices are in orders_old or customers.full_name, and orders.id is a key.\nThe value 'in_progress' is a state.",
	}))
	wantBroken := []string{
		"glossary_gone glossary.md: line 1: names orders.price, and the table orders has no such column",
		"glossary_gone glossary.md: line 3: names Invoices, which the database no longer has",
		"glossary_gone glossary.md: line 3: names customers.full_name, and the table customers has no such column",
		"golden_failed golden.json: pair 2: SQL logic error: no such table: invoices",
		`golden_failed golden.json: pair 3: 1:24: SQL logic error: near "orders": syntax error`,
		"golden_failed golden.json: pair 5: the statement was refused: it begins with DELETE, and only statements that read may run: SELECT, WITH, VALUES, EXPLAIN",
		"column_gone schema.json: orders.stat: the table has no such column (did you mean state?)",
		"type_changed schema.json: orders.customer_id: the type is INTEGER; the file has TEXT",
		"table_gone schema.json: invoices: the database has no such table, or its user may not read it",
	}
	if diff := cmp.Diff(wantBroken, broken); diff != "" {
		t.Errorf("broken: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"table_new schema.json: customers: the file lacks this table of the database"}, others); diff != "" {
		t.Errorf("others: -want +got:\n%s", diff)
	}
	if report.Tables != 2 || report.Pairs != 5 || len(report.Files) != 3 {
		t.Errorf("got %+v", report)
	}
}

func TestExamineOfMatchingFilesFindsNothing(t *testing.T) {
	creds := newSQLite(t, shop)
	_, _, report := examine(t, newTarget("sqlite", creds, map[string]string{
		"schema.json": `{"tables": [{"name": "orders", "columns": [{"name": "id"}, {"name": "total"}, {"name": "state"}, {"name": "customer_id", "callers": {"role": "a"}}]},
			{"name": "customers", "callers": {"role": "a"}, "columns": [{"name": "id"}]}, {"name": "customers", "callers": {"role": "b"}, "columns": [{"name": "name"}]}]}`,
		"golden.json": `[{"question": "How many orders are there?", "sql": "SELECT count(*) FROM orders"}]`,
		"glossary.md": "Revenue is the sum of `orders.total`, where the state is 'in_progress', and date_trunc('day', now()) is a day. snake_case_word",
	}))
	if len(report.Findings) > 0 || report.Pairs != 1 {
		t.Errorf("got %+v", report)
	}
}

func TestExamineWithoutSchemaFile(t *testing.T) {
	creds := newSQLite(t, shop)
	broken, others, report := examine(t, newTarget("sqlite", creds, map[string]string{
		"golden.json": `[{"question": "a?", "sql": "SELECT missing FROM orders"}]`,
		"glossary.md": "The price is unit_price, the customer is customer_id.",
	}))
	if len(broken) != 1 || !strings.Contains(broken[0], "no such column: missing") || len(others) != 1 || !strings.Contains(others[0], "no table or column unit_price") {
		t.Errorf("got %q and %q", broken, others)
	}
	if diff := cmp.Diff([]string{"glossary.md", "golden.json"}, report.Files); diff != "" {
		t.Error(diff)
	}
}

func TestExamineReportsInvalidFiles(t *testing.T) {
	creds := newSQLite(t, shop)
	broken, _, _ := examine(t, newTarget("sqlite", creds, map[string]string{
		"schema.json": `{"db_type": "mysql", "tables": []}`,
		"golden.json": `[{"question": "a?", "sql": ""}, {"question": "a?", "sql": "SELECT 1"}, {"question": "b?", "sql": "SELECT 1 FROM nowhere"}]`,
		"glossary.md": "\xff",
	}))
	for _, want := range []string{"db_type: mysql; want", "tables: empty", "pair 1: sql: missing", "pair 2: question: duplicates", "not encoded in UTF-8", "no such table: nowhere"} {
		if !slices.ContainsFunc(broken, func(text string) bool { return strings.Contains(text, want) }) {
			t.Errorf("%q lacks %q", broken, want)
		}
	}
}

// stopping is a database that ends a context at a statement.
type stopping struct {
	database.Database
	at  string
	end func()
}

func (s stopping) Prepare(ctx context.Context, sql string, limits database.Limits) error {
	if strings.Contains(sql, s.at) {
		s.end()
		<-ctx.Done()
		return ctx.Err()
	}
	return s.Database.(database.Preparer).Prepare(ctx, sql, limits)
}

func TestExamineCountsWhatItHasNoTimeFor(t *testing.T) {
	creds := newSQLite(t, shop)
	golden := `[{"question": "a?", "sql": "SELECT 1"}, {"question": "b?", "sql": "SELECT 2"}, {"question": "c?", "sql": "SELECT 3"}]`
	run := func(ctx context.Context, end func()) (Report, error) {
		target := newTarget("sqlite", creds, map[string]string{"golden.json": golden})
		target.Drivers = database.Drivers{"sqlite": func(creds connection.Creds, options database.Options) (database.Database, error) {
			db, err := sqlitedriver.New(creds, options)
			return stopping{db, "SELECT 2", end}, err
		}}
		return Examine(ctx, target)
	}
	ended := timed{Context: t.Context(), done: make(chan struct{})}
	report, err := run(&ended, func() { close(ended.done) })
	if err != nil || report.Pairs != 1 || report.Unchecked != 2 || len(report.Findings) != 0 {
		t.Errorf("got %+v and %v", report, err)
	}
	canceled, stop := context.WithCancel(t.Context())
	_, err = run(canceled, stop)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// timed is a context whose deadline is reached when done is closed.
type timed struct {
	context.Context
	done chan struct{}
}

func (e *timed) Done() <-chan struct{} { return e.done }

func (e *timed) Err() error {
	select {
	case <-e.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func TestExamineChecksAsEachRole(t *testing.T) {
	server := postgres.Start(t)
	server.Query(t, `
		CREATE ROLE sales; CREATE ROLE stock; CREATE ROLE idle; CREATE ROLE shop LOGIN PASSWORD 'reads-only' NOINHERIT IN ROLE sales, stock, idle;
		CREATE TABLE orders (id int, tenant text); CREATE TABLE parcels (id int); CREATE TABLE secret (id int);
		GRANT SELECT ON orders TO sales; GRANT SELECT ON parcels TO stock;
		ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
		CREATE POLICY mine ON orders USING (tenant = current_setting('request.jwt.claims')::json ->> 'tenant')`)
	creds := server.Creds()
	creds["user"], creds["password"] = "shop", "reads-only"
	target := newTarget("postgres", creds, map[string]string{
		"schema.json": `{"tables": [{"name": "orders", "columns": [{"name": "id"}, {"name": "tenant", "type": "text"}]}, {"name": "secret", "columns": [{"name": "id"}]}]}`,
		"golden.json": `[
				{"question": "a?", "sql": "SELECT count(*) FROM orders WHERE tenant = 'a'"},
				{"question": "b?", "sql": "SELECT count(*) FROM parcels", "callers": {"role": "stock"}},
				{"question": "c?", "sql": "SELECT count(*) FROM secret"},
				{"question": "d?", "sql": "SELECT gone FROM orders"}]`,
	})
	target.Options.RowSecurity, target.Roles = rowsecurity.Role, []string{"sales", "stock", "idle"}
	broken, others, _ := examine(t, target)
	want := []string{
		"golden_failed golden.json: pair 3: permission denied for table secret",
		`golden_failed golden.json: pair 4: column "gone" does not exist`,
		"table_gone schema.json: secret: the database has no such table, or its user may not read it",
	}
	if diff := cmp.Diff(want, broken); diff != "" {
		t.Errorf("broken: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"table_new schema.json: parcels: the file lacks this table of the database"}, others); diff != "" {
		t.Errorf("others: -want +got:\n%s", diff)
	}
}

func TestExamineChecksPoliciesWithClaims(t *testing.T) {
	server := postgres.Start(t)
	server.Query(t, `
		CREATE ROLE reader LOGIN PASSWORD 'reads-only';
		CREATE TYPE state AS ENUM ('open', 'done');
		CREATE TABLE orders (id int, tenant text, state state); GRANT SELECT ON orders TO reader; INSERT INTO orders SELECT n, 'a', 'open' FROM generate_series(1, 1000) n; ANALYZE orders;
		ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
		CREATE POLICY mine ON orders USING (tenant = current_setting('request.jwt.claims')::json ->> 'tenant')`)
	creds := server.Creds()
	creds["user"], creds["password"] = "reader", "reads-only"
	target := newTarget("postgres", creds, map[string]string{
		"schema.json": `{"tables": [{"name": "orders", "columns": [{"name": "id", "type": "integer"}, {"name": "tenant"}, {"name": "state", "type": "state ('open')"}]}]}`,
		"golden.json": `[{"question": "a?", "sql": "SELECT count(*) FROM orders"}, {"question": "b?", "sql": "SELECT count(*) FROM orders", "callers": {"tenant": "a"}}]`,
	})
	target.Options.RowSecurity = rowsecurity.Claims
	broken, _, _ := examine(t, target)
	want := []string{"type_changed schema.json: orders.state: the type is state ('open', 'done'); the file has state ('open')"}
	if diff := cmp.Diff(want, broken); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestExamineRunsViewThatMariaDBDoesNotExplain checks a golden query on a view whose
// tables the user may not read: the server refuses EXPLAIN of it.
func TestExamineRunsViewThatMariaDBDoesNotExplain(t *testing.T) {
	server := mariadb.Start(t)
	server.Query(t, `
		CREATE DATABASE books; CREATE TABLE books.ledger (id int, amount int);
		CREATE SQL SECURITY DEFINER VIEW books.totals AS SELECT sum(amount) AS total FROM books.ledger;
		CREATE USER viewer IDENTIFIED BY 'reads-only'; GRANT SELECT ON books.totals TO viewer`)
	creds := server.Creds()
	creds["database"], creds["user"], creds["password"] = "books", "viewer", "reads-only"
	broken, _, report := examine(t, newTarget("mysql", creds, map[string]string{
		"golden.json": `[{"question": "a?", "sql": "SELECT total FROM totals"}, {"question": "b?", "sql": "SELECT amount FROM totals"}, {"question": "c?", "sql": "SELECT * FROM ledger"}]`,
	}))
	if len(broken) != 2 || !strings.Contains(broken[0], "pair 2: Unknown column 'amount'") || !strings.Contains(broken[1], "pair 3: ") || report.Pairs != 3 {
		t.Errorf("got %q", broken)
	}
}

func TestTypesDifferByTheirValues(t *testing.T) {
	for _, test := range []struct {
		described, live string
		same            bool
	}{
		{"NUMERIC(10, 2)", "numeric(10,2)", true},
		{"", "integer", true},
		{"ENUM ('new', 'old')", "enum('new','old')", true},
		{"mood ('New', 'it''s')", "mood ('New', 'it''s')", true},
		{"mood ('New')", "mood ('new')", false},
		{"mood ('New York')", "mood ('NewYork')", false},
	} {
		if got := sameType(test.described, test.live); got != test.same {
			t.Errorf("%s and %s: %v", test.described, test.live, got)
		}
	}
}
