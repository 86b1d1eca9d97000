package guard

import (
	"slices"
	"strings"

	"defog-cdk/lambda/database/guard/lex"
)

// checkCatalogue examines every name by PostgreSQL's catalogue.
func (s *statement) checkCatalogue() error {
	if s.catalogue == nil {
		return nil
	}
	for i, t := range s.tokens {
		if t.Named() {
			if err := s.checkNamed(i, t.Text); err != nil {
				return err
			}
		}
	}
	return s.checkWired()
}

// checkNamed examines the name at i.
func (s *statement) checkNamed(i int, name string) error {
	schema := s.qualifier(i)
	if err := s.checkRelation(i, schema, name); err != nil {
		return err
	}
	switch {
	case s.calls(i) && !s.names(i):
		return s.refuseFunction(schema, name)
	case s.calls(i):
		return nil
	case i < 2 || !s.tokens[i-1].Is("."):
		return nil
	}
	// A field of something can be a call.
	reason := s.refuseFunction("", name)
	if reason == nil && s.guard.examines(name) {
		reason = refusal("the function " + name + " may not be called as a field")
	}
	if reason == nil || s.isColumn(i, name) {
		return nil
	}
	return reason
}

// qualifier returns the name before the one at i and a dot; "" for none.
func (s *statement) qualifier(i int) string {
	if i >= 2 && s.tokens[i-1].Is(".") && s.tokens[i-2].Named() {
		return s.tokens[i-2].Text
	}
	return ""
}

// refuseFunction returns why a name may not be called.
func (s *statement) refuseFunction(schema, name string) error {
	for _, f := range s.catalogue.candidates(schema, name) {
		if reason := s.guard.reason(f); reason != "" {
			return refusal(reason)
		}
	}
	return nil
}

// reason returns why a function may not be called; "" if it may.
func (g *Guard) reason(f function) string {
	qualified := f.schema + "." + f.name
	switch {
	case f.user && f.schema != "pg_catalog" && slices.Contains(g.options.AllowedFunctions, qualified):
		return ""
	case g.refused(f.name), g.refused(f.source):
		return "the function " + f.name + " may not be called"
	case f.extension != "":
		return extensionReason(f)
	case !f.user:
		if f.volatility == "v" && !slices.Contains(postgresHarmless, f.name) {
			return "the function " + f.name + " may not be called: it is volatile"
		}
	case f.volatility == definer:
		return "the function " + qualified + " may not be called: it runs with its owner's rights; to allow it, add " + qualified + " to the setting allowed_functions"
	case f.volatility == "v":
		return "the function " + qualified + " may not be called: it is volatile; to allow it, add " + qualified + " to the setting allowed_functions"
	case !f.trusted && f.volatility != "i":
		return "the function " + qualified + " may not be called: its language " + f.language +
			" can reach out of the database; to allow it, add " + qualified + " to the setting allowed_functions"
	}
	return ""
}

// extensionReason returns why a function of an extension may not be called.
func extensionReason(f function) string {
	reaching := slices.Contains(postgresReaching, f.name)
	switch {
	case slices.Contains(postgresComputing, f.extension) && !reaching,
		slices.Contains(postgresKnown[f.extension], f.name),
		f.volatility == "i" && !reaching:
		return ""
	}
	return "the function " + f.schema + "." + f.name + " of the extension " + f.extension + " may not be called"
}

// checkRelation refuses a relation of an extension that is not known to be
// harmless, where the name stands for a relation.
func (s *statement) checkRelation(i int, schema, name string) error {
	for _, r := range s.catalogue.relations[name] {
		switch {
		case r.extension == "" || slices.Contains(postgresComputing, r.extension):
		case schema == r.schema, schema == "" && r.visible && s.inFrom(i):
			return refusal(r.schema + "." + name + " of the extension " + r.extension + " may not be read")
		}
	}
	return nil
}

// inFrom reports whether the name at i can stand for a relation.
func (s *statement) inFrom(i int) bool {
	return behind(s.tokens[:i], "from", "join", "only", "table", ",", "(")
}

// start returns the index of the first name of the path that ends at i.
func (s *statement) start(i int) int {
	for i >= 2 && s.tokens[i-1].Is(".") && s.tokens[i-2].Named() {
		i -= 2
	}
	return i
}

// names reports whether the name at i, before a parenthesis, has a list of columns and
// is not a call. Examples: AS f(a, b), or f(a, b) AS (SELECT …) after WITH.
func (s *statement) names(i int) bool {
	if behind(s.tokens[:i], "as") {
		return true
	}
	return behind(s.tokens[:i], "with", "recursive", ",") && s.query(closes(s.tokens, i+1)+1) > 0
}

