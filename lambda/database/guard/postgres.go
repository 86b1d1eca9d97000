package guard

import (
	"slices"
	"strings"

	"defog-cdk/lambda/database/guard/lex"
)

// Postgres has PostgreSQL's lexical rules and a list of functions of the server, its
// contributed modules and common extensions. They write, wait, kill, or reach files
// and other servers in spite of a read-only transaction.
var Postgres = &Guard{
	scanner:  lex.Postgres{},
	reading:  []string{"select", "with", "values", "table", "show", "explain"},
	refused:  refusedByPostgres,
	sqlCalls: []string{"crosstab", "crosstab2", "crosstab3", "crosstab4"},
	examined: postgresExamined,
	hidden:   postgresHidden,
	also:     checkPostgres,
	names:    (*statement).checkCatalogue,
}

// PostgresOfCallers is PostgreSQL with row security. EXPLAIN counts the rows that a policy
// hides: exactly with ANALYZE, and by a table's statistics without it.
var PostgresOfCallers = func() *Guard {
	guard := *Postgres
	guard.reading = slices.DeleteFunc(slices.Clone(guard.reading), func(word string) bool { return word == "explain" })
	return &guard
}()

// postgresHidden are relations that hold credentials, what other sessions do,
// samples of all tables, or the server's operation.
var postgresHidden = slices.Concat(
	// Credentials.
	[]string{
		"pg_authid", "pg_shadow", "pg_user_mapping", "pg_user_mappings", "user_mapping_options", "_pg_user_mappings",
		"pg_subscription", "pg_foreign_server", "pg_foreign_data_wrapper", "pg_foreign_table", "foreign_server_options",
		"foreign_table_options", "foreign_data_wrapper_options", "_pg_foreign_servers", "_pg_foreign_tables", "_pg_foreign_data_wrappers",
		"_pg_foreign_table_columns", "pg_db_role_setting", "pg_dblink_connections",
	},
	// Other sessions and what they run.
	[]string{
		"pg_stat_activity", "pg_stat_ssl", "pg_stat_gssapi", "pg_stat_replication", "pg_stat_wal_receiver", "pg_stat_subscription",
		"pg_stat_progress_analyze", "pg_stat_progress_basebackup", "pg_stat_progress_cluster", "pg_stat_progress_copy",
		"pg_stat_progress_create_index", "pg_stat_progress_vacuum", "pg_locks", "pg_prepared_xacts", "pg_prepared_statements",
		"pg_cursors", "pg_replication_slots", "pg_stat_replication_slots", "pg_replication_origin_status", "pg_replication_origin",
		"pg_stat_statements", "pg_stat_statements_info", "pg_aios",
	},
	// Samples of tables that the user may not read.
	[]string{"pg_statistic", "pg_stats", "pg_statistic_ext_data", "pg_stats_ext", "pg_stats_ext_exprs"},
	// The server's operation.
	[]string{
		"pg_hba_file_rules", "pg_ident_file_mappings", "pg_file_settings", "pg_settings", "pg_config", "pg_backend_memory_contexts",
		"pg_shmem_allocations", "pg_shmem_allocations_numa",
	},
)

