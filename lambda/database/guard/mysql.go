package guard

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"defog-cdk/lambda/database/guard/lex"
)

// MySQL has the lexical rules of MySQL and MariaDB, and their functions. Both list only
// stored functions in a catalogue. So every called name must be a built-in function of
// mysqlFunctions or a stored one.
var MySQL = &Guard{
	scanner: lex.MySQL{},
	reading: []string{"select", "with", "values", "table", "show", "explain", "describe", "desc"},
	refused: refusedByMySQL,
	tables:  true,
	also:    checkMySQL,
	names:   (*statement).checkMySQLNames,
}

// MySQLOfCallers is MySQL with row security. All callers share one user, which can see
// the statements of its other sessions.
var MySQLOfCallers = func() *Guard {
	guard := *MySQL
	guard.hidden = []string{"processlist", "performance_schema", "sys"}
	return &guard
}()

func refusedByMySQL(function string) bool {
	return slices.Contains(mysqlRefused, function) ||
		slices.ContainsFunc(mysqlRefusedPrefixes, func(prefix string) bool { return strings.HasPrefix(function, prefix) })
}

// mysqlRefused are functions that write, wait, lock, or reach files and other
// servers in spite of a read-only transaction.
var mysqlRefused = []string{
	// Files, sequences, and what the next statement of the session would see.
	"load_file", "nextval", "setval", "last_insert_id",
	// Waiting and locks, and work that no limit stops.
	"sleep", "benchmark", "get_lock", "release_lock", "release_all_locks", "encrypt",
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

// mysqlFunctions are the built-in functions that a statement may call. A prefix does not
// suffice: MariaDB's module CONNECT adds json_file, which reads files.
var mysqlFunctions = lazySet(`
	abs acos adddate addtime add_months aes_decrypt aes_encrypt any_value ascii asin atan atan2 avg bin bin_to_uuid bit_and bit_count bit_length
	bit_or bit_xor cast ceil ceiling char character_length char_length charset chr coalesce coercibility collation column_check column_exists
	column_json column_list column_get column_create column_add column_delete compress concat concat_ws connection_id conv convert
	convert_tz cos cot count crc32 crc32c cume_dist curdate current_date current_role current_time current_timestamp current_user curtime
	database date datediff date_add date_format date_sub day dayname dayofmonth dayofweek dayofyear decode decode_histogram default degrees
	dense_rank elt encode exp export_set extract extractvalue field find_in_set first_value floor format format_bytes format_pico_time
	from_base64 from_days from_unixtime get_format greatest group_concat grouping hex hour if ifnull inet6_aton inet6_ntoa inet_aton
	inet_ntoa insert instr interval is_ipv4 is_ipv4_compat is_ipv4_mapped is_ipv6 is_uuid isnull kdf lag last_day last_value lastval lcase
	lead least left length lengthb ln localtime localtimestamp locate log log10 log2 lower lpad ltrim makedate maketime make_set match max
	md5 median microsecond mid min minute mod month monthname name_const natural_sort_key now nth_value ntile nullif nvl nvl2 oct
	octet_length ord percentile_cont percentile_disc percent_rank period_add period_diff pi position pow power quarter quote radians rand
	random_bytes rank regexp_instr regexp_like regexp_replace regexp_substr repeat replace reverse right round row_number rpad rtrim
	schema second sec_to_time session_user sformat sha sha1 sha2 sign sin soundex space sqrt statement_digest statement_digest_text std
	stddev stddev_pop stddev_samp strcmp str_to_date subdate substr substring substring_index subtime sum sysdate system_user sys_guid
	tan time timediff timestamp timestampadd timestampdiff time_format time_to_sec to_base64 to_char to_date to_days to_number to_seconds
	trim trunc truncate ucase uncompress uncompressed_length unhex unix_timestamp updatexml upper user utc_date utc_time utc_timestamp uuid
	uuid_short uuid_to_bin uuid_v4 uuid_v7 values value variance var_pop var_samp version week weekday weekofyear weight_string year yearweek
	json_array json_array_append json_array_insert json_array_intersect json_arrayagg json_compact json_contains json_contains_path
	json_depth json_detailed json_equals json_exists json_extract json_insert json_key_value json_keys json_length json_loose json_merge
	json_merge_patch json_merge_preserve json_normalize json_object json_object_filter_keys json_object_to_array json_objectagg
	json_overlaps json_pretty json_query json_quote json_remove json_replace json_schema_valid json_schema_validation_report json_search
	json_set json_storage_free json_storage_size json_table json_type json_unquote json_valid json_value
	st_area st_asbinary st_asgeojson st_astext st_aswkb st_aswkt st_boundary st_buffer st_buffer_strategy st_centroid st_collect
	st_contains st_convexhull st_crosses st_difference st_dimension st_disjoint st_distance st_distance_sphere st_endpoint st_envelope
	st_equals st_exteriorring st_frechetdistance st_geohash st_geomcollfromtext st_geomcollfromtxt st_geomcollfromwkb
	st_geometrycollectionfromtext st_geometrycollectionfromwkb st_geometryfromtext st_geometryfromwkb st_geometryn st_geometrytype
	st_geomfromgeojson st_geomfromtext st_geomfromwkb st_hausdorffdistance st_interiorringn st_intersection st_intersects st_isclosed
	st_isempty st_isring st_issimple st_isvalid st_latfromgeohash st_latitude st_length st_linefromtext st_linefromwkb
	st_lineinterpolatepoint st_lineinterpolatepoints st_linestringfromtext st_linestringfromwkb st_longfromgeohash st_longitude
	st_makeenvelope st_mlinefromtext st_mlinefromwkb st_mpointfromtext st_mpointfromwkb st_mpolyfromtext st_mpolyfromwkb
	st_multilinestringfromtext st_multilinestringfromwkb st_multipointfromtext st_multipointfromwkb st_multipolygonfromtext
	st_multipolygonfromwkb st_numgeometries st_numinteriorring st_numinteriorrings st_numpoints st_overlaps st_pointatdistance
	st_pointfromgeohash st_pointfromtext st_pointfromwkb st_pointn st_pointonsurface st_polyfromtext st_polyfromwkb
	st_polygonfromtext st_polygonfromwkb st_relate st_simplify st_srid st_startpoint st_swapxy st_symdifference st_touches
	st_transform st_union st_validate st_within st_x st_y
	mbrcontains mbrcoveredby mbrcovers mbrdisjoint mbrequal mbrequals mbrintersects mbroverlaps mbrtouches mbrwithin
	vec_distance vec_distance_cosine vec_distance_euclidean vec_fromtext vec_totext
	area astext aswkb asbinary aswkt boundary buffer centroid contains convexhull crosses dimension disjoint distance endpoint envelope
	equals exteriorring geomcollfromtext geomcollfromwkb geometrycollection geometrycollectionfromtext geometrycollectionfromwkb
	geometryfromtext geometryfromwkb geometryn geometrytype geomfromtext geomfromwkb geomcollection glength interiorringn intersects
	isclosed isempty isring issimple linefromtext linefromwkb linestring linestringfromtext linestringfromwkb mlinefromtext mlinefromwkb
	mpointfromtext mpointfromwkb mpolyfromtext mpolyfromwkb multilinestring multilinestringfromtext multilinestringfromwkb multipoint
	multipointfromtext multipointfromwkb multipolygon multipolygonfromtext multipolygonfromwkb numgeometries numinteriorrings numpoints
	overlaps point pointfromtext pointfromwkb pointn pointonsurface polyfromtext polyfromwkb polygon polygonfromtext polygonfromwkb srid
	startpoint touches within x y string_to_vector to_vector vector_to_string from_vector vector_dim distance`)

// mysqlSyntax are words before a parenthesis that call nothing.
var mysqlSyntax = lazySet(`
	against all and any as asc between bigint binary bit blob both by case char character check collate columns cross date datetime dec
	decimal desc describe distinct distinctrow div double else end enum escape except exclude exists explain extended fixed float float4 float8
	following for force from full group groups having ignore in index inner int int1 int2 int3 int4 int8 integer intersect interval is
	join json key keys lateral leading left like limit lock longblob longtext match mediumblob mediumint mediumtext middleint minus mod
	national natural nchar not null numeric nvarchar of offset on or order outer over partition precision preceding primary range real
	regexp right rlike row rows select separator set signed smallint some sounds straight_join table text then time timestamp tinyblob
	tinyint tinytext to trailing union unique unsigned use using values value varbinary varchar varcharacter varying vector when where
	window with xor year zerofill binary lateral nested path as default error empty member ordinality`)

// mysqlPhrases are words that no statement may hold in this order: they write
// to files, variables and sequences, or lock rows.
var mysqlPhrases = []string{
	"into", "for update", "for share", "lock in share", "next value for", "procedure analyse",
}

// mysqlClauses are reserved words that end a list of tables.
var mysqlClauses = []string{"select", "where", "by", "having", "limit"}

// mysqlSchemas hold password hashes, and what other sessions do.
var mysqlSchemas = []string{"mysql", "performance_schema", "sys"}

// mysqlHidden are tables of information_schema that show other sessions, their
// statements and the server's operation.
func mysqlHidden(table string) bool {
	return slices.Contains([]string{
		"processlist", "user_statistics", "client_statistics", "query_cache_info", "query_response_time", "metadata_lock_info", "user_variables",
		"applicable_roles", "user_privileges", "user_attributes", "system_variables", "global_variables",
		"session_variables", "files", "locales", "disks", "thread_pool_queues",
		"thread_pool_groups", "thread_pool_waits", "thread_pool_stats", "optimizer_trace", "profiling",
		"users", "slave_status", "slave_hosts", "tp_thread_state", "tp_thread_group_state", "replica_host_status",
		"connection_control_failed_login_attempts", "global_temporary_tables", "temporary_tables", "temp_tables_info",
		"schema_privileges", "table_privileges", "column_privileges",
	}, table) || strings.HasPrefix(table, "innodb_") && table != "innodb_tablestats" ||
		slices.ContainsFunc(mysqlEngines, func(prefix string) bool { return strings.HasPrefix(table, prefix) })
}

// mysqlEngines begin the names of tables in information_schema by which engines and
// modules show transactions, servers and users.
var mysqlEngines = []string{
	"rocksdb_", "tokudb_", "xtradb_", "spider_", "wsrep_", "mysql_firewall_", "query_response_time_", "columnstore_", "feedback",
}

// mysqlSecrets are variables that hold passwords.
var mysqlSecrets = []string{"wsrep_sst_auth", "report_password"}

// checkVariables requires a pattern of names that is none of mysqlSecrets.
func checkVariables(tokens []lex.Token) error {
	if len(tokens) != 2 || !tokens[0].IsWord("like") || tokens[1].Kind != lex.String ||
		strings.ContainsFunc(tokens[1].Text, func(r rune) bool { return r >= utf8.RuneSelf }) { // LIKE takes é for e
		return refusal("SHOW VARIABLES must have LIKE and a pattern of names in ASCII")
	}
	pattern := "(?is)^" + strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(strings.ReplaceAll(tokens[1].Text, `\`, ""))) + "$"
	matches, err := regexp.Compile(pattern)
	if err != nil {
		return refusal("the pattern of SHOW VARIABLES is too long")
	}
	for _, name := range mysqlSecrets {
		if matches.MatchString(name) {
			return refusal(name + " may not be read")
		}
	}
	return nil
}

// checkMySQL refuses mysqlPhrases, assignments, relations of other sessions, and
// SHOW of anything but the schema and settings.
func checkMySQL(tokens []lex.Token) error {
	sources := sources(tokens, mysqlClauses)
	for i, t := range tokens {
		rest := tokens[i+1:]
		switch {
		case t.Kind == lex.Word && slices.ContainsFunc(mysqlPhrases, func(phrase string) bool { return begins(tokens[i:], phrase) }):
			return refusal(strings.ToUpper(t.Text) + " may not be used here")
		case (t.IsWord("delete") || t.IsWord("update") || t.IsWord("insert") && !begins2(rest, "(", "")) && !behind(tokens[:i], "."):
			return refusal(strings.ToUpper(t.Text) + " may not be used here; quote it if it is a name: `" + t.Text + "`")
		case t.Kind == lex.Constant && slices.ContainsFunc(mysqlSecrets, func(name string) bool { return strings.Contains(t.Text, name) }):
			return refusal(t.Text + " may not be read")
		case t.Is(":="):
			return refusal("it sets a variable")
		case t.Named() && sources[i] && slices.Contains(mysqlSchemas, t.Text) && len(rest) > 0 && rest[0].Is("."):
			return refusal("the schema " + t.Text + " may not be read")
		case t.Named() && sources[i] && t.Text == "information_schema" && len(rest) > 1 && rest[0].Is(".") && mysqlHidden(rest[1].Text):
			return refusal("information_schema." + rest[1].Text + " may not be read")
		}
	}
	first := slices.IndexFunc(tokens, func(t lex.Token) bool { return !t.Is("(") })
	if begins(tokens[first:], "show") {
		return checkShow(tokens[first+1:])
	}
	return nil
}

// checkMySQLNames refuses a call of anything but the known built-in functions
// and the user's functions that only read.
func (s *statement) checkMySQLNames() error {
	for i, t := range s.tokens {
		schema := s.qualifier(i)
		if s.catalogue != nil && s.catalogue.database == "information_schema" && schema == "" && t.Named() && mysqlHidden(t.Text) {
			return refusal(t.Text + " may not be read")
		}
		if !s.calls(i) {
			continue
		}
		builtIn := mysqlFunctions(t.Text)
		switch {
		case schema == "" && s.catalogue != nil && len(s.catalogue.candidates("", t.Text)) > 0: // named like a word of the syntax
		case schema == "" && (builtIn || t.Kind == lex.Word && mysqlSyntax(t.Text)):
			continue
		case schema == "" && (s.names(i) || behind(s.tokens[:i], ")")): // a list of columns
			continue
		case schema != "" && s.start(i) < i-2:
			return refusal("a function's name may have two parts at the most")
		}
		if err := s.checkStored(schema, t.Text, builtIn); err != nil {
			return err
		}
	}
	return nil
}

// checkStored refuses a function that is neither built in nor stored, or that is
// stored and may write.
func (s *statement) checkStored(schema, name string, builtIn bool) error {
	if slices.Contains([]string{"mariadb_schema", "oracle_schema", "maxdb_schema"}, schema) && builtIn {
		return nil
	}
	found := false
	if s.catalogue != nil {
		for _, f := range s.catalogue.functions[name] {
			if schema != "" && !strings.EqualFold(f.schema, schema) || schema == "" && !f.visible {
				continue
			}
			found = true
			if reason := s.guard.reason(f); reason != "" {
				return refusal(reason)
			}
		}
	}
	if !found {
		return refusal("the function " + name + " is unknown; want a built-in function, or a stored one that the user may execute")
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

// checkShownSchema refuses the objects of mysqlSchemas. FROM and IN stand before a schema;
// the first of them stands before a table where SHOW shows its parts.
func checkShownSchema(tokens []lex.Token) error {
	ofTable := slices.Contains([]string{"columns", "fields", "index", "indexes", "keys"}, tokens[0].Text)
	for i, t := range tokens {
		switch {
		case !behind(tokens[:i], "from", "in"):
		case ofTable:
			ofTable = false
		case t.Named() && slices.Contains(mysqlSchemas, t.Text):
			return refusal("the schema " + t.Text + " may not be read")
		}
	}
	return nil
}

func checkShow(tokens []lex.Token) error {
	for len(tokens) > 0 && slices.Contains([]string{"full", "extended", "global", "session", "local"}, tokens[0].Text) {
		tokens = tokens[1:]
	}
	if begins(tokens, "variables") {
		return checkVariables(tokens[1:])
	}
	if slices.ContainsFunc(mysqlShown, func(phrase string) bool { return begins(tokens, phrase) }) {
		return checkShownSchema(tokens)
	}
	return refusal("SHOW may show: " + strings.ToUpper(strings.Join(mysqlShown, ", ")))
}

// newSet returns the words of a text as a set.
// lazySet returns whether a word is in a set, which its first use makes. A function has
// one database, and needs few of the sets.
func lazySet(words string) func(word string) bool {
	set := sync.OnceValue(func() map[string]bool { return newSet(words) })
	return func(word string) bool { return set()[word] }
}

func newSet(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}
