-- Statements that would reach beyond a read-only transaction, or read what they
-- should not, when the database user may. One a line; the guard refuses each.
-- DIRECTORY stands for the server's data directory.
SELECT pg_read_file('/etc/passwd')
SELECT pg_read_file ('/etc/passwd')
SELECT PG_READ_FILE('/etc/passwd')
SELECT pg_read_file/* */('/etc/passwd')
SELECT pg_read_file/* /* */ */ ('/etc/passwd')
SELECT "pg_read_file"('/etc/passwd')
SELECT pg_catalog.pg_read_file('/etc/passwd')
SELECT pg_catalog . "pg_read_file" ('/etc/passwd')
SELECT "pg_catalog"."pg_read_file"('/etc/passwd')
SELECT U&"pg\005fread_file"('/etc/passwd')
SELECT u&"pg!005fread_file" UESCAPE '!' ('/etc/passwd')
SELECT U&"pg!005fread_file" /* */ UESCAPE '!' ('/etc/passwd')
SELECT E'\'' || pg_read_file('/etc/passwd') -- '
SELECT '\' || pg_read_file('/etc/passwd') -- '
SELECT $x$ ' $x$ || pg_read_file('/etc/passwd')
SELECT 1$$ $$ || pg_read_file('/etc/passwd') || '$$'
SELECT /* ' */ pg_read_file('/etc/passwd') /* ' */
SELECT "it's" || pg_read_file('/etc/passwd') FROM (SELECT '' AS "it's") t
SELECT pg_read_binary_file('/etc/passwd')
SELECT * FROM pg_read_file('/etc/passwd') AS t(line)
SELECT * FROM ROWS FROM (pg_ls_dir('.')) AS t(name)
SELECT * FROM LATERAL (SELECT pg_ls_dir('/')) t
WITH x AS (SELECT pg_read_file('/etc/passwd')) SELECT * FROM x
SELECT (SELECT pg_read_file('/etc/passwd'))
SELECT CASE WHEN true THEN pg_read_file('/etc/passwd') END
SELECT count(*) FILTER (WHERE pg_read_file('/etc/passwd') <> '') FROM accounts
VALUES (pg_read_file('/etc/passwd'))
EXPLAIN ANALYZE SELECT pg_read_file('/etc/passwd')
SELECT pg_ls_dir('/')
SELECT pg_ls_logdir()
SELECT pg_ls_waldir()
SELECT pg_stat_file('/etc/passwd')
SELECT pg_file_write('DIRECTORY/stolen', 'x', false)
SELECT lo_import('/etc/passwd')
SELECT lo_export(4711, 'DIRECTORY/stolen')
SELECT lo_from_bytea(0, 'x')
SELECT lo_put(4711, 0, 'x')
SELECT lo_unlink(4711)
SELECT lo_create(0)
SELECT lowrite(lo_open(4711, 131072), 'x')
REINDEX TABLE accounts
COPY accounts TO 'DIRECTORY/stolen'
COPY (SELECT 1) TO PROGRAM 'touch DIRECTORY/stolen'
/* SELECT */ COPY (SELECT 1) TO PROGRAM 'touch DIRECTORY/stolen'
SELECT dblink('dbname=postgres', 'DELETE FROM accounts')
SELECT dblink_exec('dbname=postgres', 'DELETE FROM accounts')
SELECT dblink_connect('dbname=postgres')
SELECT * FROM dblink('host=example.com', 'SELECT 1') AS t(n int)
SELECT nextval('counter')
SELECT "nextval"('counter')
SELECT setval('counter', 1000)
SELECT set_config('transaction_read_only', 'off', false)
SELECT set_config('statement_timeout', '0', false), pg_sleep(1)
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'
SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'
SELECT pg_reload_conf()
SELECT pg_rotate_logfile()
SELECT pg_sleep(1000)
SELECT pg_sleep_for('1 hour')
SELECT pg_sleep_until(now() + interval '1 hour')
SELECT pg_advisory_lock(1)
SELECT pg_try_advisory_lock(1)
SELECT pg_advisory_xact_lock(1)
SELECT pg_advisory_unlock_all()
SELECT pg_notify('channel', 'stolen')
SELECT pg_logical_emit_message(false, 'stolen', 'x')
SELECT pg_create_physical_replication_slot('stolen')
SELECT pg_create_logical_replication_slot('stolen', 'test_decoding')
SELECT pg_drop_replication_slot('stolen')
SELECT pg_create_restore_point('stolen')
SELECT pg_switch_wal()
SELECT pg_backup_start('stolen')
SELECT pg_promote()
SELECT pg_export_snapshot()
SELECT pg_stat_reset()
SELECT pg_stat_reset_shared('bgwriter')
SELECT pg_replication_origin_create('stolen')
SELECT pg_log_backend_memory_contexts(pid) FROM pg_stat_activity WHERE application_name = 'victim'
SELECT brin_summarize_new_values('accounts_pkey')
SELECT query_to_xml('SELECT pg_read_file(''/etc/passwd'')', true, false, '')
SELECT query_to_xmlschema('SELECT lo_create(0)', true, false, '')
SELECT ts_stat('SELECT to_tsvector(pg_read_file(''/etc/passwd''))')
SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, pg_read_file(''/etc/passwd'')::tsquery')
SELECT * FROM crosstab('SELECT 1, 2, pg_read_file(''/etc/passwd'')') AS t(a int, b text)
SELECT * FROM crosstab('SELECT 1, 2, pg_read' || '_file(''/etc/passwd'')') AS t(a int, b text)
SELECT * FROM crosstab(format('SELECT 1, 2, %s(''/etc/passwd'')', 'pg_read' || '_file')) AS t(a int, b text)
SELECT * FROM crosstab($$SELECT 1, 2, lo_create(0)$$, $$VALUES (1)$$) AS t(a int, b text)
SELECT * FROM http_get('http://example.com')
SELECT aws_lambda.invoke('f', '{}')
SELECT * FROM aws_s3.query_export_to_s3('SELECT 1', 'b')
SELECT rolpassword FROM pg_authid
SELECT passwd FROM pg_catalog.pg_shadow
SELECT passwd FROM "pg_shadow"
TABLE pg_authid
SELECT * FROM pg_user_mappings
SELECT * FROM pg_hba_file_rules
SELECT * FROM pg_hba_file_rules()
SELECT pg_current_logfile()
SELECT ('/etc/passwd'::text).pg_read_file
SELECT ('.'::text).pg_ls_dir
SELECT (pid).pg_cancel_backend FROM pg_stat_activity
SELECT (7::bigint).pg_advisory_lock
SELECT (0.2::float8).pg_sleep
SELECT (ARRAY[0.2::float8])[1].pg_sleep
SELECT (0::oid).pg_stat_reset_single_table_counters
SELECT ('host=127.0.0.1'::text).dblink_connect
SELECT ('SELECT 1'::text).ts_stat
SELECT ('SELECT 1'::text) . crosstab
SELECT * FROM information_schema.user_mapping_options
