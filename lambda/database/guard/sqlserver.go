package guard

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"defog-cdk/lambda/database/guard/lex"
)

// SQLServer has T-SQL's lexical rules, and its functions that reach files and other
// servers, or return passwords. A session has QUOTED_IDENTIFIER on, so text in double
// quotes is a name. T-SQL needs no semicolon between statements: its keywords show
// where one begins.
var SQLServer = &Guard{
	scanner: lex.SQLServer{},
	reading: []string{"select", "with"},
	refused: refusedBySQLServer,
	hidden:  sqlserverHidden,
	also:    checkSQLServer,
	names:   (*statement).checkSQLServerFunctions,
}

// sqlserverHidden are password hashes, other sessions and their statements, and what
// SQL Server Agent, Database Mail and Service Broker hold for others.
var sqlserverHidden = []string{
	"sql_logins", "syslogins", "sysxlogins", "sysoledbusers", "sysremotelogins", "sysprocesses", "syscacheobjects",
	"linked_logins", "column_encryption_key_values", "openkeys",
	"query_store_query_text", "query_store_plan", "traces", "transmission_queue",
	"sysjobs", "sysjobsteps", "sysjobstepslogs", "sysjobhistory", "sysjobs_view", "sysproxies",
	"sysmail_account", "sysmail_server", "sysmail_profile", "sysmail_mailitems", "sysmail_allitems", "sysmail_sentitems",
	"sysmail_unsentitems", "sysmail_faileditems", "sysmail_attachments", "sysmail_mailattachments", "sysmail_log",
}

func refusedBySQLServer(function string) bool {
	return slices.Contains(sqlserverRefused, function) ||
		slices.ContainsFunc(sqlserverRefusedPrefixes, func(prefix string) bool { return strings.HasPrefix(function, prefix) })
}

// sqlserverRefused are functions of the server, documented or not.
// https://learn.microsoft.com/en-us/sql/t-sql/functions/functions
var sqlserverRefused = []string{
	// Other servers, files, and what an extended procedure left in memory.
	"openrowset", "openquery", "opendatasource", "openxml", "get_filestream_transaction_context",
	"ai_generate_embeddings",
	// Passwords and keys.
	"loginproperty", "pwdcompare", "pwdencrypt", "decryptbykey", "decryptbycert", "decryptbyasymkey", "decryptbykeyautocert",
	"decryptbykeyautoasymkey", "decryptbypassphrase", "signbycert", "signbyasymkey", "crypt_gen_random",
	// The transaction log, traces, audits and backups, which are files.
	"fn_dblog", "fn_dblog_xtp", "fn_dump_dblog", "fn_dump_dblog_xtp", "fn_full_dblog", "fn_get_audit_file", "fn_get_audit_file_v2",
	"fn_get_sql", "fn_xe_file_target_read_file", "fn_xe_telemetry_blob_target_read_file", "fn_physloccracker",
	"fn_getrowsetidfromrowdump", "fn_repldecryptver4", "fn_replgetcolidfrombitmap", "fn_cdc_decrypt_metadata",
	"fn_sqlagent_jobs", "fn_sqlagent_job_history", "fn_sqlagent_jobsteps", "fn_sqlagent_jobsteps_logs",
}

var sqlserverRefusedPrefixes = []string{
	"xp_", "sp_", "fn_trace_", "fn_syspolicy_", "fn_sysdac_", "fn_rpc_", "fn_hadr_",
}

// sqlserverStarting are the reserved words that begin a statement, write, or run
// something, in one that only reads they have no place.
// https://learn.microsoft.com/en-us/sql/t-sql/language-elements/reserved-keywords-transact-sql
var sqlserverStarting = strings.Fields(`
	add alter backup begin break bulk checkpoint close commit continue create dbcc deallocate declare delete deny disk drop dump
	exec execute goto grant if insert into kill lineno load open print proc procedure raiserror readtext reconfigure
	restore return revert revoke rollback save set setuser shutdown tran transaction trigger truncate update updatetext use
	waitfor while writetext`)

// sqlserverPhrases are words that no statement may contain in this order. They advance
// sequences, or are statements that begin with a word which is not reserved.
var sqlserverPhrases = []string{
	"next value for", "disable trigger", "enable trigger", "send on", "get conversation", "move conversation",
	"end conversation", "receive top", "for browse", "rename object",
}

// sqlserverLocks are hints that keep others from writing.
// https://learn.microsoft.com/en-us/sql/t-sql/queries/hints-transact-sql-table
var sqlserverLocks = strings.Fields("tablockx xlock updlock tablock paglock holdlock serializable repeatableread querytraceon")

