package guard

import (
	"slices"
	"strings"

	"defog-cdk/lambda/database/guard/lex"
)

// The databases of this file have no catalogue with labels of functions. There, a
// function of the user's can reach other services. SQL Server has assemblies and extended
// procedures, Snowflake external access, and Databricks Python and Java. So each function
// has to be one of the server's, or one that Options.AllowedFunctions names. BigQuery
// itself returns the functions that a statement calls: the driver examines these.

// refuseUser returns the refusal of the function whose name is at i, unless it is allowed.
// The setting's schema has no meaning for a name without one.
func (s *statement) refuseUser(i int) error {
	name, schema := s.tokens[i].Text, s.qualifier(i)
	for _, allowed := range s.guard.options.AllowedFunctions {
		parts := strings.Split(allowed, ".")
		if strings.EqualFold(parts[len(parts)-1], name) && (schema == "" || len(parts) > 1 && strings.EqualFold(parts[len(parts)-2], schema)) {
			return nil
		}
	}
	full := name
	if schema != "" {
		full = schema + "." + name
	}
	return refusal("the function " + full + " may not be called: it is not known to be the server's; to allow it, add " + full +
		" to the setting allowed_functions, as schema.name")
}

// eachCall calls check with the index of each name that stands before a parenthesis and is
// not the name of a list of columns.
func (s *statement) eachCall(check func(i int) error) error {
	for i := range s.tokens {
		if !s.calls(i) || s.start(i) == i && (behind(s.tokens[:i], ")") || s.names(i) || s.isAlias(i)) {
			continue
		}
		if err := check(i); err != nil {
			return err
		}
	}
	return nil
}

// isAlias reports whether the name at i follows that of a relation: FROM a b(c).
func (s *statement) isAlias(i int) bool {
	return i > 0 && s.tokens[i-1].Named() && !isSyntax(s.tokens[i-1]) && s.inList(s.start(i-1))
}

// isSyntax reports whether a token is a word before a parenthesis that calls nothing.
func isSyntax(t lex.Token) bool {
	return t.Kind == lex.Word && (mysqlSyntax(t.Text) || otherSyntax(t.Text))
}

// otherSyntax are such words that MySQL lacks.
var otherSyntax = lazySet(`
	after at before block bernoulli boolean byteint changes columns cube decfloat define exclude grouping ilike measures number object
	pattern pivot qualify rename repeatable rollup sample seed semi anti sets stream string tablesample text timestamp_ltz timestamp_ntz timestamp_tz unpivot
	variant within match_recognize`)

// sqlserverTables are the server's functions that return tables, and ROOT of FOR JSON. A
// function of the user's that returns a value needs a schema's name.
var sqlserverTables = lazySet(`
	openjson string_split generate_series containstable freetexttable changetable semantickeyphrasetable semanticsimilaritytable
	semanticsimilaritydetailstable regexp_matches regexp_split_to_table vector_search values pivot unpivot ai_generate_chunks root`)

// sqlserverMethods are methods of the server's types.
var sqlserverMethods = lazySet(`
	value query exist nodes getancestor getdescendant getlevel getreparentedvalue isdescendantof getroot parse tostring read
	starea stasbinary stastext stbuffer stcentroid stcontains stconvexhull stcrosses stdifference stdimension stdisjoint stdistance stendpoint stenvelope
	stequals stexteriorring stgeometryn stgeometrytype stinteriorringn stintersection stintersects stisclosed stisempty stisring stissimple stisvalid
	stlength stnumcurves stcurven stnumgeometries stnuminteriorring stnumpoints stoverlaps stpointn stpointonsurface strelate stsrid ststartpoint
	stsymdifference sttouches stunion stwithin stx sty stcurvetoline
	asgml astextzm asbinaryzm bufferwithcurves bufferwithtolerance curvetolinewithtolerance envelopeangle envelopecenter filter hasm hasz instanceof
	isnull isvaliddetailed lat long m makevalid mindbcompatibilitylevel numrings reduce reorientobject ringn shortestlineto z
	stgeomfromtext stgeomfromwkb stpointfromtext stpointfromwkb stlinefromtext stlinefromwkb stpolyfromtext stpolyfromwkb stmpointfromtext stmpointfromwkb
	stmlinefromtext stmlinefromwkb stmpolyfromtext stmpolyfromwkb stgeomcollfromtext stgeomcollfromwkb geomfromgml point
	unionaggregate envelopeaggregate collectionaggregate convexhullaggregate`)

