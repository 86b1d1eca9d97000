package guard

import (
	"slices"
	"strconv"
	"strings"

	"defog-cdk/lambda/database/guard/lex"
)

// wired is a way by which PostgreSQL calls a function that a statement does not name.
type wired struct {
	kind             string // "operator", "aggregate", "default", "cast", "type" or "class"
	schema, function string // what it calls
	name             string // the operator's, the aggregate's or the function's; of a cast its context
	left, right      int    // the operator's or the cast's types; the type
	text             string // whether the operator is visible; the name of the cast's target
}

// firstUser is the first number of an object that is not the server's.
const firstUser = 16384

// recordType is the type of rows without a name.
const recordType = 2249

// types are the types of PostgreSQL that are not the server's, and what handles them.
type types struct {
	names       map[int]string
	relations   map[string][]int    // the types in each relation, and of its rows
	rows        map[int]bool        // types of relations' rows
	composites  map[int]bool        // types with fields
	bases       map[int]int         // of domains
	holders     map[int][]int       // the types that hold a type
	sources     map[int][]int       // the types that PostgreSQL casts to a type where no cast is written
	functions   map[string][]int    // the types in each function's signature
	operators   map[string][]signed // by name, those of the server too
	polymorphic map[string]int      // the least number of arguments of functions that take a value's type from another
	combining   map[string]bool     // operators that do so
	columns     map[string][]string // the relations and functions with a column, the server's too
}

// signed is an operator and the types of its operands. 0 is that of a missing one.
type signed struct {
	left, right, result int
	server              bool
}

// PostgresTypes reads what AddTypes takes. Only databases with a hazard need it.
const PostgresTypes = `
	SELECT 'type', t.typname::text, t.oid::text, t.typtype::text, t.typbasetype::text, CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END::text
	FROM pg_catalog.pg_type t WHERE t.oid >= 16384
	UNION ALL
	SELECT 'part', c.relname, c.reltype::text, a.atttypid::text, c.relkind::text, ''
	FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
	WHERE a.attnum > 0 AND a.atttypid >= 16384 AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'c')
	UNION ALL
	SELECT 'part', c.relname, c.reltype::text, '0', c.relkind::text, ''
	FROM pg_catalog.pg_class c WHERE c.oid >= 16384 AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'c')
	UNION ALL
	SELECT 'range', '', r.rngtypid::text, r.rngsubtype::text, coalesce(pg_catalog.to_jsonb(r)->>'rngmultitypid', '0'), '' FROM pg_catalog.pg_range r
	UNION ALL
	SELECT 'implicit', '', c.castsource::text, c.casttarget::text, '', '' FROM pg_catalog.pg_cast c WHERE c.castcontext = 'i' AND c.casttarget >= 16384
	UNION ALL
	SELECT DISTINCT 'function', p.proname, t.oid::text, '', '', '' FROM pg_catalog.pg_proc p, LATERAL (
		SELECT p.prorettype AS oid UNION SELECT pg_catalog.unnest(p.proargtypes::oid[]) UNION SELECT pg_catalog.unnest(p.proallargtypes)) t
	WHERE p.oid >= 16384 AND t.oid >= 16384
	UNION ALL
	SELECT 'operator', o.oprname, o.oprleft::text, o.oprright::text, o.oprresult::text, (o.oid < 16384)::text FROM pg_catalog.pg_operator o
	WHERE o.oprname IN (SELECT oprname FROM pg_catalog.pg_operator WHERE oid >= 16384)
	UNION ALL
	SELECT 'polymorphic', p.proname, min(p.pronargs - p.pronargdefaults)::text, '', '', '' FROM pg_catalog.pg_proc p
	WHERE (SELECT count(*) FROM pg_catalog.unnest(p.proargtypes::oid[]) a JOIN pg_catalog.pg_type t ON t.oid = a
			WHERE t.typtype = 'p' AND t.typname LIKE 'any_%') > 0
		AND (SELECT count(*) FROM pg_catalog.unnest(p.proargtypes::oid[]) a JOIN pg_catalog.pg_type t ON t.oid = a
			WHERE t.typtype = 'p' AND t.typname LIKE 'any_%' OR t.typname IN ('json', 'jsonb', 'hstore')) > 1
	GROUP BY p.proname
	UNION ALL
	SELECT DISTINCT 'combining', o.oprname, '', '', '', '' FROM pg_catalog.pg_operator o
	JOIN pg_catalog.pg_type l ON l.oid = o.oprleft JOIN pg_catalog.pg_type r ON r.oid = o.oprright
	WHERE l.typname LIKE 'any_%' AND r.typname = 'hstore'
	UNION ALL
	SELECT 'column', a.attname, c.relname, '', '', '' FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
	WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
	UNION ALL
	SELECT 'column', p.name, f.proname, '', '', ''
	FROM pg_catalog.pg_proc f, LATERAL ROWS FROM (pg_catalog.unnest(f.proargnames), pg_catalog.unnest(f.proargmodes)) AS p(name, mode)
	WHERE p.mode IN ('o', 'b', 't')`