// query returns the index of the parenthesis that opens the query of a WITH, if
// AS stands at i; 0 if not.
func (s *statement) query(i int) int {
	rest := s.tokens[min(i, len(s.tokens)):]
	for _, phrase := range []string{"as not materialized", "as materialized", "as"} {
		if !begins(rest, phrase) {
			continue
		}
		open := i + len(strings.Fields(phrase))
		if open+2 < len(s.tokens) && s.tokens[open].Is("(") && (behind(s.tokens[:open+2], "select", "with", "table", "(") ||
			s.tokens[open+1].IsWord("values") && s.tokens[open+2].Is("(")) { // "values" is a column in f() AS (values int)
			return open
		}
	}
	return 0
}

// isColumn reports whether the name at i, behind a dot, is surely a column, or a
// relation in a schema. If t has no column f, PostgreSQL takes t.f and (t).f for f(t).
func (s *statement) isColumn(i int, column string) bool {
	if last := i - 2; !s.tokens[last].Named() {
		for s.tokens[last].Is(")") && last > 0 { // (t), ((t))
			last--
		}
		row := s.tokens[last]
		return row.Named() && last > 0 && s.tokens[last-1].Is("(") && !s.hides(row.Text) && s.hasColumn(row.Text, column, true)
	}
	if start := s.start(i); behind(s.tokens[:start], "join", "only", "table") || behind(s.tokens[:start], "from") && s.isClause(start-1) {
		return true // a relation
	}
	return s.hasColumn(s.tokens[i-2].Text, column, false)
}

// hides reports whether a relation or a function of the statement can have a column of a
// name. A column takes precedence over a row: (a) is the column a.
func (s *statement) hides(name string) bool {
	if s.catalogue.types == nil {
		return true
	}
	found, known := s.hidden[name]
	if !known {
		holders := newSet(strings.Join(s.catalogue.types.columns[name], "\n"))
		found = slices.ContainsFunc(s.tokens, func(t lex.Token) bool { return t.Named() && holders[t.Text] })
		s.hidden[name] = found
	}
	return found
}

// isClause reports whether the FROM at i begins a clause, and not a part of an
// expression: extract(day FROM a), a IS DISTINCT FROM b.
func (s *statement) isClause(i int) bool {
	if s.clauses == nil {
		s.clauses = make([]bool, len(s.tokens))
		open := []bool{false} // by depth, whether a SELECT waits for its FROM
		for j, t := range s.tokens {
			last := len(open) - 1
			switch {
			case t.Is("("):
				open = append(open, false)
			case t.Is(")") && last > 0:
				open = open[:last]
			case t.IsWord("select"):
				open[last] = true
			case t.IsWord("from") && open[last] && (!behind(s.tokens[:j], "distinct") || !behind(s.tokens[:j-1], "is", "not")):
				s.clauses[j], open[last] = true, false
			}
		}
	}
	return s.clauses[i]
}

// hasColumn reports whether everything of a name in the FROM clauses of the
// statement has a column. With alone, nothing else in the statement may have the name: in
// parentheses, it can also be a column.
func (s *statement) hasColumn(name, column string, alone bool) bool {
	key := sought{name, column, alone}
	has, known := s.columns[key]
	if !known {
		has = s.findColumn(name, column, alone)
		s.columns[key] = has
	}
	return has
}

func (s *statement) findColumn(name, column string, alone bool) bool {
	found := false
	for i, t := range s.tokens {
		if !t.Named() || t.Text != name || i+1 < len(s.tokens) && s.tokens[i+1].Is(".") {
			continue
		}
		if schema := s.qualifier(i); schema != "" && (!s.inFrom(s.start(i)) || !s.catalogue.schemas[schema]) {
			continue // a column
		}
		if alone && s.isRowOfField(i) || !alone && s.isValue(i) {
			continue
		}
		if !s.introduces(i, column) {
			return false
		}
		found = true
	}
	// A name that nothing in the statement introduces is a schema's or an error.
	return found || s.catalogue.schemas[name]
}

// sought is what hasColumn looks for.
type sought struct {
	name, column string
	alone        bool
}

// postgresClauses end a list of relations.
var postgresClauses = []string{"select", "where", "group", "having", "order", "limit", "window"}

// expressing are words behind which an expression stands.
var expressing = strings.Fields("select where and or not on having when then else case by like ilike in distinct all any some between similar to")

// inList reports whether the name at i stands where a relation does.
func (s *statement) inList(i int) bool {
	if s.relations == nil {
		s.relations = sources(s.tokens, postgresClauses)
	}
	return s.relations[i]
}

// isValue reports whether the name at i is surely an expression, which introduces nothing.
func (s *statement) isValue(i int) bool {
	if i == 0 || s.inList(i) || s.calls(i) || s.query(i+1) > 0 {
		return false
	}
	before := s.tokens[i-1]
	return before.Kind == lex.Symbol && !strings.Contains(").*]", before.Text) || before.Kind == lex.Word && slices.Contains(expressing, before.Text)
}

