-- Statements that the guard lets through. One a line.
SELECT 1
SELECT 1;
(SELECT 1) UNION ALL (SELECT 2)
WITH a AS (SELECT 1 AS n) SELECT * FROM a
WITH RECURSIVE a (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 10) SELECT n FROM a
SELECT TOP 10 * FROM accounts
SELECT * FROM accounts ORDER BY id LIMIT 10 OFFSET 5
SELECT * FROM bank.public.accounts
SELECT "delete", "Select" FROM "insert"
SELECT a.payload:customer.name::string FROM events AS a
SELECT a.payload['x'][0]::number(10, 2) FROM events AS a
SELECT f.value FROM events, LATERAL FLATTEN(input => payload:items) AS f
SELECT * FROM TABLE(FLATTEN(input => PARSE_JSON('[1, 2]')))
SELECT SEQ4() FROM TABLE(GENERATOR(ROWCOUNT => 10))
SELECT * FROM TABLE(SPLIT_TO_TABLE('a,b', ','))
SELECT * FROM TABLE('accounts')
SELECT * FROM VALUES (1, 'a'), (2, 'b') AS v (n, t)
SELECT owner FROM accounts QUALIFY ROW_NUMBER() OVER (PARTITION BY owner ORDER BY id) = 1
SELECT owner, SUM(balance) FROM accounts GROUP BY ALL HAVING SUM(balance) > 10
SELECT owner, SUM(balance) FROM accounts GROUP BY ROLLUP (owner)
SELECT * EXCLUDE balance FROM accounts
SELECT * ILIKE '%id%' FROM accounts
SELECT * FROM accounts SAMPLE (10)
SELECT * FROM accounts AT (OFFSET => -60)
SELECT * FROM accounts PIVOT (SUM(balance) FOR owner IN ('alice', 'bob')) AS p
SELECT DATE_TRUNC('month', created), DATEADD(day, -7, CURRENT_DATE), created::date FROM accounts
SELECT IFF(balance > 10, 'much', 'little'), NVL(owner, ''), DECODE(id, 1, 'a') FROM accounts
SELECT TRANSLATE(owner, 'a', 'b'), SPLIT_PART(email, '@', 2) FROM accounts
SELECT * FROM accounts WHERE email LIKE '%@example.com' OR email = '@x' OR email ILIKE '@y%'
SELECT EXTRACT(year FROM '2024-02-29'::date)
SELECT 'it''s', 'it\'s; -- no comment', $$a ' string$$, '日本'
SELECT 1 /* DROP TABLE accounts */ AS n
SELECT 1 -- DROP TABLE accounts
SELECT 1 // DROP TABLE accounts
SELECT 'https://example.com' AS url
SELECT url FROM pages WHERE url LIKE 'https://%'
SELECT 1.5e3, .5, -1, 10 // 3
SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES
SELECT SYSTEM$TYPEOF(1)
SELECT CURRENT_USER(), CURRENT_ROLE(), CURRENT_WAREHOUSE()
SELECT a.n, t.cortex_score FROM a JOIN t ON a.id = t.id
SELECT * FROM a ASOF JOIN b MATCH_CONDITION (a.t >= b.t)
SELECT ARRAY_AGG(owner) WITHIN GROUP (ORDER BY owner) FROM accounts
SHOW TABLES
SHOW TERSE TABLES IN SCHEMA bank.public
SHOW PRIMARY KEYS IN SCHEMA bank.public
SHOW COLUMNS IN TABLE accounts
DESCRIBE TABLE accounts
DESC VIEW rich
SELECT '\x41\u0042\103\t\'', $1 FROM accounts WHERE owner = '@alice'
SELECT t.a, v.value FROM (VALUES (1), (2)) AS t (a), LATERAL FLATTEN(INPUT => PARSE_JSON('[1]')) v
WITH totals (owner, total) AS (SELECT owner, SUM(balance) FROM accounts GROUP BY owner) SELECT * FROM totals
SELECT DATE_TRUNC('month', created), DATEADD(day, 1, created)::DATE, TO_CHAR(balance, '999'), CAST(balance AS NUMBER(10, 2)) FROM accounts
SELECT owner FROM accounts QUALIFY ROW_NUMBER() OVER (PARTITION BY owner ORDER BY id) = 1
SELECT * FROM accounts PIVOT (SUM(balance) FOR owner IN ('a', 'b')) AS p (id, a, b)
SELECT LISTAGG(DISTINCT owner, ', ') WITHIN GROUP (ORDER BY owner), MEDIAN(balance), APPROX_COUNT_DISTINCT(owner), MAX_BY(owner, balance) FROM accounts
SELECT a.owner FROM accounts a WHERE EXISTS (SELECT 1) AND a.id IN (1, 2) AND owner ILIKE ANY ('a%', 'b%') AND owner NOT LIKE ALL ('c%')
SELECT OBJECT_CONSTRUCT('a', 1):a::INT, ARRAY_AGG(id), ARRAY_SIZE(SPLIT(owner, ' ')), GET_PATH(PARSE_JSON('{}'), 'a') FROM accounts GROUP BY owner
SELECT owner FROM accounts GROUP BY GROUPING SETS ((owner), ()), CUBE (id), ROLLUP (id)
SELECT REGEXP_SUBSTR(owner, 'a'), SPLIT_PART(owner, ' ', 1), NVL2(owner, 1, 2), ZEROIFNULL(balance), DIV0(1, 0), TRY_TO_NUMBER('x'), IFF(true, 1, 2) FROM accounts SAMPLE (10)
SELECT HAVERSINE(1, 2, 3, 4), ST_DISTANCE(ST_MAKEPOINT(1, 2), ST_MAKEPOINT(3, 4)), TRANSFORM([1, 2], x -> x + 1), RATIO_TO_REPORT(balance) OVER () FROM accounts
