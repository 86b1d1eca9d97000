package shop

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"defog-cdk/lambda/generate"
)

// open writes the shop and opens its database read-only.
func open(t *testing.T) (db *sql.DB, dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := Write(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, Database)+"?mode=ro&_pragma=query_only(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, dir
}

func TestWriteIsTheSameEveryTime(t *testing.T) {
	_, first := open(t)
	_, second := open(t)
	if err := Write(t.Context(), second); err != nil { // over what is there
		t.Fatal(err)
	}
	for _, name := range []string{Database, Golden} {
		a, errA := os.ReadFile(filepath.Join(first, name))
		b, errB := os.ReadFile(filepath.Join(second, name))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs between two writes", name)
		}
	}
	names, err := filepath.Glob(filepath.Join(second, "*"))
	if err != nil || len(names) != 2 {
		t.Errorf("Write left %v, %v", names, err)
	}
}

// TestRowsAreTheSameEverywhere holds on every machine. Who changes the story
// changes the sum.
func TestRowsAreTheSameEverywhere(t *testing.T) {
	db, _ := open(t)
	sum := sha256.New()
	for _, table := range []string{"customers", "products", "roasts", "orders", "order_items", "shipments", "reviews"} {
		_, rows := query(t, db, "SELECT * FROM "+table)
		fmt.Fprintln(sum, table, rows)
	}
	const want = "c8d69c80a4d2b8d13ed7208944f26e1e71f3d48df7717832cc21522bd17571d6"
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("the rows' sum is %s, want %s", got, want)
	}
}

// TestStoryHoldsTogether asks for rows that a real shop's books would not have.
func TestStoryHoldsTogether(t *testing.T) {
	db, _ := open(t)
	for problem, sql := range map[string]string{
		"rows that refer to nothing":       "SELECT * FROM pragma_foreign_key_check",
		"damage":                           "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
		"orders without items":             "SELECT id FROM orders WHERE id NOT IN (SELECT order_id FROM order_items)",
		"orders before their customer":     "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.ordered_at < c.joined_on",
		"orders that are not in order":     "SELECT id FROM (SELECT id, ordered_at < LAG(ordered_at) OVER (ORDER BY id) AS early FROM orders) WHERE early",
		"orders outside of the two years":  "SELECT id FROM orders WHERE ordered_at NOT BETWEEN '2024-01-01' AND '2026-01-01'",
		"sales before the launch":          "SELECT o.id FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id WHERE o.ordered_at < p.launched_on",
		"roasts before the launch":         "SELECT r.id FROM roasts r JOIN products p ON p.id = r.product_id WHERE r.roasted_on < p.launched_on",
		"roasting that makes coffee":       "SELECT id FROM roasts WHERE roasted_grams NOT BETWEEN green_grams * 8 / 10 AND green_grams * 9 / 10",
		"equipment that is roasted":        "SELECT r.id FROM roasts r JOIN products p ON p.id = r.product_id WHERE p.category = 'equipment'",
		"parcels that go back in time":     "SELECT s.order_id FROM shipments s JOIN orders o ON o.id = s.order_id WHERE s.shipped_on < date(o.ordered_at) OR s.delivered_on < s.shipped_on",
		"deliveries that did not arrive":   "SELECT o.id FROM orders o LEFT JOIN shipments s ON s.order_id = o.id WHERE (o.status IN ('delivered', 'returned')) <> (s.delivered_on IS NOT NULL)",
		"parcels of cancelled orders":      "SELECT o.id FROM orders o JOIN shipments s ON s.order_id = o.id WHERE o.status = 'cancelled'",
		"reviews of what nobody bought":    "SELECT r.id FROM reviews r WHERE NOT EXISTS (SELECT 1 FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.customer_id = r.customer_id AND i.product_id = r.product_id AND o.ordered_at < r.written_on)",
		"things from after the last day":   "SELECT written_on FROM reviews WHERE written_on > '2025-12-31' UNION SELECT delivered_on FROM shipments WHERE delivered_on > '2025-12-31'",
		"months without a thousand euros":  "SELECT strftime('%Y-%m', ordered_at) AS month FROM orders JOIN order_items ON order_id = id GROUP BY month HAVING SUM(quantity * price_cents) < 100000",
		"one customer with half the sales": "SELECT customer_id FROM orders JOIN order_items ON order_id = id GROUP BY customer_id HAVING SUM(quantity * price_cents) * 2 > (SELECT SUM(quantity * price_cents) FROM order_items)",
	} {
		if _, rows := query(t, db, sql); len(rows) > 0 {
			t.Errorf("%s: %d, such as %v", problem, len(rows), rows[0])
		}
	}
}

func TestPairsGiveRows(t *testing.T) {
	db, _ := open(t)
	pairs, err := Pairs()
	if err != nil {
		t.Fatal(err)
	}
	if len(pairs) < 24 {
		t.Errorf("%d pairs, want 24 at least", len(pairs))
	}
	several := 0
	for _, pair := range pairs {
		columns, rows := query(t, db, pair.SQL)
		if len(rows) == 0 {
			t.Errorf("%s: no rows", pair.Question)
			continue
		}
		if len(rows) > 1 {
			several++
		}
		for i, column := range columns {
			if !slices.ContainsFunc(rows, func(row []any) bool { return row[i] != nil && row[i] != 0.0 && row[i] != int64(0) }) {
				t.Errorf("%s: column %s is empty in every row", pair.Question, column)
			}
		}
	}
	if several < len(pairs)-2 {
		t.Errorf("only %d of %d pairs give several rows", several, len(pairs))
	}
}

func TestQuestionsAreDistinguished(t *testing.T) {
	_, dir := open(t)
	pairs, err := Pairs()
	if err != nil {
		t.Fatal(err)
	}
	all, err := generate.OpenGolden(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, pair := range pairs {
		answer, err := all.Generate(t.Context(), generate.Question{Text: pair.Question})
		if err != nil || answer.SQL != pair.SQL {
			t.Errorf("%s: %v, or another question's SQL:\n%s", pair.Question, err, answer.SQL)
		}
		others := without(t, pairs, i)
		if answer, err := others.Generate(t.Context(), generate.Question{Text: pair.Question}); err == nil {
			t.Errorf("%s: without its own SQL it is taken for another question:\n%s", pair.Question, answer.SQL)
		}
	}
}

// without returns a generator with all pairs but one.
func without(t *testing.T, pairs []Pair, i int) *generate.Golden {
	t.Helper()
	data, err := json.Marshal(slices.Delete(slices.Clone(pairs), i, i+1))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, Golden), data, 0o600); err != nil {
		t.Fatal(err)
	}
	generator, err := generate.OpenGolden(dir)
	if err != nil {
		t.Fatal(err)
	}
	return generator
}

func TestWriteReportsTheFailedStep(t *testing.T) {
	err := Write(t.Context(), filepath.Join(t.TempDir(), "missing"))
	if err == nil || !strings.HasPrefix(err.Error(), "write golden pairs: ") {
		t.Errorf("Write to a missing folder: %v", err)
	}
}

func query(t *testing.T, db *sql.DB, text string) (columns []string, all [][]any) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), text)
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	defer rows.Close()
	if columns, err = rows.Columns(); err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, pointers := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			pointers[i] = &row[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return columns, all
}
