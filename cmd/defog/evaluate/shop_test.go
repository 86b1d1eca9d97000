package evaluate

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/compare"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/lambda/database"
	driver "defog-cdk/lambda/database/postgres"
	"defog-cdk/lambda/generate"
)

// base is a reference statement of testdata/shop.json with other statements, some
// with the same rows and some with others. SQL has no ORDER BY.
type base struct {
	Question, Category, SQL string
	Columns                 []string
	Order                   string // of columns; "" for none
	Numeric                 string // a column with numbers; "" for none
	Equivalent, Wrong       []string
}

func readBases(t *testing.T) []base {
	t.Helper()
	data, err := os.ReadFile("testdata/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	var bases []base
	if err := json.Unmarshal(data, &bases); err != nil {
		t.Fatal(err)
	}
	return bases
}

func (b base) reference() string { return b.ordered(b.SQL, b.Order) }

func (b base) ordered(sql, order string) string {
	if order == "" {
		return sql
	}
	return sql + " ORDER BY " + order
}

// equivalents returns statements with the same rows.
func (b base) equivalents() []string {
	reversed := slices.Clone(b.Columns)
	slices.Reverse(reversed)
	var aliases []string
	for i, column := range b.Columns {
		aliases = append(aliases, fmt.Sprintf("%s AS c%d", column, i))
	}
	from := "FROM (" + b.SQL + ") AS s"
	// Another order of rows with equal keys, or of all rows.
	ties := "md5(s::text)"
	if b.Order != "" {
		ties = b.Order + ", md5(s::text) DESC"
	}
	all := append(slices.Clone(b.Equivalent),
		b.ordered("SELECT "+strings.Join(reversed, ", ")+" "+from, b.Order),
		"WITH q AS ("+b.SQL+") "+b.ordered("SELECT "+strings.Join(aliases, ", ")+" FROM q", b.Order),
		"SELECT "+strings.Join(b.Columns, ", ")+" "+from+" ORDER BY "+ties,
		b.ordered("SELECT 'x' AS more, s.*, length(s::text) AS size "+from, b.Order),
		"SELECT * FROM ("+b.reference()+") AS s",
		"("+b.reference()+")",
		"WITH a AS ("+b.SQL+"), z AS (SELECT * FROM a WHERE true) "+b.ordered("SELECT z.* FROM z", b.Order),
	)
	if b.Numeric != "" {
		all = append(all, b.ordered(fmt.Sprintf("SELECT %s, %s::float8 * 3 / 3 AS f %s", strings.Join(without(b.Columns, b.Numeric), ", "), b.Numeric, from), renamed(b.Order, b.Numeric)))
	}
	return all
}

// renamed returns an order with the name f for a column.
func renamed(order, column string) string {
	return regexp.MustCompile(`\b`+column+`\b`).ReplaceAllString(order, "f")
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}

// mistakes returns statements with other rows.
func (b base) mistakes() []string {
	from := "FROM (" + b.SQL + ") AS s"
	last := b.Columns[len(b.Columns)-1]
	rest := strings.Join(without(b.Columns, last), ", ")
	columns := strings.Join(b.Columns, ", ")
	all := append(slices.Clone(b.Wrong),
		// One row less, one row twice, all rows twice, one column less, one value less.
		b.reference()+" OFFSET 1",
		b.ordered("SELECT "+columns+" "+from+" UNION ALL (SELECT "+columns+" "+from+" LIMIT 1)", b.Order),
		b.ordered("SELECT "+columns+" "+from+" UNION ALL SELECT "+columns+" "+from, b.Order),
		b.ordered("SELECT "+rest+" "+from, orderWithin(b.Order, last)),
		b.ordered(fmt.Sprintf("SELECT %s, NULLIF(%[2]s, (SELECT max(%[2]s) %[3]s)) AS v %[3]s", rest, last, from), orderWithin(b.Order, last)),
	)
	if b.Numeric != "" {
		all = append(all, b.ordered(fmt.Sprintf("SELECT %s, %s + 0.001 AS f %s", strings.Join(without(b.Columns, b.Numeric), ", "), b.Numeric, from), renamed(b.Order, b.Numeric)))
	}
	if len(b.Columns) > 1 && b.Category != "number" {
		// The same values in each column, in other rows.
		rotated := fmt.Sprintf("SELECT %s, coalesce(lag(%[2]s) OVER w, CASE WHEN row_number() OVER w = 1 THEN last_value(%[2]s) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) END) AS %[2]s "+
			"FROM (SELECT * %[3]s WHERE %[2]s IS NOT NULL) AS s WINDOW w AS (ORDER BY %[2]s, md5(s::text))", rest, last, from)
		all = append(all, b.ordered(rotated, b.Order))
	}
	return all
}

// orderWithin returns the order if it does not need the column.
func orderWithin(order, column string) string {
	if strings.Contains(order, column) {
		return ""
	}
	return order
}

// scripted is a Model that replies with the SQL of each question.
type scripted map[string]string

func (s scripted) Reply(_ context.Context, question generate.Question, _ *generate.Failure) (Reply, error) {
	sql, ok := s[question.Text]
	if !ok {
		return Reply{Kind: Refused}, nil
	}
	return Reply{SQL: sql, Usage: generate.Usage{Replies: 1, Input: 10, Output: 2}, Seconds: 0.25}, nil
}

// newShop returns a run on a PostgreSQL server with the shop's data.
func newShop(t *testing.T, model Model, workers int) *Run {
	t.Helper()
	server := postgres.Start(t)
	data, err := os.ReadFile("testdata/shop.sql")
	if err != nil {
		t.Fatal(err)
	}
	server.Query(t, string(data))
	run := &Run{DBType: "postgres", Rules: compare.Rules{Tolerance: compare.DefaultTolerance}, Limits: Limits{Rows: 10_000, Time: time.Minute}}
	drivers := database.Drivers{"postgres": driver.New}
	for range workers {
		db, err := drivers.Open(connection.Connection{DBType: "postgres", DBCreds: server.ReaderCreds()}, database.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		run.Databases = append(run.Databases, db)
		run.Workers = append(run.Workers, &Local{Model: model, Database: db, Limits: run.Limits})
	}
	return run
}

const seeded = 200

// TestEvaluateFindsSeededMistakes evaluates statements with other rows than the
// reference, and statements with the same, on PostgreSQL.
func TestEvaluateFindsSeededMistakes(t *testing.T) {
	model := scripted{}
	run := newShop(t, model, 4)
	want := map[string]bool{}
	add := func(b base, kind string, n int, sql string, right bool) {
		id := fmt.Sprintf("%s: %s %d", b.Question, kind, n)
		model[id], want[id] = sql, right
		run.Questions = append(run.Questions, Question{ID: id, Category: b.Category, Text: id, SQL: []string{b.reference()}})
	}
	rewritten, wrong := 0, 0
	for _, b := range readBases(t) {
		for n, sql := range b.equivalents() {
			add(b, "equivalent", n, sql, true)
			rewritten++
		}
		for n, sql := range b.mistakes() {
			add(b, "mistake", n, sql, false)
			wrong++
		}
	}
	if rewritten < seeded || wrong < seeded {
		t.Errorf("%d equivalents and %d mistakes; want %d each", rewritten, wrong, seeded)
	}
	results, err := run.Evaluate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range results {
		wrong := result.Outcome != WrongRows
		if want[result.ID] && !result.Right() || !want[result.ID] && wrong {
			t.Errorf("%s: got %s %s %+v\n%s", result.ID, result.Outcome, result.Message, result.Difference, result.SQL)
		}
	}
	t.Logf("%d equivalents, %d mistakes", rewritten, wrong)
}