// AddTypes reads the rows of PostgresTypes.
func (c *Catalogue) AddTypes(rows [][]string) {
	t := &types{
		names: map[int]string{}, relations: map[string][]int{}, rows: map[int]bool{}, composites: map[int]bool{}, bases: map[int]int{},
		holders: map[int][]int{}, sources: map[int][]int{}, functions: map[string][]int{}, operators: map[string][]signed{},
		polymorphic: map[string]int{}, combining: map[string]bool{}, columns: map[string][]string{},
	}
	hold := func(holder, held int) {
		if holder > 0 && held > 0 {
			t.holders[held] = append(t.holders[held], holder)
		}
	}
	for _, row := range rows {
		name, first, second, third := row[1], number(row[2]), number(row[3]), number(row[4])
		switch row[0] {
		case "type":
			t.names[first] = name
			t.composites[first] = row[3] == "c"
			if row[3] == "d" {
				t.bases[first] = third
			}
			hold(first, third)
			hold(first, number(row[5]))
		case "part":
			hold(first, second)
			if row[4] != "c" {
				t.rows[first] = true
				t.relations[name] = append(t.relations[name], first, second)
			}
		case "range":
			hold(first, second)
			hold(third, first)
		case "implicit":
			t.sources[second] = append(t.sources[second], first)
		case "function":
			t.functions[name] = append(t.functions[name], first)
		case "operator":
			t.operators[name] = append(t.operators[name], signed{left: first, right: second, result: third, server: row[5] == "true"})
		case "polymorphic":
			t.polymorphic[name] = first
		case "combining":
			t.combining[name] = true
		case "column":
			t.columns[name] = append(t.columns[name], row[2])
		}
	}
	c.types = t
}

// number returns the number that a text is, or 0.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

// base returns what a domain is made of, and any other type itself.
func (t *types) base(typ int) int {
	for t.bases[typ] > 0 {
		typ = t.bases[typ]
	}
	return typ
}

// hazard is a wired function that no statement may call.
type hazard struct {
	wired
	reason      string
	left, right *reach // the types, with what holds them
}

// reach is what brings an expression of a type into a statement. A nil reach is that of
// a type of the server, which anything can bring.
type reach struct {
	types     map[int]bool
	always    bool // PostgreSQL casts a type of the server to it
	names     map[string]bool
	relations map[string]bool
	functions map[string]bool
}

// NeedsTypes reports whether the guard requires the types. It does if a function that no
// statement may call is wired, or has the name of a column.
func (g *Guard) NeedsTypes(c *Catalogue) bool {
	if slices.ContainsFunc(c.wired, func(w wired) bool { return g.wiredReason(c, w) != "" }) {
		return true
	}
	for _, relations := range c.relations {
		for _, r := range relations {
			for _, column := range r.columns {
				if slices.ContainsFunc(c.functions[column], func(f function) bool { return f.user && g.reason(f) != "" }) {
					return true
				}
			}
		}
	}
	return false
}

// wiredReason returns why a wired function may not be called; "" if it may.
func (g *Guard) wiredReason(c *Catalogue, w wired) string {
	if w.schema == "pg_catalog" && slices.Contains(postgresInputs, w.function) {
		return "" // the input of an array is that of its elements
	}
	known := false
	for _, f := range c.functions[w.function] {
		if f.schema != w.schema {
			continue
		}
		known = true
		reason := g.reason(f)
		// What an extension puts between types of the server belongs to these types.
		if reason != "" && (f.extension == "" || w.left >= firstUser || w.right >= firstUser || w.kind != "cast" && w.kind != "class") {
			return reason
		}
	}
	if !known { // it was renamed between the queries
		return "the function " + w.schema + "." + w.function + " may not be called: it is not in the catalogue"
	}
	return ""
}

