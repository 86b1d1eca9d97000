package mysql

import "defog-cdk/lambda/database/databasetest"

// types holds every type of MariaDB and its JSON. The strings are those that
// Python prints, except for decimals near zero, which have no exponent here.
var types = []databasetest.Case{
	{Name: "null", SQL: "SELECT NULL, CAST(NULL AS SIGNED), (SELECT owner FROM accounts WHERE false)", Data: "[[null,null,null]]"},
	{Name: "boolean", SQL: "SELECT true, false, 1 = 2, CAST(1 AS UNSIGNED)", Data: "[[1,0,0,1]]"},
	{Name: "integers", SQL: "SELECT tiny, utiny, small, medium, normal, unormal, big, ubig, filled FROM typed",
		Data: "[[-128,255,-32768,-8388608,-2147483648,4294967295,-9223372036854775808,18446744073709551615,7]]"},
	{Name: "floats", SQL: "SELECT f, d, 1e15, 1e16, 0.0001e0, 1e-5, -0e0, 1.5e300, 5e-308 FROM typed",
		Data: "[[0.1,0.1,1000000000000000.0,1e+16,0.0001,1e-05,0.0,1.5e+300,5e-308]]"},
	{Name: "decimals", SQL: "SELECT amount, 12.50, -0.00000000000000000001, 12345678901234567890123456789012345.123456789012345678901234567890 FROM typed",
		Data: `[["12.50","12.50","-0.00000000000000000001","12345678901234567890123456789012345.123456789012345678901234567890"]]`},
	{Name: "text", SQL: `SELECT '', 'a"b\\c', 'tab\there\nline\r', '日本 😀', c, v, txt, e, s FROM typed`,
		Data: `[["","a\"b\\c","tab\there\nline\r","日本 😀","x","v","größe","happy","a,b"]]`},
	{Name: "long text", SQL: "SELECT LENGTH(t), t = REPEAT('x', 5000000) FROM (SELECT REPEAT('x', 5000000) AS t) s", Data: "[[5000000,1]]"},
	{Name: "very long text", SQL: "SELECT REPEAT('x', 17) = SUBSTR(t, 1, 17), LENGTH(t) FROM (SELECT REPEAT('x', 16777215) AS t) s", Data: "[[1,16777215]]"},
	{Name: "bytes", SQL: `SELECT x'00ff', bin, vbin, blb, '' = x'' FROM typed`, Data: `[["\\x00ff","\\x610000","\\x00ff","\\xff",1]]`},
	{Name: "bits", SQL: "SELECT one, many, b'101' + 0 FROM typed", Data: "[[1,18446744073709551615,5]]"},
	{Name: "dates", SQL: "SELECT da, zero, DATE '0001-01-01', DATE '9999-12-31' FROM typed", Data: `[["2024-02-29","0000-00-00","0001-01-01","9999-12-31"]]`},
	{Name: "years", SQL: "SELECT y FROM typed", Data: "[[2024]]"},
	{Name: "times", SQL: "SELECT ti, ti6, long_time, negative, TIME '00:00:00', TIME '-00:00:01' FROM typed",
		Data: `[["12:00:00","12:00:00.500000","34 days, 22:59:59","-35 days, 1:00:01","0:00:00","-1 day, 23:59:59"]]`},
	{Name: "timestamps", SQL: "SELECT dt, dt6, dt3, whole, ts, zero_dt FROM typed",
		Data: `[["2024-02-29 12:00:00","2024-02-29 12:00:00.500000","2024-02-29 12:00:00.500000","2024-02-29 12:00:00","2024-02-29 12:00:00.000001","0000-00-00 00:00:00"]]`},
	{Name: "json is text", SQL: `SELECT j, JSON_EXTRACT(j, '$.a') FROM typed`, Data: `[["{\"a\": [1, 2.50]}","[1, 2.50]"]]`},
	{Name: "as text", SQL: "SELECT u, i6, HEX(u) IS NULL FROM typed", Data: `[["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","::1",0]]`},
	{Name: "geometry", SQL: "SELECT ST_AsText(POINT(1, 2)), POINT(1, 2)", Data: `[["POINT(1 2)","\\x000000000101000000000000000000f03f0000000000000040"]]`},
	{Name: "values", SQL: "VALUES (1, 'a'), (2, NULL)", Data: `[[1,"a"],[2,null]]`},
}

const typedTable = `
	SET SESSION sql_mode = '';
	CREATE TABLE typed (tiny tinyint, utiny tinyint unsigned, small smallint, medium mediumint, normal int, unormal int unsigned,
		big bigint, ubig bigint unsigned, filled int(5) zerofill, f float, d double, amount decimal(10, 2),
		c char(3), v varchar(9), txt text, e enum('sad', 'happy'), s set('a', 'b'), bin binary(3), vbin varbinary(9), blb blob,
		one bit(1), many bit(64), da date, zero date, y year, ti time, ti6 time(6), long_time time, negative time,
		dt datetime, dt6 datetime(6), dt3 datetime(3), whole datetime(6), ts timestamp(6), zero_dt datetime,
		j json, u uuid, i6 inet6) CHARACTER SET utf8mb4;
	INSERT INTO typed VALUES (-128, 255, -32768, -8388608, -2147483648, 4294967295,
		-9223372036854775808, 18446744073709551615, 7, 0.1, 0.1, 12.5,
		'x', 'v', 'größe', 'happy', 'a,b', 'a', x'00ff', x'ff',
		1, 0xffffffffffffffff, '2024-02-29', '0000-00-00', 2024, '12:00:00', '12:00:00.5', '838:59:59', '-838:59:59',
		'2024-02-29 12:00:00', '2024-02-29 12:00:00.5', '2024-02-29 12:00:00.5', '2024-02-29 12:00:00', '2024-02-29 12:00:00.000001', '0000-00-00 00:00:00',
		'{"a": [1, 2.50]}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '::1');
`
