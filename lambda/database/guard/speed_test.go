package guard

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// fill repeats a piece up to the longest statement.
func fill(before, piece, after string) string {
	return before + strings.Repeat(piece, (DefaultMaxBytes-len(before)-len(after))/len(piece)) + after
}

func TestTimeGrowsWithLength(t *testing.T) {
	catalogue, err := NewPostgresCatalogue([][]string{
		{"functions", "public", `["total"]`, "v", "", "sql", "", "true", "true", "true"},
		{"relation", "public", "orders", "", "true", "total", "", "", "", ""},
	})
	if err != nil {
		t.Fatal(err)
	}
	catalogue.AddWired([][]string{
		{"aggregate", "public", "total", "summed", "", "", ""},
		{"operator", "public", "total", "~~", "16400", "16400", "true"},
		{"cast", "public", "total", "i", "16400", "25", "text"},
		{"type", "public", "total", "", "16401", "", ""},
		{"class", "public", "total", "", "16400", "", ""},
	})
	catalogue.AddTypes([][]string{
		{"type", "mine", "16400", "c", "0", "0"}, {"type", "email", "16401", "d", "25", "0"},
		{"part", "mails", "16402", "16401", "r", ""}, {"operator", "~~", "25", "25", "16", "true"}, {"operator", "~~", "16400", "16400", "16", "false"},
		{"polymorphic", "lag", "3", "", "", ""}, {"combining", "||", "true", "", "", ""}, {"column", "id", "orders", "", "", ""},
	})
	for name, sql := range map[string]string{
		"unicode names":   fill("SELECT ", `U&"a"`, ""),
		"uescape":         fill("SELECT ", `U&"a" uescape `, ""),
		"names":           fill("SELECT ", "a,", "a"),
		"paths":           fill("SELECT ", "a.", "a"),
		"columns":         fill("SELECT ", "t.total,", "1 FROM orders t"),
		"many qualifiers": fill("SELECT ", "x.total,y.total,", "1 FROM orders t"),
		"rows":            fill("SELECT ", "(t).total,", "1 FROM orders t"),
		"types":           fill("SELECT ", "email,", "1 FROM mails"),
		"likes":           fill("SELECT ", "t LIKE (((t))),", "1 FROM orders t"),
		"row operands":    fill("SELECT ", "(t,(t)) LIKE t,", "1 FROM orders t"),
		"aliases":         fill("SELECT 1 FROM ", "a t,", "b t WHERE t LIKE t"),
		"defaults":        fill("SELECT ", "lag(id,1,'{')||", "1 FROM mails"),
		"calls":           fill("SELECT ", "f(", ""),
		"closed calls":    fill("SELECT ", "f(1),", "1"),
		"sizes":           fill("SELECT ", "pg_relation_size('a'),", "1"),
		"lists":           fill("WITH ", "f(a),", "x AS (SELECT 1) SELECT 1"),
		"parentheses":     fill("SELECT ", "(", ""),
		"explain":         fill("", "EXPLAIN (a) ", "SELECT 1"),
		"comments":        fill("SELECT ", "/* */", "1"),
		"nested comments": fill("SELECT ", "/*", ""),
		"lines":           fill("SELECT ", "--\n", "1"),
		"continuations":   fill("SELECT ", "'a'\n", "1"),
		"spread strings":  fill("SELECT ", "'a'\n--x\n", "1"),
		"dollars":         fill("SELECT ", "$a$b$", "1"),
		"operators":       fill("SELECT 1 ", "+-", "1"),
		"files":           fill("SELECT * FROM t WHERE ", "json.a,", "1"),
		"sources":         fill("SELECT * FROM a WHERE ", "(a,", "1"),
		"crosstab":        fill("SELECT * FROM crosstab('SELECT ", "a,", "1')"),
	} {
		for _, g := range []*Guard{Postgres, Redshift, MySQL, SQLite, SQLServer, BigQuery, Snowflake, Databricks} {
			var given *Catalogue
			if g == Postgres || g == Redshift {
				given = catalogue
			}
			start := time.Now()
			_, _ = g.Check(t.Context(), sql, given)
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("%s: %s", name, took)
			}
		}
	}
}

func TestRefusesLongStatements(t *testing.T) {
	long := "SELECT '" + strings.Repeat("x", DefaultMaxBytes) + "'"
	var refusal *Refusal
	if err := check(Postgres, long); !errors.As(err, &refusal) || !strings.Contains(err.Error(), "want at most 65536") {
		t.Errorf("got %v", err)
	}
	if _, err := Postgres.With(Options{MaxBytes: 2 * DefaultMaxBytes}).Check(t.Context(), long, nil); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Postgres.Check(ended, "SELECT 1", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
