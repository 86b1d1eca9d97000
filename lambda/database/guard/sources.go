package guard

import (
	"slices"

	"defog-cdk/lambda/database/guard/lex"
)

// opening are words behind which a table stands.
var opening = []string{"from", "join", "table", "stream", "straight_join", "describe", "desc", "explain", "extended", "partitions", "only"}

// sources reports of each token whether it stands where a table does: behind
// FROM, or behind a comma or a parenthesis that does. The clauses are the words
// that end a list of tables.
func sources(tokens []lex.Token, clauses []string) []bool {
	list := make([]bool, len(tokens))
	lists := []bool{false} // by depth, whether a comma is between tables
	for i, t := range tokens {
		last := len(lists) - 1
		switch {
		case i == 0:
		case tokens[i-1].Kind == lex.Word && slices.Contains(opening, tokens[i-1].Text):
			list[i] = true
		case tokens[i-1].Is("("):
			list[i] = list[i-1]
		case tokens[i-1].Is(","):
			list[i] = lists[last]
		case i > 1 && tokens[i-2].Is("{"): // ODBC's {OJ a LEFT OUTER JOIN b}
			list[i] = list[i-2]
		}
		switch {
		case t.Is("("):
			lists = append(lists, list[i])
		case t.Is(")") && last > 0:
			lists = lists[:last]
		case t.Kind != lex.Word:
		case t.Text == "from" || t.Text == "join":
			lists[last] = true
		case slices.Contains(clauses, t.Text) && !behind(tokens[:i], "as", ".") && !isIndexHint(tokens[:i]) &&
			(i+1 >= len(tokens) || !tokens[i+1].Is(",")):
			lists[last] = false
		}
	}
	return list
}

// isIndexHint reports whether BY behind the tokens is that of FOR ORDER BY or FOR GROUP
// BY. These stand in a hint behind a table.
func isIndexHint(before []lex.Token) bool {
	return behind(before, "order", "group") && behind(before[:len(before)-1], "for")
}
