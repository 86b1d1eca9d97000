//go:build !onedriver || databricks

package database

// databricksTypes holds every kind of value that Spark 4.3 has, and its JSON.
var databricksTypes = []typeCase{
	{"null", "SELECT NULL, CAST(NULL AS INT), CAST(NULL AS STRING), CAST(NULL AS DOUBLE)", "[[null,null,null,null]]"},
	{"nulls among values", "SELECT * FROM VALUES (1, 'a'), (NULL, NULL), (3, 'c'), (4, NULL), (5, 'e'), (6, 'f'), (7, 'g'), (8, 'h'), (NULL, 'i') AS t(n, s)",
		`[[1,"a"],[null,null],[3,"c"],[4,null],[5,"e"],[6,"f"],[7,"g"],[8,"h"],[null,"i"]]`},
	{"boolean", "SELECT true, false, 1 = 2", "[[true,false,false]]"},
	{"integers", "SELECT CAST(-128 AS TINYINT), CAST(-32768 AS SMALLINT), -2147483648, 9223372036854775807L", "[[-128,-32768,-2147483648,9223372036854775807]]"},
	{"floats", "SELECT CAST(0.1 AS FLOAT), float('3.4028235e38'), 0.1D, 1D, 1e15D, 1e16D, 1e-4D, 1e-5D, -0D, 1.5e300D",
		"[[0.1,3.4028235e+38,0.1,1.0,1000000000000000.0,1e+16,0.0001,1e-05,-0.0,1.5e+300]]"},
	{"no numbers", "SELECT double('NaN'), double('Infinity'), double('-Infinity'), float('NaN'), float('-Infinity')",
		`[["NaN","Infinity","-Infinity","NaN","-Infinity"]]`},
	{"decimals", "SELECT 12.50, CAST(-1 AS DECIMAL(38, 20)), CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0))",
		`[["12.50","-1.00000000000000000000","99999999999999999999999999999999999999"]]`},
	{"text", `SELECT '', 'a"b\\c', 'tab\there\nline', 'größe 日本 😀', CAST('x' AS CHAR(3)), CAST('v' AS VARCHAR(9))`,
		`[["","a\"b\\c","tab\there\nline","größe 日本 😀","x","v"]]`},
	{"bytes", "SELECT x'00ff', x''", `[["\\x00ff","\\x"]]`},
	{"dates", "SELECT DATE'2024-02-29', DATE'0001-01-01', DATE'9999-12-31'", `[["2024-02-29","0001-01-01","9999-12-31"]]`},
	{"timestamps", "SELECT TIMESTAMP'2024-02-29 12:00:00', TIMESTAMP'2024-02-29 12:00:00.5', TIMESTAMP'2024-02-29 12:00:00.000001+02:00', TIMESTAMP'0001-01-01 00:00:00'",
		`[["2024-02-29 12:00:00+00:00","2024-02-29 12:00:00.500000+00:00","2024-02-29 10:00:00.000001+00:00","0001-01-01 00:00:00+00:00"]]`},
	{"timestamps without zone", "SELECT TIMESTAMP_NTZ'2024-02-29 12:00:00', TIMESTAMP_NTZ'2024-02-29 12:00:00.5'",
		`[["2024-02-29 12:00:00","2024-02-29 12:00:00.500000"]]`},
	{"intervals", "SELECT INTERVAL '1-2' YEAR TO MONTH, INTERVAL '-1-2' YEAR TO MONTH, INTERVAL 3 MONTH, INTERVAL '1 02:03:04.5' DAY TO SECOND, INTERVAL '-1 02:03:04' DAY TO SECOND, INTERVAL 49 HOUR, INTERVAL 5 DAY",
		`[["425 days, 0:00:00","-425 days, 0:00:00","90 days, 0:00:00","1 day, 2:03:04.500000","-2 days, 21:56:56","2 days, 1:00:00","5 days, 0:00:00"]]`},
	{"arrays", "SELECT array(1, 2, NULL), array('a', 'b'), array(array(1), array()), array()", `[[[1,2,null],["a","b"],[[1],[]],[]]]`},
	{"maps and structs", "SELECT map('a', 1), named_struct('a', 1, 'b', 'x'), array(named_struct('a', 12.50))", `[[{"a":1},{"a":1,"b":"x"},[{"a":12.50}]]]`},
	{"what is no JSON", `SELECT named_struct('d', DATE'2024-02-29'), array('a"b')`, `[["{\"d\":2024-02-29}","[\"a\"b\"]"]]`},
	{"variant", `SELECT parse_json('{"a": [1, 2.50, null]}'), parse_json('"x"')`, `[[{"a":[1,2.5,null]},"x"]]`},
	{"names", "SELECT 1 AS `größe`, 2 AS `a``b`", "[[1,2]]"},
	{"values", "VALUES (1, 'a'), (2, NULL)", `[[1,"a"],[2,null]]`},
}