// sqlserverHints stand in parentheses behind a table, where WITH is left out.
var sqlserverHints = lazySet("nolock readpast readuncommitted readcommitted readcommittedlock rowlock nowait noexpand forcescan forceseek index snapshot")

// sqlserverClauses are reserved words that end a list of tables.
var sqlserverClauses = []string{"select", "where", "group", "having", "order"}

// checkSQLServerFunctions refuses functions of the user's.
func (s *statement) checkSQLServerFunctions() error {
	list := sources(s.tokens, sqlserverClauses)
	return s.eachCall(func(i int) error {
		name, start := s.tokens[i].Text, s.start(i)
		before := s.tokens[:start]
		source := list[start] || behind(before, "apply")
		switch hints := s.tokens[i+2 : closes(s.tokens, i+1)]; {
		case source && len(hints) > 0 && hints[0].Kind == lex.Word && sqlserverHints(hints[0].Text):
			return nil
		case behind(before, "::"):
			if slices.Contains([]string{"geography", "geometry", "hierarchyid"}, s.tokens[start-2].Text) {
				return nil
			}
		case start == i && behind(before, "."): // of an expression
			if sqlserverMethods(name) {
				return nil
			}
		case start == i && !source, start == i && sqlserverTables(name), slices.Contains([]string{"sys", "$partition"}, s.qualifier(i)):
			return nil
		case start < i && sqlserverMethods(name) && !slices.Contains([]string{"dbo", "guest"}, s.qualifier(i)):
			return nil
		}
		return s.refuseUser(i)
	})
}

// checkSnowflakeFunctions refuses functions of the user's, and methods of models.
func (s *statement) checkSnowflakeFunctions() error {
	return s.eachCall(func(i int) error {
		if s.start(i) == i && !behind(s.tokens[:i], "!", ".") && (snowflakeFunctions(s.tokens[i].Text) || isSyntax(s.tokens[i]) ||
			slices.Contains(snowflakeHarmless, s.tokens[i].Text)) {
			return nil
		}
		return s.refuseUser(i)
	})
}

// checkDatabricksFunctions refuses functions of the user's.
func (s *statement) checkDatabricksFunctions() error {
	return s.eachCall(func(i int) error {
		name, schema := s.tokens[i].Text, s.qualifier(i)
		server := databricksFunctions(name) || strings.HasPrefix(name, "h3_") || strings.HasPrefix(name, "st_")
		switch {
		case schema == "" && !behind(s.tokens[:i], ".") && (server || isSyntax(s.tokens[i])), schema == "builtin" && server:
			return nil
		}
		return s.refuseUser(i)
	})
}

