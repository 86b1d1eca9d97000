-- Statements that look like trouble and are none. One a line; each runs on Spark.
SELECT 1;
SELECT 1 ; -- done
SELECT 1 -- ; DELETE FROM accounts
/* a comment /* nested; */ DELETE FROM accounts; */ SELECT 1
(SELECT 1)
SELECT 5--1
SELECT 'DROP TABLE accounts; DELETE FROM accounts'
SELECT "it's; fine", 'it''s', 'it\'s; fine', "a \" b; c", '\\'
SELECT r'\', R"\;", 'a' 'b', x'41', 1e5, 1.5e-3, .5, 1L, 1.5BD
SELECT `update`, `into`, `x;` FROM (SELECT 1 AS `update`, 2 AS `into`, 3 AS `x;`)
SELECT t.update, t.delete FROM (SELECT 1 AS `update`, 2 AS `delete`) AS t
SELECT reflect FROM (SELECT 1 AS reflect)
SELECT 'reflect(''a'')', "read_files('/etc/passwd')", 'csv.`/etc/passwd`'
SELECT '/*+ x */', '$', '{'
SELECT transform(array(1, 2), x -> x + 1), filter(array(1, 2), x -> x > 1)
SELECT REPLACE('a', 'a', 'b'), LEFT('abc', 2), OVERLAY('abc' PLACING 'x' FROM 2)
SELECT IF(1 > 0, 'rich', 'poor'), CASE WHEN 1 > 0 THEN 'a' ELSE 'b' END
SELECT CAST(1 AS STRING), 1 :: STRING, TRY_CAST('x' AS INT)
SELECT EXTRACT(YEAR FROM DATE'2024-02-29'), SUBSTRING('shared' FROM 1 FOR 3)
SELECT * FROM range(3) WHERE id BETWEEN 1 AND 2
SELECT a.id FROM range(3) AS a JOIN range(3) AS b USING (id)
SELECT a.id FROM range(3) AS a LEFT ANTI JOIN range(2) AS b ON a.id = b.id
SELECT id, ROW_NUMBER() OVER (PARTITION BY id % 2 ORDER BY id) FROM range(3)
SELECT COUNT(*), SUM(id), COLLECT_LIST(id) FROM range(3) GROUP BY id % 2 HAVING COUNT(*) > 0
SELECT id FROM range(3) QUALIFY ROW_NUMBER() OVER (ORDER BY id) = 1
SELECT * FROM VALUES (1, 'a'), (2, 'b') AS t(id, owner)
SELECT explode(array(1, 2))
SELECT id, e FROM range(2) LATERAL VIEW explode(array(1, 2)) x AS e
SELECT * FROM (SELECT 1 AS a, 'x' AS b) PIVOT (SUM(a) FOR b IN ('x', 'y'))
SELECT * EXCEPT (b) FROM (SELECT 1 AS a, 2 AS b)
SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 2
SELECT 1 AS n ORDER BY n LIMIT 1 OFFSET 0
WITH a AS (SELECT 1 AS n), b AS (SELECT n FROM a) SELECT * FROM b
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT SUM(n) FROM t
VALUES (1, 'a'), (2, 'b')
SELECT id FROM range(3) |> WHERE id > 1 |> SELECT id
SELECT struct(1 AS a).a, map('a', 1)['a'], array(1, 2)[0], named_struct('a', 1)
SELECT from_json('{"a": 1}', 'a INT').a, get_json_object('{"a": 1}', '$.a'), to_json(struct(1 AS a))
SELECT 'a' RLIKE '^[a-z]$', 'x' LIKE 'x%', 'a' <=> NULL, 1 <> 2, ! true, ~1 & 3 | 4 ^ 5, 7 DIV 2, 7 % 2
SELECT current_date() IS NOT NULL, current_user() IS NOT NULL, version() IS NOT NULL
SELECT date_add(DATE'2024-02-29', 1), add_months(DATE'2024-02-29', 12), INTERVAL '1' DAY
SELECT system FROM (SELECT 1 AS system)
SELECT json.a FROM (SELECT struct(1 AS a) AS json)
