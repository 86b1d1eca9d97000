-- The tables of analytics.sql, and functions of a user's.
DROP DATABASE IF EXISTS shop; CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop;
CREATE TABLE customers (id int PRIMARY KEY, name varchar(100), email varchar(100), city varchar(100), country varchar(2), FULLTEXT (name));
CREATE TABLE products (id int PRIMARY KEY, name varchar(100), category varchar(20), price decimal(10, 2), attributes longtext);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, ordered_at datetime, status varchar(20), total decimal(10, 2));
CREATE TABLE items (order_id int, product_id int, quantity int, price decimal(10, 2));
INSERT INTO customers VALUES (1, 'Ada', 'ada@example.com', 'Berlin', 'DE'), (2, 'Alan', 'alan@example.com', 'London', 'GB'), (3, 'Grace', NULL, NULL, 'US');
INSERT INTO products VALUES (1, 'Espresso', 'beans', 12.5, '{"color": "red", "size": {"w": 1, "h": 2}}'), (2, 'Grinder', 'equipment', 99, '{}');
INSERT INTO orders VALUES (1, 1, '2024-01-15 10:00', 'paid', 125), (2, 1, '2024-02-29 12:00', 'open', 12.5), (3, 2, now(), 'paid', 99);
INSERT INTO items VALUES (1, 1, 10, 12.5), (2, 1, 1, 12.5), (3, 2, 1, 99);
CREATE FUNCTION gross(net decimal(10, 2)) RETURNS decimal(10, 2) DETERMINISTIC RETURN net * 1.19;
CREATE FUNCTION scribbled() RETURNS int RETURN 1;
CREATE FUNCTION path(n int) RETURNS int RETURN n; CREATE FUNCTION json_scribbled(n int) RETURNS int RETURN n;
CREATE VIEW paid_orders AS SELECT * FROM orders WHERE status = 'paid';
