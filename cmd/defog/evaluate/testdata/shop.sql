-- h returns a number from 0 to m - 1 that looks like chance.
CREATE FUNCTION h(seed text, n int, m int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT ('x' || substr(md5(seed || n), 1, 6))::bit(24)::int % m $$;
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, country text, joined date NOT NULL);
CREATE TABLE products (id int PRIMARY KEY, name text NOT NULL, kind text NOT NULL, price numeric(8,2) NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, placed timestamp NOT NULL, status text NOT NULL);
CREATE TABLE lines (order_id int NOT NULL REFERENCES orders, product_id int NOT NULL REFERENCES products, quantity int NOT NULL, discount float8);
INSERT INTO customers SELECT n, 'customer ' || n, CASE WHEN n % 7 > 0 THEN (ARRAY['DE', 'FR', 'IT', 'AT', 'CH'])[1 + h('country', n, 5)] END, date '2023-01-01' + h('joined', n, 40) * 10 FROM generate_series(1, 60) n;
INSERT INTO products SELECT n, 'product ' || n, (ARRAY['tea', 'coffee', 'cocoa'])[1 + n % 3], 1.25 + h('price', n, 100) / 4.0 FROM generate_series(1, 25) n;
INSERT INTO orders SELECT n, 1 + h('customer', n, 55), timestamp '2024-01-01' + n * interval '27 hours', (ARRAY['open', 'sent', 'sent', 'returned'])[1 + h('status', n, 4)] FROM generate_series(1, 300) n;
INSERT INTO lines SELECT 1 + h('order', n, 300), 1 + h('product', n, 24), 1 + h('quantity', n, 5), CASE WHEN n % 3 > 0 THEN h('discount', n, 10) / 30.0 END FROM generate_series(1, 900) n;
