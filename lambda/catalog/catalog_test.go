package catalog

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"defog-cdk/config/connection"
	"defog-cdk/internal/schema"
	"defog-cdk/internal/testserver/mariadb"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
)

func openSQLite(t *testing.T, script string) database.Database {
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
	return open(t, "sqlite", connection.Creds{"database": path})
}

// oneLine returns a statement as the guard renders it: one space between tokens.
func oneLine(sql string) string { return strings.Join(strings.Fields(sql), " ") }

// read returns the tables and the progress messages.
func read(t *testing.T, db database.Database, dbType string, options Options) (tables []schema.Table, progress string) {
	t.Helper()
	options.Progress = func(message string) { progress += message + "\n" }
	s, err := Read(t.Context(), db, dbType, options)
	if err != nil {
		t.Fatal(err)
	}
	if s.DBType != dbType {
		t.Errorf("db_type: got %q, want %q", s.DBType, dbType)
	}
	return s.Tables, progress
}

const sqliteShop = `
	CREATE TABLE "Order Items" (
		order_id INTEGER, line INTEGER, product TEXT NOT NULL REFERENCES products, kind,
		PRIMARY KEY (line, order_id),
		FOREIGN KEY (order_id, line) REFERENCES parcels (id, place)
	);
	CREATE TABLE parcels (id INTEGER, place INTEGER, carrier VARCHAR(9), weight REAL, PRIMARY KEY (id, place));
	CREATE TABLE products (code TEXT PRIMARY KEY, price AS (1) STORED);
	CREATE VIEW codes AS SELECT code FROM products;
	CREATE INDEX i ON parcels (carrier);
	INSERT INTO parcels VALUES (1, 1, 'DHL', 1), (1, 2, 'UPS', 2), (2, 1, 'DHL', 3), (3, 1, NULL, 4);
	INSERT INTO products VALUES ('a'), ('b');`

func TestReadSQLite(t *testing.T) {
	tables, progress := read(t, openSQLite(t, sqliteShop), "sqlite", Options{})
	want := []schema.Table{
		{
			Name: "Order Items",
			Columns: []schema.Column{
				{Name: "order_id", Type: "INTEGER"}, {Name: "line", Type: "INTEGER"},
				{Name: "product", Type: "TEXT", NotNull: true}, {Name: "kind"},
			},
			PrimaryKey: []string{"line", "order_id"},
			ForeignKeys: []schema.ForeignKey{
				{Columns: []string{"order_id", "line"}, Table: "parcels", TargetColumns: []string{"id", "place"}},
				{Columns: []string{"product"}, Table: "products", TargetColumns: []string{"code"}},
			},
		},
		{Name: "codes", View: true, Columns: []schema.Column{{Name: "code", Type: "TEXT"}}},
		{
			Name: "parcels",
			Columns: []schema.Column{
				{Name: "id", Type: "INTEGER"}, {Name: "place", Type: "INTEGER"},
				{Name: "carrier", Type: "VARCHAR(9)"}, {Name: "weight", Type: "REAL"},
			},
			PrimaryKey: []string{"id", "place"},
		},
		{Name: "products", Columns: []schema.Column{{Name: "code", Type: "TEXT"}, {Name: "price"}}, PrimaryKey: []string{"code"}},
	}
	if diff := cmp.Diff(want, tables); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if want := "4 tables with 11 columns\n5 keys\n"; progress != want {
		t.Errorf("progress: got %q, want %q", progress, want)
	}
}

