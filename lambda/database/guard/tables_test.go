package guard

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTablesAreThoseThatTheStatementReads(t *testing.T) {
	for _, test := range []struct {
		dbType, sql, want string // want without the spaces
	}{
		{"postgres", "SELECT 1", ""},
		{"postgres", `SELECT * FROM orders o JOIN public."Customers" c ON o.id = c.id, Regions`, `orders public.Customers Regions`},
		{"postgres", "SELECT * FROM orders UNION ALL SELECT * FROM ORDERS", "orders"},
		{"postgres", `SELECT * FROM orders, "Orders"`, "orders Orders"},
		{"postgres", "SELECT extract(year FROM created), trim(both FROM name), a IS DISTINCT FROM b FROM orders", "orders"},
		{"postgres", "SELECT count(*) FILTER (WHERE x IN (SELECT id FROM vip)) FROM orders WHERE EXISTS (SELECT 1 FROM items i WHERE i.o = orders.id) ORDER BY a, b", "vip orders items"},
		{"postgres", "SELECT * FROM a WHERE a.x IS DISTINCT FROM a.y", "a"},
		{"postgres", "SELECT * FROM ((a JOIN b USING (x, y)) LEFT JOIN (SELECT * FROM c) d ON true), LATERAL (SELECT * FROM e) f, ONLY g", "a b c e g"},
		{"postgres", "SELECT * FROM generate_series(1, 3) n, unnest(ARRAY[a, b]) u JOIN t ON t.x = ANY (ARRAY[y, z]) AND t.a = (ARRAY[p, q])[1], s", "t s"},
		{"postgres", "WITH orders AS (SELECT * FROM orders WHERE x) SELECT * FROM orders", "orders"},
		{"postgres", "WITH RECURSIVE t(n) AS (SELECT id FROM staff UNION ALL SELECT s.id FROM t JOIN staff s ON s.boss = t.n) SELECT * FROM t", "staff"},
		{"postgres", "WITH RECURSIVE a AS (SELECT * FROM x), t(n) AS (SELECT id FROM staff UNION ALL SELECT n FROM t, a) SELECT * FROM t", "x staff"},
		{"postgres", "WITH a AS MATERIALIZED (SELECT * FROM x), b(c) AS NOT MATERIALIZED (SELECT * FROM a, y) SELECT * FROM b, public.a, a", "x y public.a"},
		{"postgres", "SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) s, a", "a"},
		{"postgres", "SELECT * FROM a CROSS JOIN LATERAL f(a.x) AS g(u, v) WHERE (SELECT true)", "a"},
		{"postgres", "TABLE orders", "orders"},
		{"postgres", "VALUES (1), (2)", ""},
		{"postgres", "EXPLAIN SELECT * FROM orders", "orders"},
		{"postgres", `SELECT * FROM "odd ""name"".x"`, `odd·"name".x`},
		{"mysql", "SELECT STRAIGHT_JOIN * FROM `Order Items` i USE INDEX (a, b) STRAIGHT_JOIN Shop.orders ON 1 GROUP BY a, b WITH ROLLUP", "Order·Items Shop.orders"},
		{"mysql", "SELECT 1 FROM dual", ""},
		{"mysql", "SELECT * FROM {OJ a LEFT OUTER JOIN b ON a.x = b.x}", "a b"},
		{"sqlserver", "SELECT TOP 5 WITH TIES [a b].x FROM [a b] (NOLOCK) CROSS APPLY OPENJSON([a b].x) j CROSS APPLY (SELECT * FROM shop..orders) q ORDER BY x", "a·b shop.orders"},
		{"snowflake", "SELECT v.value FROM Raw.Events e, LATERAL FLATTEN(input => e.data) v, TABLE(generator(rowcount => 1))", "Raw.Events"},
		{"bigquery", "SELECT * FROM `My-Project.shop.Orders` o, o.items, UNNEST(o.tags) JOIN my-project.shop.customers USING (id)", "My-Project.shop.Orders my-project.shop.customers"},
		{"databricks", "SELECT * FROM main.shop.orders LATERAL VIEW explode(items) t AS item", "main.shop.orders"},
		{"redshift", "SELECT * FROM customers c, c.orders o, staff", "customers staff"},
		{"sqlite", "SELECT * FROM [a] NATURAL JOIN 'b' JOIN c LIMIT 1, 2", "a c"},
	} {
		statement, err := Of(test.dbType).Check(t.Context(), test.sql, nil)
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		want := strings.Fields(test.want)
		for i := range want {
			want[i] = strings.ReplaceAll(want[i], "·", " ")
		}
		if diff := cmp.Diff(want, append([]string{}, statement.Tables()...)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", test.sql, diff)
		}
	}
}

// FuzzTables checks that no statement that the guard allows makes the reader of tables
// fail, and that it only returns names of the statement.
func FuzzTables(f *testing.F) {
	for _, sql := range []string{
		"WITH a AS (SELECT 1), b AS", "SELECT * FROM", "SELECT * FROM a.", "SELECT * FROM {", "WITH RECURSIVE", "TABLE", "SELECT ) FROM a", "SELECT * FROM a-", "WITH a (",
	} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		for _, g := range dialects {
			statement, err := g.Check(t.Context(), sql, nil)
			if err != nil {
				continue
			}
			for _, table := range statement.Tables() {
				if table == "" {
					t.Errorf("%q has a table without a name", sql)
				}
			}
		}
	})
}
