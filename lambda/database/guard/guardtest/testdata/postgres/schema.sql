-- The tables of analytics.sql, and functions of a user's. DIRECTORY is unused.
DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC;
CREATE TYPE place AS (city text, zip text);
CREATE TABLE customers (id int PRIMARY KEY, name text, email text, city text, country text);
CREATE TABLE products (id int PRIMARY KEY, name text, category text, price numeric(10, 2), tags text[], attributes jsonb);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, ordered_at timestamp, status text, total numeric(10, 2));
CREATE TABLE items (order_id int, product_id int, quantity int, price numeric(10, 2));
CREATE TABLE tally (tally int, total int);
INSERT INTO customers VALUES (1, 'Ada', 'ada@example.com', 'Berlin', 'DE'), (2, 'Alan', 'alan@example.com', 'London', 'GB'), (3, 'Grace', NULL, NULL, 'US');
INSERT INTO products VALUES (1, 'Espresso', 'beans', 12.5, '{new,dark}', '{"color": "red", "size": {"w": 1, "h": 2}}'), (2, 'Grinder', 'equipment', 99, '{}', '{}');
INSERT INTO orders VALUES (1, 1, '2024-01-15 10:00', 'paid', 125), (2, 1, '2024-02-29 12:00', 'open', 12.5), (3, 2, now(), 'paid', 99);
INSERT INTO items VALUES (1, 1, 10, 12.5), (2, 1, 1, 12.5), (3, 2, 1, 99);
INSERT INTO tally VALUES (1, 2);
CREATE FUNCTION gross(net numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT net * 1.19';
CREATE FUNCTION order_label(o orders) RETURNS text LANGUAGE sql STABLE AS $$SELECT o.id || ': ' || o.status$$;
CREATE AGGREGATE median_total(numeric) (SFUNC = numeric_add, STYPE = numeric, INITCOND = '0');
-- Volatile functions with the names of columns and of a table.
CREATE FUNCTION total(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN n; END';
CREATE FUNCTION total(o orders) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION tally(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN n; END';
CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS fuzzystrmatch; CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS citext; CREATE EXTENSION IF NOT EXISTS "uuid-ossp"; CREATE EXTENSION IF NOT EXISTS ltree; CREATE EXTENSION IF NOT EXISTS cube;
CREATE EXTENSION IF NOT EXISTS earthdistance; CREATE EXTENSION IF NOT EXISTS intarray; CREATE EXTENSION IF NOT EXISTS tablefunc; CREATE EXTENSION IF NOT EXISTS pgcrypto;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;