func refusedByPostgres(function string) bool {
	if slices.Contains(postgresRefused, function) || slices.Contains(postgresInputs, function) {
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
	"set_config", "setseed",
	// SQL in a string, which this guard would not see, and whole schemas.
	"ts_stat", "ts_rewrite", "connectby", "xpath_table",
	"schema_to_xml", "schema_to_xmlschema", "schema_to_xml_and_xmlschema",
	"database_to_xml", "database_to_xmlschema", "database_to_xml_and_xmlschema",
	// Files and other servers, by extensions.
	"xslt_process", "http", "http_get", "http_head", "http_post", "http_put", "http_patch", "http_delete",
	// Files of rasters.
	"st_addband", "st_bandfilesize", "st_bandfiletimestamp", "st_fromgdalraster",
	// A row by its physical address in a table by its name.
	"currtid", "currtid2",
	// The server's operation and settings.
	"pg_config", "txid_current", "pg_current_xact_id", "pg_show_all_settings", "pg_show_replication_origin_status",
	// Other sessions.
	"pg_get_replication_slots", "pg_listening_channels", "pg_mcv_list_items",
	// An input of any type, by the name of the type.
	"pg_input_is_valid", "pg_input_error_info",
	"pg_lock_status", "pg_prepared_xact", "pg_prepared_statement", "pg_cursor",
}

// postgresInputs read an input of any type, by the type's number.
var postgresInputs = []string{"array_in", "domain_in", "record_in", "range_in", "multirange_in"}

var postgresRefusedPrefixes = []string{
	// Files.
	"pg_read_", "pg_ls_", "pg_stat_file", "pg_file_", "pg_logdir_ls", "pg_current_logfile",
	"pg_show_all_file_settings", "pg_hba_file_rules", "pg_ident_file_mappings",
	// Waiting, locks, and other sessions.
	"pg_sleep", "pg_advisory_", "pg_try_advisory_", "pg_terminate_", "pg_cancel_", "pg_notify",
	"pg_isolation_test_", "pg_stat_get_activity", "pg_stat_get_backend_", "pg_stat_get_wal_", "pg_stat_get_progress_info",
	"pg_stat_get_subscription", "pg_stat_get_replication_slot", "pg_stat_statements",
	// The server's operation.
	"pg_reload_", "pg_rotate_", "pg_log_", "pg_promote", "pg_stat_reset", "pg_stat_clear_", "pg_stat_force_",
	"pg_prewarm", "autoprewarm_", "pg_buffercache_evict", "pg_stop_", "pg_start_backup",
	"pg_backup_", "pg_switch_", "pg_wal_replay_", "pg_nextoid", "pg_background_", "pg_get_backend_memory_contexts",
	// Replication, the log, and the catalogue.
	"pg_create_", "pg_copy_", "pg_drop_", "pg_logical_", "pg_replication_origin_", "pg_replication_slot_",
	"pg_sync_", "pg_get_wal_", "pg_export_", "pg_import_", "pg_restore_", "pg_clear_",
	"pg_extension_config_dump", "binary_upgrade_", "brin_summarize_", "brin_desummarize_", "gin_clean_",
	"heap_force_", "pg_truncate_",
	// SQL in a string, which this guard would not see.
	"query_to_xml", "cursor_to_xml",
	// Other servers.
	"dblink", "postgres_fdw_",
}

// postgresSchemas are those of extensions by which managed services reach files,
// functions and models.
var postgresSchemas = []string{
	"aws_s3", "aws_lambda", "aws_ml", "aws_sagemaker", "aws_comprehend", "aws_bedrock", "azure_storage", "azure_ai", "azure_openai",
	"azure_cognitive", "azure_ml", "google_ml", "net", "cron",
}

// postgresSettings hold credentials, commands and paths.
var postgresSettings = []string{"all", "primary_conninfo", "archive_command", "restore_command", "archive_cleanup_command", "recovery_end_command",
	"ssl_passphrase_command", "krb_server_keyfile", "data_directory", "config_file", "hba_file", "ident_file", "external_pid_file",
	"ssl_cert_file", "ssl_key_file", "ssl_ca_file", "ssl_crl_file", "ssl_crl_dir", "ssl_dh_params_file", "log_directory", "log_filename",
	"unix_socket_directories", "dynamic_library_path", "extension_control_path", "shared_preload_libraries", "session_preload_libraries",
	"local_preload_libraries", "synchronous_standby_names", "primary_slot_name"}

// postgresReads are functions that read the content of a relation by its name:
// the name has to be a constant.
var postgresReads = []string{"table_to_xml", "table_to_xmlschema", "table_to_xml_and_xmlschema"}

// postgresExamined are functions that checkPostgresCall examines.
var postgresExamined = slices.Concat([]string{"current_setting"}, postgresReads)

// postgresByText are functions that take a relation, a function or a schema by
// its name and return facts of it. A constant among their arguments is examined.
var postgresByText = strings.Fields(`
	pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size pg_relation_filenode pg_relation_filepath
	pg_partition_tree pg_partition_ancestors pg_partition_root pg_sequence_last_value pg_get_serial_sequence currval
	pg_get_viewdef pg_get_functiondef pg_get_indexdef pg_get_constraintdef pg_get_triggerdef pg_get_ruledef pg_get_expr
	to_regclass to_regproc to_regprocedure has_table_privilege has_any_column_privilege has_column_privilege has_function_privilege
	has_sequence_privilege row_security_active obj_description col_description pg_column_is_updatable pg_relation_is_updatable
	regclass regproc regprocedure find_srid st_estimatedextent st_estimated_extent st_findextent st_find_extent`)

// postgresRegistered are types whose input is the name of an object.
var postgresRegistered = []string{"regclass", "regproc", "regprocedure", "regoper", "regoperator"}

// checkPostgres refuses INTO, and hidden objects by a name in a string.
func checkPostgres(tokens []lex.Token) error {
	for i, t := range tokens {
		before, after := tokens[:i], tokens[i+1:]
		var err error
		switch {
		case t.Named() && strings.HasPrefix(t.Text, "pg_stat_progress_"):
			err = refusal(t.Text + " may not be read")
		case t.IsWord("into") && !behind(before, ".", "as"):
			err = refusal("INTO would make a table")
		case behind(before, "(", ")") && slices.ContainsFunc(postgresWriting, func(phrase string) bool { return begins(tokens[i:], phrase) }),
			behind(before, "(", ")") && t.IsWord("update") && len(after) > 1 && after[0].Named() && !after[0].IsWord("from"):
			err = refusal(strings.ToUpper(t.Text) + " may not be used here")
		case t.IsWord("show") && i == 0 && len(after) > 0 && slices.Contains(postgresSettings, strings.ToLower(after[0].Text)): // also in quotes
			err = refusal("the setting " + after[0].Text + " may not be shown")
		case t.IsWord("treat") && len(after) > 0 && after[0].Is("(") && !behind(before, "."):
			err = refusal("TREAT would call a function by a type's name") // https://www.postgresql.org/docs/current/sql-keywords-appendix.html
		case t.Kind == lex.String && isRegistered(before, after):
			err = checkObject(t.Text)
		case t.Named() && len(after) > 0 && after[0].Is("("):
			err = checkPostgresCall(before, t, tokens[i+2:closes(tokens, i+1)])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// postgresWriting begin a statement that writes, behind a WITH or in it.
var postgresWriting = []string{"insert into", "delete from", "merge into"}

// isRegistered reports whether the string between the tokens is an object's name.
func isRegistered(before, after []lex.Token) bool {
	registered := func(t lex.Token) bool { return t.Named() && slices.Contains(postgresRegistered, t.Text) }
	if len(before) > 0 && registered(before[len(before)-1]) {
		return true
	}
	if len(after) > 0 && (after[0].Is("::") || after[0].IsWord("as")) {
		after = after[1:]
		if begins(after, "pg_catalog") && len(after) > 1 {
			after = after[2:]
		}
		return len(after) > 0 && registered(after[0])
	}
	return false
}

// checkObject examines the name of a relation or a function in a string.
func checkObject(text string) error {
	tokens, err := lex.Postgres{}.Scan(text)
	if err != nil {
		return refusal(err.Error())
	}
	for _, t := range tokens {
		if t.Named() && (slices.Contains(postgresHidden, t.Text) || refusedByPostgres(t.Text)) {
			return refusal(t.Text + " may not be read")
		}
	}
	return nil
}

// checkPostgresCall examines a call of a function that takes names as text.
func checkPostgresCall(before []lex.Token, function lex.Token, arguments []lex.Token) error {
	switch {
	case behind(before, ".") && len(before) > 1 && slices.Contains(postgresSchemas, before[len(before)-2].Text):
		return refusal("the functions of " + before[len(before)-2].Text + " may not be called")
	case function.Text == "current_setting":
		if len(arguments) == 0 || arguments[0].Kind != lex.String || len(arguments) > 1 && !arguments[1].Is(",") ||
			slices.Contains(postgresSettings, strings.ToLower(arguments[0].Text)) {
			return refusal("current_setting may only return a setting that is named by a string and holds no credentials, commands and paths")
		}
	case slices.Contains(postgresReads, function.Text):
		end := slices.IndexFunc(arguments, func(t lex.Token) bool { return t.Is(",") })
		if end != 1 && (end != 3 || !arguments[1].Is("::") || !arguments[2].IsWord("regclass")) || arguments[0].Kind != lex.String ||
			strings.Trim(arguments[0].Text, " 0123456789") == "" {
			return refusal("the first argument of " + function.Text + " must be a table's name in a string")
		}
		return checkObject(arguments[0].Text)
	case slices.Contains(postgresByText, function.Text):
		for _, t := range arguments {
			if t.Kind != lex.String {
				continue
			}
			if err := checkObject(t.Text); err != nil {
				return err
			}
		}
	}
	return nil
}

// postgresHarmless are volatile functions of the server that a statement may
// call: they compute, return facts of the user's objects, or create methods of
// tables.
var postgresHarmless = strings.Fields(`
	random random_normal clock_timestamp timeofday gen_random_uuid uuidv4 uuidv7 array_sample array_shuffle bernoulli system
	current_query currval lastval lo_get txid_status pg_xact_status pg_xact_commit_timestamp
	pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size pg_database_size pg_tablespace_size
	pg_partition_tree pg_partition_ancestors pg_sequence_last_value pg_get_sequence_data pg_get_multixact_members
	pg_is_in_recovery pg_last_xact_replay_timestamp pg_collation_actual_version pg_database_collation_actual_version
	pg_jit_available pg_stat_have_stats pg_blocking_pids pg_safe_snapshot_blocking_pids pg_notification_queue_usage`)

// postgresComputing are extensions that only compute, or read what a statement
// could read without them. Those that take SQL or a table's name as text, such as
// `pgrouting` and `address_standardizer`, are not among them.
var postgresComputing = strings.Fields(`
	bloom btree_gin btree_gist citext cube dict_int dict_xsyn earthdistance fuzzystrmatch h3 h3_postgis hll hstore intagg intarray ip4r isn
	ltree pg_bigm pg_hint_plan pg_trgm pg_uuidv7 pgcrypto pgvector plpgsql postgis postgis_sfcgal prefix roaringbitmap rum seg semver tablefunc
	tdigest timescaledb_toolkit tsm_system_rows tsm_system_time unaccent unit uuid-ossp vector vectorscale`)

// postgresReaching are functions of these extensions that do more.
var postgresReaching = strings.Fields(`
	addgeometrycolumn dropgeometrycolumn dropgeometrytable populate_geometry_columns updategeometrysrid postgis_extensions_upgrade
	lockrow unlockrows addauth checkauth checkauthtrigger enablelongtransactions disablelongtransactions gettransactionid
	connectby isn_weak`)

// postgresKnown are functions of other extensions that only compute, although
// they are not immutable.
var postgresKnown = map[string][]string{
	"timescaledb": strings.Fields("time_bucket time_bucket_gapfill locf interpolate first last histogram"),
}
