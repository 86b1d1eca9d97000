-- Ordinary questions on the tables of schema.sql.
SELECT strftime('%Y-%m', ordered_at) AS month, sum(total) AS revenue, sum(sum(total)) OVER (ORDER BY strftime('%Y-%m', ordered_at)) AS running FROM orders GROUP BY month ORDER BY month
WITH m AS (SELECT strftime('%Y-%m', ordered_at) AS m, sum(total) AS t FROM orders GROUP BY 1) SELECT m, t, t - lag(t) OVER (ORDER BY m) FROM m
SELECT c.name, o.total, rank() OVER (PARTITION BY c.country ORDER BY o.total DESC) FROM customers c JOIN orders o ON o.customer_id = c.id ORDER BY 1, 2
SELECT status, count(*) FILTER (WHERE total > 50) AS big, sum(total <= 50) AS small FROM orders GROUP BY status
SELECT group_concat(name, ', ') FILTER (WHERE id > 1), string_agg(name, ';' ORDER BY id DESC), total(id), avg(id) FROM customers
WITH RECURSIVE days(d) AS (VALUES ('2024-01-01') UNION ALL SELECT date(d, '+1 day') FROM days WHERE d < '2024-01-10') SELECT d, count(o.id) FROM days LEFT JOIN orders o ON date(o.ordered_at) = d GROUP BY d
WITH RECURSIVE f(n, a, b) AS (SELECT 1, 0, 1 UNION ALL SELECT n + 1, b, a + b FROM f LIMIT 15) SELECT n, a FROM f
WITH RECURSIVE tree(id, level, path) AS (SELECT id, 1, '/' || id FROM customers WHERE id = 1 UNION ALL SELECT c.id, level + 1, path || '/' || c.id FROM customers c JOIN tree t ON c.id = t.id + 1) SELECT * FROM tree
SELECT name, json_extract(attributes, '$.color'), attributes ->> '$.size.w', attributes -> 'size', json_type(attributes) FROM products ORDER BY id
SELECT p.id, e.key, e.value, e.type FROM products p, json_each(p.attributes) e ORDER BY 1, 2
SELECT fullkey, atom FROM json_tree('{"a":[1,{"b":2}]}') WHERE atom IS NOT NULL
SELECT json_group_array(name), json_group_object(name, city) FROM customers
SELECT json_object('a', 1, 'b', json_array(1, 2)), json_set('{}', '$.a', 1), json_patch('{}', '{"a":1}'), json_array_length('[1,2]'), json_valid('x'), json('{"a": 1}')
SELECT upper(name), lower(name), substr(name, 2, 2), length(name), replace(name, 'A', 'a'), trim(name, 'A'), ltrim(name), instr(name, 'd'), printf('%05d|%-5s|%.2f', id, name, 1.5), format('%q', name), hex(name), unicode(name), char(65, 66), quote(name), typeof(id) FROM customers ORDER BY id
SELECT name LIKE 'a%', name NOT LIKE '%z', name GLOB 'A*', name LIKE 'A\_%' ESCAPE '\', name IS NULL, city IS NOT NULL, city ISNULL, name NOTNULL, name IS DISTINCT FROM 'Ada' FROM customers ORDER BY id
SELECT ntile(2) OVER (ORDER BY id), first_value(total) OVER w, last_value(total) OVER w, nth_value(total, 2) OVER w, cume_dist() OVER (ORDER BY total), percent_rank() OVER (ORDER BY total) FROM orders WINDOW w AS (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
SELECT id, avg(total) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING), sum(total) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES), count(*) OVER (ORDER BY id GROUPS UNBOUNDED PRECEDING) FROM orders
SELECT customer_id, sum(CASE WHEN status = 'paid' THEN total ELSE 0 END) AS paid, sum(iif(status = 'open', total, 0)) AS open FROM orders GROUP BY customer_id
SELECT CASE WHEN total < 50 THEN 'low' WHEN total BETWEEN 50 AND 100 THEN 'mid' ELSE 'high' END AS bucket, count(*) FROM orders GROUP BY bucket ORDER BY bucket
SELECT max(1, 2, 3), min(3, 2), nullif(1, 1), coalesce(NULL, 'x'), ifnull(NULL, 1), 5 % 3, 7 / 2, 7 / 2.0, round(2.567, 2), abs(-1), sign(-3), power(2, 3), sqrt(2), exp(1), ln(2), log10(100), log2(8), pi(), degrees(pi()), radians(180), sin(1), atan2(1, 2), ceil(1.2), floor(-1.2), trunc(1.9), mod(7, 2), 5 & 3, 5 | 3, ~5, 1 << 2, 8 >> 1
SELECT 6371 * acos(min(1, cos(radians(52.52)) * cos(radians(48.85)) * cos(radians(2.35) - radians(13.40)) + sin(radians(52.52)) * sin(radians(48.85)))) AS km
SELECT 2 * 6371 * asin(sqrt(pow(sin(radians(48.85 - 52.52) / 2), 2) + cos(radians(52.52)) * cos(radians(48.85)) * pow(sin(radians(2.35 - 13.4) / 2), 2)))
SELECT * FROM (SELECT name, row_number() OVER (PARTITION BY country ORDER BY id) AS rn FROM customers) ranked WHERE rn = 1 ORDER BY name
SELECT id FROM customers EXCEPT SELECT customer_id FROM orders
SELECT id FROM customers INTERSECT SELECT customer_id FROM orders
SELECT 'c' AS kind, id FROM customers UNION ALL SELECT 'p', id FROM products ORDER BY 1, 2 LIMIT 3 OFFSET 1
SELECT * FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)
SELECT * FROM orders WHERE (customer_id, status) IN (VALUES (1, 'paid'), (2, 'paid')) ORDER BY id
SELECT * FROM orders WHERE (customer_id, id) > (1, 1) ORDER BY id
SELECT count(*), count(DISTINCT country), count(city) FROM customers
SELECT id, total / sum(total) OVER () * 100 AS pct FROM orders ORDER BY id
SELECT CAST(total AS INTEGER), CAST(total AS TEXT), CAST('12' AS NUMERIC), CAST(x'61' AS TEXT) FROM orders
SELECT a.id, b.id FROM orders a CROSS JOIN orders b WHERE a.id < b.id
SELECT * FROM orders NATURAL JOIN (SELECT id, 'x' AS tag FROM orders)
SELECT c.name, o.id FROM customers c FULL OUTER JOIN orders o ON c.id = o.customer_id ORDER BY 1, 2
SELECT c.name, o.id FROM customers c LEFT JOIN orders o USING (id) ORDER BY 1
SELECT c.name AS "Customer Name", sum(o.total) AS 'Total €' FROM customers c INNER JOIN orders o ON o.customer_id = c.id GROUP BY c.name HAVING sum(o.total) > 10 ORDER BY sum(o.total) DESC
SELECT c.name AS [Customer Name], c.`city` FROM customers c ORDER BY c.id
VALUES (1, 'a'), (2, 'b')
SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) AS n, (SELECT max(price) FROM items) AS m FROM orders o
SELECT 'it''s', x'00ff', 1e3, .5, 0x1F, NULL, TRUE, 1_000, 'a' || 'b', 'é', "name" FROM customers LIMIT 1
SELECT count(*) total, max(o.total) "max" FROM orders AS o
SELECT value FROM json_each('[1,2,3]') WHERE value > 1
SELECT name, sql IS NOT NULL FROM sqlite_schema WHERE type = 'table' ORDER BY name
SELECT name, type FROM pragma_table_info('orders')
SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) p WHERE m.name = 'orders' ORDER BY 2
EXPLAIN QUERY PLAN SELECT * FROM orders WHERE id = 1
SELECT p.category, group_concat(p.name, ', ' ORDER BY p.price DESC) FROM products p GROUP BY p.category
SELECT sum(i.quantity * i.price) AS revenue, sum(i.quantity * i.price) / nullif(count(DISTINCT o.id), 0) AS aov FROM orders o JOIN items i ON i.order_id = o.id
WITH x AS (SELECT id, status, sum(status = 'paid') OVER (ORDER BY id) AS grp FROM orders) SELECT grp, min(id), max(id) FROM x GROUP BY grp
WITH cohort AS MATERIALIZED (SELECT customer_id, min(ordered_at) AS first FROM orders GROUP BY 1) SELECT o.id, julianday(o.ordered_at) - julianday(c.first) FROM orders o JOIN cohort c USING (customer_id) ORDER BY 1
SELECT lead(total, 1, 0) OVER (ORDER BY id), lag(total) OVER (ORDER BY id) FROM orders
SELECT name COLLATE NOCASE FROM customers ORDER BY name COLLATE NOCASE DESC
SELECT o.id FROM orders o WHERE o.total = (SELECT max(total) FROM orders) OR o.id IN (SELECT order_id FROM items GROUP BY order_id HAVING count(*) > 1) ORDER BY 1
SELECT strftime('%Y', ordered_at) || '-Q' || ((strftime('%m', ordered_at) + 2) / 3) AS q, count(*) FROM orders GROUP BY q
SELECT median_x FROM (SELECT avg(total) AS median_x FROM (SELECT total FROM orders ORDER BY total LIMIT 2 - (SELECT count(*) FROM orders) % 2 OFFSET (SELECT (count(*) - 1) / 2 FROM orders)))
SELECT rowid, id FROM orders ORDER BY rowid LIMIT 1
SELECT random() IS NOT NULL, abs(random()) >= 0, length(randomblob(4)), sqlite_version() IS NOT NULL, changes(), zeroblob(2), likely(1), unlikely(0), concat('a', 1), concat_ws('-', 1, 2), octet_length('é'), unhex('61'), soundex('Ada')
SELECT id, total FROM orders ORDER BY total DESC NULLS LAST LIMIT 2, 1
SELECT * FROM orders NOT INDEXED WHERE id = 1
SELECT 1 == 1, 1 <> 2, 1 != 2, NOT 0, 5 BETWEEN 1 AND 10, 5 NOT IN (1, 2), NULL IS NULL, 1 IS NOT 2, 'a' < 'b', -(-1), +1
SELECT (SELECT 1), (1), ((1 + 2)) * 3, [id], "id", `id` FROM orders WHERE orders.[id] = 1
