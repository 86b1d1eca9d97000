-- Ordinary questions of analytics, over the tables of schema.sql. One a line; each runs.
SELECT DATE_FORMAT(o.ordered_at, '%Y-%m') AS month, count(*) AS value FROM orders o GROUP BY 1 ORDER BY 1
SELECT c.country, count(*) AS value FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 1 ORDER BY value DESC LIMIT 10
SELECT o.status, count(*) FROM orders o WHERE o.ordered_at >= NOW() - INTERVAL 90 DAY GROUP BY o.status
SELECT DATE_FORMAT(o.ordered_at, '%Y-%m') AS month, sum(o.total) AS value FROM orders o GROUP BY 1 ORDER BY 1
SELECT c.country, sum(o.total) AS value FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 1 ORDER BY value DESC LIMIT 10
SELECT o.status, sum(o.total) FROM orders o WHERE o.ordered_at >= NOW() - INTERVAL 90 DAY GROUP BY o.status
SELECT DATE_FORMAT(o.ordered_at, '%Y-%m') AS month, avg(o.total) AS value FROM orders o GROUP BY 1 ORDER BY 1
SELECT c.country, avg(o.total) AS value FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 1 ORDER BY value DESC LIMIT 10
SELECT o.status, avg(o.total) FROM orders o WHERE o.ordered_at >= NOW() - INTERVAL 90 DAY GROUP BY o.status
SELECT DATE_FORMAT(o.ordered_at, '%Y-%m') AS month, min(o.ordered_at) AS value FROM orders o GROUP BY 1 ORDER BY 1
SELECT c.country, min(o.ordered_at) AS value FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 1 ORDER BY value DESC LIMIT 10
SELECT o.status, min(o.ordered_at) FROM orders o WHERE o.ordered_at >= NOW() - INTERVAL 90 DAY GROUP BY o.status
SELECT DATE_FORMAT(o.ordered_at, '%Y-%m') AS month, max(o.total) AS value FROM orders o GROUP BY 1 ORDER BY 1
SELECT c.country, max(o.total) AS value FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 1 ORDER BY value DESC LIMIT 10
SELECT o.status, max(o.total) FROM orders o WHERE o.ordered_at >= NOW() - INTERVAL 90 DAY GROUP BY o.status
SELECT DATE_FORMAT(o.ordered_at, '%Y-%m') AS month, count(DISTINCT o.customer_id) AS value FROM orders o GROUP BY 1 ORDER BY 1
SELECT c.country, count(DISTINCT o.customer_id) AS value FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 1 ORDER BY value DESC LIMIT 10
SELECT o.status, count(DISTINCT o.customer_id) FROM orders o WHERE o.ordered_at >= NOW() - INTERVAL 90 DAY GROUP BY o.status
SELECT id, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, RANK() OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, DENSE_RANK() OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, PERCENT_RANK() OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, CUME_DIST() OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, NTILE(4) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, LAG(total) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, LEAD(total, 1) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, FIRST_VALUE(total) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, LAST_VALUE(total) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, SUM(total) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, AVG(total) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, COUNT(*) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, SUM(total) OVER (ORDER BY ordered_at ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS rolling FROM orders
SELECT id, AVG(total) OVER w AS a, MAX(total) OVER w AS m FROM orders WINDOW w AS (PARTITION BY status ORDER BY id)
SELECT * FROM customers
SELECT * FROM customers ORDER BY name LIMIT 5 OFFSET 2
SELECT name, email FROM customers WHERE country = 'DE' AND city IN ('Berlin', 'Hamburg')
SELECT DISTINCT country FROM customers ORDER BY country
SELECT c.name, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL
SELECT c.name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.total > 100)
SELECT c.name FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)
SELECT name FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE status = 'paid')
SELECT CASE WHEN total < 50 THEN 'small' WHEN total < 200 THEN 'medium' ELSE 'large' END AS size, COUNT(*) FROM orders GROUP BY size
SELECT status, SUM(CASE WHEN total > 100 THEN 1 ELSE 0 END) AS large, COUNT(*) AS n FROM orders GROUP BY status
SELECT name FROM customers WHERE name LIKE 'A%' OR email LIKE '%@example.com'
SELECT COALESCE(city, 'unknown') AS city, COUNT(*) FROM customers GROUP BY city
SELECT NULLIF(city, '') FROM customers
SELECT UPPER(name), LOWER(email), LENGTH(name), TRIM(name) FROM customers
SELECT CONCAT(name, ' <', email, '>') FROM customers
SELECT ROUND(total, 1), FLOOR(total), CEIL(total), ABS(total - 100) FROM orders
SELECT id FROM orders WHERE total BETWEEN 10 AND 100 AND status <> 'open'
SELECT 1 UNION SELECT 2 UNION ALL SELECT 3
(SELECT id FROM orders) EXCEPT (SELECT order_id FROM items)
SELECT id FROM orders INTERSECT SELECT order_id FROM items
WITH big AS (SELECT * FROM orders WHERE total > 100) SELECT status, COUNT(*) FROM big GROUP BY status
WITH a AS (SELECT 1 AS n), b AS (SELECT n + 1 AS n FROM a) SELECT * FROM a, b
WITH RECURSIVE d(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM d WHERE n < 12) SELECT n FROM d
WITH t (a, b) AS (SELECT id, total FROM orders) SELECT a, b FROM t ORDER BY b DESC
SELECT t.n FROM (SELECT COUNT(*) AS n FROM orders) AS t
SELECT p.name, SUM(i.quantity * i.price) AS revenue FROM items i JOIN products p ON p.id = i.product_id GROUP BY p.name ORDER BY revenue DESC
SELECT p.category, SUM(i.quantity) AS units, SUM(i.quantity * i.price) / SUM(i.quantity) AS price FROM items i INNER JOIN products p ON p.id = i.product_id GROUP BY p.category
SELECT c.name, COUNT(o.id) AS orders, COALESCE(SUM(o.total), 0) AS spent FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.name ORDER BY spent DESC, c.name
SELECT a.name, b.name FROM customers a CROSS JOIN customers b WHERE a.id < b.id
SELECT * FROM orders NATURAL JOIN (SELECT id FROM orders WHERE total > 10) x
SELECT id, total FROM orders WHERE total > (SELECT AVG(total) FROM orders)
SELECT (SELECT COUNT(*) FROM orders) AS orders, (SELECT COUNT(*) FROM customers) AS customers
SELECT -1, +1, 2 * (3 + 4) - 5 / 2, 7 % 3, - 2
SELECT 'it''s', 'a -- b', 'x;y', 'Größe', ''
SELECT 1 AS one -- the first
SELECT /* both */ 1, 2
SELECT c.name AS customer_name, o.total order_total FROM customers c, orders o WHERE c.id = o.customer_id
SELECT orders.id, orders.total FROM orders WHERE orders.total > 5.5
SELECT status, COUNT(*) AS count FROM orders GROUP BY status ORDER BY count DESC
SELECT total AS sum, status AS lower FROM orders
SELECT o.id AS total, o.total AS id FROM orders o
SELECT COUNT(*) FROM (SELECT DISTINCT customer_id FROM orders) AS buyers
SELECT MAX(total) - MIN(total) AS spread FROM orders
SELECT id FROM orders ORDER BY total DESC, id ASC LIMIT 1
SELECT c.country, c.city, SUM(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.country, c.city
SELECT AVG(total), STDDEV(total), VARIANCE(total) FROM orders
SELECT id, total, total / NULLIF((SELECT SUM(total) FROM orders), 0) AS share FROM orders
SELECT name FROM products WHERE price > 10 AND (category = 'beans' OR category IS NULL)
SELECT GREATEST(1, 2, 3), LEAST(1, 2, 3)
SELECT id FROM orders WHERE NOT (status = 'paid')
SELECT TRUE, FALSE, NULL
SELECT POWER(2, 3), SQRT(16), MOD(7, 2), SIGN(-3), EXP(1), LN(2), PI()
SELECT REPLACE(name, 'a', 'b'), SUBSTRING(name, 1, 3), SUBSTRING(name FROM 2), LEFT(name, 2), RIGHT(name, 2), REVERSE(name), LPAD(name, 10, '*') FROM customers
SELECT POSITION('a' IN name), CHAR_LENGTH(name), REPEAT('ab', 2), ASCII('a') FROM customers
SELECT CAST(total AS CHAR(10)), CAST('12' AS DECIMAL(10, 2)) FROM orders
SELECT CURRENT_DATE, CURRENT_TIMESTAMP, CURRENT_USER
SELECT EXTRACT(YEAR FROM ordered_at), EXTRACT(MONTH FROM ordered_at) FROM orders
SELECT COUNT(*) AS `n` FROM orders
SELECT x.customer_id, x.total FROM (SELECT customer_id, total, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY total DESC) AS place FROM orders) x WHERE x.place = 1
WITH monthly AS (SELECT DATE_FORMAT(ordered_at, '%Y-%m') AS m, SUM(total) AS s FROM orders GROUP BY 1) SELECT m, s, s - LAG(s) OVER (ORDER BY m) AS growth FROM monthly ORDER BY m
WITH first_order AS (SELECT customer_id, MIN(ordered_at) AS first_at FROM orders GROUP BY customer_id) SELECT DATE_FORMAT(first_at, '%Y-%m') AS cohort, COUNT(*) FROM first_order GROUP BY 1
SELECT YEAR(ordered_at) AS y, COUNT(*) FROM orders GROUP BY YEAR(ordered_at)
SELECT table_name FROM information_schema.tables ORDER BY table_name LIMIT 3
SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'orders'
VALUES (1, 'a'), (2, 'b')
EXPLAIN SELECT * FROM orders
SELECT * FROM customers WHERE name = 'Robert''); DROP TABLE students; --'
SELECT    id,    total FROM orders WHERE total > 0;
SELECT name, COUNT(*) AS n FROM customers GROUP BY name ORDER BY n DESC, name LIMIT 3
SELECT t.name FROM customers AS t WHERE t.name IS NOT NULL AND t.name NOT LIKE '%x%' ORDER BY LENGTH(t.name) DESC
SELECT LOWER(TRIM(customers.name)) AS c FROM customers WHERE name IN ('a', 'b', 'c') OR name = ''
SELECT email, COUNT(*) AS n FROM customers GROUP BY email ORDER BY n DESC, email LIMIT 3
SELECT t.email FROM customers AS t WHERE t.email IS NOT NULL AND t.email NOT LIKE '%x%' ORDER BY LENGTH(t.email) DESC
SELECT LOWER(TRIM(customers.email)) AS c FROM customers WHERE email IN ('a', 'b', 'c') OR email = ''
SELECT city, COUNT(*) AS n FROM customers GROUP BY city ORDER BY n DESC, city LIMIT 3
SELECT t.city FROM customers AS t WHERE t.city IS NOT NULL AND t.city NOT LIKE '%x%' ORDER BY LENGTH(t.city) DESC
SELECT LOWER(TRIM(customers.city)) AS c FROM customers WHERE city IN ('a', 'b', 'c') OR city = ''
SELECT status, COUNT(*) AS n FROM orders GROUP BY status ORDER BY n DESC, status LIMIT 3
SELECT t.status FROM orders AS t WHERE t.status IS NOT NULL AND t.status NOT LIKE '%x%' ORDER BY LENGTH(t.status) DESC
SELECT LOWER(TRIM(orders.status)) AS c FROM orders WHERE status IN ('a', 'b', 'c') OR status = ''
SELECT category, COUNT(*) AS n FROM products GROUP BY category ORDER BY n DESC, category LIMIT 3
SELECT t.category FROM products AS t WHERE t.category IS NOT NULL AND t.category NOT LIKE '%x%' ORDER BY LENGTH(t.category) DESC
SELECT LOWER(TRIM(products.category)) AS c FROM products WHERE category IN ('a', 'b', 'c') OR category = ''
SELECT COUNT(*) FROM orders WHERE ordered_at >= NOW() - INTERVAL 7 DAY AND ordered_at < CURRENT_DATE
SELECT c.id FROM customers c WHERE c.id NOT IN (SELECT o.customer_id FROM orders o WHERE o.ordered_at > NOW() - INTERVAL 7 DAY)
SELECT COUNT(*) FROM orders WHERE ordered_at >= NOW() - INTERVAL 30 DAY AND ordered_at < CURRENT_DATE
SELECT c.id FROM customers c WHERE c.id NOT IN (SELECT o.customer_id FROM orders o WHERE o.ordered_at > NOW() - INTERVAL 30 DAY)
SELECT COUNT(*) FROM orders WHERE ordered_at >= NOW() - INTERVAL 365 DAY AND ordered_at < CURRENT_DATE
SELECT c.id FROM customers c WHERE c.id NOT IN (SELECT o.customer_id FROM orders o WHERE o.ordered_at > NOW() - INTERVAL 365 DAY)
SELECT DATE(ordered_at), DAYNAME(ordered_at), MONTHNAME(ordered_at), WEEK(ordered_at), YEARWEEK(ordered_at), QUARTER(ordered_at), HOUR(ordered_at), DAYOFWEEK(ordered_at), LAST_DAY(ordered_at) FROM orders
SELECT DATE_ADD(ordered_at, INTERVAL 1 MONTH), DATE_SUB(ordered_at, INTERVAL 7 DAY), DATEDIFF(NOW(), ordered_at), TIMESTAMPDIFF(MONTH, ordered_at, NOW()), ADDDATE(ordered_at, 1), SUBDATE(ordered_at, INTERVAL 1 DAY) FROM orders
SELECT STR_TO_DATE('29.02.2024', '%d.%m.%Y'), FROM_UNIXTIME(0), UNIX_TIMESTAMP(ordered_at), MAKEDATE(2024, 60), SEC_TO_TIME(3600), TIME_FORMAT('10:00:00', '%H'), CONVERT_TZ(ordered_at, '+00:00', '+02:00') FROM orders
SELECT GROUP_CONCAT(DISTINCT name ORDER BY name SEPARATOR ', ') FROM customers GROUP BY country
SELECT country, status, SUM(total) FROM orders JOIN customers ON customers.id = customer_id GROUP BY country, status WITH ROLLUP
SELECT IF(total > 100, 'large', 'small'), IFNULL(status, '-'), ISNULL(status), NULLIF(status, '') FROM orders
SELECT JSON_EXTRACT(attributes, '$.color'), JSON_UNQUOTE(JSON_EXTRACT(attributes, '$.color')), JSON_VALUE(attributes, '$.color'), JSON_KEYS(attributes), JSON_LENGTH(attributes), JSON_CONTAINS(attributes, '"red"', '$.color') FROM products
SELECT t.color FROM products, JSON_TABLE(attributes, '$' COLUMNS (color VARCHAR(20) PATH '$.color', w INT PATH '$.size.w' DEFAULT '0' ON EMPTY)) AS t
SELECT JSON_OBJECT('id', id, 'name', name), JSON_ARRAY(id, name), JSON_ARRAYAGG(id), JSON_OBJECTAGG(name, id) FROM customers GROUP BY id, name
SELECT name REGEXP '^A', name RLIKE 'b$', REGEXP_REPLACE(name, '[aeiou]', ''), REGEXP_SUBSTR(email, '@.*'), REGEXP_INSTR(name, 'a'), SUBSTRING_INDEX(email, '@', -1), INSTR(name, 'a'), LOCATE('a', name), FIND_IN_SET('a', 'b,a'), FIELD('a', 'b', 'a') FROM customers
SELECT FORMAT(total, 2), TRUNCATE(total, 1), CONVERT(total, CHAR), CAST(total AS UNSIGNED), CAST(total AS SIGNED), CAST('2024-01-01' AS DATE), CAST(ordered_at AS DATETIME), BINARY 'a' = 'A' FROM orders
SELECT CONCAT_WS(', ', city, country), LPAD(id, 5, '0'), RPAD(name, 20, '.'), UCASE(name), LCASE(name), MID(name, 1, 2), SPACE(2), STRCMP('a', 'b'), HEX(name), UNHEX('41'), MD5(name), SHA2(name, 256), TO_BASE64(name), CRC32(name), SOUNDEX(name) FROM customers
SELECT "double quoted", 'it\'s', 'a\\b', "say ""hi""", 'tab\there', '100\%' LIKE '100\%'
SELECT `c`.`name` AS `Customer Name` FROM `customers` AS `c`
SELECT id, total, @@version IS NOT NULL FROM orders
SELECT DISTINCTROW country FROM customers
SELECT STRAIGHT_JOIN c.name FROM customers c JOIN orders o ON o.customer_id = c.id
SELECT * FROM orders USE INDEX (PRIMARY) WHERE id = 1
SELECT * FROM orders FORCE INDEX FOR ORDER BY (PRIMARY) ORDER BY id
SELECT * FROM orders LIMIT 2, 5
SELECT total DIV 3, total MOD 3, total XOR 1, NOT 1, !0, 1 && 1, 1 || 0, 5 & 3, 5 | 3, 5 ^ 3, ~0, 1 << 2 FROM orders
SELECT STD(total), STDDEV_POP(total), VAR_SAMP(total), BIT_OR(id), BIT_AND(id) FROM orders
SELECT MEDIAN(total) OVER (PARTITION BY status), PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY total) OVER (PARTITION BY status) FROM orders
SELECT DATE '2024-02-29', TIME '12:00:00', TIMESTAMP '2024-02-29 12:00:00', {d '2024-02-29'}
SELECT ELT(2, 'a', 'b'), MAKE_SET(3, 'a', 'b'), INET_ATON('10.0.0.1'), INET_NTOA(167772161), UUID() IS NOT NULL, CONV(10, 10, 2), BIN(5), OCT(8), RAND() < 1
SELECT ST_X(POINT(1, 2)), ST_AsText(ST_GeomFromText('POINT(1 2)')), ST_Distance(POINT(0, 0), POINT(3, 4)), MBRContains(ST_GeomFromText('POLYGON((0 0,0 2,2 2,2 0,0 0))'), POINT(1, 1))
SELECT customers.name FROM customers WHERE MATCH (name) AGAINST ('ada' IN BOOLEAN MODE) OR true
SELECT CASE WHEN total IS NULL THEN 0 ELSE total END AS t FROM orders ORDER BY t DESC
SELECT sys.name, mysql.total FROM customers AS sys JOIN orders AS mysql ON mysql.customer_id = sys.id
SELECT left_total.total FROM orders AS left_total
SELECT gross(total), shop.gross(o.total) FROM orders o
SELECT gross (total) FROM orders
SELECT year, month FROM (SELECT 2024 AS year, 2 AS month) AS t WHERE year(NOW()) > t.year
SELECT o.sleep, o.database FROM (SELECT 1 AS sleep, 2 AS `database`) o
SELECT COUNT(*) > 0 AS any_orders FROM orders WHERE DATE_FORMAT(ordered_at, '%Y') = '2024'
SELECT WEEKDAY(ordered_at) AS weekday, SUM(total) FROM orders GROUP BY weekday
SELECT * FROM (VALUES (1, 2), (3, 4)) v
WITH RECURSIVE dates AS (SELECT DATE('2024-01-01') AS d UNION ALL SELECT d + INTERVAL 1 DAY FROM dates WHERE d < '2024-01-10') SELECT dates.d, COUNT(orders.id) FROM dates LEFT JOIN orders ON DATE(orders.ordered_at) = dates.d GROUP BY dates.d
SELECT NOW() + INTERVAL 1 HOUR, CURDATE() - INTERVAL 1 YEAR, INTERVAL 1 DAY + NOW(), UTC_TIMESTAMP(), SYSDATE() IS NOT NULL, CURTIME(6) IS NOT NULL
SELECT id FROM orders ORDER BY RAND(7) LIMIT 1
SELECT SUM(total) AS `sum`, COUNT(*) AS `count` FROM orders HAVING `count` > 0
SELECT table_name, table_rows FROM information_schema.tables WHERE table_schema = DATABASE()
SHOW COLUMNS FROM orders
SHOW CREATE TABLE orders
DESCRIBE orders
EXPLAIN FORMAT=JSON SELECT * FROM orders
SELECT name COLLATE utf8mb4_bin, CHARSET(name), COLLATION(name), _utf8mb4'x', N'y' FROM customers
SELECT EXTRACT(YEAR_MONTH FROM ordered_at), EXTRACT(DAY_HOUR FROM ordered_at) FROM orders
SELECT COUNT(IF(status = 'paid', 1, NULL)) / COUNT(*) * 100 AS percent FROM orders
SELECT customer_id, COUNT(*) AS result FROM orders WHERE status = 'paid' GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, SUM(total) AS result FROM orders WHERE status = 'paid' GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, ROUND(AVG(total), 2) AS result FROM orders WHERE status = 'paid' GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, MAX(ordered_at) AS result FROM orders WHERE status = 'paid' GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT status, COUNT(*) AS result FROM orders WHERE status = 'paid' GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, SUM(total) AS result FROM orders WHERE status = 'paid' GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, ROUND(AVG(total), 2) AS result FROM orders WHERE status = 'paid' GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, MAX(ordered_at) AS result FROM orders WHERE status = 'paid' GROUP BY status ORDER BY result DESC LIMIT 10
SELECT customer_id, COUNT(*) AS result FROM orders WHERE total > 20 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, SUM(total) AS result FROM orders WHERE total > 20 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, ROUND(AVG(total), 2) AS result FROM orders WHERE total > 20 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, MAX(ordered_at) AS result FROM orders WHERE total > 20 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT status, COUNT(*) AS result FROM orders WHERE total > 20 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, SUM(total) AS result FROM orders WHERE total > 20 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, ROUND(AVG(total), 2) AS result FROM orders WHERE total > 20 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, MAX(ordered_at) AS result FROM orders WHERE total > 20 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT customer_id, COUNT(*) AS result FROM orders WHERE total BETWEEN 5 AND 500 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, SUM(total) AS result FROM orders WHERE total BETWEEN 5 AND 500 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, ROUND(AVG(total), 2) AS result FROM orders WHERE total BETWEEN 5 AND 500 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, MAX(ordered_at) AS result FROM orders WHERE total BETWEEN 5 AND 500 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT status, COUNT(*) AS result FROM orders WHERE total BETWEEN 5 AND 500 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, SUM(total) AS result FROM orders WHERE total BETWEEN 5 AND 500 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, ROUND(AVG(total), 2) AS result FROM orders WHERE total BETWEEN 5 AND 500 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, MAX(ordered_at) AS result FROM orders WHERE total BETWEEN 5 AND 500 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT customer_id, COUNT(*) AS result FROM orders WHERE customer_id = 1 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, SUM(total) AS result FROM orders WHERE customer_id = 1 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, ROUND(AVG(total), 2) AS result FROM orders WHERE customer_id = 1 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, MAX(ordered_at) AS result FROM orders WHERE customer_id = 1 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT status, COUNT(*) AS result FROM orders WHERE customer_id = 1 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, SUM(total) AS result FROM orders WHERE customer_id = 1 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, ROUND(AVG(total), 2) AS result FROM orders WHERE customer_id = 1 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, MAX(ordered_at) AS result FROM orders WHERE customer_id = 1 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT customer_id, COUNT(*) AS result FROM orders WHERE status IN ('paid', 'open') GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, SUM(total) AS result FROM orders WHERE status IN ('paid', 'open') GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, ROUND(AVG(total), 2) AS result FROM orders WHERE status IN ('paid', 'open') GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, MAX(ordered_at) AS result FROM orders WHERE status IN ('paid', 'open') GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT status, COUNT(*) AS result FROM orders WHERE status IN ('paid', 'open') GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, SUM(total) AS result FROM orders WHERE status IN ('paid', 'open') GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, ROUND(AVG(total), 2) AS result FROM orders WHERE status IN ('paid', 'open') GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, MAX(ordered_at) AS result FROM orders WHERE status IN ('paid', 'open') GROUP BY status ORDER BY result DESC LIMIT 10
SELECT customer_id, COUNT(*) AS result FROM orders WHERE status IS NOT NULL AND total >= 0 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, SUM(total) AS result FROM orders WHERE status IS NOT NULL AND total >= 0 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, ROUND(AVG(total), 2) AS result FROM orders WHERE status IS NOT NULL AND total >= 0 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT customer_id, MAX(ordered_at) AS result FROM orders WHERE status IS NOT NULL AND total >= 0 GROUP BY customer_id ORDER BY result DESC LIMIT 10
SELECT status, COUNT(*) AS result FROM orders WHERE status IS NOT NULL AND total >= 0 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, SUM(total) AS result FROM orders WHERE status IS NOT NULL AND total >= 0 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, ROUND(AVG(total), 2) AS result FROM orders WHERE status IS NOT NULL AND total >= 0 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT status, MAX(ordered_at) AS result FROM orders WHERE status IS NOT NULL AND total >= 0 GROUP BY status ORDER BY result DESC LIMIT 10
SELECT p.category AS label, COUNT(DISTINCT o.id) AS value FROM products p JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.category HAVING COUNT(DISTINCT o.id) IS NOT NULL ORDER BY value DESC, label
SELECT p.name AS label, COUNT(DISTINCT o.id) AS value FROM products p JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.name HAVING COUNT(DISTINCT o.id) IS NOT NULL ORDER BY value DESC, label
SELECT p.category AS label, SUM(i.quantity) AS value FROM products p JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.category HAVING SUM(i.quantity) IS NOT NULL ORDER BY value DESC, label
SELECT p.name AS label, SUM(i.quantity) AS value FROM products p JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.name HAVING SUM(i.quantity) IS NOT NULL ORDER BY value DESC, label
SELECT p.category AS label, SUM(i.quantity * i.price) AS value FROM products p JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.category HAVING SUM(i.quantity * i.price) IS NOT NULL ORDER BY value DESC, label
SELECT p.name AS label, SUM(i.quantity * i.price) AS value FROM products p JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.name HAVING SUM(i.quantity * i.price) IS NOT NULL ORDER BY value DESC, label
SELECT p.category AS label, MIN(i.price) AS value FROM products p JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.category HAVING MIN(i.price) IS NOT NULL ORDER BY value DESC, label
SELECT p.name AS label, MIN(i.price) AS value FROM products p JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.name HAVING MIN(i.price) IS NOT NULL ORDER BY value DESC, label
SELECT p.category AS label, COUNT(DISTINCT o.id) AS value FROM products p LEFT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.category HAVING COUNT(DISTINCT o.id) IS NOT NULL ORDER BY value DESC, label
SELECT p.name AS label, COUNT(DISTINCT o.id) AS value FROM products p LEFT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.name HAVING COUNT(DISTINCT o.id) IS NOT NULL ORDER BY value DESC, label
SELECT p.category AS label, SUM(i.quantity) AS value FROM products p LEFT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.category HAVING SUM(i.quantity) IS NOT NULL ORDER BY value DESC, label
SELECT p.name AS label, SUM(i.quantity) AS value FROM products p LEFT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.name HAVING SUM(i.quantity) IS NOT NULL ORDER BY value DESC, label
SELECT p.category AS label, SUM(i.quantity * i.price) AS value FROM products p LEFT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.category HAVING SUM(i.quantity * i.price) IS NOT NULL ORDER BY value DESC, label
SELECT p.name AS label, SUM(i.quantity * i.price) AS value FROM products p LEFT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.name HAVING SUM(i.quantity * i.price) IS NOT NULL ORDER BY value DESC, label
SELECT p.category AS label, MIN(i.price) AS value FROM products p LEFT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.category HAVING MIN(i.price) IS NOT NULL ORDER BY value DESC, label
SELECT p.name AS label, MIN(i.price) AS value FROM products p LEFT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.name HAVING MIN(i.price) IS NOT NULL ORDER BY value DESC, label
SELECT p.category AS label, COUNT(DISTINCT o.id) AS value FROM products p RIGHT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.category HAVING COUNT(DISTINCT o.id) IS NOT NULL ORDER BY value DESC, label
SELECT p.name AS label, COUNT(DISTINCT o.id) AS value FROM products p RIGHT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.name HAVING COUNT(DISTINCT o.id) IS NOT NULL ORDER BY value DESC, label
SELECT p.category AS label, SUM(i.quantity) AS value FROM products p RIGHT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.category HAVING SUM(i.quantity) IS NOT NULL ORDER BY value DESC, label
SELECT p.name AS label, SUM(i.quantity) AS value FROM products p RIGHT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.name HAVING SUM(i.quantity) IS NOT NULL ORDER BY value DESC, label
SELECT p.category AS label, SUM(i.quantity * i.price) AS value FROM products p RIGHT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.category HAVING SUM(i.quantity * i.price) IS NOT NULL ORDER BY value DESC, label
SELECT p.name AS label, SUM(i.quantity * i.price) AS value FROM products p RIGHT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.name HAVING SUM(i.quantity * i.price) IS NOT NULL ORDER BY value DESC, label
SELECT p.category AS label, MIN(i.price) AS value FROM products p RIGHT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.category HAVING MIN(i.price) IS NOT NULL ORDER BY value DESC, label
SELECT p.name AS label, MIN(i.price) AS value FROM products p RIGHT JOIN items i ON i.product_id = p.id LEFT JOIN orders o ON o.id = i.order_id GROUP BY p.name HAVING MIN(i.price) IS NOT NULL ORDER BY value DESC, label
SELECT * FROM { OJ customers c LEFT OUTER JOIN orders o ON o.customer_id = c.id } ORDER BY o.id, c.id
SELECT * FROM orders FORCE INDEX FOR ORDER BY (PRIMARY), customers ORDER BY orders.id
SELECT t.path, t.limit FROM (SELECT 1 AS path, 2 AS `limit`) t
SELECT jt.a FROM JSON_TABLE('[{"a":1}]', '$[*]' COLUMNS (a INT PATH '$.a')) AS jt
SELECT p.id, c.name FROM shop.paid_orders p JOIN customers c ON c.id = p.customer_id ORDER BY 1
SHOW TABLES FROM shop
SHOW COLUMNS FROM orders FROM shop
SHOW INDEX IN orders IN shop
SHOW TABLE STATUS FROM shop LIKE 'orders'
