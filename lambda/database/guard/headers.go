package guard

import (
	"slices"
	"strings"

	"defog-cdk/lambda/database/guard/lex"
)

// Headers returns the names of a result's columns as the original statement gives them.
// MySQL and SQLite name a column without an alias after the text of its expression. The
// text ends where the last token does, or, with trailing, where the next one begins.
func (s Statement) Headers(columns []string, trailing bool) []string {
	if s.SQL == s.original {
		return columns
	}
	headers, from := slices.Clone(columns), 0
	for i, column := range columns {
		name := strings.ToLower(column)
		if slices.ContainsFunc(s.tokens, func(t lex.Token) bool {
			return (t.Named() || t.Kind == lex.String) && t.Text == name
		}) {
			continue // perhaps an alias
		}
		text, end := s.find(column, from, trailing)
		if end == 0 {
			text, end = s.find(column, 0, trailing)
		}
		if end > 0 {
			headers[i], from = text, end
		}
	}
	return headers
}

// find returns the original text of the tokens that are spelled so, and the index of the
// token behind them; 0 for none. It reads from one token on.
func (s Statement) find(spelled string, from int, trailing bool) (string, int) {
	if spelled == "" {
		return "", 0
	}
	for i := from; i < len(s.starts); i++ {
		start := s.starts[i]
		if !strings.HasPrefix(s.SQL[start:], spelled) || !s.begins(i) {
			continue
		}
		last, _ := slices.BinarySearch(s.starts, start+len(spelled))
		last--
		if s.starts[last]+len(s.tokens[last].SQL) != start+len(spelled) || !s.ends(last) {
			continue
		}
		end := len(s.original) - s.tokens[last].Rest + s.tokens[last].Size
		switch {
		case !trailing:
		case last+1 < len(s.tokens):
			end = len(s.original) - s.tokens[last+1].Rest
		default:
			end = len(strings.TrimRight(s.original, "; \t\r\n\f"))
		}
		return strings.TrimSpace(s.original[len(s.original)-s.tokens[i].Rest : end]), last + 1
	}
	return "", 0
}

// begins reports whether an expression without an alias can begin at i.
func (s Statement) begins(i int) bool {
	return i > 0 && (s.tokens[i-1].Kind == lex.Word || s.tokens[i-1].Is(","))
}

// ends reports whether one can end at i.
func (s Statement) ends(i int) bool {
	if i+1 == len(s.tokens) {
		return true
	}
	next := s.tokens[i+1]
	return next.Is(",") || next.Is(")") || next.Kind == lex.Word && next.Text != "as"
}
