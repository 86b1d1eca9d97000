package guard

import (
	"slices"
	"strings"

	"defog-cdk/lambda/database/guard/lex"
)

// Snowflake has Snowflake's lexical rules. It lists the functions that stop queries, read
// files, run SQL, send data to other servers, or return data of other sessions. A
// statement must begin with a word that reads. Nothing else protects from DDL, which
// Snowflake commits at once.
var Snowflake = &Guard{
	scanner: lex.Snowflake{},
	reading: []string{"select", "with", "show", "describe", "desc"},
	refused: refusedBySnowflake,
	objects: true,
	// What the account's users did, how they log in, and models that cost money.
	hidden: []string{"account_usage", "reader_account_usage", "organization_usage", "data_sharing_usage", "cortex"},
	also:   checkSnowflake,
	names:  (*statement).checkSnowflakeFunctions,
}

func refusedBySnowflake(function string) bool {
	if slices.Contains(snowflakeHarmless, function) {
		return false
	}
	return slices.Contains(snowflakeRefused, function) ||
		slices.ContainsFunc(snowflakeRefusedPrefixes, func(prefix string) bool { return strings.HasPrefix(function, prefix) })
}

// snowflakeHarmless are of a refused kind and only describe their argument.
var snowflakeHarmless = []string{"system$typeof", "system$clustering_information", "system$clustering_depth"}

// https://docs.snowflake.com/en/sql-reference/functions-all
var snowflakeRefused = []string{
	// SQL, and names, in a string, which this guard would not see.
	"identifier", "to_query",
	// Files in stages.
	"get_presigned_url", "build_scoped_file_url", "build_stage_file_url", "get_stage_location", "infer_schema", "directory",
	"generate_column_description", "fl_get_content_type", "to_file", "parse_document",
	// Sequences.
	"nextval", "getnextval",
	// Results and statements of other questions and sessions, and logins.
	"result_scan", "last_query_id", "login_history", "rest_event_history", "task_history", "copy_history", "pipe_usage_history",
	"extract_semantic_categories", "all_user_names",
	"alert_history", "stage_directory_file_registration_history", "tag_references_with_lineage", "policy_references",
}

var snowflakeRefusedPrefixes = []string{"system$", "query_history", "ai_"}

// snowflakeStarting are the reserved words that begin a statement which writes.
// https://docs.snowflake.com/en/sql-reference/reserved-keywords
var snowflakeStarting = strings.Fields("alter create delete drop grant insert into revoke update")

// snowflakePhrases are words that no statement may hold in this order.
var snowflakePhrases = []string{"for update", "as procedure"}

// snowflakeTables are the functions that may stand in TABLE(…). Others may be
// procedures, which write.
var snowflakeTables = []string{"flatten", "generator", "split_to_table", "strtok_split_to_table"}

// checkSnowflake refuses files, chains of statements, and results of SHOW and DESCRIBE
// that a question must not read.
func checkSnowflake(tokens []lex.Token) error {
	for i, t := range tokens {
		before, after := tokens[:i], tokens[i+1:]
		switch {
		case t.Kind == lex.Word && (slices.Contains(snowflakeStarting, t.Text) ||
			slices.ContainsFunc(snowflakePhrases, func(phrase string) bool { return begins(tokens[i:], phrase) })):
			return refusal(strings.ToUpper(t.Text) + " may not be used here")
		case t.IsWord("call") && behind(before, ")") && isPathCall(after):
			return refusal("CALL may not be used here")
		case t.Is("@"), t.Kind == lex.String && isFile(before, t.Text):
			return refusal("files in stages may not be read; where a text begins with @, compare it by = or LIKE")
		case t.Is("->>"), t.Is("->") && begins2(after, ">", ""), t.Is("-") && begins2(after, ">", ">"):
			return refusal("it holds more than one statement")
		case t.Named() && t.Text == "nextval" && behind(before, "."):
			return refusal("sequences may not be moved on")
		case t.IsWord("table") && begins2(after, "(", "") && !isTableFunction(after[1:]):
			return refusal("TABLE may have: " + strings.ToUpper(strings.Join(snowflakeTables, ", ")))
		}
	}
	first := slices.IndexFunc(tokens, func(t lex.Token) bool { return !t.Is("(") })
	switch tokens[first].Text {
	case "show":
		return checkShown(tokens[first+1:], "SHOW", snowflakeShown)
	case "describe", "desc":
		return checkShown(tokens[first+1:], "DESCRIBE", snowflakeDescribed)
	}
	if len(tokens) == 1 {
		return refusal("it is not complete")
	}
	return nil
}

// isPathCall reports whether tokens begin with a call of a function or procedure: a.b(.
func isPathCall(tokens []lex.Token) bool {
	for len(tokens) > 2 && tokens[0].Named() && tokens[1].Is(".") {
		tokens = tokens[2:]
	}
	return len(tokens) > 1 && tokens[0].Named() && tokens[1].Is("(")
}

// isFile reports whether a string may name a file or a stage. Such a string begins with
// @ and is not compared with a value, or it has a URL after FROM.
func isFile(before []lex.Token, text string) bool {
	if behind(before, "from", "join") && strings.Contains(text, "://") {
		return true
	}
	return strings.HasPrefix(strings.TrimSpace(text), "@") && text != "@" && !behind(before, "=", ">", "<", "|", "like", "ilike", "rlike", "then", "else")
}

// begins2 reports whether tokens begin with two symbols, the second of which may
// be any token.
func begins2(tokens []lex.Token, first, second string) bool {
	return len(tokens) > 1 && tokens[0].Is(first) && (second == "" || tokens[1].Is(second))
}

// isTableFunction reports whether the tokens behind TABLE( are a call of one of
// snowflakeTables, or a table's name in a string.
func isTableFunction(tokens []lex.Token) bool {
	if tokens[0].Kind == lex.String {
		return len(tokens) > 1 && tokens[1].Is(")")
	}
	return slices.Contains(snowflakeTables, tokens[0].Text) && begins2(tokens[1:], "(", "")
}

// What SHOW may show, and DESCRIBE describe. The rest is of users, rights, and
// the account's operation.
var (
	snowflakeShown = []string{
		"tables", "views", "columns", "schemas", "databases", "objects", "materialized views", "dynamic tables", "external tables",
		"primary keys", "unique keys", "imported keys", "exported keys", "sequences",
	}
	snowflakeDescribed = []string{"table", "view", "materialized view", "dynamic table", "external table", "schema", "database", "sequence"}
)

func checkShown(tokens []lex.Token, verb string, valid []string) error {
	if len(tokens) > 0 && tokens[0].IsWord("terse") {
		tokens = tokens[1:]
	}
	if slices.ContainsFunc(valid, func(phrase string) bool { return begins(tokens, phrase) }) {
		return nil
	}
	return refusal(verb + " may have: " + strings.ToUpper(strings.Join(valid, ", ")))
}
