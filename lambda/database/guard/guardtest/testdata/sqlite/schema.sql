-- The tables of analytics.sql.
CREATE TABLE customers (id int PRIMARY KEY, name text, email text, city text, country text);
CREATE TABLE products (id int PRIMARY KEY, name text, category text, price numeric, attributes text);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, ordered_at text, status text, total numeric);
CREATE TABLE items (order_id int, product_id int, quantity int, price numeric);
INSERT INTO customers VALUES (1, 'Ada', 'ada@example.com', 'Berlin', 'DE'), (2, 'Alan', 'alan@example.com', 'London', 'GB'), (3, 'Grace', NULL, NULL, 'US');
INSERT INTO products VALUES (1, 'Espresso', 'beans', 12.5, '{"color": "red", "size": {"w": 1, "h": 2}}'), (2, 'Grinder', 'equipment', 99, '{}');
INSERT INTO orders VALUES (1, 1, '2024-01-15 10:00', 'paid', 125), (2, 1, '2024-02-29 12:00', 'open', 12.5), (3, 2, '2024-05-05', 'paid', 99);
INSERT INTO items VALUES (1, 1, 10, 12.5), (2, 1, 1, 12.5), (3, 2, 1, 99);
