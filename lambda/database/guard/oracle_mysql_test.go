package guard

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver" // values of constants

	"defog-cdk/lambda/database/guard/guardtest"
)

// calls collects the functions that a statement calls.
type calls struct{ names []string }

func (c *calls) Enter(node ast.Node) (ast.Node, bool) {
	switch node := node.(type) {
	case *ast.FuncCallExpr:
		c.names = append(c.names, node.FnName.L)
	case *ast.AggregateFuncExpr:
		c.names = append(c.names, strings.ToLower(node.F))
	case *ast.WindowFuncExpr:
		c.names = append(c.names, strings.ToLower(node.Name))
	}
	return node, false
}

func (c *calls) Leave(node ast.Node) (ast.Node, bool) { return node, true }

// parsedMySQL is what TiDB's parser makes of a statement.
type parsedMySQL struct {
	text      string // spelled in the parser's own way
	functions []string
	reads     bool
}

// parseMySQL parses one statement. The parser's values for tests panic at decimals of more
// than 81 digits: such a statement counts as invalid.
func parseMySQL(sql string) (p parsedMySQL, ok bool) {
	defer func() {
		if recover() != nil {
			p, ok = parsedMySQL{}, false
		}
	}()
	nodes, _, err := parser.New().Parse(sql, "", "")
	if err != nil || len(nodes) != 1 {
		return parsedMySQL{}, false
	}
	var text strings.Builder
	if nodes[0].Restore(format.NewRestoreCtx(format.DefaultRestoreFlags, &text)) != nil {
		return parsedMySQL{}, false
	}
	var found calls
	nodes[0].Accept(&found)
	p = parsedMySQL{text: text.String(), functions: found.names}
	switch nodes[0].(type) {
	case *ast.SelectStmt, *ast.SetOprStmt, *ast.ExplainStmt, *ast.ShowStmt:
		p.reads = true
	}
	return p, true
}

// mysqlGrammarCalls are functions that the parser makes of other syntax.
var mysqlGrammarCalls = []string{
	"current_timestamp", "current_date", "current_time", "current_user", "current_role", "localtime", "localtimestamp", "utc_date", "utc_time", "utc_timestamp",
	"date_add", "date_sub", "adddate", "subdate", "stddev_pop", "var_pop", "nextval", "lastval", "setval", "values", "date_literal", "time_literal", "timestamp_literal", "json_extract", "json_unquote", "convert", "json_memberof",
}

// quotedBeforeDigit is what TiDB takes for a path. MySQL and MariaDB read a name and then
// a number, as the guard does.
var quotedBeforeDigit = regexp.MustCompile("`\\s*\\.\\s*[0-9]")

// nameFromDigits is what TiDB takes for a number and an alias. MySQL and MariaDB read one name.
var nameFromDigits = regexp.MustCompile(`0b[01]+[2-9A-Za-z_$\x{80}-\x{10ffff}]|0x[0-9A-Fa-f]+[G-Zg-z_$\x{80}-\x{10ffff}]`)

func agreesMySQL(t *testing.T, sql string) {
	t.Helper()
	statement, err := MySQL.Check(t.Context(), sql, nil)
	if err != nil {
		return
	}
	again, err := MySQL.Check(t.Context(), statement.SQL, nil)
	if err != nil || again.SQL != statement.SQL {
		t.Fatalf("%q: spelled %q, and that %q (%v)", sql, statement.SQL, again.SQL, err)
	}
	original, originalOK := parseMySQL(sql)
	originalOK = originalOK && !quotedBeforeDigit.MatchString(sql) && !nameFromDigits.MatchString(sql)
	sent, ok := parseMySQL(statement.SQL)
	if !ok {
		if originalOK {
			t.Fatalf("%q is valid, and its spelling is not: %q", sql, statement.SQL)
		}
		return
	}
	if !sent.reads {
		t.Fatalf("%q: a statement passes that does not read", sql)
	}
	// TiDB's lexer takes some names that begin with digits for broken numbers.
	if originalOK && original.text != sent.text {
		t.Fatalf("%q: its spelling %q means something else:\n%s\n%s", sql, statement.SQL, original.text, sent.text)
	}
	for _, name := range sent.functions {
		name = strings.TrimSuffix(name, "_func")
		if strings.Contains(name, "literal") { // DATE '2024-02-29'
			continue
		}
		if !slices.Contains(statement.Functions, name) && !slices.Contains(mysqlGrammarCalls, name) {
			t.Fatalf("%q: the guard does not see the call of %s: %q", sql, name, statement.Functions)
		}
	}
}

func mysqlCorpus(tb testing.TB) []string {
	tb.Helper()
	return slices.Concat(
		guardtest.Statements(tb, "mysql/harmless.sql", ""), guardtest.Statements(tb, "mysql/analytics.sql", ""),
		guardtest.Statements(tb, "mysql/reaches.sql", "/tmp"), guardtest.Statements(tb, "mysql/writes.sql", ""),
		[]string{
			"SELECT 'a\\'b', \"c\\\"d''\", 'e''f\"', 'x\\%y\\_z', '\\n\\0\\Z\\\\'", "SELECT 1--1, 5 - -1, 1-- 2\n+3", "SELECT `a``b`.`c`, t.1a, 1a.b FROM 1a",
			"SELECT @a, @@version, @@global.max_connections, @`x y`, @'z', t.a@b", "SELECT 0x41, x'41', X'4a', b'01', 0b01, 0xZZ, N'a', _utf8mb4'a', _utf8mb4 'b'",
			"SELECT 1e5into, 1.5from t", "SELECT a<=>b, a!=b, a<<1>>2, a&&b||c, a->'$.b', a->>'$.c', a:b", "SELECT count(*), count (*), sum(a)over()", "SELECT größe, `日本` FROM t",
			"SELECT {d '2024-01-01'}, {fn now()}", "SELECT 1 # x\n, 2", "SELECT`0`.0", "SELECT 0b0e, 0x1g", "SELECT @'\\0'", "SELECT " + strings.Repeat("1", 100), "SELECT date '2024-01-01', interval 1 day + now()",
		},
	)
}

func TestMySQLParserAgrees(t *testing.T) {
	for _, sql := range mysqlCorpus(t) {
		agreesMySQL(t, sql)
	}
}

func FuzzMySQLParserAgrees(f *testing.F) {
	for _, sql := range mysqlCorpus(f) {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if utf8.ValidString(sql) && !strings.ContainsRune(sql, 0) {
			agreesMySQL(t, sql)
		}
	})
}
