package guard

import (
	"slices"

	"defog-cdk/lambda/database/guard/lex"
)

// SQLite has SQLite's lexical rules. SQLite's compiler decides what a statement may do:
// see authorizeSQLite.
var SQLite = &Guard{
	scanner: lex.SQLite{},
	reading: []string{"select", "with", "values", "explain"},
	refused: func(function string) bool {
		return slices.Contains(sqliteRefused, function)
	},
}

// sqliteRefused load code, take pointers, or write to the log.
var sqliteRefused = []string{"load_extension", "fts3_tokenizer", "sqlite_log"}
