package guard

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	pgquery "github.com/wasilibs/go-pgquery"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/lambda/database/guard/guardtest"
	"defog-cdk/lambda/database/guard/lex"
)

// parsed is what PostgreSQL's own parser makes of a statement: its tree without
// positions, and the names of the functions that it calls.
type parsed struct {
	tree      any
	kind      string
	functions []string
}

func parsePostgres(sql string) (parsed, error) {
	text, err := pgquery.ParseToJSON(sql)
	if err != nil {
		return parsed{}, err
	}
	var tree struct {
		Stmts []struct{ Stmt map[string]any }
	}
	if err := json.Unmarshal([]byte(text), &tree); err != nil {
		return parsed{}, err
	}
	if len(tree.Stmts) != 1 {
		return parsed{}, fmt.Errorf("%d statements", len(tree.Stmts))
	}
	p := parsed{tree: tree.Stmts[0].Stmt, kind: slices.Collect(maps.Keys(tree.Stmts[0].Stmt))[0]}
	p.walk(p.tree)
	return p, nil
}

// walk drops positions and collects calls.
func (p *parsed) walk(node any) {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			p.walk(child)
		}
	case map[string]any:
		delete(node, "location")
		delete(node, "stmt_len")
		delete(node, "stmt_location")
		if text, ok := node["fval"].(string); ok { // the guard spells numbers in decimal digits
			text = strings.ReplaceAll(text, "_", "")
			if n, ok := new(big.Int).SetString(text, 0); ok && strings.ContainsAny(text, "xXoObB") {
				text = n.String()
			}
			node["fval"] = text
		}
		if call, ok := node["FuncCall"].(map[string]any); ok && call["funcformat"] != "COERCE_SQL_SYNTAX" {
			names, _ := call["funcname"].([]any)
			last := names[len(names)-1].(map[string]any)["String"].(map[string]any)
			name, _ := last["sval"].(string)
			p.functions = append(p.functions, name)
		}
		for _, child := range node {
			p.walk(child)
		}
	}
}

// grammarCalls are functions that PostgreSQL's grammar calls for other syntax.
var grammarCalls = []string{"xmlexists", "pg_collation_for", "normalize", "is_normalized", "timezone", "overlaps", "xmlparse", "like_escape", "similar_to_escape"}

// agrees fails the test unless PostgreSQL's parser reads the statement to send as it
// reads the original. The parser must also find no call that the guard did not find.
func agrees(t *testing.T, sql string) {
	t.Helper()
	statement, err := Postgres.Check(t.Context(), sql, nil)
	if err != nil {
		return
	}
	again, err := Postgres.Check(t.Context(), statement.SQL, nil)
	if err != nil || again.SQL != statement.SQL {
		t.Fatalf("%q: spelled %q, and that %q (%v)", sql, statement.SQL, again.SQL, err)
	}
	sent, err := parsePostgres(statement.SQL)
	original, originalErr := parsePostgres(sql)
	if err != nil {
		if originalErr == nil {
			t.Fatalf("%q is valid, and its spelling is not: %q: %v", sql, statement.SQL, err)
		}
		return
	}
	if !slices.Contains([]string{"SelectStmt", "ExplainStmt", "VariableShowStmt"}, sent.kind) {
		t.Fatalf("%q: a %s passes", sql, sent.kind)
	}
	for _, name := range sent.functions {
		if !slices.Contains(statement.Functions, name) && !slices.Contains(grammarCalls, name) {
			t.Fatalf("%q: the guard does not see the call of %s: %q", sql, name, statement.Functions)
		}
	}
	// What is a constant in the original has another spelling, but one meaning:
	// The statements of `crosstab` have a new spelling too.
	if originalErr == nil && !strings.Contains(strings.ToLower(sql), "crosstab") {
		if diff := cmp.Diff(original.tree, sent.tree); diff != "" {
			t.Fatalf("%q: its spelling means something else: %q\n%s", sql, statement.SQL, diff)
		}
	}
	agreesOnTokens(t, statement.SQL)
}

