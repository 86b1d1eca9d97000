-- Attacks that a read-only transaction permits, with all contributed modules
-- installed and functions of a user's. One a line; \n is a line break. The guard
-- refuses each, as a superuser and as a reader.
SELECT E'a'\n'\'', pg_advisory_lock(4242) --'
SELECT E'a' -- c\n'\'', pg_logical_emit_message(false, 'x', 'y') --'
SELECT e'x'\n\n\t '\' UNION SELECT passwd FROM pg_shadow WHERE passwd IS NOT NULL --'
SELECT E'a'\r\n'\'', pg_sleep(1) --'
SELECT E'a'\n--x\n--y\n'\'', pg_sleep(1) --'
SELECT 'a'\nE'\'', pg_sleep(1) --'
SELECT U&'a'\n'\0027', pg_sleep(1) --'
SELECT b'1'\n'0', pg_sleep(1)
SELECT x'1'\n'f' , pg_read_file('/etc/hostname')
SELECT n'a'\n'b' , pg_read_file('/etc/hostname')
SELECT $a$ $a$\n'' , pg_read_file('/etc/hostname')
SELECT U&"pg\005fread\005ffile"('/etc/hostname')
SELECT U&"pg!005fsleep" UESCAPE '!' (1)
SELECT U&"pg!005fsleep" /* x */ UESCAPE /* y */ '!' (1)
SELECT U&"\0070g_sleep"(1)
SELECT t.pg_read_file FROM unnest(ARRAY['/etc/hostname']) AS t
SELECT t.pg_terminate_backend FROM generate_series(0, 0) AS t
SELECT lower.pg_ls_dir FROM lower('/ETC') LIMIT 2
SELECT t."pg_read_file" FROM unnest(ARRAY['/etc/hostname']) t
SELECT "T"."pg_sleep" FROM generate_series(1, 1) AS "T"
SELECT u&"t".pg_read_file FROM unnest(ARRAY['/etc/hostname']) t
SELECT unnest.pg_read_file FROM unnest(ARRAY['/etc/hostname'])
SELECT t.pg_read_file FROM unnest(ARRAY['/etc/hostname']) AS t, (SELECT 1 AS pg_read_file) AS x
SELECT t.pg_read_file FROM unnest(ARRAY['/etc/hostname']) AS t WHERE EXISTS (SELECT t.pg_read_file FROM (SELECT 1 AS pg_read_file) AS t)
WITH pg_read_file(a) AS (SELECT 1) SELECT t.pg_read_file FROM unnest(ARRAY['/etc/hostname']) AS t
WITH t(pg_read_file) AS (SELECT 1) SELECT x.pg_read_file FROM unnest(ARRAY['/etc/hostname']) AS x
SELECT t.pg_read_file FROM (SELECT 1 AS pg_read_file) AS x, unnest(ARRAY['/etc/hostname']) t
SELECT count(*) FROM unnest(ARRAY[1]) AS t GROUP BY t.pg_advisory_lock
SELECT 1 FROM generate_series(1, 2) g ORDER BY g.pg_advisory_xact_lock
SELECT 1 FROM generate_series(1, 2) g WHERE g.pg_try_advisory_lock
SELECT g.* FROM generate_series(1, 2) g JOIN orders o ON g.pg_try_advisory_lock
SELECT (SELECT g.pg_sleep) FROM generate_series(1, 1) g
SELECT g.pg_sleep FROM LATERAL generate_series(1, 1) g
SELECT g.pg_sleep FROM ROWS FROM (generate_series(1, 1)) g
SELECT abs.pg_advisory_lock FROM abs(5::bigint)
SELECT "*VALUES*".pg_sleep FROM (VALUES (1)) v
SELECT (array_agg(5::bigint))[1].pg_advisory_lock
SELECT ((5::bigint)).pg_advisory_lock
SELECT (row(1)).pg_sleep
SELECT (SELECT '/etc/hostname'::text).pg_read_file
SELECT ('/etc/hostname'::text).pg_read_binary_file
SELECT ('{/etc/hostname}'::text[])[1].pg_read_file
SELECT pg_truncate_visibility_map('orders'::regclass)
SELECT autoprewarm_dump_now()
SELECT autoprewarm_start_worker()
SELECT pg_prewarm('orders')
SELECT table_to_xml('pg_authid', true, false, '')
SELECT table_to_xml('pg_catalog.pg_authid', true, false, '')
SELECT table_to_xml('"pg_authid"', true, false, '')
SELECT table_to_xml('pg_authid'::regclass, true, false, '')
SELECT table_to_xml(1260, true, false, '')
SELECT table_to_xml('1260', true, false, '')
SELECT table_to_xml(1260::regclass, true, false, '')
SELECT table_to_xml(('pg_au' || 'thid')::regclass, true, false, '')
SELECT table_to_xml(to_regclass('pg_au' || 'thid'), true, false, '')
SELECT table_to_xml(tbl => 'pg_authid', nulls => true, tableforest => false, targetns => '')
SELECT table_to_xml(oid, true, false, '') FROM pg_class WHERE relname LIKE 'pg_auth%'
SELECT table_to_xml_and_xmlschema('pg_shadow', true, false, '')
SELECT table_to_xml('pg_stat_activity', true, false, '')
SELECT table_to_xml(U&'pg\005fauthid', true, false, '')
SELECT table_to_xml(E'pg\x5fauthid', true, false, '')
SELECT table_to_xml($$pg_authid$$, true, false, '')
SELECT schema_to_xml('pg_catalog', true, false, '')
SELECT database_to_xml(true, false, '')
SELECT database_to_xmlschema(true, false, '')
SELECT query_to_xml('SELECT * FROM pg_authid', true, false, '')
SELECT query_to_xml_and_xmlschema('SELECT 1', true, false, '')
SELECT cursor_to_xml('c', 1, true, false, '')
SELECT 'pg_authid'::regclass
SELECT regclass 'pg_shadow'
SELECT CAST('pg_authid' AS regclass)
SELECT 'pg_read_file(text)'::regprocedure
SELECT 'pg_sleep'::regproc
SELECT to_regproc('pg_read_file')
SELECT to_regclass('pg_authid')
SELECT pg_relation_size('pg_authid')
SELECT pg_get_viewdef('pg_shadow')
SELECT has_table_privilege('pg_authid', 'SELECT')
SELECT pg_relation_filepath('pg_authid')
SELECT currval('pg_authid')
SELECT currtid2('pg_authid', '(0,1)')
SELECT ts_stat('SELECT to_tsvector(rolpassword) FROM pg_authid')
SELECT * FROM ts_stat($$SELECT to_tsvector(rolpassword) FROM pg_authid$$)
SELECT ts_rewrite('a'::tsquery, 'SELECT * FROM x')
SELECT * FROM crosstab('SELECT rolname::text, rolname::text, rolpassword::text FROM pg_authid') AS t(a text, b text)
SELECT * FROM crosstab(E'SELECT 1, 2, pg_read_file(\'/etc/hostname\')') AS t(a int, b text)
SELECT * FROM crosstab($$SELECT E'a'\n'\'', 2, pg_advisory_lock(1) --'$$) AS t(a text, b text)
SELECT * FROM crosstab('SELECT 1, 2, 3; SELECT 4') AS t(a int, b int)
SELECT * FROM crosstab('SELECT 1, 2, ' || '3') AS t(a int, b int)
SELECT * FROM public.crosstab2('SELECT rolname::text, rolname::text, rolpassword::text FROM pg_authid')
SELECT * FROM connectby('pg_authid', 'oid', 'oid', '10', 0) AS t(a oid, b oid, c int)
SELECT * FROM xpath_table('rolname', 'rolpassword', 'pg_authid', '/a', 'true') AS t(a text, b text)
SELECT xslt_process('<a/>', '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>')
SELECT get_raw_page('pg_authid', 0)
SELECT * FROM heap_page_items(get_raw_page('pg_authid', 0))
SELECT bt_metap('pg_class_oid_index')
SELECT * FROM bt_page_items('pg_class_oid_index', 1)
SELECT page_header(get_raw_page('orders', 0))
SELECT * FROM pgstattuple('orders')
SELECT * FROM pgstatindex('pg_class_oid_index')
SELECT * FROM pgrowlocks('orders')
SELECT * FROM pg_freespace('orders')
SELECT * FROM pg_visibility('orders')
SELECT pg_check_frozen('orders')
SELECT bt_index_check('pg_class_oid_index'::regclass)
SELECT verify_heapam('orders')
SELECT * FROM pg_buffercache
SELECT * FROM pg_buffercache_pages() AS p(a int)
SELECT * FROM public.pg_buffercache
SELECT heap_force_kill('orders'::regclass, ARRAY['(0,1)']::tid[])
SELECT * FROM pg_get_wal_records_info('0/0', '0/1')
SELECT * FROM pg_stat_statements
SELECT pg_stat_statements_reset()
SELECT dblink_connect('dbname=postgres')
SELECT * FROM dblink_get_connections()
SELECT dblink_current_query()
SELECT postgres_fdw_get_connections()
SELECT postgres_fdw_disconnect_all()
SELECT lo_manage()
SELECT ssl_client_dn()
SELECT lo_get(lo_import('/etc/hostname'))
SELECT lo_import('/etc/hostname')
SELECT pg_read_file('/etc/hostname')
SELECT pg_catalog.pg_read_file('/etc/hostname', 0, 10)
SELECT pg_stat_file('/etc/hostname')
SELECT * FROM pg_ls_dir('.')
SELECT pg_ls_tmpdir()
SELECT pg_current_logfile()
SELECT pg_rotate_logfile()
SELECT pg_sleep(1)
SELECT pg_sleep_for('1 second')
SELECT pg_advisory_lock(1)
SELECT pg_advisory_xact_lock_shared(1, 2)
SELECT pg_try_advisory_lock_shared(1)
SELECT pg_notify('a', 'b')
SELECT pg_export_snapshot()
SELECT pg_current_xact_id()
SELECT txid_current()
SELECT pg_backend_pid(), pg_cancel_backend(0)
SELECT pg_terminate_backend(0)
SELECT pg_reload_conf()
SELECT pg_promote()
SELECT pg_switch_wal()
SELECT pg_create_restore_point('x')
SELECT pg_logical_emit_message(true, 'a', 'b')
SELECT pg_create_physical_replication_slot('x')
SELECT pg_replication_origin_create('x')
SELECT pg_stat_reset()
SELECT pg_stat_reset_shared('bgwriter')
SELECT pg_stat_get_activity(NULL)
SELECT pg_stat_get_backend_activity(1)
SELECT * FROM pg_stat_activity
SELECT a.query FROM pg_catalog.pg_stat_activity a
SELECT * FROM pg_stat_replication
SELECT * FROM pg_locks
SELECT * FROM pg_prepared_statements
SELECT * FROM pg_cursors
SELECT rolpassword FROM pg_authid
SELECT * FROM pg_shadow
TABLE pg_shadow
SELECT umoptions FROM pg_user_mapping
SELECT * FROM information_schema.user_mapping_options
SELECT srvoptions FROM pg_foreign_server
SELECT * FROM pg_statistic
SELECT most_common_vals FROM pg_stats WHERE tablename = 'pg_authid'
SELECT * FROM pg_settings
SELECT current_setting('primary_conninfo')
SELECT current_setting('data_' || 'directory')
SHOW ALL
SHOW data_directory
SHOW "hba_file"
SHOW "Data_Directory"
SHOW "PRIMARY_CONNINFO"
SHOW "All"
SELECT * FROM pg_hba_file_rules
SELECT * FROM pg_file_settings
SELECT * FROM pg_config
SELECT pg_config()
SELECT set_config('statement_timeout', '0', false)
SELECT setseed(0.5)
SELECT pg_input_is_valid('x', 'watched')
SELECT * FROM json_to_record('{"a": "x"}') AS x(a watched)
SELECT '{x}'::watched[]
SELECT '{x}'::_watched
SELECT * FROM pg_stat_progress_vacuum
SELECT nextval('numbers')
SELECT setval('numbers', 7)
SELECT * INTO stolen FROM orders
SELECT 1 INTO stolen
WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone
WITH x AS (SELECT 1) UPDATE orders SET total = 0
SELECT total(1)
SELECT public.total(1)
SELECT "total"(1)
SELECT o.total FROM generate_series(1, 2) AS o
SELECT tally FROM orders WHERE tally(1) = 1
SELECT 1 === 1
SELECT 1 OPERATOR(public.===) 1
SELECT counting(1)
SELECT counting(total) OVER () FROM orders
SELECT 'x'::watched
SELECT CAST('x' AS watched)
SELECT watched 'x'
SELECT aliased(1)
SELECT stored.reach(1)
SELECT reach.f FROM stored.reach(1) AS reach(f), stored.reach(2)
EXPLAIN ANALYZE SELECT pg_sleep(1)
EXPLAIN (ANALYZE, VERBOSE) SELECT t.pg_sleep FROM generate_series(1, 1) t
EXPLAIN EXECUTE x
VALUES (pg_sleep(1))
SELECT * FROM (VALUES (pg_sleep(1))) v
SELECT CASE WHEN true THEN pg_sleep(1) END
SELECT coalesce(pg_read_file('/etc/hostname'), '')
SELECT array(SELECT pg_ls_dir('.'))
SELECT * FROM orders WHERE total > (SELECT pg_advisory_lock(1) IS NULL)::int
SELECT * FROM orders ORDER BY pg_sleep(0)
SELECT count(*) FILTER (WHERE pg_sleep(0) IS NULL) FROM orders
SELECT * FROM orders TABLESAMPLE pg_sleep (1)
SELECT sum(total) OVER (ORDER BY pg_sleep(0)) FROM orders
SELECT * FROM orders LIMIT pg_backend_pid() * length(pg_read_file('/etc/hostname'))
SELECT 1; SELECT 2
COPY orders TO PROGRAM 'id'
DO 'BEGIN END'
LOAD 'x'
SELECT/**/pg_sleep/**/(1)
SELECT pg_sleep--x\n(1)
SELECT "pg_catalog".pg_sleep(1)
SELECT pg_catalog/* */./* */pg_sleep(1)
SELECT PG_SLEEP(1)
SELECT "pg_sleep"(1)
SELECT 1pg_sleep(1)
SELECT 'x'pg_sleep, pg_sleep(1)
SELECT 1e5pg_sleep, pg_sleep(1)
SELECT $1::text, pg_sleep(1)
-- A FROM of an expression has no relation behind it, so that t.f calls f.
SELECT true IS DISTINCT FROM t.pg_try_advisory_lock FROM generate_series(1, 1) AS t
SELECT 'a' IS NOT DISTINCT FROM t.echoed FROM unnest(ARRAY['a']) t
SELECT trim(both 'x' FROM t.pg_read_file) FROM unnest(ARRAY['/etc/hostname']) AS t
SELECT substring('a' FROM t.echoed) FROM unnest(ARRAY['a']) t
SELECT overlay('abc' placing 'x' from t.pg_backend_pid) + 0, t.pg_advisory_lock FROM generate_series(1, 1) t
-- TREAT calls the function that its type names.
SELECT TREAT('/etc/hostname' AS pg_read_file)
SELECT TREAT(4242 AS pg_advisory_lock)
SELECT TREAT (4242::bigint AS "pg_try_advisory_lock")
-- A function whose arguments the guard examines, called as a field.
SELECT t.current_setting FROM unnest(ARRAY['data_directory']) AS t
SELECT (t).current_setting FROM unnest(ARRAY['config_file']) AS t
SELECT ('hba_file'::text).current_setting
SELECT t.crosstab2 FROM unnest(ARRAY['SELECT 1, 2, 3']) AS t
-- A list of columns with types, which is no query of a WITH.
SELECT * FROM generate_series(1, 1) g, rows_of(5) AS ("values" int)
SELECT * FROM generate_series(1, 1) g, rows_of(5) AS (values int)
SELECT * FROM ROWS FROM (now(), rows_of(5) AS (values int))
WITH a AS (SELECT 1) SELECT * FROM a, rows_of(5) AS ("select" int)
-- Types that hold a type which calls a function.
SELECT 'x'::watched_again
SELECT '{x}'::_watched
SELECT ROW('x', 1)::watched_pair
SELECT '{"(x,1)"}'::watched_pair[]
SELECT json_populate_record(NULL::watched_pair, '{"a":"x"}')
SELECT jsonb_populate_record(NULL::watched_rows, '{"a":"x"}')
SELECT CAST('(x)' AS watched_rows)
SELECT * FROM jsonb_to_recordset('[{"r":{"a":"x"}}]') AS t(r watched_rows)
-- Keywords that stand for an operator of the user's.
SELECT 5 NOT ILIKE 'x'
SELECT * FROM generate_series(1, 3) g WHERE g NOT ILIKE ALL (ARRAY['x'])
-- A cast that no token names.
SELECT own_n(6)
SELECT own_n(length('abc'))
SELECT coalesce(ROW(1)::own, 6)
SELECT 6::own
SELECT CAST(6 AS public.own)
SELECT ROW(1)::own::integer
SELECT CAST(ROW(1)::own AS int)
SELECT 1 FROM flags WHERE f
SELECT 1 FROM flags WHERE NOT f
SELECT CASE WHEN f THEN 1 END FROM flags
SELECT f::boolean FROM flags
SELECT bool(f) FROM flags
SELECT (f).bool FROM flags
SELECT count(*) FILTER (WHERE f) FROM flags
SELECT 1 WHERE 'on'::flag
SELECT 1 WHERE a_flag()
SELECT 1 FROM flag_view WHERE seen
SELECT 1 FROM flags a JOIN flags b ON a.f
SELECT 1 WHERE (SELECT x FROM unnest((SELECT g FROM flags)) x)
SELECT g::boolean[] FROM flags
SELECT 1 FROM (TABLE flags) AS x(a, b, c) WHERE b
SELECT 1 FROM json_to_record('{"a":"on"}') AS t(a flag) WHERE a
-- An operator on types of the user's, by symbol, keyword or clause.
SELECT m LIKE m FROM mines
SELECT ROW(1)::mine LIKE ROW(2)::mine
SELECT ROW(1) LIKE ROW(2)::mine
SELECT ROW(1) LIKE ROW(2)
SELECT q LIKE q FROM (SELECT 1 AS n) q
SELECT q LIKE m FROM mines, (SELECT 1 AS n) AS q
SELECT m ~~ m FROM mines
SELECT m OPERATOR(public.~~) m FROM mines
SELECT 1 FROM mines a JOIN mines b USING (m)
SELECT 1 FROM mines a NATURAL JOIN mines b
SELECT m = m FROM mines
SELECT m IN (m) FROM mines
SELECT NULLIF(m, m) FROM mines
SELECT CASE m WHEN m THEN 1 END FROM mines
SELECT m IS DISTINCT FROM m FROM mines
SELECT m LIKE ANY (ARRAY[m]) FROM mines
-- The support functions of an operator class.
SELECT * FROM ranks ORDER BY r
SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY r) n FROM ranks) q
SELECT * FROM (VALUES (ROW(1)::ranked), (ROW(2)::ranked)) v(a) ORDER BY a
SELECT * FROM json_to_recordset('[{"a":"(1)"},{"a":"(2)"}]') AS t(a ranked) ORDER BY a
-- A default argument.
SELECT stamped()
SELECT g.stamped FROM generate_series(1, 1) g
-- A domain that no token names, or that a token names in an unusual way.
SELECT shown('x')
SELECT shown('x'::text)
SELECT made('x')
SELECT t.made FROM unnest(ARRAY['x']) t
SELECT watched('x')
SELECT ('x'::text).watched
SELECT t.watched FROM unnest(ARRAY['x']) t
SELECT t.email FROM unnest(ARRAY['x']) t
SELECT lag(a, 1, 'x') OVER () FROM watched_rows
SELECT lead(a, 1, 'x') OVER () FROM watched_rows
SELECT array_append(ARRAY[a], 'x') FROM watched_rows
SELECT array_position(w, 'x') FROM watched_lists
SELECT array_replace(w, 'a', 'x') FROM watched_lists
SELECT w || '{x}' FROM watched_lists
SELECT w @> '{x}' FROM watched_lists
SELECT '{x}' <@ w FROM watched_lists
SELECT (w) = ('{x}') FROM watched_lists
SELECT w = ANY (ARRAY['{x}'::watched[]]) FROM watched_lists
SELECT ARRAY[a] @> '{x}' FROM watched_rows
SELECT array_agg(a) && '{x}' FROM watched_rows
SELECT jsonb_populate_record(r, '{"a":"x"}') FROM watched_rows r
SELECT (json_populate_record(watched_rows, '{"a":"x"}')).a FROM watched_rows
SELECT * FROM watched_rows r, jsonb_populate_recordset(r, '[{"a":"x"}]')
SELECT r #= hstore('a', 'x') FROM watched_rows r
SELECT populate_record(r, hstore('a', 'x')) FROM watched_rows r
SELECT 'x' <+> 'y'
SELECT 'x'::text <+> 'y'::text
SELECT * FROM xmltable('/a' PASSING '<a>x</a>' COLUMNS a watched PATH '.')
SELECT * FROM jsonb_to_record('{"a":"x"}') AS t(a watched)
SELECT * FROM jsonb_to_record('{"a":"x"}') AS (a watched)
SELECT * FROM jsonb_to_record('{"a":["x"]}') AS t(a watched[])
-- A column takes precedence over a row of the same name.
SELECT (quantity).total FROM items, orders quantity
SELECT (o).total FROM (SELECT 1 AS o) q, orders o
SELECT (g).total FROM generate_series(1, 2) g
SELECT (key).total FROM json_each('{"1":2}'), orders key
SELECT (1).total
SELECT ((SELECT 1)).total
SELECT pg_truncate_visibility_map('accounts'::regclass)
-- Constants that stand beside a value of a type, and take its type.
SELECT coalesce(r, '(x)') FROM watched_rows r
SELECT r FROM watched_rows r UNION SELECT '(x)'
SELECT w FROM watched_lists UNION ALL SELECT '{x}'
SELECT CASE WHEN false THEN w ELSE ' {x}' END FROM watched_lists
SELECT greatest(w, '[1:1]={x}') FROM watched_lists
SELECT ARRAY[r, '(x)'] FROM watched_rows r
SELECT v FROM watched_rows r, LATERAL (VALUES (r), ('(x)')) v
-- Casts of what functions, operators, domains, rows, heirs and copies return.
SELECT 1 FROM flag_rows() r WHERE r.f
SELECT 1 FROM flag_rows() AS r(a, b, c) WHERE b
SELECT 1 FROM flag_table() WHERE z
SELECT 1 WHERE (SELECT flag_out())
SELECT 1 WHERE 'on'::flag_again
SELECT 1 FROM flag_pairs WHERE (pair).p
SELECT 1 FROM flag_pairs, LATERAL (SELECT (pair).*) q WHERE q.p
SELECT 1 WHERE (5 ~> 6)
SELECT 1 FROM flag_heirs WHERE f
SELECT 1 FROM flag_copy WHERE copied
SELECT 1 WHERE flag $$on$$
SELECT 1 WHERE flag U&'on'
SELECT 1 WHERE public.flag E'on'
SELECT 1 WHERE ('{on}'::flag[])[1]
SELECT 1 FROM json_populate_record(NULL::flags, '{"f":"on"}') WHERE f
SELECT coalesce(o, 6) FROM owns
SELECT o FROM owns UNION SELECT 6
SELECT CASE WHEN true THEN o ELSE 6 END FROM owns
-- A column of an alias's list takes precedence over a row, too, and a star may stand behind a relation.
SELECT (o).total FROM (SELECT 1) q(o), orders o
SELECT (o).total FROM orders o, unnest(ARRAY[1]) AS f(o)
SELECT ((o)).total FROM orders o, unnest(ARRAY[1]) f(x, o)
WITH q(o) AS (SELECT 1) SELECT (o).total FROM q, orders o
SELECT (o).total FROM json_to_record('{"o":1}') AS j(o int), orders o
SELECT (o).total FROM xmltable('/a' PASSING '<a>1</a>' COLUMNS o int PATH '.') j, orders o
SELECT (o).total FROM (VALUES (1)) AS v(o), orders o
SELECT (SELECT o.total FROM items * o LIMIT 1) FROM orders o
-- A column of a list that has the name of a keyword.
SELECT * FROM jsonb_to_record('{"by":"x"}') AS t(by watched)
SELECT * FROM jsonb_to_record('{"a":1,"between":"x"}') AS t(a int, between watched)
SELECT * FROM xmltable('/a' PASSING '<a>x</a>' COLUMNS by watched PATH '.')
SELECT * FROM jsonb_to_record('{"setof":"x"}') AS t(setof watched)
-- The input functions of types, with a type's number.
SELECT array_in('{x}', 'watched'::regtype, -1)
SELECT domain_in('x', 'watched'::regtype, -1) IS NULL
SELECT record_in('(x)', (SELECT oid FROM pg_type WHERE typname LIKE 'watched\_ro_s'), -1) IS NULL
SELECT range_in('[a,b]', 3904, -1) IS NULL
SELECT multirange_in('{}', 4451, -1) IS NULL
-- A default argument and a domain that call a function of the server, use an operator, or call one another.
SELECT ticked()
SELECT 3::locked
SELECT told(1)
SELECT g.told FROM generate_series(1, 1) g
SELECT retold()
SELECT checked(1)
SELECT 1::told_again
SELECT CAST(1 AS checked_again)
SELECT s.total FROM (SELECT 1 OPERATOR(pg_catalog.+) total FROM (SELECT 1 AS total) q) s
