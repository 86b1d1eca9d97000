package guard

import (
	"slices"
	"strings"

	"defog-cdk/lambda/database/guard/lex"
)

// afterTables are words that end a list of tables.
var afterTables = lazySet(`where group having order limit window qualify fetch offset for option union intersect except minus
	connect start prewhere sample settings`)

// beforeTable are words between FROM and a table's name.
var beforeTable = lazySet("lateral only table")

// startsQuery are words behind which a query can begin.
var startsQuery = []string{"union", "intersect", "except", "minus", "all", "distinct", "explain", "as"}

// tableHints are SQL Server's hints that need no WITH.
var tableHints = lazySet("nolock readpast readuncommitted readcommitted readcommittedlock repeatableread serializable holdlock snapshot noexpand")

// Tables returns the tables and views that the statement reads, as it names them, each
// once and in their order. It has neither queries of WITH nor functions.
func (s Statement) Tables() []string {
	r := tableReader{tokens: s.tokens, open: []scope{{}}}
	for r.at < len(r.tokens) {
		r.step()
	}
	return r.tables
}

// tableReader reads the tables of a statement, token by token.
type tableReader struct {
	tokens []lex.Token
	at     int
	open   []scope // by parentheses
	tables []string
	seen   map[string]bool
}

// scope is what one pair of parentheses holds: a query, tables, or anything else.
type scope struct {
	selects bool     // a SELECT waits for its FROM
	lists   bool     // within a list of tables
	expects bool     // the next name is that of a table
	queries []string // of WITH, which hide tables
	rows    []string // tables and aliases, whose arrays the list can name
	defines string   // the query of WITH that the scope is; "" for none
	follows bool     // the end of a query of WITH, before the next one
	itself  bool     // WITH RECURSIVE: its queries hide tables in themselves, too
}

func (r *tableReader) step() {
	last := &r.open[len(r.open)-1]
	t := r.tokens[r.at]
	follows := last.follows
	last.follows = false
	switch {
	case t.Is("("):
		r.push(scope{lists: last.expects, expects: last.expects})
	case t.Is("["):
		r.push(scope{})
	case t.Is(")"), t.Is("]"):
		r.pop()
	case t.Is("{") && last.expects:
		r.at += 2 // ODBC's {OJ a LEFT OUTER JOIN b}
	case t.Is(","):
		last.expects = last.lists
		r.at++
		if follows {
			r.define(false)
		}
	case t.Kind == lex.Word && !behind(r.tokens[:r.at], "."):
		r.word(t.Text)
	case t.Kind == lex.Name && last.expects:
		r.table()
	default:
		last.expects = false
		r.at++
	}
}

func (r *tableReader) push(s scope) {
	r.open[len(r.open)-1].expects = false
	r.open = append(r.open, s)
	r.at++
}

func (r *tableReader) pop() {
	r.at++
	if len(r.open) == 1 {
		return
	}
	closed := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	if closed.defines != "" {
		last := &r.open[len(r.open)-1]
		last.queries, last.follows = append(last.queries, closed.defines), true
	}
}

// word reads a keyword or a name without quotes.
func (r *tableReader) word(text string) {
	last := &r.open[len(r.open)-1]
	begins := r.at == 0 || r.tokens[r.at-1].Is("(") || behind(r.tokens[:r.at], startsQuery...)
	switch {
	case text == "with" && r.define(true):
	case text == "select":
		last.selects, last.lists, last.expects = true, false, false
		r.at++
	case text == "from" && r.isClause(begins && r.at == 0):
		last.selects, last.lists, last.expects = false, true, true
		r.at++
	case text == "table" && begins && r.isName(r.at+1), (text == "join" || text == "straight_join") && last.lists:
		last.expects = true
		r.at++
	case last.expects && beforeTable(text) && !r.isSymbol(r.at+1, "."):
		r.at++
	case last.expects:
		r.table()
	case afterTables(text):
		last.lists = false
		r.at++
	default:
		r.at++
	}
}

// isClause reports whether FROM begins a clause, and not a part of an expression.
func (r *tableReader) isClause(begins bool) bool {
	if !r.open[len(r.open)-1].selects {
		return begins // FROM orders |> …
	}
	return !behind(r.tokens[:r.at], "distinct") || !behind(r.tokens[:r.at-1], "is", "not")
}