// wiresUserFunction reports whether an operator, a cast or a type can call a function of the
// user's that a statement may call. A statement names an aggregate, and a function with
// defaults. Functions of extensions do not count.
func (g *Guard) wiresUserFunction(c *Catalogue) bool {
	return slices.ContainsFunc(c.wired, func(w wired) bool {
		return w.kind != "aggregate" && w.kind != "default" && slices.ContainsFunc(c.functions[w.function], func(f function) bool {
			return f.user && f.schema == w.schema && f.extension == ""
		}) && g.wiredReason(c, w) == ""
	})
}

// hazardsOf returns the wired functions that no statement may call.
func (g *Guard) hazardsOf(c *Catalogue) []*hazard {
	c.hazards.once.Do(func() {
		for _, w := range c.wired {
			if reason := g.wiredReason(c, w); reason != "" {
				h := &hazard{wired: w, reason: reason}
				h.left, h.right = c.reach(w.left, w.kind == "operator"), c.reach(w.right, w.kind == "operator")
				c.hazards.list = append(c.hazards.list, h)
			}
		}
	})
	return c.hazards.list
}

// reach returns the reach of a type of the user's, with the types that PostgreSQL casts to
// it if an expression of them suffices.
func (c *Catalogue) reach(typ int, sources bool) *reach {
	if typ < firstUser {
		return nil
	}
	r := &reach{types: map[int]bool{}, names: map[string]bool{}, relations: map[string]bool{}, functions: map[string]bool{}}
	if c.types == nil {
		r.always = true
		return r
	}
	for queue := []int{typ}; len(queue) > 0; queue = queue[1:] {
		found := queue[0]
		switch {
		case r.types[found]:
			continue
		case found < firstUser:
			r.always = true
			continue
		}
		r.types[found] = true
		r.names[c.types.names[found]] = true
		queue = append(queue, c.types.holders[found]...)
		if sources {
			queue = append(queue, c.types.sources[found]...)
		}
	}
	for name, types := range c.types.relations {
		r.relations[name] = slices.ContainsFunc(types, func(t int) bool { return r.types[t] })
	}
	for name, types := range c.types.functions {
		r.functions[name] = slices.ContainsFunc(types, func(t int) bool { return r.types[t] })
	}
	return r
}

// words are what a statement holds, by the way that it is used.
type words struct {
	*statement
	operators  map[string][]int // symbols, and keywords that stand for one, with their places
	introduced map[string][]int // names of relations and of what else FROM has, with their places
}

// postgresKeywords are words that PostgreSQL's parser replaces by operators.
var postgresKeywords = map[string][]string{
	"like": {"~~"}, "ilike": {"~~*"}, "similar": {"~"}, "not like": {"!~~"}, "not ilike": {"!~~*"}, "not similar": {"!~"},
	"between": {"<", "<=", ">", ">="}, "in": {"="}, "not in": {"<>"}, "not between": {"<", "<=", ">", ">="},
	"distinct": {"="}, "case": {"="}, "nullif": {"="}, "using": {"="}, "natural": {"="},
}

// newWords reads a statement.
func newWords(s *statement) words {
	w := words{statement: s, operators: map[string][]int{}, introduced: map[string][]int{}}
	for i, t := range s.tokens {
		before := s.tokens[:i]
		switch {
		case t.Is("!="):
			w.operators["<>"] = append(w.operators["<>"], i)
		case t.Kind == lex.Symbol:
			w.operators[t.Text] = append(w.operators[t.Text], i)
		case t.Kind == lex.Word:
			word := t.Text
			if behind(before, "not") {
				word = "not " + word
			}
			for _, operator := range postgresKeywords[word] {
				w.operators[operator] = append(w.operators[operator], i)
			}
		}
		for behind(before, "as") {
			before = before[:len(before)-1]
		}
		last := len(before) - 1
		if t.Named() && (s.inList(i) || last >= 0 && (before[last].Is(")") || before[last].Named() && s.inList(s.start(last)))) {
			w.introduced[t.Text] = append(w.introduced[t.Text], i)
		}
	}
	return w
}

// checkWired refuses a statement that can call a function by another way than its name.
func (s *statement) checkWired() error {
	hazards := s.guard.hazardsOf(s.catalogue)
	if len(hazards) == 0 {
		return nil
	}
	w := newWords(s)
	for _, h := range hazards {
		if what := w.meets(h); what != "" {
			return refusal(what + " calls a function: " + h.reason)
		}
	}
	return nil
}

