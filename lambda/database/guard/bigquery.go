package guard

import (
	"slices"
	"strings"
	"unicode"

	"defog-cdk/lambda/database/guard/lex"
)

// BigQuery has GoogleSQL's lexical rules and BigQuery's functions that reach other
// services. It has no rule on statements that write: a dry run of the service reports
// whether a statement is a SELECT.
var BigQuery = &Guard{
	scanner: lex.BigQuery{},
	split:   splitPaths,
	reading: []string{"select", "with", "from"},
	refused: func(function string) bool { return slices.Contains(bigqueryRefused, function) },
	also:    checkBigQuery,
}

var bigqueryRefused = []string{
	"external_query",            // runs SQL on another database, with the rights of a connection
	"external_object_transform", // returns URLs with which any caller reads objects
	"keyset_chain",              // calls the key management service
}

// bigqueryNamespaces hold functions that send rows to models or other services, which
// are paid by the row, or let other users read objects. A statement does not show
// whether a model is in BigQuery: a view may use one.
var bigqueryNamespaces = []string{"ai", "ml", "obj"}

// bigqueryPipes are what may follow |>. The others write, or send elsewhere.
var bigqueryPipes = []string{
	"select", "extend", "set", "drop", "rename", "as", "where", "limit", "aggregate", "distinct", "order", "union",
	"intersect", "except", "join", "inner", "left", "right", "full", "cross", "call", "window", "tablesample", "pivot",
	"unpivot", "assert", "with", "match_recognize",
}

// checkBigQuery refuses functions by their namespace, pipe operators that do not
// read, and what other users asked.
func checkBigQuery(tokens []lex.Token) error {
	for i, t := range tokens {
		rest := tokens[i+1:]
		path := i >= 2 && tokens[i-1].Is(".")
		switch {
		case t.Named() && path && isCall(rest) && slices.Contains(bigqueryNamespaces, tokens[i-2].Text):
			return refusal("the functions of " + strings.ToUpper(tokens[i-2].Text) + " may not be called")
		case t.Named() && path && tokens[i-2].Text == "information_schema" && ofOthers(t.Text):
			return refusal(t.Text + " may not be read")
		case t.Is("|>") && (len(rest) < 1 || rest[0].Kind != lex.Word || !slices.Contains(bigqueryPipes, rest[0].Text)):
			return refusal("behind |> may stand: " + strings.ToUpper(strings.Join(bigqueryPipes, ", ")))
		}
	}
	return nil
}

// isCall reports whether the name before the tokens is called: f( or x.(f)(
func isCall(rest []lex.Token) bool {
	if len(rest) > 1 && rest[0].Is(")") {
		rest = rest[1:]
	}
	return len(rest) > 0 && rest[0].Is("(")
}

// ofOthers reports whether a view of the information schema shows what users
// asked.
func ofOthers(view string) bool {
	return strings.HasPrefix(view, "jobs") || strings.HasPrefix(view, "sessions")
}

// splitPaths splits what may be a whole path in one pair of backquotes. What no
// function's name begins or ends with is taken off, as the service may do so.
func splitPaths(tokens []lex.Token) []lex.Token {
	var split []lex.Token
	for _, t := range tokens {
		if t.Kind != lex.Name {
			split = append(split, t)
			continue
		}
		for i, part := range strings.Split(t.Text, ".") {
			if i > 0 {
				split = append(split, lex.Token{Kind: lex.Symbol, Text: "."})
			}
			part = strings.TrimFunc(part, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			split = append(split, lex.Token{Kind: lex.Name, Text: part})
		}
	}
	return split
}