const postgresShop = `
	CREATE SCHEMA crm;
	CREATE TYPE state AS ENUM ('open', 'it''s done');
	CREATE TABLE crm."Customers" (id bigint PRIMARY KEY, email text NOT NULL, secret_note text);
	COMMENT ON TABLE crm."Customers" IS 'Who buys';
	CREATE TABLE orders (
		id int, shop int, customer bigint REFERENCES crm."Customers" (id), total numeric(10,2) NOT NULL,
		state state NOT NULL, tags text[], dropped int, PRIMARY KEY (shop, id)
	);
	ALTER TABLE orders DROP COLUMN dropped;
	COMMENT ON COLUMN orders.total IS 'in euros';
	CREATE TABLE parcels (order_shop int, order_id int, FOREIGN KEY (order_shop, order_id) REFERENCES orders (shop, id)) PARTITION BY LIST (order_shop);
	CREATE TABLE parcels_1 PARTITION OF parcels FOR VALUES IN (1);
	CREATE MATERIALIZED VIEW open_orders AS SELECT id FROM orders;
	CREATE TABLE hidden (id int PRIMARY KEY);
	CREATE ROLE reader LOGIN PASSWORD 'reads';
	GRANT USAGE ON SCHEMA crm TO reader;
	GRANT SELECT ON orders, parcels, open_orders TO reader;
	GRANT SELECT (id, email) ON crm."Customers" TO reader;
	INSERT INTO crm."Customers" VALUES (1, 'a@example.com');
	INSERT INTO orders VALUES (1, 1, 1, 2.5, 'open')`