// meets returns what of the statement can call the hazard's function; "" for nothing.
func (w words) meets(h *hazard) string {
	switch h.kind {
	case "aggregate", "default":
		for i, t := range w.tokens {
			if t.Named() && t.Text == h.name && (w.calls(i) && !w.names(i) || behind(w.tokens[:i], ".") && !w.isColumn(i, t.Text)) {
				return "the function " + h.name
			}
		}
	case "operator":
		if w.uses(h) {
			return "the operator " + h.name
		}
	case "cast":
		if w.casts(h) {
			return "a cast to " + h.text
		}
	case "type":
		return w.converts(h.left)
	case "class":
		if name := w.holds(h.left); name != "" {
			return "a comparison of " + name
		}
	}
	return ""
}

// holds returns what can bring an expression of a type into the statement; "" for
// nothing.
func (w words) holds(r *reach) string {
	switch {
	case r == nil:
		return "values"
	case r.always:
		return "values with a type of yours"
	}
	for i, t := range w.tokens {
		if t.Named() && (r.relations[t.Text] || r.names[t.Text] && w.isType(i) || r.functions[t.Text] && w.isCall(i)) {
			return t.Text
		}
	}
	return w.made(r)
}

// isCall reports whether the name at i can be called: f(a), a.f.
func (w words) isCall(i int) bool {
	return w.calls(i) && !w.names(i) || behind(w.tokens[:i], ".")
}

// made returns an operator of the statement that takes or returns a type, and that
// PostgreSQL chooses for constants; "" for none.
func (w words) made(r *reach) string {
	if w.catalogue.types == nil {
		return ""
	}
	for name, places := range w.operators {
		for _, o := range w.catalogue.types.operators[name] {
			if r.types[o.left] || r.types[o.right] || r.types[o.result] {
				if slices.ContainsFunc(places, func(i int) bool { return w.chooses(name, o, i) }) {
					return name
				}
			}
		}
	}
	return ""
}

// uses reports whether the statement can use the operator of a hazard.
func (w words) uses(h *hazard) bool {
	places := w.operators[h.name]
	if len(places) == 0 {
		return false
	}
	o := signed{left: h.wired.left, right: h.wired.right}
	for _, i := range places {
		qualified := behind(w.tokens[:i], ".")
		if qualified || h.text == "true" && w.chooses(h.name, o, i) {
			return true
		}
	}
	return h.text == "true" && (h.left != nil && w.holds(h.left) != "" || h.right != nil && w.holds(h.right) != "")
}

// chooses reports whether PostgreSQL can choose an operator at i without an expression
// of a type of the user's. It can if no operator of the server fits, or beside a row.
func (w words) chooses(name string, o signed, i int) bool {
	t := w.catalogue.types
	if t == nil {
		return true
	}
	left, right := t.base(o.left), t.base(o.right)
	rows := slices.ContainsFunc(t.operators[name], func(other signed) bool { return other.left == recordType }) // the server's, for two rows
	if (!rows || !t.composites[left] || !t.composites[right]) && (w.isRow(i-1) && t.composites[left] || w.isRow(i+1) && t.composites[right]) {
		return true
	}
	return !slices.ContainsFunc(t.operators[name], func(other signed) bool {
		fits := func(typ, base, server int) bool {
			return (typ == 0) == (server == 0) && (base >= firstUser || base == server)
		}
		return other.server && (o.left >= firstUser || o.right >= firstUser) && fits(o.left, left, other.left) && fits(o.right, right, other.right)
	})
}

// isRow reports whether a row can end or begin at i: ROW(a, b), (a, b), or a name of
// something in FROM.
func (w words) isRow(i int) bool {
	if i < 0 || i >= len(w.tokens) {
		return false
	}
	t := w.tokens[i]
	switch {
	case t.IsWord("row"):
		return true
	case t.Is("("):
		return w.isRow(closes(w.tokens, i))
	case t.Is(")"):
		open := opens(w.tokens, i)
		switch {
		case open > 0 && w.calls(open-1) && !slices.Contains(expressing, w.tokens[open-1].Text):
			return w.tokens[open-1].IsWord("row")
		case i-open == 2 || w.tokens[i-1].Is(")") && opens(w.tokens, i-1) == open+1:
			return w.isRow(i - 1)
		}
		return arguments(w.tokens, open) > 1
	case !t.Named():
		return false
	}
	return slices.ContainsFunc(w.introduced[t.Text], func(other int) bool { return other != i })
}

