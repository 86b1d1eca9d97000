-- Statements on the tables of modules.sql that call no function of the user's.
SELECT id, email FROM mails WHERE email LIKE '%b' AND email = 'a@b'
SELECT m.email, count(*) FROM mails m GROUP BY m.email ORDER BY m.email
SELECT lower(email), upper(m.email) AS email, split_part(email, '@', 2) FROM mails m
SELECT coalesce(email, 'x'), json_object_agg(id, email), string_agg(email, ','), array_agg(email), max(email), count(DISTINCT email) FROM mails GROUP BY email
SELECT email, row_number() OVER (PARTITION BY email ORDER BY id), lag(email) OVER (ORDER BY id) FROM mails
WITH x AS (SELECT email FROM mails) SELECT x.email FROM x
SELECT email AS email FROM mails WHERE email IN ('a', 'b') OR email IS NULL
SELECT to_jsonb(m), row_to_json(m), email || '!', email ~ 'a', concat(email, 'x'), format('%s', email) FROM mails m
SELECT 1 AS own, 2 AS flag, 3 AS mine
SELECT status flag FROM orders
SELECT a FROM watched_rows
SELECT w[1] FROM watched_lists
SELECT n FROM mines
SELECT s.total FROM (SELECT count(*) total FROM orders) s
