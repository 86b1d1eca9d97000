SELECT t.a FROM VALUES (1), (2) AS t(a)
SELECT x.a FROM (SELECT 1) x(a)
WITH totals(owner, total) AS (SELECT owner, sum(balance) FROM accounts GROUP BY owner) SELECT * FROM totals
SELECT owner, explode(array(1, 2)) FROM accounts
SELECT * FROM accounts LATERAL VIEW explode(array(1)) v AS a
SELECT * FROM accounts PIVOT (sum(balance) FOR owner IN ('a', 'b'))
SELECT date_trunc('month', created), add_months(created, 1), date_format(created, 'yyyy'), datediff(day, created, now()), CAST(balance AS DECIMAL(10, 2)) FROM accounts
SELECT owner FROM accounts QUALIFY row_number() OVER (PARTITION BY owner ORDER BY id) = 1
SELECT percentile_approx(balance, 0.5), percentile(balance, 0.5), collect_list(owner), max_by(owner, balance), approx_count_distinct(owner), median(balance), listagg(owner, ',') FROM accounts
SELECT owner FROM accounts GROUP BY GROUPING SETS ((owner), ())
SELECT builtin.upper('a'), filter(array(1, 2), x -> x > 1), aggregate(array(1), 0, (a, x) -> a + x), map_keys(map('a', 1)), named_struct('a', 1).a
SELECT regexp_extract(owner, '(a)', 1), split(owner, ' ')[0], concat_ws(',', owner), initcap(owner), nvl(owner, ''), if(true, 1, 2), coalesce(owner, 'x'), try_divide(1, 0), h3_longlatash3(1, 2, 3), st_point(1, 2) FROM accounts TABLESAMPLE (10 PERCENT)
SELECT from_json('{}', 'a INT').a, get_json_object('{}', '$.a'), to_json(struct(1 AS a)), width_bucket(1, 0, 10, 5), sequence(1, 10, 2), date_sub(current_date(), 7), unix_timestamp()