// snowflakeFunctions are Snowflake's functions that a statement may call.
// https://docs.snowflake.com/en/sql-reference/functions-all
var snowflakeFunctions = lazySet(`
	abs acos acosh add_months any_value approx_count_distinct approx_percentile approx_percentile_accumulate approx_percentile_combine
	approx_percentile_estimate approx_top_k approx_top_k_accumulate approx_top_k_combine approx_top_k_estimate approximate_jaccard_index
	approximate_similarity array_agg array_append array_cat array_compact array_construct array_construct_compact array_contains
	array_distinct array_except array_flatten array_generate_range array_insert array_intersection array_max array_min array_position
	array_prepend array_remove array_remove_at array_reverse array_size array_slice array_sort array_to_string array_union_agg
	array_unique_agg arrays_overlap arrays_to_object arrays_zip as_array as_binary as_boolean as_char as_date as_decimal as_double
	as_integer as_number as_object as_real as_time as_timestamp_ltz as_timestamp_ntz as_timestamp_tz as_varchar ascii asin asinh atan atan2
	atanh avg base64_decode_binary base64_decode_string base64_encode bit_and bit_length bit_not bit_or bit_shiftleft bit_shiftright bit_xor
	bitand bitand_agg bitmap_and_agg bitmap_bit_position bitmap_bucket_number bitmap_construct_agg bitmap_count bitmap_or_agg bitnot bitor
	bitor_agg bitshiftleft bitshiftright bitxor bitxor_agg bool_and bool_or booland booland_agg boolnot boolor boolor_agg boolxor
	boolxor_agg cast cbrt ceil ceiling char charindex check_json check_xml chr coalesce collate collation compress concat concat_ws
	conditional_change_event conditional_true_event contains convert_timezone corr cos cosh cot count count_if covar_pop covar_samp
	cume_dist current_account current_account_name current_available_roles current_client current_database current_date
	current_organization_name current_region current_role current_role_type current_schema current_schemas current_secondary_roles
	current_session current_statement current_time current_timestamp current_transaction current_user current_version current_warehouse date
	date_from_parts date_part date_trunc dateadd datediff datefromparts day dayname dayofmonth dayofweek dayofweek_iso dayofweekiso
	dayofyear decode decompress_binary decompress_string degrees dense_rank div0 div0null editdistance encode endswith equal_null exp
	extract factorial filter first_value flatten floor generator get get_ignore_case get_path getbit getdate getutcdate greatest
	greatest_ignore_nulls grouping grouping_id h3_cell_to_boundary h3_cell_to_children h3_cell_to_children_string h3_cell_to_parent
	h3_cell_to_point h3_compact_cells h3_coverage h3_grid_disk h3_grid_distance h3_int_to_string h3_is_pentagon h3_is_valid_cell
	h3_latlng_to_cell h3_latlng_to_cell_string h3_point_to_cell h3_point_to_cell_string h3_polygon_to_cells h3_string_to_int h3_try_coverage
	h3_uncompact_cells hash hash_agg haversine hex_decode_binary hex_decode_string hex_encode hll hll_accumulate hll_combine hll_estimate
	hll_export hll_import hour iff ifnull initcap insert invoker_role invoker_share is_array is_binary is_boolean is_char is_date
	is_date_value is_decimal is_double is_integer is_null_value is_object is_real is_role_in_session is_time is_timestamp_ltz
	is_timestamp_ntz is_timestamp_tz is_varchar jarowinkler_similarity json_extract_path_text kurtosis lag last_day last_value lcase lead
	least least_ignore_nulls left len length listagg ln localtime localtimestamp log lower lpad ltrim map_cat map_contains_key map_delete
	map_insert map_keys map_pick map_size max max_by md5 md5_binary md5_hex md5_number_lower64 md5_number_upper64 mean median min min_by
	minhash minhash_combine minute mod mode month monthname months_between next_day normal nth_value ntile nullif nullifzero nvl nvl2
	object_agg object_construct object_construct_keep_null object_delete object_insert object_keys object_pick octet_length parse_ip
	parse_json parse_url parse_xml percent_rank percentile percentile_cont percentile_disc pi position pow power previous_day quarter
	radians random randstr range_n rank ratio_to_report reduce regexp_count regexp_instr regexp_like regexp_replace regexp_substr
	regexp_substr_all regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy regr_valx regr_valy repeat
	replace reverse right round row_number rpad rtrim rtrimmed_length search search_ip second seq1 seq2 seq4 seq8 sha1 sha1_binary sha1_hex
	sha2 sha2_binary sha2_hex sign sin sinh skew soundex soundex_p123 space split split_part split_to_table sqrt square st_area st_asbinary
	st_asewkb st_asewkt st_asgeojson st_astext st_aswkb st_aswkt st_azimuth st_buffer st_centroid st_collect st_contains st_coveredby
	st_covers st_difference st_dimension st_disjoint st_distance st_dwithin st_endpoint st_envelope st_geogfromgeohash st_geogfromtext
	st_geogfromwkb st_geogfromwkt st_geogpointfromgeohash st_geographyfromtext st_geographyfromwkb st_geographyfromwkt st_geohash
	st_geom_point st_geometryfromtext st_geometryfromwkb st_geometryfromwkt st_geomfromtext st_geomfromwkb st_geomfromwkt st_geompoint
	st_geompointfromgeohash st_hausdorffdistance st_interpolate st_intersection st_intersection_agg st_intersects st_isvalid st_length
	st_linefromtext st_makegeompoint st_makeline st_makepoint st_makepolygon st_makepolygonoriented st_npoints st_numpoints st_perimeter
	st_point st_pointn st_polygon st_setsrid st_simplify st_srid st_startpoint st_symdifference st_transform st_union st_union_agg st_within
	st_x st_xmax st_xmin st_y st_ymax st_ymin startswith std stddev stddev_pop stddev_samp string_agg strip_null_value strtok
	strtok_split_to_table strtok_to_array substr substring sum sysdate systimestamp tan tanh time time_from_parts time_slice timeadd
	timediff timefromparts timestamp_from_parts timestamp_ltz_from_parts timestamp_ntz_from_parts timestamp_ntzfromparts
	timestamp_tz_from_parts timestampadd timestampdiff timestampfromparts to_array to_binary to_boolean to_char to_date to_decfloat
	to_decimal to_double to_geography to_geometry to_json to_number to_numeric to_object to_time to_timestamp to_timestamp_ltz
	to_timestamp_ntz to_timestamp_tz to_varchar to_variant to_xml transform translate trim trunc truncate truncatetimestamp
	try_base64_decode_binary try_base64_decode_string try_cast try_decrypt try_hex_decode_binary try_hex_decode_string try_parse_json
	try_to_binary try_to_boolean try_to_date try_to_decimal try_to_double try_to_geography try_to_geometry try_to_number try_to_numeric
	try_to_time try_to_timestamp try_to_timestamp_ltz try_to_timestamp_ntz try_to_timestamp_tz typeof ucase unicode uniform upper
	uuid_string var_pop var_samp variance variance_pop variance_samp vector_avg vector_cosine_similarity vector_inner_product
	vector_l1_distance vector_l2_distance vector_max vector_min vector_sum week week_iso weekiso weekofyear width_bucket xmlget year
	year_of_week yearofweek yearofweekiso zeroifnull zipf`)

