-- Statements that look like trouble and are none. One a line; the guard lets
-- each pass.
SELECT 1;
SELECT 1 ; -- done
SELECT 1 # ; DELETE FROM shop.accounts
SELECT 1 -- ; DELETE FROM shop.accounts
/* a comment /* DELETE FROM shop.accounts; */ SELECT 1
(SELECT 1)
((SELECT 1)) LIMIT 1
WITH a AS (SELECT 1 AS n) SELECT n FROM a
WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT SUM(n) FROM t
FROM shop.accounts |> WHERE balance > 60 |> SELECT owner
FROM shop.accounts |> AGGREGATE SUM(balance) AS total GROUP BY owner |> ORDER BY total |> LIMIT 3
FROM shop.accounts |> EXTEND balance * 2 AS twice |> DROP balance |> RENAME owner AS who |> AS t
FROM shop.accounts |> LEFT JOIN shop.notes USING (id) |> SET balance = 0
SELECT 'DROP TABLE accounts; DELETE FROM accounts'
SELECT "it's; fine", 'it\'s; fine', "a \" b; c", '\\'
SELECT '''it's; fine''', """a " b; c""", '''a\'''; b'''
SELECT r'\d+;', r'\'; b', b'x', rb'y;', BR"z;", R'''a;''', """";"""
SELECT 'a', "b", 1e5, 1.5e-3, .5, 1., 0x1F
SELECT `update`, `into` FROM (SELECT 1 AS `update`, 2 AS `into`)
SELECT `external_query` FROM (SELECT 1 AS `external_query`)
SELECT 'EXTERNAL_QUERY("c", "q")', "AI.GENERATE(1)" -- AI.GENERATE(1)
SELECT ai.x FROM (SELECT 1 AS x) AS ai
SELECT ml.predict FROM shop.ml AS ml
SELECT * FROM ml.models
SELECT * FROM `ml.models`
SELECT * FROM `my-project.shop.accounts`
SELECT * FROM my-project.shop.accounts
SELECT * FROM `my-project`.shop.`accounts`
SELECT * FROM `shop.accounts_*` WHERE _TABLE_SUFFIX BETWEEN '20240101' AND '20240131'
SELECT * FROM shop.accounts FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR)
SELECT * FROM shop.INFORMATION_SCHEMA.TABLES
SELECT * FROM shop.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 'jobs'
SELECT * FROM shop.jobs
SELECT jobs FROM shop.sessions
SELECT * EXCEPT (balance), * REPLACE (1 AS id) FROM shop.accounts
SELECT AS STRUCT 1 AS a, 2 AS b
SELECT ARRAY(SELECT AS STRUCT 1 AS a), [1, 2][OFFSET(0)], STRUCT(1 AS a).a
SELECT x FROM UNNEST([1, 2, 3]) AS x WITH OFFSET AS o WHERE o > 0
SELECT GENERATE_ARRAY(1, 10), DATE '2024-02-29', TIMESTAMP '2024-02-29 12:00:00+00', INTERVAL 1 DAY
SELECT SAFE_CAST('x' AS INT64), SAFE.SUBSTR('abc', 1), IFNULL(NULL, 1), IF(TRUE, 1, 2)
SELECT REPLACE('a', 'a', 'b'), LEFT('abc', 2), FORMAT('%d', 1), NET.HOST('http://a.example/')
SELECT owner, RANK() OVER (PARTITION BY owner ORDER BY balance) FROM shop.accounts QUALIFY RANK() OVER (ORDER BY balance) = 1
SELECT APPROX_COUNT_DISTINCT(owner), COUNTIF(balance > 1), STRING_AGG(owner, '; ' ORDER BY owner LIMIT 3) FROM shop.accounts
SELECT * FROM shop.accounts TABLESAMPLE SYSTEM (10 PERCENT)
SELECT * FROM (SELECT 1 AS a, 'x' AS b) PIVOT (SUM(a) FOR b IN ('x', 'y'))
SELECT JSON_VALUE(JSON '{"a": 1}', '$.a'), TO_JSON_STRING(STRUCT(1 AS a)), PARSE_JSON('{}')
SELECT shop.tax(balance), `shop.tax`(balance) FROM shop.accounts
SELECT * FROM shop.accounts_of(DATE '2024-01-01')
SELECT SESSION_USER(), @@project_id, GENERATE_UUID(), RAND()
SELECT 1 | 2, 1 & 3, 1 << 2, 1 > 0, 5--1
SELECT CASE WHEN balance > 0 THEN 'rich' ELSE 'poor' END FROM shop.accounts
SELECT 1 UNION ALL SELECT 2 INTERSECT DISTINCT SELECT 2
