//go:build !onedriver || postgres || redshift

package database

// postgresTypes holds every kind of value of PostgreSQL and its JSON. The text
// forms of those that have one in Python are what Python prints, but for decimals
// near zero, which have no exponent here.
var postgresTypes = []typeCase{
	{"null", "SELECT NULL, NULL::int[]", "[[null,null]]"},
	{"boolean", "SELECT true, false, NULL::bool", "[[true,false,null]]"},
	{"integers", "SELECT 1::int2, -2147483648, 9223372036854775807, 26::oid", "[[1,-2147483648,9223372036854775807,26]]"},
	{"floats", "SELECT 1::float8, 0.1::float8, 0.1::float4, 1e15::float8, 1e16::float8, 0.0001::float8, 1e-5::float8, '-0'::float8, 1.5e300::float8, 5e-324::float8",
		"[[1.0,0.1,0.1,1000000000000000.0,1e+16,0.0001,1e-05,-0.0,1.5e+300,5e-324]]"},
	{"no numbers", "SELECT 'NaN'::float8, 'inf'::float8, '-inf'::float4, 'NaN'::numeric, 'inf'::numeric",
		`[["NaN","Infinity","-Infinity","NaN","Infinity"]]`},
	{"decimals", "SELECT 12.50, 0::numeric(5,2), -1e-20::numeric, 123456789012345678901234567890.123456789",
		`[["12.50","0.00","-0.00000000000000000001","123456789012345678901234567890.123456789"]]`},
	{"text", `SELECT '', 'a"b\c', E'tab\there\nline\r\x01', '日本 😀', 'x'::char(3), 'v'::varchar, 'n'::name, 'c'::"char"`,
		`[["","a\"b\\c","tab\there\nline\r\u0001","日本 😀","x  ","v","n","c"]]`},
	{"long text", "SELECT length(t), t = repeat('x', 5000000) FROM (SELECT repeat('x', 5000000) AS t) s", "[[5000000,true]]"},
	{"bytes", `SELECT '\x00ff'::bytea, ''::bytea`, `[["\\x00ff","\\x"]]`},
	{"dates", "SELECT DATE '2024-02-29', DATE '0044-03-15 BC', DATE 'infinity', DATE '12345-01-01'",
		`[["2024-02-29","0044-03-15 BC","infinity","12345-01-01"]]`},
	{"times", "SELECT TIME '12:00', TIME '12:00:00.5', TIME '24:00', TIMETZ '12:00+00', TIMETZ '12:00:00.000001-05:30'",
		`[["12:00:00","12:00:00.500000","24:00:00","12:00:00+00:00","12:00:00.000001-05:30"]]`},
	{"timestamps", "SELECT TIMESTAMP '2024-02-29 12:00:00.5', TIMESTAMP '2024-02-29 12:00', TIMESTAMP 'infinity', TIMESTAMP '0044-03-15 01:02:03.4 BC'",
		`[["2024-02-29 12:00:00.500000","2024-02-29 12:00:00","infinity","0044-03-15 01:02:03.4 BC"]]`},
	{"timestamps with zone", "SELECT TIMESTAMPTZ '2024-02-29 12:00:00.5+00', TIMESTAMPTZ '2024-02-29 12:00+02', TIMESTAMPTZ '-infinity'",
		`[["2024-02-29 12:00:00.500000+00:00","2024-02-29 10:00:00+00:00","-infinity"]]`},
	{"intervals", `SELECT INTERVAL '1 day 02:03:04.5', INTERVAL '0', INTERVAL '1 year 2 months 3 days 4 hours', INTERVAL '-1 second',
		INTERVAL '-2 days', INTERVAL '1 year -2 months 3 days -04:05:06.5', INTERVAL '1 microsecond', INTERVAL '100 hours', INTERVAL '-1 day 2 hours', INTERVAL 'infinity'`,
		`[["1 day, 2:03:04.500000","0:00:00","428 days, 4:00:00","-1 day, 23:59:59","-2 days, 0:00:00","302 days, 19:54:53.500000","0:00:00.000001","4 days, 4:00:00","-1 day, 2:00:00","infinity"]]`},
	{"json", `SELECT '{"a": [1, 2.50, null]}'::json, '{"b":1,  "a":"é\u0000"}'::json, '"text"'::jsonb, 'null'::jsonb`,
		`[[{"a": [1, 2.50, null]},{"b":1,  "a":"é\u0000"},"text",null]]`},
	{"deep json", "SELECT length((repeat('[', 5000) || repeat(']', 5000))::jsonb::text)", "[[10000]]"},
	{"arrays", `SELECT ARRAY[1, NULL, 3], '{}'::text[], ARRAY['a,b', 'NULL', '', 'q"\', '{}', NULL], ARRAY[[1, 2], [3, 4]], '[0:1]={5,6}'::int[]`,
		`[[[1,null,3],[],["a,b","NULL","","q\"\\","{}",null],[[1,2],[3,4]],[5,6]]]`},
	{"arrays of all", `SELECT ARRAY[true], ARRAY[1.50, 'NaN'], ARRAY[1::float8, 'inf'], ARRAY[DATE '2024-02-29'], ARRAY[TIMESTAMP '2024-02-29 12:00:00.5'],
		ARRAY[INTERVAL '1 day'], ARRAY['\x00'::bytea], ARRAY['{"a": "x,y"}'::jsonb], ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid], ARRAY['(1,2)'::point], ARRAY['$1.00'::money]`,
		`[[[true],["1.50","NaN"],[1.0,"Infinity"],["2024-02-29"],["2024-02-29 12:00:00.500000"],["1 day, 0:00:00"],["\\x00"],[{"a": "x,y"}],["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],["(1,2)"],["$1.00"]]]`},
	{"as text", `SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '10.0.0.1/8'::inet, '08:00:2b:01:02:03'::macaddr, '[1,5)'::int4range, '(1,2)'::point,
		B'101', '1.50'::money, '<a>"</a>'::xml, 'a b'::tsvector, 'happy'::mood, ARRAY['happy', 'sad']::mood[], ROW(1, 'x')::pair, ROW(1, 'a"b'), 'a=>"b"'::hstore, 1::positive, 'int4'::regtype`,
		`[["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","10.0.0.1/8","08:00:2b:01:02:03","[1,5)","(1,2)","101","$1.50","<a>\"</a>","'a' 'b'","happy","{happy,sad}","(1,x)","(1,\"a\"\"b\")","\"a\"=>\"b\"",1,"integer"]]`},
	{"no columns", "SELECT FROM generate_series(1, 2)", "[[],[]]"},
	{"tables and values", "VALUES (1, 'a'), (2, NULL)", `[[1,"a"],[2,null]]`},
}
