-- Statements that look like trouble and are none. One a line; each runs.
SELECT 1;
SELECT 1 ; -- done
SELECT 1 # ; DELETE FROM accounts
SELECT 1 -- ; DELETE FROM accounts
/* a comment /* DELETE FROM accounts; */ SELECT 1
/* !50000 DELETE */ SELECT 1
SELECT 5--1, 5 - -1, 5-- 1
SELECT 'DROP TABLE accounts; DELETE FROM accounts'
SELECT "it's; fine", 'it''s', 'it\'s; fine', "a \" b; c", '\\'
SELECT 'a' 'b', N'a', _utf8mb4'a', x'41', 0x41, b'1', 0b1, 1e5, 1.5e-3, .5, 1.
SELECT `update`, `into`, `sleep;` FROM (SELECT 1 AS `update`, 2 AS `into`, 3 AS `sleep;`) AS t
SELECT sleep FROM (SELECT 1 AS sleep) AS t
SELECT 'LOAD_FILE(''/etc/passwd'')', "INTO OUTFILE '/tmp/x'"
SELECT '/*! DELETE FROM accounts */'
SELECT REPLACE(owner, 'a', 'b'), INSERT(owner, 1, 1, 'x'), TRUNCATE(balance, 1) FROM accounts
SELECT IF(balance > 60, 'rich', 'poor') FROM accounts
SELECT SUBSTRING('shared' FROM 1 FOR 3), EXTRACT(YEAR FROM '2024-02-29')
SELECT * FROM accounts USE INDEX FOR JOIN (PRIMARY)
SELECT 'a' REGEXP '^[a-z]$', 'x' LIKE 'x%', 'a' <=> NULL, 1 <> 2, !0, ~1 & 3 | 4 ^ 5, 7 DIV 2, 7 % 2
SELECT @@version, @@SESSION.sql_mode, @unset, CONNECTION_ID(), USER()
SELECT JSON_EXTRACT('{"a": 1}', '$.a'), JSON_VALUE('{"a": "b"}', '$.a')
SELECT COUNT(*), SUM(balance) OVER (ORDER BY id) FROM accounts GROUP BY id
SELECT GROUP_CONCAT(owner ORDER BY id SEPARATOR '; ') FROM accounts
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT SUM(n) FROM t
(SELECT 1) UNION (SELECT 2) ORDER BY 1 LIMIT 1 OFFSET 0
SELECT * FROM accounts ORDER BY id OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY
VALUES (1, 'a'), (2, 'b')
SELECT * FROM rich
SELECT * FROM bank.accounts
SELECT * FROM information_schema.tables WHERE table_schema = 'mysql' LIMIT 1
SELECT NOW(), CURDATE(), DATE_ADD('2024-02-29', INTERVAL 1 YEAR), UNIX_TIMESTAMP()
SELECT PREVIOUS VALUE FOR counter
SELECT DATABASE(), VERSION(), UUID() <> ''
SHOW TABLES
SHOW FULL COLUMNS FROM accounts
SHOW CREATE TABLE accounts
SHOW INDEX FROM accounts
SHOW TABLE STATUS LIKE 'accounts'
SHOW GLOBAL VARIABLES LIKE 'version'
SHOW VARIABLES LIKE 'character\_set%'
SHOW WARNINGS
SHOW COUNT(*) WARNINGS
SHOW CHARACTER SET LIKE 'utf8mb4'
DESCRIBE accounts
DESC bank.accounts owner
DESCRIBE accounts 'own%'
EXPLAIN accounts
EXPLAIN SELECT * FROM accounts
EXPLAIN EXTENDED SELECT * FROM accounts
EXPLAIN FORMAT=JSON SELECT * FROM accounts
DESCRIBE SELECT 1