// casts reports whether the statement can use the cast of a hazard.
func (w words) casts(h *hazard) bool {
	if h.left != nil && w.holds(h.left) == "" {
		return false
	}
	written := h.name == "e" || h.name == "a" && h.right != nil // an assignment to a type of the user's
	switch {
	case h.right != nil && written:
		return w.mentions(h.right) != ""
	case h.right != nil:
		return w.holds(h.right) != ""
	case !written:
		return true
	}
	return slices.ContainsFunc(w.tokens, func(t lex.Token) bool {
		return t.Is("::") || t.IsWord("cast") || t.IsWord("treat") || t.Named() && t.Text == h.text
	})
}

// mentions returns a name that stands for a type; "" for none.
func (w words) mentions(r *reach) string {
	if r == nil || r.always {
		return "a value"
	}
	for i, t := range w.tokens {
		if t.Named() && r.names[t.Text] && w.isType(i) {
			return "the type " + t.Text
		}
	}
	return ""
}

// converts returns what of the statement can convert a value to a type; "" for nothing.
// It is the type's name, or a function or an operator that takes it. It can also be a
// function that takes a value's type from the row of a relation.
func (w words) converts(r *reach) string {
	if found := w.mentions(r); found != "" {
		return found
	}
	relation := ""
	for i, t := range w.tokens {
		switch {
		case !t.Named():
		case r.functions[t.Text] && w.isCall(i):
			return "the function " + t.Text
		case r.relations[t.Text]:
			relation = t.Text
		}
	}
	if operator := w.made(r); operator != "" {
		return "the operator " + operator
	}
	t := w.catalogue.types
	if relation == "" || t == nil {
		return ""
	}
	for i, token := range w.tokens {
		least, polymorphic := t.polymorphic[token.Text]
		if isContainer(token) {
			return "a constant beside " + relation
		}
		if token.Named() && polymorphic && w.calls(i) && arguments(w.tokens, i+1) >= least {
			return "the function " + token.Text + " beside " + relation
		}
		if token.Kind == lex.Symbol && t.combining[token.Text] {
			return "the operator " + token.Text + " beside " + relation
		}
	}
	return ""
}

// isContainer reports whether a token is a constant that can be an array, a row or a range.
// PostgreSQL takes it for one beside a value of such a type, and then converts its parts.
func isContainer(t lex.Token) bool {
	text := strings.TrimSpace(t.Text)
	return t.Kind == lex.String && text != "" && strings.ContainsRune("{[(", rune(text[0]))
}

// arguments returns how many arguments the call has whose parenthesis is at open.
func arguments(tokens []lex.Token, open int) int {
	depth, count := 0, 1
	for _, t := range tokens[open:] {
		switch {
		case t.Is("("), t.Is("["):
			depth++
		case t.Is(")"), t.Is("]"):
			if depth--; depth == 0 {
				return count
			}
		case t.Is(",") && depth == 1:
			count++
		}
	}
	return count
}

// listing are what stands before a column's name in a list of columns with types. Such a
// name can be BY, BETWEEN or SETOF, too.
// https://www.postgresql.org/docs/current/sql-keywords-appendix.html
var listing = []string{"(", ",", "columns"}

// isType reports whether the name at i can be a type. It can in a cast, before a constant,
// in a list of columns with types, or called.
func (s *statement) isType(i int) bool {
	before, after := s.tokens[:s.start(i)], s.tokens[i+1:]
	for behind(before, "setof") && !behind(before[:len(before)-1], listing...) { // there, it is a column's name
		before = before[:len(before)-1]
	}
	switch {
	case behind(before, "::", "returning"), len(after) > 0 && after[0].Kind == lex.String:
		return true
	case s.calls(i) && !s.names(i):
		return true
	case behind(s.tokens[:i], ".") && !s.isColumn(i, s.tokens[i].Text):
		return true
	}
	open := enclosing(s.tokens, i)
	if behind(before, "as") {
		return open > 0 && slices.Contains([]string{"cast", "treat", "xmlserialize"}, s.tokens[open-1].Text)
	}
	return len(before) > 1 && before[len(before)-1].Named() && (!behind(before, expressing...) || behind(before, "by", "between")) &&
		behind(before[:len(before)-1], listing...) &&
		open >= 0 && !behind(s.tokens[:open+2], "select", "with")
}

// enclosing returns the index of the parenthesis that is open at i; -1 for none.
func enclosing(tokens []lex.Token, i int) int {
	depth := 0
	for i--; i >= 0; i-- {
		switch {
		case tokens[i].Is(")"):
			depth++
		case tokens[i].Is("("):
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}
