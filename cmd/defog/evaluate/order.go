package evaluate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/database/guard/lex"
)

// keyPrefix begins the names of the columns that a reference statement gets for the
// expressions of its ORDER BY.
const keyPrefix = "defog_order_"

// ordering is the ORDER BY of a statement itself, not of a part in it.
type ordering struct {
	columns []int  // of the result, from 0, one a key
	sql     string // the statement with more columns at its end, for keys that are none; "" without such keys
	valid   bool   // the columns of all keys are known
}

// orderingOf returns the ordering of a statement with these columns, and false without
// ORDER BY.
func orderingOf(dbType, sql string, columns []string) (ordering, bool) {
	tokens, err := guard.Of(dbType).Tokens(sql)
	if err != nil {
		return ordering{}, false
	}
	for len(tokens) > 0 && tokens[len(tokens)-1].Is(";") {
		tokens = tokens[:len(tokens)-1]
	}
	depth := depths(tokens)
	at := -1
	for i := range tokens {
		if depth[i] == 0 && tokens[i].IsWord("order") && i+1 < len(tokens) && tokens[i+1].IsWord("by") {
			at = i
		}
	}
	if at < 0 {
		return ordering{}, false
	}
	o := ordering{valid: true}
	var hidden []string
	for _, expression := range expressions(tokens, depth, at+2) {
		column := columnOf(expression, columns)
		if column < 0 {
			column = len(columns) + len(hidden)
			hidden = append(hidden, lex.Render(expression))
		}
		o.columns = append(o.columns, column)
	}
	if len(hidden) > 0 {
		o.sql = withColumns(tokens, depth, at, hidden)
		o.valid = o.sql != ""
	}
	return o, true
}

// columnOf returns the column that an expression of an ORDER BY names, by its position
// or its name, or -1.
func columnOf(expression []lex.Token, columns []string) int {
	if len(expression) != 1 {
		return -1
	}
	token := expression[0]
	if position, err := strconv.Atoi(token.Text); err == nil && token.Kind == lex.Number {
		if position < 1 || position > len(columns) {
			return -1
		}
		return position - 1
	}
	if !token.Named() {
		return -1
	}
	return slices.IndexFunc(columns, func(name string) bool { return strings.EqualFold(name, token.Text) })
}

// depths returns the number of open parentheses around each token.
func depths(tokens []lex.Token) []int {
	depth, open := make([]int, len(tokens)), 0
	for i, token := range tokens {
		if token.Is(")") || token.Is("]") {
			open--
		}
		depth[i] = open
		if token.Is("(") || token.Is("[") {
			open++
		}
	}
	return depth
}

// ends are the words after an ORDER BY, and directions the words after one of its
// expressions.
var (
	ends       = []string{"limit", "offset", "fetch", "for", "option"}
	directions = []string{"asc", "desc", "nulls", "first", "last"}
)

// expressions returns the expressions of an ORDER BY, without their directions.
func expressions(tokens []lex.Token, depth []int, from int) [][]lex.Token {
	var found [][]lex.Token
	start := from
	add := func(end int) {
		expression := tokens[start:end]
		for len(expression) > 0 && slices.ContainsFunc(directions, expression[len(expression)-1].IsWord) {
			expression = expression[:len(expression)-1]
		}
		found = append(found, expression)
	}
	for i := from; i < len(tokens); i++ {
		switch {
		case depth[i] > 0:
		case tokens[i].Is(","):
			add(i)
			start = i + 1
		case slices.ContainsFunc(ends, tokens[i].IsWord):
			add(i)
			return found
		}
	}
	add(len(tokens))
	return found
}

// withColumns returns the statement with more columns, or "" without a place for them.
// DISTINCT and UNION allow only their own columns in ORDER BY.
func withColumns(tokens []lex.Token, depth []int, order int, columns []string) string {
	first, from := -1, -1
	for i := range order {
		switch {
		case depth[i] > 0:
		case slices.ContainsFunc([]string{"union", "intersect", "except", "minus"}, tokens[i].IsWord):
			return ""
		case tokens[i].IsWord("select"):
			first, from = i, -1
		case tokens[i].IsWord("from") && first >= 0 && from < 0:
			from = i
		}
	}
	if first < 0 || from < 0 || tokens[first+1].IsWord("distinct") {
		return ""
	}
	text := lex.Render(tokens[:from])
	for i, column := range columns {
		text += fmt.Sprintf(", (%s) AS %s%d", column, keyPrefix, i+1)
	}
	return text + " " + lex.Render(tokens[from:])
}
