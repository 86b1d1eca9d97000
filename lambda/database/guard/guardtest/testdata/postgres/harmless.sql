-- Statements that look like trouble and are none. One a line; each runs.
SELECT 1;
SELECT 1 ; ; -- done
/* a comment /* in a */ comment */ SELECT 1
(SELECT 1) UNION (SELECT 2)
((SELECT 1))
select 'DROP TABLE accounts; DELETE FROM accounts'
SELECT 'it''s; fine'
SELECT "update", "delete" FROM (SELECT 1 AS "update", 2 AS "delete") t
SELECT set FROM (SELECT 1 AS set) t
SELECT nextval FROM (SELECT 1 AS nextval) t
SELECT pg_sleep FROM (SELECT 1 AS pg_sleep) t
SELECT 'pg_read_file(''/etc/passwd'')'
SELECT $$pg_read_file('/etc/passwd'); DELETE$$
SELECT $tag$ $$ ; $$ $tag$
SELECT E'a\'b; pg_sleep(1)'
SELECT U&'d\0061t\+000061'
SELECT 1 -- ; DELETE FROM accounts
SELECT 1 /* ; DELETE FROM accounts */
VALUES (1, 'a'), (2, 'b')
TABLE accounts
SHOW server_version
EXPLAIN SELECT * FROM accounts
EXPLAIN (ANALYZE, FORMAT json) SELECT * FROM accounts
EXPLAIN ANALYZE VERBOSE (SELECT 1)
EXPLAIN (SELECT 1) UNION SELECT 2
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t
WITH a AS MATERIALIZED (SELECT * FROM accounts) SELECT count(*) FROM a
SELECT * FROM accounts TABLESAMPLE system (100)
SELECT count(*) FILTER (WHERE balance > 0), sum(balance) OVER () FROM accounts GROUP BY balance
SELECT '{"a": [1, 2]}'::jsonb -> 'a' ->> 0, '{"a": 1}'::jsonb @> '{"a": 1}', '{"a": 1}'::jsonb ? 'a'
SELECT ARRAY[1, 2] || 3, ARRAY[1,2] && ARRAY[2]
SELECT 5 -- five
SELECT 1 <> 2, 1 != 2, 7 % 3, 2 ^ 3, @ -5, 'a' ~* 'A'
SELECT CURRENT_DATE, now(), clock_timestamp(), random(), gen_random_uuid()
SELECT pg_typeof(1), pg_size_pretty(1000::bigint), pg_relation_size('accounts'), pg_backend_pid()
SELECT relname FROM pg_class WHERE relname = 'accounts'
SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
SELECT current_setting('server_version_num'), current_user, version()
SELECT EXTRACT(year FROM DATE '2024-02-29'), date_trunc('month', TIMESTAMP '2024-02-29')
SELECT * FROM crosstab('SELECT owner, ''balance'', balance::text FROM accounts ORDER BY 1, 2') AS t(owner text, balance text)
SELECT * FROM crosstab($$SELECT owner, 'balance', balance::text FROM accounts$$, $$VALUES ('balance')$$) AS t(owner text, balance text)
SELECT xmlelement(name "a;b", 'x'), table_to_xml('accounts', true, false, '')
SELECT "a""b" FROM (SELECT 1 AS "a""b") t
SELECT größe FROM (SELECT 1 AS größe) t
SELECT 1 AS "日本"
SELECT 1_000, 0x1F, 1e5, .5
SELECT * FROM (VALUES (1)) AS http_errors(n)
WITH http_errors(day, n) AS (SELECT 1, 2) SELECT * FROM http_errors
SELECT t.pg_sleep FROM (SELECT 1 AS pg_sleep) t
SELECT (t).n FROM (SELECT 1 AS n) t
