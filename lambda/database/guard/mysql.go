package guard

import (
	"slices"
	"strings"
)

// MySQL knows the lexical rules of MySQL and MariaDB, and their functions
// that write, wait, lock, or reach files and other servers in spite of a
// read-only transaction.
var MySQL = &Guard{
	dialect: dialect{nameQuotes: "`", stringQuotes: `"`, backslashes: backslashEscape, mysql: true},
	reading: []string{"select", "with", "values", "table", "show", "explain", "describe", "desc"},
	refused: refusedByMySQL,
	also:    checkMySQL,
}

func refusedByMySQL(function string) bool {
	return slices.Contains(mysqlRefused, function) ||
		slices.ContainsFunc(mysqlRefusedPrefixes, func(prefix string) bool { return strings.HasPrefix(function, prefix) })
}

var mysqlRefused = []string{
	// Files, sequences, and what the next statement of the session would see.
	"load_file", "nextval", "setval", "last_insert_id",
	// Waiting and locks.
	"sleep", "benchmark", "get_lock", "release_lock", "release_all_locks",
	"master_pos_wait", "source_pos_wait", "master_gtid_wait", "wait_for_executed_gtid_set",
	"wait_until_sql_thread_after_gtids", "wsrep_sync_wait_upto_gtid",
	"service_get_read_locks", "service_get_write_locks", "service_release_locks",
	// Commands of the operating system, by a common extension, and Amazon's functions.
	"sys_exec", "sys_eval", "sys_get", "sys_set", "lambda_sync", "lambda_async",
	// The server's operation.
	"load_rewrite_rules", "flush_rewrite_rules", "set_firewall_mode", "mysql_firewall_flush_status",
	"read_firewall_users", "read_firewall_whitelist", "read_firewall_groups", "read_firewall_group_allowlist",
	"gen_dictionary_load", "gen_dictionary_drop",
}

var mysqlRefusedPrefixes = []string{
	"keyring_", "audit_log_", "group_replication_", "asynchronous_connection_failover_", "version_tokens_",
	"innodb_redo_log_", "masking_dictionar", "firewall_",
	// Other servers.
	"spider_", "aws_",
}

// mysqlPhrases are words that no statement may hold in this order: they write
// to files, variables and sequences, or lock rows.
var mysqlPhrases = []string{
	"into", "for update", "for share", "lock in share", "next value for",
}

// checkMySQL refuses what mysqlPhrases has, assignments, the schema with the
// password hashes, and SHOW of anything but the schema and settings.
func checkMySQL(tokens []token) error {
	for i, t := range tokens {
		rest := tokens[i+1:]
		switch {
		case t.kind == wordToken && slices.ContainsFunc(mysqlPhrases, func(phrase string) bool { return begins(tokens[i:], phrase) }):
			return refusal(strings.ToUpper(t.text) + " may not be used here")
		case t.is(":") && len(rest) > 0 && rest[0].is("="):
			return refusal("it sets a variable")
		case t.is(`\`): // \N is NULL, with or without a blank behind it
			return refusal("it holds a backslash outside of a string")
		case t.named() && t.text == "mysql" && len(rest) > 0 && rest[0].is("."):
			return refusal("the schema mysql may not be read")
		}
	}
	first := slices.IndexFunc(tokens, func(t token) bool { return !t.is("(") })
	if begins(tokens[first:], "show") {
		return checkShow(tokens[first+1:])
	}
	return nil
}

// mysqlShown is what SHOW may show. The rest is of users, of other sessions,
// or of the server's operation.
var mysqlShown = []string{
	"tables", "columns", "fields", "databases", "schemas", "index", "indexes", "keys", "table status", "triggers", "events",
	"create table", "create view", "create database", "create schema", "procedure status", "function status",
	"variables", "status", "engines", "collation", "character", "charset", "warnings", "errors", "count",
}

func checkShow(tokens []token) error {
	for len(tokens) > 0 && slices.Contains([]string{"full", "extended", "global", "session", "local"}, tokens[0].text) {
		tokens = tokens[1:]
	}
	if slices.ContainsFunc(mysqlShown, func(phrase string) bool { return begins(tokens, phrase) }) {
		return nil
	}
	return refusal("SHOW may show: " + strings.ToUpper(strings.Join(mysqlShown, ", ")))
}
