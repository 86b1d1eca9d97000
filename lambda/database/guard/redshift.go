package guard

import "slices"

// Redshift knows, besides PostgreSQL's functions, that Redshift's strings
// may hold escaped quotes, of which its documents say nothing. SELECT INTO,
// which makes a table, is refused by the guard too.
var Redshift = &Guard{
	dialect: dialect{nameQuotes: `"`, nestedComments: true, dollarQuotes: true, prefixes: true, backslashes: backslashAmbiguous},
	reading: []string{"select", "with", "show", "explain"},
	refused: func(function string) bool {
		return refusedByPostgres(function) || slices.Contains(Postgres.sqlCalls, function)
	},
	hidden: Postgres.hidden,
	also: func(tokens []token) error {
		if slices.Contains(tokens, token{wordToken, "into"}) {
			return refusal("INTO would make a table")
		}
		return nil
	},
}