// define reads the beginning of a query of WITH, up to its parenthesis. With first, it
// begins at WITH, and reports false if that is another use of the word.
func (r *tableReader) define(first bool) bool {
	i, recursive := r.at, false
	if first {
		i++
		if i < len(r.tokens) && r.tokens[i].IsWord("recursive") && r.isName(i+1) {
			i, recursive = i+1, true
		}
	}
	if !r.isName(i) {
		return false
	}
	name := r.tokens[i].Text
	if i++; r.isSymbol(i, "(") {
		i = closes(r.tokens, i) + 1
	}
	if i >= len(r.tokens) || !r.tokens[i].IsWord("as") {
		return false
	}
	for i++; i < len(r.tokens) && (r.tokens[i].IsWord("not") || r.tokens[i].IsWord("materialized")); i++ {
	}
	if !r.isSymbol(i, "(") {
		return false
	}
	last := &r.open[len(r.open)-1]
	last.itself = recursive || last.itself && !first
	if last.itself {
		last.queries = append(last.queries, name)
	}
	r.at = i
	r.push(scope{defines: name})
	return true
}

// table reads the name of a table.
func (r *tableReader) table() {
	last := &r.open[len(r.open)-1]
	last.expects = false
	var parts, keys []string
	for r.at < len(r.tokens) && r.tokens[r.at].Named() {
		t := r.tokens[r.at]
		parts, keys = append(parts, spelling(t)), append(keys, t.Text)
		r.at++
		for r.at+1 < len(r.tokens) && r.tokens[r.at].Is("-") && !r.tokens[r.at].Spaced && !r.tokens[r.at+1].Spaced {
			// BigQuery's names of projects: my-project.sales.orders.
			parts[len(parts)-1] += "-" + r.tokens[r.at+1].SQL
			r.at += 2
		}
		if !r.isSymbol(r.at, ".") {
			break
		}
		for r.isSymbol(r.at, ".") { // SQL Server: db..orders
			r.at++
		}
	}
	if len(parts) == 0 {
		r.at++
		return
	}
	isFunction := r.isSymbol(r.at, "(") && !isTableHint(r.tokens[r.at+1:]) || keys[0] == "rows" && r.at < len(r.tokens) && r.tokens[r.at].IsWord("from")
	isArray := len(parts) > 1 && slices.Contains(last.rows, keys[0]) // BigQuery, Redshift: FROM orders o, o.items
	isQuery := len(parts) == 1 && (r.hides(keys[0]) || keys[0] == "dual")
	last.rows = append(last.rows, keys[len(keys)-1])
	alias := r.at
	if alias < len(r.tokens) && r.tokens[alias].IsWord("as") {
		alias++
	}
	if r.isName(alias) {
		last.rows = append(last.rows, r.tokens[alias].Text)
	}
	key := strings.Join(keys, "\x00")
	if isFunction || isArray || isQuery || r.seen[key] {
		return
	}
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	r.seen[key] = true
	r.tables = append(r.tables, strings.Join(parts, "."))
}

// isTableHint reports whether the word behind a parenthesis is one of SQL Server's hints:
// FROM orders (NOLOCK).
func isTableHint(rest []lex.Token) bool {
	return len(rest) > 0 && rest[0].Kind == lex.Word && tableHints(rest[0].Text)
}

// hides reports whether a name is that of a query of WITH.
func (r *tableReader) hides(name string) bool {
	same := func(query string) bool { return strings.EqualFold(query, name) }
	return slices.ContainsFunc(r.open, func(s scope) bool { return slices.ContainsFunc(s.queries, same) })
}

func (r *tableReader) isName(i int) bool { return i < len(r.tokens) && r.tokens[i].Named() }

func (r *tableReader) isSymbol(i int, symbol string) bool {
	return i < len(r.tokens) && r.tokens[i].Is(symbol)
}

// spelling returns a name as the statement writes it, without quotes.
func spelling(t lex.Token) string {
	if plain := strings.Trim(t.SQL, "`\"[]"); t.Kind == lex.Word || strings.EqualFold(plain, t.Text) {
		return plain
	}
	return t.Text
}
