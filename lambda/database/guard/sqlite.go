package guard

import "defog-cdk/lambda/database/guard/lex"

// SQLite knows SQLite's lexical rules. What a statement may do is decided
// by SQLite's compiler: see authorizeSQLite.
var SQLite = &Guard{
	scanner: lex.SQLite{},
	reading: []string{"select", "with", "values", "explain"},
	refused: func(function string) bool {
		return function == "load_extension" || function == "fts3_tokenizer"
	},
}
