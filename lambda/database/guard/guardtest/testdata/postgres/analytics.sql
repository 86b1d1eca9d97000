-- Ordinary questions of analytics, over the tables of schema.sql. One a line; each runs.
SELECT date_trunc('month', o.ordered_at) AS month, count(*) AS value FROM orders o GROUP BY 1 ORDER BY 1
SELECT c.country, count(*) AS value FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 1 ORDER BY value DESC LIMIT 10
SELECT o.status, count(*) FROM orders o WHERE o.ordered_at >= now() - interval '90 days' GROUP BY o.status
SELECT date_trunc('month', o.ordered_at) AS month, sum(o.total) AS value FROM orders o GROUP BY 1 ORDER BY 1
SELECT c.country, sum(o.total) AS value FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 1 ORDER BY value DESC LIMIT 10
SELECT o.status, sum(o.total) FROM orders o WHERE o.ordered_at >= now() - interval '90 days' GROUP BY o.status
SELECT date_trunc('month', o.ordered_at) AS month, avg(o.total) AS value FROM orders o GROUP BY 1 ORDER BY 1
SELECT c.country, avg(o.total) AS value FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 1 ORDER BY value DESC LIMIT 10
SELECT o.status, avg(o.total) FROM orders o WHERE o.ordered_at >= now() - interval '90 days' GROUP BY o.status
SELECT date_trunc('month', o.ordered_at) AS month, min(o.ordered_at) AS value FROM orders o GROUP BY 1 ORDER BY 1
SELECT c.country, min(o.ordered_at) AS value FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 1 ORDER BY value DESC LIMIT 10
SELECT o.status, min(o.ordered_at) FROM orders o WHERE o.ordered_at >= now() - interval '90 days' GROUP BY o.status
SELECT date_trunc('month', o.ordered_at) AS month, max(o.total) AS value FROM orders o GROUP BY 1 ORDER BY 1
SELECT c.country, max(o.total) AS value FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 1 ORDER BY value DESC LIMIT 10
SELECT o.status, max(o.total) FROM orders o WHERE o.ordered_at >= now() - interval '90 days' GROUP BY o.status
SELECT date_trunc('month', o.ordered_at) AS month, count(DISTINCT o.customer_id) AS value FROM orders o GROUP BY 1 ORDER BY 1
SELECT c.country, count(DISTINCT o.customer_id) AS value FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country HAVING count(*) > 1 ORDER BY value DESC LIMIT 10
SELECT o.status, count(DISTINCT o.customer_id) FROM orders o WHERE o.ordered_at >= now() - interval '90 days' GROUP BY o.status
SELECT id, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, RANK() OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, DENSE_RANK() OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, PERCENT_RANK() OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, CUME_DIST() OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, NTILE(4) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, LAG(total) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
SELECT id, LEAD(total, 1, 0) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS v FROM orders ORDER BY id LIMIT 20
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
SELECT COUNT(*) AS "n" FROM orders
SELECT x.customer_id, x.total FROM (SELECT customer_id, total, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY total DESC) AS place FROM orders) x WHERE x.place = 1
WITH monthly AS (SELECT date_trunc('month', ordered_at) AS m, SUM(total) AS s FROM orders GROUP BY 1) SELECT m, s, s - LAG(s) OVER (ORDER BY m) AS growth FROM monthly ORDER BY m
WITH first_order AS (SELECT customer_id, MIN(ordered_at) AS first_at FROM orders GROUP BY customer_id) SELECT date_trunc('month', first_at) AS cohort, COUNT(*) FROM first_order GROUP BY 1
SELECT EXTRACT(year FROM ordered_at) AS y, COUNT(*) FROM orders GROUP BY EXTRACT(year FROM ordered_at)
SELECT table_name FROM information_schema.tables ORDER BY table_name LIMIT 3
SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'orders'
VALUES (1, 'a'), (2, 'b')
TABLE products
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
SELECT COUNT(*) FROM orders WHERE ordered_at >= now() - interval '7 days' AND ordered_at < CURRENT_DATE
SELECT c.id FROM customers c WHERE c.id NOT IN (SELECT o.customer_id FROM orders o WHERE o.ordered_at > now() - interval '7 days')
SELECT COUNT(*) FROM orders WHERE ordered_at >= now() - interval '30 days' AND ordered_at < CURRENT_DATE
SELECT c.id FROM customers c WHERE c.id NOT IN (SELECT o.customer_id FROM orders o WHERE o.ordered_at > now() - interval '30 days')
SELECT COUNT(*) FROM orders WHERE ordered_at >= now() - interval '365 days' AND ordered_at < CURRENT_DATE
SELECT c.id FROM customers c WHERE c.id NOT IN (SELECT o.customer_id FROM orders o WHERE o.ordered_at > now() - interval '365 days')
SELECT date_trunc('week', ordered_at)::date AS week, count(*) FILTER (WHERE status = 'paid') AS paid FROM orders GROUP BY 1
SELECT ordered_at AT TIME ZONE 'Europe/Berlin', ordered_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Tokyo' FROM orders
SELECT now(), now()::date, now() - interval '1 day', current_date - 7, age(now(), ordered_at), localtimestamp FROM orders
SELECT extract(epoch FROM ordered_at), extract(dow FROM ordered_at), date_part('hour', ordered_at) FROM orders
SELECT to_char(ordered_at, 'YYYY-MM-DD "at" HH24:MI'), to_char(total, 'FM999G999D00') FROM orders
SELECT to_date('2024-02-29', 'YYYY-MM-DD'), to_timestamp(0), make_date(2024, 2, 29), make_interval(days => 3)
SELECT d::date FROM generate_series(date '2024-01-01', date '2024-12-01', interval '1 month') AS d
SELECT d.day, count(o.id) FROM generate_series(current_date - 6, current_date, '1 day') AS d(day) LEFT JOIN orders o ON o.ordered_at::date = d.day GROUP BY d.day ORDER BY d.day
SELECT s.n FROM generate_series(1, 10) WITH ORDINALITY AS s(n, i) WHERE s.i > 2
SELECT country, city, sum(total) FROM orders JOIN customers ON customers.id = customer_id GROUP BY GROUPING SETS ((country), (country, city), ())
SELECT country, city, sum(total), grouping(country) FROM orders JOIN customers c ON c.id = customer_id GROUP BY ROLLUP (country, city)
SELECT country, status, sum(total) FROM orders JOIN customers c ON c.id = customer_id GROUP BY CUBE (country, status)
SELECT c.name, l.total FROM customers c CROSS JOIN LATERAL (SELECT total FROM orders o WHERE o.customer_id = c.id ORDER BY total DESC LIMIT 2) l
SELECT c.name, l.n FROM customers c LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer_id = c.id) AS l ON true
SELECT DISTINCT ON (customer_id) customer_id, id, total FROM orders ORDER BY customer_id, total DESC
SELECT array_agg(name ORDER BY name), string_agg(name, ', ' ORDER BY name DESC), array_to_string(array_agg(id), '-') FROM customers
SELECT tags[1], array_length(tags, 1), cardinality(tags), tags || 'x'::text, tags @> ARRAY['new'], 'new' = ANY(tags), tags[1:2] FROM products
SELECT unnest(tags) AS tag, count(*) FROM products GROUP BY tag
SELECT t.tag, count(*) FROM products p, unnest(p.tags) AS t(tag) GROUP BY t.tag ORDER BY 2 DESC
SELECT p.name, t FROM products AS p CROSS JOIN unnest(p.tags) AS t
SELECT attributes ->> 'color', attributes -> 'size' ->> 'w', attributes #>> '{size,h}', attributes @> '{"color": "red"}', attributes ? 'color', attributes ?| array['a', 'b'] FROM products
SELECT jsonb_object_keys(attributes) FROM products
SELECT key, value FROM products, jsonb_each(attributes)
SELECT e.key, e.value FROM products p CROSS JOIN LATERAL jsonb_each_text(p.attributes) AS e(key, value)
SELECT x.w FROM products p, jsonb_to_record(p.attributes -> 'size') AS x(w int, h int)
SELECT jsonb_build_object('id', id, 'name', name), to_jsonb(c), row_to_json(c) FROM customers c
SELECT jsonb_agg(jsonb_build_object('n', name)) FROM customers
SELECT jsonb_path_query(attributes, '$.size.*'), jsonb_path_exists(attributes, '$.color ? (@ == "red")'), attributes @? '$.color' FROM products
SELECT json_array_length('[1,2]'), jsonb_array_elements('[1,2]'::jsonb), jsonb_set('{}'::jsonb, '{a}', '1'), '{"a":1}'::json -> 'a', jsonb_typeof('1'::jsonb)
SELECT total::int, total::text, '5'::numeric(10, 2), CAST(total AS bigint), total::double precision, 'x'::varchar(3), '2024-01-01'::timestamptz FROM orders
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total), percentile_disc(array[0.25, 0.75]) WITHIN GROUP (ORDER BY total), mode() WITHIN GROUP (ORDER BY status) FROM orders
SELECT corr(total, id), regr_slope(total, id), covar_pop(total, id), stddev_samp(total), var_pop(total) FROM orders
SELECT width_bucket(total, 0, 500, 5) AS bucket, count(*), min(total), max(total) FROM orders GROUP BY bucket
SELECT bool_and(total > 0), bool_or(status = 'paid'), every(total > 1) FROM orders
SELECT regexp_replace(email, '@.*$', ''), regexp_matches(email, '([^@]+)@(.+)'), split_part(email, '@', 2), email ~* 'EXAMPLE', email !~ '^x', substring(email from '@(.*)$') FROM customers
SELECT name ILIKE 'a%', name SIMILAR TO '(a|b)%', name LIKE 'a\_%' ESCAPE '\', initcap(name), strpos(name, 'a'), translate(name, 'ab', 'cd'), md5(name), format('%s <%s>', name, email) FROM customers
SELECT overlay(name placing 'xx' from 2 for 2), trim(both ' ' from name), btrim(name), ltrim(name, 'a'), left(name, -1), quote_ident(name), quote_literal(name), chr(65), to_hex(255), encode('a'::bytea, 'hex') FROM customers
SELECT count(*), count(*) * 100.0 / sum(count(*)) OVER () AS percent FROM orders GROUP BY status
SELECT id, total, ntile(4) OVER (ORDER BY total), nth_value(total, 2) OVER (ORDER BY id RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM orders
SELECT sum(total) OVER (ORDER BY ordered_at RANGE BETWEEN interval '7 days' PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM orders
SELECT sum(total) OVER (ORDER BY id GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM orders
SELECT id FROM orders ORDER BY total DESC NULLS LAST FETCH FIRST 3 ROWS ONLY
SELECT id FROM orders ORDER BY total DESC FETCH FIRST 3 ROWS WITH TIES
SELECT * FROM orders TABLESAMPLE BERNOULLI (50) REPEATABLE (1)
SELECT a.id FROM orders a JOIN orders b USING (id) WHERE a.total IS NOT DISTINCT FROM b.total
SELECT (ARRAY[10, 20, 30])[2], ARRAY(SELECT id FROM orders ORDER BY id), ROW(1, 'a'), (1, 2) = (1, 2), (1, 2) IN (SELECT 1, 2)
SELECT int4range(1, 5) @> 3, daterange('2024-01-01', '2024-02-01') && daterange('2024-01-15', '2024-03-01'), upper(int4range(1, 5)), lower(int4range(1, 5))
SELECT (DATE '2024-01-01', DATE '2024-02-01') OVERLAPS (DATE '2024-01-15', INTERVAL '10 days'), isfinite(now())
SELECT to_tsvector('english', 'fat cats') @@ to_tsquery('cat & fat'), plainto_tsquery('english', 'the cat'), ts_rank(to_tsvector('a b'), to_tsquery('a')), ts_headline('a b c', to_tsquery('b')), websearch_to_tsquery('a or b')
SELECT o.total, o.name FROM (SELECT total, status AS name FROM orders) o
SELECT o.nextval, o.version FROM (SELECT 1 AS nextval, 2 AS version) AS o
SELECT o.lower, o.upper, o.count, o.now FROM (SELECT 1 AS lower, 2 AS upper, 3 AS count, 4 AS now) o WHERE o.lower < o.upper
SELECT d.date, d.year, d.name FROM (SELECT current_date AS date, 2024 AS year, 'x' AS name) AS d GROUP BY d.date, d.year, d.name
WITH daily AS (SELECT ordered_at::date AS date, sum(total) AS sum FROM orders GROUP BY 1) SELECT daily.date, daily.sum, avg(daily.sum) OVER (ORDER BY daily.date) FROM daily
WITH x(random, setval) AS (VALUES (1, 2)) SELECT x.random, x.setval FROM x
SELECT random() < 2, gen_random_uuid() IS NOT NULL, clock_timestamp() > now() - interval '1 hour', pg_typeof(1), version(), current_database(), current_schema(), inet_server_port() IS NULL OR true
SELECT "Total" FROM (SELECT 1 AS "Total") AS "My Table"
SELECT "My Table"."Total Sum" AS "Sum (EUR)" FROM (SELECT 1 AS "Total Sum") AS "My Table"
SELECT c."name", "c".country FROM public.customers AS "c"
SELECT public.customers.name FROM public.customers
SELECT (c).name, (c.*).country, c FROM customers c
SELECT (x.address).city FROM (SELECT ROW('Berlin', '10115')::place AS address) x
SELECT customers FROM customers
SELECT CASE status WHEN 'paid' THEN 1 WHEN 'open' THEN 0 END, COALESCE(status, 'x') COLLATE "C" FROM orders ORDER BY status COLLATE "C"
SELECT pg_size_pretty(pg_total_relation_size('orders')), pg_size_pretty(pg_relation_size('public.orders'::regclass)), pg_table_size('orders'), obj_description('orders'::regclass)
SELECT c.relname, pg_total_relation_size(c.oid), c.reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'
SELECT relname, n_live_tup, seq_scan FROM pg_stat_user_tables ORDER BY relname
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'orders'::regclass
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
SELECT has_table_privilege('orders', 'SELECT'), to_regclass('orders'), 'orders'::regclass::oid > 0, current_setting('TimeZone'), current_setting('server_version_num')::int / 10000
SHOW timezone
SHOW search_path
SELECT 1_000 + 0x10, 1e3, .5, 5., 1.5e-3
SELECT $$it's$$, $q$a $$ b$q$, E'tab\there', E'quote\'s', U&'\0041', B'101', X'1F'
SELECT 'a'
SELECT x, count(*) FROM (VALUES (1), (2), (2)) AS v(x) GROUP BY x ORDER BY x
SELECT v.a, v.b FROM (VALUES (1, 'x'), (2, 'y')) AS v (a, b)
SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS t(a, b)
SELECT string_to_array('a,b', ','), regexp_split_to_table('a b', ' '), regexp_split_to_array('a b', '\s+'), array_position(ARRAY[1, 2], 2), array_remove(ARRAY[1, 2], 1), array_append(ARRAY[1], 2)
SELECT xmlelement(name foo, 'bar'), xpath('/a/text()', '<a>b</a>'::xml), xmlforest(1 AS a)
SELECT sum(total) FILTER (WHERE status = 'paid') / NULLIF(sum(total), 0)::numeric AS share FROM orders
SELECT date_bin('15 minutes', ordered_at, timestamp '2024-01-01'), justify_days(interval '40 days'), date_part('week', ordered_at) FROM orders
SELECT interval '1 day' * 2, interval '1' day, '1 day'::interval, timestamp '2024-01-01' + '1 hour', date '2024-03-01' - date '2024-02-01', time '12:00' + interval '1 hour'
SELECT 'x' || 1 || NULL, 'a' < 'b', 1 <> 2, 1 != 2, NOT true, 5 / 2, 5 / 2.0, 2 ^ 3, |/ 16, @ -3, 5 & 3, 5 | 3, 5 # 3, ~1, 1 << 2, 8 >> 1
SELECT host(inet '10.0.0.1/8'), cidr '10.0.0.0/8' >> inet '10.1.1.1', point(1, 2) <-> point(3, 4), box '((0,0),(1,1))' @> point '(0.5,0.5)'
SELECT setting FROM (SELECT 'x' AS setting) pg_options
SELECT a.user, a.session_user FROM (SELECT 1 AS "user", 2 AS "session_user") a
SELECT 1 IS NULL, 1 IS NOT NULL, true IS TRUE, 'a' IS DISTINCT FROM 'b', 'é' IS NORMALIZED
SELECT count(*) FROM orders o WHERE o.ordered_at::date = (SELECT max(ordered_at)::date FROM orders)
SELECT o.id FROM orders o WHERE (o.customer_id, o.total) IN (SELECT customer_id, max(total) FROM orders GROUP BY customer_id)
SELECT similarity('word', 'words'), 'word' % 'wrd', word_similarity('a', 'b'), show_trgm('ab')
SELECT attrs -> 'a', attrs ? 'a', akeys(attrs), hstore('a', 'b') FROM (SELECT 'a=>1'::hstore AS attrs) t
SELECT levenshtein('a', 'b'), soundex('abc'), metaphone('abc', 4), dmetaphone('abc')
SELECT unaccent('Hôtel'), 'ABC'::citext = 'abc', uuid_generate_v4() IS NOT NULL, 'Top.Science'::ltree @> 'Top.Science.Astronomy', nlevel('a.b')
SELECT cube(1, 2), cube_distance('(0)', '(1)'), earth_distance(ll_to_earth(0, 0), ll_to_earth(1, 1)), icount('{1,2}'::int[]), sort('{2,1}'::int[])
SELECT * FROM normal_rand(3, 0, 1)
SELECT encode(digest('a', 'sha256'), 'hex'), gen_random_bytes(4) IS NOT NULL, crypt('a', gen_salt('bf', 4)) IS NOT NULL
SELECT * FROM crosstab('SELECT status, country, count(*)::int FROM orders JOIN customers c ON c.id = customer_id GROUP BY 1, 2 ORDER BY 1, 2') AS ct(status text, a int, b int)
SELECT * FROM crosstab($$SELECT country, status, count(*)::int FROM orders JOIN customers c ON c.id = customer_id GROUP BY 1, 2 ORDER BY 1$$, $$VALUES ('paid'), ('open')$$) AS ct(country text, paid int, open int)
SELECT gross(total), public.gross(o.total) FROM orders o
SELECT order_label(o) FROM orders o
SELECT o.order_label FROM orders o
SELECT o.total, orders.total FROM orders o, orders
SELECT tally.tally FROM tally
SELECT t.tally, count(*) FROM tally AS t GROUP BY t.tally
SELECT t.tally FROM (SELECT tally FROM tally) t
SELECT median_total(total) FROM orders
SELECT aws_lambda, pg_sleep FROM (SELECT 1 AS aws_lambda, 2 AS pg_sleep) x
SELECT x.aws_lambda, x.pg_sleep FROM (SELECT 1 AS aws_lambda, 2 AS pg_sleep) x
EXPLAIN (COSTS off) SELECT * FROM orders WHERE id = 1
EXPLAIN ANALYZE SELECT count(*) FROM orders
SELECT replace(replace(name, 'a', ''), 'b', ''), concat_ws(' ', name, city), starts_with(name, 'A'), reverse(name) FROM customers
SELECT nullif(trim(city), ''), coalesce(nullif(city, ''), 'n/a') FROM customers
SELECT count(*) AS total_count, count(city) AS with_city, round(avg(length(name)), 2) AS avg_length FROM customers
SELECT row_number() OVER (), rank() OVER (ORDER BY total DESC), sum(total) OVER (PARTITION BY date_trunc('month', ordered_at)) FROM orders
SELECT lag(total) OVER w, lead(total) OVER w, first_value(total) OVER w FROM orders WINDOW w AS (ORDER BY ordered_at), v AS (ORDER BY id)
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
SELECT extract(year FROM o.ordered_at), trim(both ' ' FROM o.status), o.total IS DISTINCT FROM o.id FROM orders o ORDER BY o.id
SELECT t.current_setting, t.treat FROM (SELECT 1 AS current_setting, 2 AS treat) t
SELECT t.values FROM (SELECT 1 AS values) t JOIN json_to_record('{"a":1}') AS r(a int) ON true
SELECT crosstab.* FROM crosstab('SELECT customer_id, status, sum(total) FROM orders GROUP BY 1, 2 ORDER BY 1, 2') AS crosstab(customer int, open numeric, paid numeric)
SELECT CASE WHEN o.total IS NOT DISTINCT FROM o.total THEN 1 END FROM public.orders o
-- Fields of rows that share their names with volatile functions, and words that stand for operators of the user's.
SELECT (o).total FROM orders o
SELECT ((o)).total, (o).id FROM orders AS o WHERE (o).total > 10 AND (o).status = 'paid' ORDER BY (o).total
SELECT (orders).total FROM orders
SELECT sum((x).total) FROM (SELECT id, total FROM orders) x
WITH big AS (SELECT id, total FROM orders WHERE total > 50) SELECT (big).total FROM big
SELECT (t).tally, (t).total FROM tally t
SELECT id, name FROM customers WHERE name LIKE 'A%' AND name NOT LIKE '%z'
SELECT name LIKE '%a%' AS matches, lower(name) LIKE lower('A%'), (name || city) LIKE '%n' FROM customers
SELECT lag(total, 1, 0) OVER (ORDER BY id), lead(status, 1, 'none') OVER (ORDER BY id) FROM orders
SELECT array_append(array_agg(name), 'x'), array_agg(id) @> '{1}', array_agg(name) || '{y}' FROM customers
SELECT c.name FROM customers c JOIN (SELECT id, name FROM customers) d USING (id, name)
SELECT * FROM (SELECT name, row_number() OVER (PARTITION BY country ORDER BY id) AS rn FROM customers) ranked WHERE rn = 1 ORDER BY name