// databricksFunctions are the functions of Spark and Databricks that a statement may call.
// https://docs.databricks.com/en/sql/language-manual/sql-ref-functions-builtin-alpha.html
var databricksFunctions = lazySet(`
	abs acos acosh add_months aes_decrypt aes_encrypt aggregate any any_value approx_count_distinct approx_percentile approx_top_k
	approx_top_k_accumulate approx_top_k_combine approx_top_k_estimate array array_agg array_append array_compact array_contains
	array_distinct array_except array_insert array_intersect array_join array_max array_min array_position array_prepend array_remove
	array_repeat array_size array_sort array_union arrays_overlap arrays_zip ascii asin asinh assert_true atan atan2 atanh avg base64 bigint
	bin binary bit_and bit_count bit_get bit_length bit_or bit_reverse bit_xor bitmap_and_agg bitmap_bit_position bitmap_bucket_number
	bitmap_construct_agg bitmap_count bitmap_or_agg bitwise_not bool_and bool_or boolean bround btrim cardinality cast cbrt ceil ceiling
	char char_length character_length charindex chars chr coalesce collate collation collations collect_list collect_set concat concat_ws
	contains conv convert_timezone corr cos cosh cot count count_distinct count_if count_min_sketch counter_diff covar_pop covar_samp crc32
	csc cube cume_dist curdate current_catalog current_database current_date current_metastore current_schema current_time current_timestamp
	current_timezone current_user current_version date date_add date_diff date_format date_from_unix_date date_part date_sub date_trunc
	dateadd datediff datepart day dayname dayofmonth dayofweek dayofyear decimal decode degrees dense_rank div double e element_at elt
	encode endswith equal equal_null every exists exp explode explode_outer expm1 extract factorial filter find_in_set first first_value
	flatten float floor forall format_number format_string from_avro from_csv from_json from_protobuf from_unixtime from_utc_timestamp
	from_xml get get_json_object getbit getdate greatest grouping grouping_id hash hex histogram_numeric hll_sketch_agg hll_sketch_estimate
	hll_union hll_union_agg hour hypot if iff ifnull initcap inline inline_outer instr int is_account_group_member is_member is_valid_utf8
	is_variant_null isearch isnan isnotnull isnull json_array_length json_object_keys json_tuple kll_sketch_agg_bigint kurtosis lag last
	last_day last_value lcase lead least left len length levenshtein listagg listagg_distinct ln localtimestamp locate log log10 log1p log2
	lower lpad ltrim luhn_check make_date make_dt_interval make_interval make_time make_timestamp make_timestamp_ltz make_timestamp_ntz
	make_valid_utf8 make_ym_interval map map_concat map_contains_key map_entries map_filter map_from_arrays map_from_entries map_keys
	map_values map_zip_with mask max max_by md5 mean measure median mid min min_by minute mod mode monotonically_increasing_id month
	monthname months_between named_struct nanvl negative next_day ngrams now nth_value ntile nullif nullifzero nvl nvl2 octet_length overlay
	parse_json parse_url percent_rank percentile percentile_approx percentile_cont percentile_disc pi pmod posexplode posexplode_outer
	position positive pow power printf product quarter quote radians raise_error rand randn random randstr range rank reduce regexp_count
	regexp_extract regexp_extract_all regexp_instr regexp_like regexp_replace regexp_substr regr_avgx regr_avgy regr_count regr_intercept
	regr_r2 regr_slope regr_sxx regr_sxy regr_syy repeat replace reverse right rint rollup round row_number rpad rtrim schema_of_csv
	schema_of_json schema_of_variant schema_of_variant_agg schema_of_xml search sec second sentences sequence session_user session_window
	sha sha1 sha2 shiftleft shiftright shiftrightunsigned shuffle sign signum sin sinh size skewness slice smallint some sort_array soundex
	space spark_partition_id split split_part sql_keywords sqrt stack startswith std stddev stddev_pop stddev_samp str_to_map string
	string_agg string_agg_distinct struct substr substring substring_index sum sum_distinct table_changes tan tanh theta_sketch_agg
	theta_sketch_estimate time_diff time_trunc timediff timestamp timestamp_add timestamp_diff timestamp_ltz timestamp_micros
	timestamp_millis timestamp_ntz timestamp_seconds timestampadd timestampdiff tinyint to_avro to_binary to_char to_csv to_date to_degrees
	to_json to_number to_protobuf to_radians to_time to_timestamp to_timestamp_ltz to_timestamp_ntz to_unix_timestamp to_utc_timestamp
	to_varchar to_variant_object to_xml transform transform_keys transform_values translate trim trunc try_add try_aes_decrypt try_avg
	try_cast try_divide try_element_at try_make_interval try_make_timestamp try_make_timestamp_ltz try_make_timestamp_ntz try_mod
	try_multiply try_parse_json try_parse_url try_subtract try_sum try_to_binary try_to_date try_to_number try_to_timestamp try_url_decode
	try_validate_utf8 try_variant_get typeof ucase unbase64 unhex uniform unix_date unix_micros unix_millis unix_seconds unix_timestamp
	upper url_decode url_encode user uuid validate_utf8 var_pop var_samp varchar variance variant_explode variant_explode_outer variant_get
	version week weekday weekofyear width_bucket window window_time xpath xpath_boolean xpath_double xpath_float xpath_int xpath_long
	xpath_number xpath_short xpath_string xxhash64 year zeroifnull zip_with`)
