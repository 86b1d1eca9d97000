-- Statements that try to change the caller that they run for, or to read the rows of
-- another. One a line; \n is a line break. Each of them fails, and changes nothing.
-- set_config, and other spellings of its call.
SELECT set_config('request.jwt.claims', '{"tenant":"b"}', true)
SELECT pg_catalog.set_config('request.jwt.claims', '{"tenant":"b"}', false)
SELECT "set_config"('request.jwt.claims', '{"tenant":"b"}', true), note FROM orders
SELECT "pg_catalog"."set_config"('request.jwt.claims', '{"tenant":"b"}', true)
SELECT SET_CONFIG('request.jwt.claims', '{"tenant":"b"}', true)
SELECT U&"set\005fconfig"('request.jwt.claims', '{"tenant":"b"}', true)
SELECT set_config /* c */ ('request.jwt.claims', '{"tenant":"b"}', true)
SELECT set_config\n('request.jwt.claims', '{"tenant":"b"}', true)
SELECT E'a'\n'\'', set_config('request.jwt.claims', '{"tenant":"b"}', true) --'
SELECT note FROM orders WHERE set_config('request.jwt.claims', '{"tenant":"b"}', true) <> ''
SELECT note FROM orders ORDER BY set_config('request.jwt.claims', '{"tenant":"b"}', true)
SELECT note FROM orders GROUP BY note HAVING set_config('request.jwt.claims', '{"tenant":"b"}', true) IS NOT NULL
SELECT note FROM orders LIMIT length(set_config('request.jwt.claims', '{"tenant":"b"}', true))
SELECT (SELECT set_config('request.jwt.claims', '{"tenant":"b"}', true)), (SELECT string_agg(note, ',') FROM orders)
WITH c AS MATERIALIZED (SELECT set_config('request.jwt.claims', '{"tenant":"b"}', true)) SELECT o.note FROM c, orders o
WITH RECURSIVE c(v) AS (SELECT set_config('request.jwt.claims', '{"tenant":"b"}', true) UNION SELECT v FROM c) SELECT o.note FROM c, orders o
SELECT o.note FROM set_config('request.jwt.claims', '{"tenant":"b"}', true) AS c, orders o
SELECT o.note FROM LATERAL set_config('request.jwt.claims', '{"tenant":"b"}', true) AS c JOIN orders o ON true
SELECT o.note FROM ROWS FROM (set_config('request.jwt.claims', '{"tenant":"b"}', true)) AS c, orders o
SELECT CASE WHEN set_config('request.jwt.claims', '{"tenant":"b"}', true) <> '' THEN note END FROM orders
SELECT coalesce(set_config('request.jwt.claims', '{"tenant":"b"}', true), note) FROM orders
SELECT array_agg(set_config('request.jwt.claims', '{"tenant":"b"}', true)) FROM orders
SELECT sum(length(set_config('request.jwt.claims', '{"tenant":"b"}', true))) OVER () FROM orders
VALUES (set_config('request.jwt.claims', '{"tenant":"b"}', true))
EXPLAIN ANALYZE SELECT set_config('request.jwt.claims', '{"tenant":"b"}', true)
SELECT set_config(VARIADIC ARRAY['request.jwt.claims', '{"tenant":"b"}', 'true'])
SELECT set_config(setting_name => 'request.jwt.claims', new_value => '{"tenant":"b"}', is_local => true)
SELECT set_config('role', 'auditor', true), note FROM orders
SELECT set_config('role', 'tenant_b', false), note FROM orders
SELECT set_config('role', 'none', true)
SELECT set_config('session_authorization', 'tenant_b', true)
SELECT set_config('row_security', 'off', true), note FROM orders
SELECT set_config('request.jwt.claim.tenant', 'b', true)
SELECT set_config('search_path', 'pg_temp', true)
SELECT set_config('transaction_read_only', 'off', true)
SELECT set_config('session_replication_role', 'replica', true)
-- Statements that set, in every spelling.
SET request.jwt.claims = '{"tenant":"b"}'
SET LOCAL request.jwt.claims = '{"tenant":"b"}'
SET SESSION request.jwt.claims TO '{"tenant":"b"}'
RESET request.jwt.claims
RESET ALL
DISCARD ALL
SET ROLE tenant_b
SET ROLE "auditor"
SET LOCAL ROLE 'auditor'
SET SESSION ROLE NONE
RESET ROLE
SET SESSION AUTHORIZATION tenant_b
SET LOCAL SESSION AUTHORIZATION DEFAULT
RESET SESSION AUTHORIZATION
SET LOCAL row_security = off
SET TRANSACTION READ WRITE
-- A second statement, a transaction's end, blocks, prepared statements and cursors.
SELECT 1; SET ROLE auditor
SELECT 1; SELECT set_config('request.jwt.claims', '{"tenant":"b"}', true)
COMMIT
ROLLBACK
ROLLBACK; SET ROLE auditor; SELECT note FROM orders
SAVEPOINT s
ROLLBACK TO s
DO $$ BEGIN PERFORM set_config('request.jwt.claims', '{"tenant":"b"}', false); END $$
DO 'BEGIN SET ROLE auditor; END'
PREPARE p AS SELECT set_config('request.jwt.claims', '{"tenant":"b"}', true)
EXECUTE p
DECLARE c CURSOR FOR SELECT set_config('request.jwt.claims', '{"tenant":"b"}', true)
CALL become('{"tenant":"b"}')
-- Lasting changes of roles, databases, tables and policies.
ALTER ROLE shop_reader SET request.jwt.claims = '{"tenant":"b"}'
ALTER ROLE CURRENT_USER BYPASSRLS
ALTER DATABASE postgres SET request.jwt.claims = '{"tenant":"b"}'
ALTER SYSTEM SET request.jwt.claims = '{"tenant":"b"}'
ALTER TABLE orders DISABLE ROW LEVEL SECURITY
DROP POLICY of_tenant ON orders
CREATE POLICY more ON orders USING (true)
GRANT auditor TO tenant_a
CREATE FUNCTION f() RETURNS int LANGUAGE sql SET role = 'auditor' AS 'SELECT 1'
UPDATE pg_settings SET setting = '{"tenant":"b"}' WHERE name = 'request.jwt.claims'
WITH u AS (UPDATE pg_settings SET setting = 'auditor' WHERE name = 'role' RETURNING 1) SELECT * FROM u
WITH u AS (UPDATE orders SET tenant = 'a' RETURNING note) SELECT * FROM u
UPDATE orders SET tenant = 'a'
-- SQL in strings, and other sessions.
SELECT query_to_xml('SELECT set_config(''request.jwt.claims'', ''{"tenant":"b"}'', true)', true, true, '')
SELECT * FROM crosstab('SELECT set_config(''role'', ''auditor'', true), 1, 1') AS c(a text, b int)
SELECT * FROM crosstab('SELECT note, 1, 1 FROM all_notes() note') AS c(a text, b int)
SELECT * FROM connectby('orders', 'id', 'id', '1', 0) AS t(a int, b int, c int)
SELECT xpath_table('id', 'note', 'orders', '/x', 'true')
SELECT * FROM dblink('dbname=postgres user=postgres', 'SELECT note FROM orders') AS t(note text)
SELECT dblink_exec('dbname=postgres', 'SET ROLE auditor')
SELECT ts_stat('SELECT set_config(''role'', ''auditor'', true)::tsvector')
SELECT schema_to_xml('public', true, true, '')
SELECT most_common_vals FROM pg_stats WHERE tablename = 'orders'
SELECT query FROM pg_stat_activity
SELECT pg_read_file('postgresql.conf')
-- Functions of the owner: some change the claims or the role, some run with its rights.
SELECT become('{"tenant":"b"}'), note FROM orders
SELECT note FROM orders, become('{"tenant":"b"}')
SELECT become('{"tenant":"b"}'), generate_series(1, 100000)
SELECT (SELECT become('{"tenant":"b"}')), (SELECT string_agg(note, ',') FROM orders)
SELECT become_role('auditor'), note FROM orders
SELECT become_role('tenant_a'), become_role('auditor'), note FROM orders
SELECT become_role('tenant_b') FROM generate_series(1, 3)
SELECT become_later('{"tenant":"b"}'), note FROM orders
SELECT volatile_become('{"tenant":"b"}'), note FROM orders
SELECT t.become FROM unnest(ARRAY['{"tenant":"b"}']) AS t, orders
SELECT * FROM all_notes()
SELECT public.all_notes()
SELECT note_of(2)
SELECT t.note_of FROM generate_series(1, 4) AS t
SELECT 2 ~~~ 'f%'
SELECT 2 OPERATOR(public.~~~) 'f%'
SELECT collected(n) FROM generate_series(1, 4) n
-- Errors that quote rows of another caller, and what EXPLAIN counts of them.
SELECT note::int FROM become('{"tenant":"b"}'), orders
SELECT note::int FROM become_role('auditor'), orders ORDER BY id DESC
SELECT note::regclass FROM become('{"tenant":"b"}'), orders
EXPLAIN SELECT note FROM orders WHERE tenant = 'b'
EXPLAIN ANALYZE SELECT note FROM orders WHERE id = 2
EXPLAIN (ANALYZE, FORMAT json) TABLE orders
-- Functions that the statement does not name, before more rows than an answer holds.
WITH c AS MATERIALIZED (SELECT '{"tenant":"b"}'::text ~> 'x' AS x) SELECT note, repeat('x', 1000) FROM c, orders, generate_series(1, 2000)
WITH c AS MATERIALIZED (SELECT '{"tenant":"b"}'::turning AS x) SELECT note, repeat('x', 1000) FROM c, orders, generate_series(1, 2000)
WITH c AS MATERIALIZED (SELECT ROW('{"tenant":"b"}')::token::text AS x) SELECT note, repeat('x', 1000) FROM c, orders, generate_series(1, 2000)
WITH c AS MATERIALIZED (SELECT (ROW('{"tenant":"b"}')::token).of_token AS x) SELECT note, repeat('x', 1000) FROM c, orders, generate_series(1, 2000)
WITH c AS MATERIALIZED (SELECT t.become AS x FROM unnest(ARRAY['{"tenant":"b"}']) AS t) SELECT note, repeat('x', 1000) FROM c, orders, generate_series(1, 2000)
