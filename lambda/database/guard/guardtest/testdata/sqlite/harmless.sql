-- Statements that look like trouble and are none. One a line; each runs.
SELECT 1;
SELECT 1 ; ; -- done
/* a comment */ SELECT 1
SELECT 'DROP TABLE accounts; DELETE FROM accounts', 'it''s; fine'
SELECT [update], `delete`, "drop;" FROM (SELECT 1 AS [update], 2 AS `delete`, 3 AS "drop;")
SELECT load_extension FROM (SELECT 1 AS load_extension)
SELECT replace(owner, 'a', 'b') FROM accounts
VALUES (1, 'a'), (2, 'b')
EXPLAIN QUERY PLAN SELECT * FROM accounts
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t
SELECT sum(balance) OVER (ORDER BY id) FROM accounts
SELECT name FROM pragma_table_info('accounts')
SELECT name FROM sqlite_schema
SELECT * FROM rich
SELECT date('2024-02-29', '+1 day'), strftime('%Y', '2024-02-29')
SELECT value FROM json_each('[1, 2]')
SELECT '{"a": 1}' ->> 'a', 'a' || 'b', 1 <> 2, 7 % 3
SELECT owner FROM accounts WHERE owner GLOB 'a*' AND owner LIKE '%e'
SELECT body, bm25(notes) FROM notes WHERE notes MATCH 'full'
SELECT 1_000, 1_0.2_5e1_0, ~1
