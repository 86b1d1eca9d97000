package guard

import (
	"slices"
	"strings"
)

// BigQuery knows GoogleSQL's lexical rules and BigQuery's functions that
// reach out of it. Statements that write are not among them: the service says
// itself, before it runs one, whether it is a SELECT.
var BigQuery = &Guard{
	dialect: dialect{nameQuotes: "`", google: true},
	reading: []string{"select", "with", "from"},
	refused: func(function string) bool { return slices.Contains(bigqueryRefused, function) },
	also:    checkBigQuery,
}

var bigqueryRefused = []string{
	"external_query",            // runs SQL on another database, with the rights of a connection
	"external_object_transform", // makes URLs that let anybody read objects
	"keyset_chain",              // asks the key management service
}

// bigqueryNamespaces hold functions that send rows to models or other services,
// which are paid by the row, or let others read objects. Of models in BigQuery
// itself nobody can tell from the statement that they are: a view may use one.
var bigqueryNamespaces = []string{"ai", "ml", "obj"}

// bigqueryPipes are what may follow |>. The others write, or send elsewhere.
var bigqueryPipes = []string{
	"select", "extend", "set", "drop", "rename", "as", "where", "limit", "aggregate", "distinct", "order", "union",
	"intersect", "except", "join", "inner", "left", "right", "full", "cross", "call", "window", "tablesample", "pivot",
	"unpivot", "assert", "with", "match_recognize",
}

// checkBigQuery refuses functions by their namespace, pipe operators that do not
// read, and what other users asked.
func checkBigQuery(tokens []token) error {
	for i, t := range tokens {
		rest := tokens[i+1:]
		path := i >= 2 && tokens[i-1].is(".")
		switch {
		case t.named() && path && isCall(rest) && slices.Contains(bigqueryNamespaces, tokens[i-2].text):
			return refusal("the functions of " + strings.ToUpper(tokens[i-2].text) + " may not be called")
		case t.named() && path && tokens[i-2].text == "information_schema" && ofOthers(t.text):
			return refusal(t.text + " may not be read")
		case t.is("|") && len(rest) > 0 && rest[0].is(">") &&
			(len(rest) < 2 || rest[1].kind != wordToken || !slices.Contains(bigqueryPipes, rest[1].text)):
			return refusal("behind |> may stand: " + strings.ToUpper(strings.Join(bigqueryPipes, ", ")))
		}
	}
	return nil
}

// isCall reports whether the name before the tokens is called: f( or x.(f)(
func isCall(rest []token) bool {
	if len(rest) > 1 && rest[0].is(")") {
		rest = rest[1:]
	}
	return len(rest) > 0 && rest[0].is("(")
}

// ofOthers reports whether a view of the information schema shows what users
// asked.
func ofOthers(view string) bool {
	return strings.HasPrefix(view, "jobs") || strings.HasPrefix(view, "sessions")
}
