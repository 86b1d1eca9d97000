// Package guard decides, before a statement is sent, whether it may be: one
// statement that reads, by the lexical rules and functions of its database.
package guard

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Guard refuses, before it is sent, text that is not one reading statement or
// that calls a function which reaches beyond a read-only transaction. It is
// the first of two barriers: what writes by ordinary means is refused by the
// database itself.
type Guard struct {
	dialect  dialect
	reading  []string          // the words that a reading statement begins with
	refused  func(string) bool // functions that no statement may call
	hidden   []string          // tables and schemas that no statement may name
	sqlCalls []string          // functions that run the SQL in their arguments

	// describes has DESCRIBE stand before an object, which also looks at, and not
	// before a statement.
	describes bool

	// also is what one database wants besides; nil for nothing.
	also func([]token) error
}

// Check returns nil for a statement that may be sent.
func (g *Guard) Check(sql string) error {
	if strings.ContainsRune(sql, 0) {
		return refusal("it holds a zero byte")
	}
	if !utf8.ValidString(sql) {
		return refusal("it is not UTF-8")
	}
	tokens, err := g.dialect.tokens(sql)
	if err != nil {
		return refusal(err.Error())
	}
	for len(tokens) > 0 && tokens[len(tokens)-1].is(";") {
		tokens = tokens[:len(tokens)-1]
	}
	if slices.ContainsFunc(tokens, func(t token) bool { return t.is(";") }) {
		return refusal("it holds more than one statement")
	}
	if err := g.checkBeginning(tokens); err != nil {
		return err
	}
	if err := g.checkNames(tokens); err != nil || g.also == nil {
		return err
	}
	return g.also(tokens)
}

// checkBeginning looks at the first word, past opening parentheses, and past
// EXPLAIN at that of the statement explained, which may be run for it.
func (g *Guard) checkBeginning(tokens []token) error {
	first := slices.IndexFunc(tokens, func(t token) bool { return !t.is("(") })
	if first < 0 {
		return refusal("it is empty")
	}
	t := tokens[first]
	if !g.reads(t) {
		return refusal("it begins with " + strings.ToUpper(t.text) +
			", and only statements that read may run: " + strings.ToUpper(strings.Join(g.reading, ", ")))
	}
	if !slices.Contains(explaining, t.text) || g.describes {
		return nil
	}
	explained := g.explained(tokens[first+1:])
	if g.dialect.mysql && isTable(explained) {
		return nil
	}
	return g.checkBeginning(explained)
}

// explaining are the words that a statement stands behind, or, in MySQL, a table
// to describe.
var explaining = []string{"explain", "describe", "desc"}

// isTable reports whether tokens are a table's name and perhaps a column's:
// a, a.b, a.b c, a.b 'c%'.
func isTable(tokens []token) bool {
	if len(tokens) > 2 && tokens[1].is(".") {
		tokens = tokens[2:]
	}
	return len(tokens) > 0 && len(tokens) <= 2 && tokens[0].named() &&
		(len(tokens) == 1 || tokens[1].named() || tokens[1].kind == stringToken)
}

func (g *Guard) reads(t token) bool {
	return t.kind == wordToken && slices.Contains(g.reading, t.text)
}

// explained returns the statement after EXPLAIN's options: words, format = word,
// or a list in parentheses.
func (g *Guard) explained(tokens []token) []token {
	options := []string{"analyze", "analyse", "verbose", "query", "plan", "extended", "partitions"}
	for len(tokens) > 0 && tokens[0].kind == wordToken && slices.Contains(options, tokens[0].text) {
		tokens = tokens[1:]
	}
	if len(tokens) > 2 && tokens[0] == (token{wordToken, "format"}) && tokens[1].is("=") {
		tokens = tokens[3:]
	}
	if len(tokens) > 1 && tokens[0].is("(") && tokens[1].kind == wordToken && !g.reads(tokens[1]) {
		end := slices.IndexFunc(tokens, func(t token) bool { return t.is(")") })
		return tokens[end+1:]
	}
	return tokens
}

func (g *Guard) checkNames(tokens []token) error {
	for i, t := range tokens {
		if !t.named() {
			continue
		}
		if slices.Contains(g.hidden, t.text) {
			return refusal(t.text + " may not be read")
		}
		called := i+1 < len(tokens) && tokens[i+1].is("(")
		if !called && !isField(tokens[:i]) {
			continue
		}
		if g.refused(t.text) || !called && slices.Contains(g.sqlCalls, t.text) {
			return refusal("the function " + t.text + " may not be called")
		}
		if slices.Contains(g.sqlCalls, t.text) {
			if err := g.checkArguments(t.text, tokens[i+2:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// isField reports whether the name behind the tokens is a field of an
// expression: PostgreSQL takes (x).f, a[1].f and (x).a.f for calls of f, too.
// https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-USAGE
func isField(tokens []token) bool {
	for i := len(tokens); i >= 2 && tokens[i-1].is("."); i -= 2 {
		if !tokens[i-2].named() {
			return true
		}
	}
	return false
}

// checkArguments checks the SQL that a function is given to run, up to the
// call's closing parenthesis. SQL that is put together at run time can't be
// checked, so each argument has to be one literal.
func (g *Guard) checkArguments(function string, tokens []token) error {
	for i, t := range tokens {
		switch {
		case i%2 == 1 && t.is(")"):
			return nil
		case i%2 == 1 && t.is(","), i%2 == 0 && t.kind == numberToken:
		case i%2 == 0 && t.kind == stringToken:
			if err := g.Check(t.text); err != nil {
				return err
			}
		default:
			return refusal("the arguments of " + function + " must be plain strings")
		}
	}
	return refusal("a parenthesis is not closed")
}

// begins reports whether tokens begin with the words of a phrase.
func begins(tokens []token, phrase string) bool {
	words := strings.Fields(phrase)
	if len(tokens) < len(words) {
		return false
	}
	for i, word := range words {
		if tokens[i] != (token{wordToken, word}) {
			return false
		}
	}
	return true
}

// behind reports whether the last of tokens is one of the words or symbols.
func behind(tokens []token, texts ...string) bool {
	if len(tokens) == 0 {
		return false
	}
	last := tokens[len(tokens)-1]
	return (last.kind == wordToken || last.kind == symbolToken) && slices.Contains(texts, last.text)
}

// Refusal is the error of a statement that may not be sent.
type Refusal struct{ Reason string }

func (e *Refusal) Error() string { return "the statement was refused: " + e.Reason }

func refusal(reason string) *Refusal { return &Refusal{Reason: reason} }
