package guard

import (
	"slices"
	"strings"
)

// Postgres knows PostgreSQL's lexical rules, and the functions of the
// server, its contributed modules and common extensions that write, wait, kill,
// or reach files and other servers in spite of a read-only transaction.
var Postgres = &Guard{
	dialect:  dialect{nameQuotes: `"`, nestedComments: true, dollarQuotes: true, prefixes: true},
	reading:  []string{"select", "with", "values", "table", "show", "explain"},
	refused:  refusedByPostgres,
	sqlCalls: []string{"crosstab", "crosstab2", "crosstab3", "crosstab4"},
	// Passwords, and views over the functions refused below.
	hidden: []string{
		"pg_authid", "pg_shadow", "pg_user_mapping", "pg_user_mappings", "user_mapping_options", "_pg_user_mappings",
		"pg_subscription",
		"pg_hba_file_rules", "pg_ident_file_mappings", "pg_file_settings",
		"aws_s3", "aws_lambda",
	},
}

func refusedByPostgres(function string) bool {
	if slices.Contains(postgresRefused, function) {
		return true
	}
	return slices.ContainsFunc(postgresRefusedPrefixes, func(prefix string) bool {
		return strings.HasPrefix(function, prefix)
	})
}

var postgresRefused = []string{
	// Large objects and sequences.
	"lo_import", "lo_export", "lo_creat", "lo_create", "lo_unlink", "lo_open", "lo_close", "lo_put",
	"lo_from_bytea", "lo_truncate", "lo_truncate64", "lo_lseek", "lo_lseek64", "lo_tell", "lo_tell64",
	"loread", "lowrite", "nextval", "setval",
	// The session.
	"set_config",
	// SQL in a string, which this guard would not see.
	"ts_stat", "ts_rewrite", "connectby", "xpath_table",
	// Files and other servers, by extensions.
	"xslt_process", "http", "http_get", "http_head", "http_post", "http_put", "http_patch", "http_delete",
}

var postgresRefusedPrefixes = []string{
	// Files.
	"pg_read_", "pg_ls_", "pg_stat_file", "pg_file_", "pg_logdir_ls", "pg_current_logfile",
	"pg_show_all_file_settings", "pg_hba_file_rules", "pg_ident_file_mappings",
	// Waiting, locks, and other sessions.
	"pg_sleep", "pg_advisory_", "pg_try_advisory_", "pg_terminate_", "pg_cancel_", "pg_notify",
	"pg_isolation_test_",
	// The server's operation.
	"pg_reload_", "pg_rotate_", "pg_log_", "pg_promote", "pg_stat_reset", "pg_stat_clear_", "pg_stat_force_",
	"pg_stat_statements_reset", "pg_prewarm", "pg_buffercache_evict", "pg_stop_", "pg_start_backup",
	"pg_backup_", "pg_switch_", "pg_wal_replay_", "pg_nextoid", "pg_background_",
	// Replication, the log, and the catalog.
	"pg_create_", "pg_copy_", "pg_drop_", "pg_logical_", "pg_replication_origin_", "pg_replication_slot_",
	"pg_sync_", "pg_get_wal_", "pg_export_", "pg_import_", "pg_restore_", "pg_clear_",
	"pg_extension_config_dump", "binary_upgrade_", "brin_summarize_", "brin_desummarize_", "gin_clean_",
	"heap_force_",
	// SQL in a string, which this guard would not see.
	"query_to_xml", "cursor_to_xml",
	// Other servers.
	"dblink", "postgres_fdw_",
}