// agreesOnTokens compares tokens with those of PostgreSQL's lexer.
func agreesOnTokens(t *testing.T, sql string) {
	t.Helper()
	tokens, err := lex.Postgres{}.Scan(sql)
	if err != nil {
		t.Fatalf("%q: %v", sql, err)
	}
	scanned, err := pgquery.Scan(sql)
	if err != nil {
		return
	}
	var want, got []string
	for _, token := range scanned.Tokens {
		want = append(want, sql[token.Start:token.End])
	}
	for _, token := range tokens {
		got = append(got, token.SQL)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q: tokens differ\n%s", sql, diff)
	}
}

// postgresCorpus is every statement that the tests have for PostgreSQL.
func postgresCorpus(tb testing.TB) []string {
	tb.Helper()
	return slices.Concat(
		guardtest.Statements(tb, "postgres/harmless.sql", ""), guardtest.Statements(tb, "postgres/analytics.sql", ""),
		guardtest.Statements(tb, "postgres/reaches.sql", "/tmp"), guardtest.Statements(tb, "postgres/writes.sql", ""),
		lexical,
	)
}

// lexical are corners of PostgreSQL's lexer.
var lexical = []string{
	"SELECT E'a'\n'\\'', f(1) --'", "SELECT E'a' -- c\n'\\'', f(1) --'", "SELECT e'x'\r\n\t '\\' , f(1) --'", "SELECT 'a'\n'b' , f(1)", "SELECT 'a' 'b'",
	"SELECT U&'d\\0061t' '\\0061'", "SELECT U&'d!0061t' UESCAPE '!'", "SELECT U&\"d!0061t\" UESCAPE '!' FROM t", "SELECT U&\"f\\0061\"(1)",
	"SELECT U&'\\D83D\\DE00', E'\\uD83D\\uDE00', E'\\U0001F600'", "SELECT E'\\101\\x41\\'\\\\\\b'", "SELECT $a$ ' $b$ \\ $a$ , $$''$$",
	"SELECT B'01'\n'10', X'fF', N'a'", "SELECT 0_0.0, 1_0e1_0, 0xFFFF_FFFF_FFFF_FFFF", "SELECT 0x1F, 0b11, 0o17, 1_000, 1.5e-3, .5, 1., 1e5", "SELECT 1from t", "SELECT a::int, a :: text, (a).b, a[1:2]",
	"SELECT a-1, a - -1, a<-1, a>=-1, a*-1, - 1, +1, @-1, a||b, a->>'b'->'c', a#>>'{b}', a@>b, a?b, a?|b, !!a, a!=b, a<>b",
	"SELECT count(*) FILTER (WHERE a*b>1), sum(a)OVER(), t.*, (t).*, t .a, t. a", "SELECT a/*x*/-/*y*/-/*z*/1", "SELECT a+--x\n1", "SELECT a/* /* */ */b",
	"SELECT \"a\"\"b\", \"A\".\"b\" FROM \"A\"", "SELECT f(a => 1, b := 2)", "SELECT ARRAY[1,2][1], ARRAY[[1],[2]]", "SELECT 'a'::text COLLATE \"C\", $1, $2",
	"SELECT 1 WHERE a~'x' AND a !~* 'y' AND a ~~ 'z'", "SELECT x OPERATOR(pg_catalog.+) y", "SELECT E'\\\\', '\\', E'\\''", "SELECT 'größe', größe, \"日本\" FROM t",
	"SELECT interval '1 day', date '2024-01-01', interval '1' year, INTERVAL(3) '1s'", "SELECT a is distinct from b, a between symmetric 1 and 2",
}

func TestPostgresParserAgrees(t *testing.T) {
	for _, sql := range postgresCorpus(t) {
		agrees(t, sql)
	}
}

func FuzzPostgresParserAgrees(f *testing.F) {
	for _, sql := range postgresCorpus(f) {
		f.Add(sql)
	}
	// Go's fuzzing gives one input 10 s, which the parser's start can take.
	if _, err := pgquery.Parse("SELECT 1"); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if utf8.ValidString(sql) && !strings.ContainsRune(sql, 0) {
			agrees(t, sql)
		}
	})
}
