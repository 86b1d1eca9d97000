package guard

import "defog-cdk/lambda/database/guard/lex"

// SQLite has SQLite's lexical rules. SQLite's compiler decides what a statement may do:
// see authorizeSQLite.
var SQLite = &Guard{
	scanner: lex.SQLite{},
	reading: []string{"select", "with", "values", "explain"},
	refused: func(function string) bool {
		return function == "load_extension" || function == "fts3_tokenizer"
	},
}