// isRowOfField reports whether the name at i stands in parentheses before a field: (a).b.
func (s *statement) isRowOfField(i int) bool {
	if i == 0 || !s.tokens[i-1].Is("(") {
		return false
	}
	for i++; i < len(s.tokens) && s.tokens[i].Is(")"); i++ {
		if i+1 < len(s.tokens) && s.tokens[i+1].Is(".") {
			return true
		}
	}
	return false
}

// introduces reports whether the name at i introduces the column. It is the name of a
// relation, a subquery or a function in FROM, or of a query in WITH.
func (s *statement) introduces(i int, column string) bool {
	if s.calls(i) {
		end := closes(s.tokens, i+1)
		if !s.names(i) && !behind(s.tokens[:i], ")") {
			return false
		}
		return lists(s.tokens[i+2:end], column)
	}
	if open := s.query(i + 1); open > 0 && behind(s.tokens[:i], "with", "recursive", ",") {
		return s.returns(open+1, column)
	}
	before := i
	if behind(s.tokens[:before], "as") {
		before--
	}
	switch {
	case before > 0 && s.tokens[before-1].Is(")"):
		open := opens(s.tokens, before-1)
		return s.returns(open+1, column) &&
			(open == 0 || !s.tokens[open-1].Named() || slices.Contains([]string{"lateral", "from", "join"}, s.tokens[open-1].Text))
	case before > 0 && s.tokens[before-1].Named() && s.inFrom(s.start(before-1)):
		return s.relationHas(before-1, column)
	default:
		return before == i && s.inFrom(s.start(i)) && s.relationHas(i, column)
	}
}

// relationHas reports whether the relation whose name ends at i has a column.
func (s *statement) relationHas(i int, column string) bool {
	schema := s.qualifier(i)
	has, found := s.catalogue.hasColumn(schema, s.tokens[i].Text, column)
	if schema != "" {
		return has
	}
	if found && !has {
		return false
	}
	// A query of WITH takes the place of a relation.
	for j, t := range s.tokens {
		if t.Named() && t.Text == s.tokens[i].Text && j > 0 && behind(s.tokens[:j], "with", "recursive", ",") {
			if open := s.query(j + 1); open > 0 {
				found, has = true, s.returns(open+1, column)
			} else if s.calls(j) && s.names(j) {
				found, has = true, lists(s.tokens[j+2:closes(s.tokens, j+1)], column)
			}
			if found && !has {
				return false
			}
		}
	}
	return found && has
}

// opens returns the index of the parenthesis that the one at end closes.
func opens(tokens []lex.Token, end int) int {
	depth := 0
	for i := end; i >= 0; i-- {
		switch {
		case tokens[i].Is(")"):
			depth++
		case tokens[i].Is("("):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return 0
}

// lists reports whether a list of columns, perhaps with types, has a column.
func lists(tokens []lex.Token, column string) bool {
	for i, t := range tokens {
		if (i == 0 || tokens[i-1].Is(",")) && t.Named() && t.Text == column {
			return true
		}
	}
	return false
}

// returns reports whether the query that begins at i returns a column: an item
// of its first SELECT that ends in that name.
func (s *statement) returns(i int, column string) bool {
	for i < len(s.tokens) && s.tokens[i].Is("(") {
		i++
	}
	depth := 0
	for ; i < len(s.tokens) && depth >= 0 && (depth != 0 || !s.tokens[i].IsWord("select")); i++ { // past WITH
		switch {
		case s.tokens[i].Is("("):
			depth++
		case s.tokens[i].Is(")"):
			depth--
		}
	}
	if depth < 0 {
		return false
	}
	ends := []string{"from", "where", "group", "having", "window", "union", "intersect", "except", "order", "limit", "offset", "fetch"}
	for i++; i < len(s.tokens) && depth >= 0; i++ {
		t := s.tokens[i]
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth > 0:
		case t.Kind == lex.Word && slices.Contains(ends, t.Text) && !behind(s.tokens[:i], ".", "as"):
			return false
		case t.Named() && t.Text == column && (behind(s.tokens[:i], "as", ".", ",", "select", "distinct", "all") || s.endsItem(i)):
			next := lex.Token{Kind: lex.Symbol, Text: ")"}
			if i+1 < len(s.tokens) {
				next = s.tokens[i+1]
			}
			if next.Is(",") || next.Is(")") || next.Kind == lex.Word && slices.Contains(ends, next.Text) {
				return true
			}
		}
	}
	return false
}

// endsItem reports whether the name at i, behind a parenthesis, names an item of a SELECT
// without AS: sum(a) total. In 1 OPERATOR(s.+) total, it does not.
func (s *statement) endsItem(i int) bool {
	if !behind(s.tokens[:i], ")") || s.tokens[i].IsWord("isnull") || s.tokens[i].IsWord("notnull") {
		return false
	}
	return !behind(s.tokens[:opens(s.tokens, i-1)], "operator")
}