func TestReadPostgres(t *testing.T) {
	server := postgres.Start(t)
	for statement := range strings.SplitSeq(postgresShop, ";\n") {
		server.Query(t, statement)
	}
	creds := server.Creds()
	creds["user"], creds["password"] = "reader", "reads"
	tables, _ := read(t, open(t, "postgres", creds), "postgres", Options{Sample: true})
	want := []schema.Table{
		{
			Schema: "crm", Name: "Customers", Comment: "Who buys",
			Columns:    []schema.Column{{Name: "id", Type: "bigint", NotNull: true}, {Name: "email", Type: "text", NotNull: true}},
			PrimaryKey: []string{"id"},
		},
		{Name: "open_orders", View: true, Columns: []schema.Column{{Name: "id", Type: "integer"}}},
		{
			Name: "orders",
			Columns: []schema.Column{
				{Name: "id", Type: "integer", NotNull: true}, {Name: "shop", Type: "integer", NotNull: true},
				{Name: "customer", Type: "bigint"}, {Name: "total", Type: "numeric(10,2)", NotNull: true, Comment: "in euros"},
				{Name: "state", Type: "state ('open', 'it''s done')", NotNull: true}, {Name: "tags", Type: "text[]"},
			},
			PrimaryKey:  []string{"shop", "id"},
			ForeignKeys: []schema.ForeignKey{{Columns: []string{"customer"}, Schema: "crm", Table: "Customers", TargetColumns: []string{"id"}}},
		},
		{
			Name:        "parcels",
			Columns:     []schema.Column{{Name: "order_shop", Type: "integer"}, {Name: "order_id", Type: "integer"}},
			ForeignKeys: []schema.ForeignKey{{Columns: []string{"order_shop", "order_id"}, Table: "orders", TargetColumns: []string{"shop", "id"}}},
		},
	}
	if diff := cmp.Diff(want, tables); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestReadRedshift reads from PostgreSQL, whose catalogs extend those of Redshift.
func TestReadRedshift(t *testing.T) {
	server := postgres.Start(t)
	server.Query(t, `CREATE SCHEMA crm`)
	server.Query(t, `CREATE TABLE crm.customers (id bigint PRIMARY KEY, email varchar(99) NOT NULL)`)
	server.Query(t, `COMMENT ON TABLE crm.customers IS 'Who buys'`)
	server.Query(t, `CREATE TABLE orders (id int, shop int, customer bigint REFERENCES crm.customers (id), kind varchar(9), dropped int, PRIMARY KEY (shop, id))`)
	server.Query(t, `ALTER TABLE orders DROP COLUMN dropped`)
	server.Query(t, `COMMENT ON COLUMN orders.kind IS 'of order'`)
	server.Query(t, `CREATE TABLE parcels (order_id int, order_shop int, FOREIGN KEY (order_shop, order_id) REFERENCES orders (shop, id))`)
	server.Query(t, `CREATE VIEW kinds AS SELECT kind FROM orders`)
	server.Query(t, `CREATE TABLE hidden (id int PRIMARY KEY)`)
	server.Query(t, `CREATE ROLE reader LOGIN PASSWORD 'reads'`)
	server.Query(t, `GRANT USAGE ON SCHEMA crm TO reader`)
	server.Query(t, `GRANT SELECT ON crm.customers, orders, parcels, kinds TO reader`)
	server.Query(t, `INSERT INTO orders VALUES (1, 1, NULL, 'open'), (2, 1, NULL, 'done')`)
	creds := server.Creds()
	creds["user"], creds["password"] = "reader", "reads"
	tables, _ := read(t, open(t, "redshift", creds), "redshift", Options{Sample: true})
	want := []schema.Table{
		{
			Schema: "crm", Name: "customers", Comment: "Who buys",
			Columns:    []schema.Column{{Name: "id", Type: "bigint", NotNull: true}, {Name: "email", Type: "character varying(99)", NotNull: true}},
			PrimaryKey: []string{"id"},
		},
		{Name: "kinds", View: true, Columns: []schema.Column{{Name: "kind", Type: "character varying(9)", Samples: []string{"done", "open"}}}},
		{
			Name: "orders",
			Columns: []schema.Column{
				{Name: "id", Type: "integer", NotNull: true}, {Name: "shop", Type: "integer", NotNull: true}, {Name: "customer", Type: "bigint"},
				{Name: "kind", Type: "character varying(9)", Comment: "of order", Samples: []string{"done", "open"}},
			},
			PrimaryKey:  []string{"shop", "id"},
			ForeignKeys: []schema.ForeignKey{{Columns: []string{"customer"}, Schema: "crm", Table: "customers", TargetColumns: []string{"id"}}},
		},
		{
			Name:        "parcels",
			Columns:     []schema.Column{{Name: "order_id", Type: "integer"}, {Name: "order_shop", Type: "integer"}},
			ForeignKeys: []schema.ForeignKey{{Columns: []string{"order_shop", "order_id"}, Table: "orders", TargetColumns: []string{"shop", "id"}}},
		},
	}
	if diff := cmp.Diff(want, tables); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReadMySQL(t *testing.T) {
	server := mariadb.Start(t)
	server.Query(t, `
		CREATE DATABASE crm; CREATE TABLE crm.customers (id bigint PRIMARY KEY);
		CREATE TABLE orders (
			id int, shop int, customer bigint, total decimal(10,2) NOT NULL, state enum('open', 'done') NOT NULL COMMENT 'of order',
			PRIMARY KEY (shop, id), FOREIGN KEY (customer) REFERENCES crm.customers (id)) COMMENT 'What is bought';
		CREATE TABLE parcels (order_shop int, order_id int, secret text, FOREIGN KEY (order_shop, order_id) REFERENCES orders (shop, id));
		CREATE VIEW states AS SELECT state FROM orders;
		CREATE TABLE hidden (id int PRIMARY KEY);
		INSERT INTO orders VALUES (1, 1, NULL, 2.5, 'open');
		CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'reads';
		GRANT SELECT ON bank.orders TO reader@'127.0.0.1';
		GRANT SELECT ON bank.states TO reader@'127.0.0.1';
		GRANT SELECT (order_shop, order_id), INSERT ON bank.parcels TO reader@'127.0.0.1'`)
	creds := server.Creds()
	creds["user"], creds["password"] = "reader", "reads"
	tables, _ := read(t, open(t, "mysql", creds), "mysql", Options{Sample: true})
	want := []schema.Table{
		{
			Name: "orders", Comment: "What is bought",
			Columns: []schema.Column{
				{Name: "id", Type: "int(11)", NotNull: true}, {Name: "shop", Type: "int(11)", NotNull: true}, {Name: "customer", Type: "bigint(20)"},
				{Name: "total", Type: "decimal(10,2)", NotNull: true},
				{Name: "state", Type: "enum('open','done')", NotNull: true, Comment: "of order", Samples: []string{"open"}},
			},
			PrimaryKey:  []string{"shop", "id"},
			ForeignKeys: []schema.ForeignKey{{Columns: []string{"customer"}, Schema: "crm", Table: "customers", TargetColumns: []string{"id"}}},
		},
		{
			Name:        "parcels",
			Columns:     []schema.Column{{Name: "order_shop", Type: "int(11)"}, {Name: "order_id", Type: "int(11)"}},
			ForeignKeys: []schema.ForeignKey{{Columns: []string{"order_shop", "order_id"}, Table: "orders", TargetColumns: []string{"shop", "id"}}},
		},
		{Name: "states", View: true, Columns: []schema.Column{{Name: "state", Type: "enum('open','done')", NotNull: true, Comment: "of order", Samples: []string{"open"}}}},
	}
	if diff := cmp.Diff(want, tables); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReadSamplesColumnsWithFewValues(t *testing.T) {
	script := sqliteShop + `
		CREATE TABLE people (name TEXT, plan TEXT, contact_info TEXT, channel TEXT, since TEXT, code TEXT, "a ""b""" TEXT);
		INSERT INTO people VALUES ('Ann', 'free', 'x', 'call +49 30 1234567', '2024-02-29 10:00:00', 'c0', 'q');
		INSERT INTO people VALUES ('Bob', 'paid', 'y', 'web', '2024-03-01 11:00:00', 'c1', 'q');
		WITH RECURSIVE n(i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM n WHERE i < 12) INSERT INTO people (code) SELECT 'c' || i FROM n;`
	samples := func(options Options) (map[string][]string, string) {
		tables, progress := read(t, openSQLite(t, script), "sqlite", options)
		found := map[string][]string{}
		for _, table := range tables {
			for _, column := range table.Columns {
				if len(column.Samples) > 0 {
					found[table.Name+"."+column.Name] = column.Samples
				}
			}
		}
		return found, progress
	}

	want := map[string][]string{
		"parcels.carrier": {"DHL", "UPS"}, "products.code": {"a", "b"}, "codes.code": {"a", "b"}, "products.price": {"1"},
		"people.plan": {"free", "paid"}, "people.since": {"2024-02-29 10:00:00", "2024-03-01 11:00:00"}, `people.a "b"`: {"q"},
	}
	got, progress := samples(Options{Sample: true})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if want := "not sampled, because they look personal: people.name, people.contact_info, people.channel\n"; !strings.HasSuffix(progress, want) {
		t.Errorf("progress: got %q, want %q at its end", progress, want)
	}

	want["people.name"] = []string{"Ann", "Bob"}
	want["people.contact_info"] = []string{"x", "y"}
	want["people.channel"] = []string{"call +49 30 1234567", "web"}
	got, _ = samples(Options{Personal: true})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("personal: -want +got:\n%s", diff)
	}
}

func TestReadRequiresATableAndAKnownDatabase(t *testing.T) {
	db := openSQLite(t, "CREATE TABLE t (a); DROP TABLE t;")
	if _, err := Read(t.Context(), db, "sqlite", Options{}); err == nil || !strings.Contains(err.Error(), "no table; GRANT it SELECT") || !strings.Contains(err.Error(), "row_security=role") {
		t.Errorf("empty: got %v", err)
	}
	if _, err := Read(t.Context(), db, "oracle", Options{}); err == nil || !strings.Contains(err.Error(), "want one of: bigquery, databricks, mysql, postgres, redshift, snowflake, sqlite, sqlserver") {
		t.Errorf("unknown: got %v", err)
	}
}

func TestPersonalNamesAreFound(t *testing.T) {
	for name, want := range map[string]bool{
		"email": true, "EMailAddress": true, "firstName": true, "customer_name": true, "phone": true, "IP": true,
		"client_ip": true, "dob": true, "PASSWD_HASH": true, "api_key": true, "notes": true, "roasted_by": true,
		"status": false, "shipping": false, "kind": false, "country": false, "category": false, "page_type": false,
		"carrier": false, "currency": false, "language": false, "region": false, "product_code": false,
	} {
		if got := personalName(name); got != want {
			t.Errorf("%s: got %t, want %t", name, got, want)
		}
	}
}