// checkSQLServer refuses a second statement, and names that lead elsewhere.
func checkSQLServer(tokens []lex.Token) error {
	if len(tokens) == 1 {
		return refusal("it is not complete")
	}
	for i, t := range tokens {
		var err error
		if t.Kind == lex.Word {
			err = checkKeyword(tokens[:i], tokens[i:])
		}
		if err == nil && t.Named() {
			err = checkName(tokens[:i], tokens[i:])
		}
		if err != nil {
			return err
		}
	}
	return checkSelects(tokens)
}

// checkKeyword looks at a word that is not quoted, the first of rest.
func checkKeyword(before, rest []lex.Token) error {
	word := rest[0].Text
	after := lex.Token{}
	if len(rest) > 1 {
		after = rest[1]
	}
	switch {
	case slices.Contains(sqlserverStarting, word):
	case slices.ContainsFunc(sqlserverPhrases, func(phrase string) bool { return begins(rest, phrase) }):
	case slices.Contains(sqlserverLocks, word):
	case word == "merge" && after.Text != "join" && after.Text != "union": // a hint for a join
	case word == "fetch" && !behind(before, "row", "rows"): // of OFFSET … ROWS
	case word == "receive" && after.Is("*"):
	default:
		return nil
	}
	return refusal(strings.ToUpper(word) + " may not be used here")
}

// checkName checks a name, the first of rest. For SQL Server, a name of four parts is
// on another server. Some of the parts may be empty.
func checkName(before, rest []lex.Token) error {
	if name := rest[0].Text; !ascii(name) && slices.Contains(sqlserverHidden, plainLetters(name)) {
		return refusal(name + " may not be read")
	}
	if behind(before, ".") {
		return checkSystem(before[:len(before)-1], rest[0].Text)
	}
	dots, i := 0, 1
	for ; i < len(rest) && (rest[i].Is(".") || behind(rest[:i], ".") && inName(rest[i])); i++ {
		if rest[i].Is(".") {
			dots++
		}
	}
	switch {
	case dots >= 3:
		return refusal("a name of four parts leads to another server; give tables a short alias")
	case i < len(rest) && rest[i].Is("(") && !ascii(rest[i-1].Text):
		return refusal("a function's name may only have ASCII characters")
	}
	return nil
}

// checkSystem looks at a name behind a schema's, the last of before: the server
// keeps its state in the schema sys.
func checkSystem(before []lex.Token, name string) error {
	if len(before) == 0 || !isSys(before[len(before)-1].Text) {
		return nil
	}
	if refusedBySQLServer(name) || !ascii(name) || strings.HasPrefix(name, "dm_") || strings.Contains(name, "credential") {
		return refusal("sys." + name + " may not be read")
	}
	return nil
}

// isSys reports whether a schema is sys, also to a server that ignores accents or
// widths. Such a name has three Latin letters, not all of them ASCII.
func isSys(schema string) bool {
	letters := 0
	for _, r := range schema {
		switch {
		case unicode.Is(unicode.Latin, r):
			letters++
		case !unicode.Is(unicode.Mn, r):
			return false
		}
	}
	return schema == "sys" || letters == len("sys") && !ascii(schema)
}

// inName reports whether a token can stand in a name behind a dot.
func inName(t lex.Token) bool { return t.Named() || t.Kind == lex.Number }

// plainLetters is a name without accents, widths, and what has no width: to some
// collations it is the same.
func plainLetters(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Cf) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(name))
}

func ascii(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// checkSelects refuses each further SELECT of a statement. It accepts one in
// parentheses, one after UNION, EXCEPT or INTERSECT, and the one after the tables of a
// WITH.
func checkSelects(tokens []lex.Token) error {
	depth, main := 0, !tokens[0].IsWord("with")
	for i, t := range tokens {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case t.IsWord("with") && i > 0 && !isHint(tokens[i:]):
			return refusal("it holds more than one statement")
		case !t.IsWord("select") || i == 0 || behind(tokens[:i], "(", "union", "except", "intersect", "all"):
		case depth == 0 && !main && behind(tokens[:i], ")"):
			main = true
		default:
			return refusal("it holds more than one statement")
		}
		if depth < 0 {
			return refusal("a parenthesis is closed that was not opened")
		}
	}
	if depth > 0 {
		return refusal("a parenthesis is not closed")
	}
	return nil
}

// isHint reports whether a WITH, the first of rest, does not begin a statement. Such
// are WITH (NOLOCK), WITH in OPENJSON, GROUP BY … WITH ROLLUP, and TOP … WITH TIES.
func isHint(rest []lex.Token) bool {
	if len(rest) < 2 {
		return false
	}
	return rest[1].Is("(") || slices.Contains([]string{"rollup", "cube", "ties"}, rest[1].Text)
}
