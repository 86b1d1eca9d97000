CREATE TABLE customers (
	id integer PRIMARY KEY,
	name text NOT NULL,
	country char(2),
	since date NOT NULL,
	balance numeric(12, 2),
	preferences jsonb
);
CREATE TABLE orders (
	id bigint PRIMARY KEY,
	customer_id integer NOT NULL REFERENCES customers,
	ordered timestamptz NOT NULL,
	delivered timestamp,
	total double precision NOT NULL,
	gift boolean NOT NULL,
	labels text[]
);
INSERT INTO customers VALUES
	(1, 'Ana "the first" Silva', 'PT', '2021-02-28', 12.50, '{"mail": true, "topics": ["tea", "coffee"]}'),
	(2, 'Björn Öst', 'SE', '2024-02-29', -3.10, NULL),
	(3, 'Chloé', NULL, '1999-12-31', NULL, '{}'),
	(4, '', 'FR', '2020-01-01', 9999999999.99, '{"mail": null}');
INSERT INTO orders VALUES
	(10, 1, '2024-03-31 01:30:00+00', '2024-04-02 10:00:00', 19.99, false, '{new,"with space"}'),
	(11, 1, '2024-10-27 00:30:00.123456+00', NULL, 1e-7, true, '{}'),
	(12, 2, '2025-01-01 00:00:00+00', '2025-01-03 23:59:59.5', 100, false, NULL),
	(9007199254740993, 4, '2025-06-01 12:00:00+02', '2025-06-01 12:00:00', 1e21, true, '{NULL,x}');
GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC;
