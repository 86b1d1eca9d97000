package databricks

import "defog-cdk/lambda/database/databasetest"

// types holds every type of Spark 4.3 and its JSON.
var types = []databasetest.Case{
	{Name: "null", SQL: "SELECT NULL, CAST(NULL AS INT), CAST(NULL AS STRING), CAST(NULL AS DOUBLE)", Data: "[[null,null,null,null]]"},
	{Name: "nulls among values", SQL: "SELECT * FROM VALUES (1, 'a'), (NULL, NULL), (3, 'c'), (4, NULL), (5, 'e'), (6, 'f'), (7, 'g'), (8, 'h'), (NULL, 'i') AS t(n, s)",
		Data: `[[1,"a"],[null,null],[3,"c"],[4,null],[5,"e"],[6,"f"],[7,"g"],[8,"h"],[null,"i"]]`},
	{Name: "boolean", SQL: "SELECT true, false, 1 = 2", Data: "[[true,false,false]]"},
	{Name: "integers", SQL: "SELECT CAST(-128 AS TINYINT), CAST(-32768 AS SMALLINT), -2147483648, 9223372036854775807L", Data: "[[-128,-32768,-2147483648,9223372036854775807]]"},
	{Name: "floats", SQL: "SELECT CAST(0.1 AS FLOAT), float('3.4028235e38'), 0.1D, 1D, 1e15D, 1e16D, 1e-4D, 1e-5D, -0D, 1.5e300D",
		Data: "[[0.1,3.4028235e+38,0.1,1.0,1000000000000000.0,1e+16,0.0001,1e-05,-0.0,1.5e+300]]"},
	{Name: "no numbers", SQL: "SELECT double('NaN'), double('Infinity'), double('-Infinity'), float('NaN'), float('-Infinity')",
		Data: `[["NaN","Infinity","-Infinity","NaN","-Infinity"]]`},
	{Name: "decimals", SQL: "SELECT 12.50, CAST(-1 AS DECIMAL(38, 20)), CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0))",
		Data: `[["12.50","-1.00000000000000000000","99999999999999999999999999999999999999"]]`},
	{Name: "text", SQL: `SELECT '', 'a"b\\c', 'tab\there\nline', 'größe 日本 😀', CAST('x' AS CHAR(3)), CAST('v' AS VARCHAR(9))`,
		Data: `[["","a\"b\\c","tab\there\nline","größe 日本 😀","x","v"]]`},
	{Name: "bytes", SQL: "SELECT x'00ff', x''", Data: `[["\\x00ff","\\x"]]`},
	{Name: "dates", SQL: "SELECT DATE'2024-02-29', DATE'0001-01-01', DATE'9999-12-31'", Data: `[["2024-02-29","0001-01-01","9999-12-31"]]`},
	{Name: "timestamps", SQL: "SELECT TIMESTAMP'2024-02-29 12:00:00', TIMESTAMP'2024-02-29 12:00:00.5', TIMESTAMP'2024-02-29 12:00:00.000001+02:00', TIMESTAMP'0001-01-01 00:00:00'",
		Data: `[["2024-02-29 12:00:00+00:00","2024-02-29 12:00:00.500000+00:00","2024-02-29 10:00:00.000001+00:00","0001-01-01 00:00:00+00:00"]]`},
	{Name: "timestamps without zone", SQL: "SELECT TIMESTAMP_NTZ'2024-02-29 12:00:00', TIMESTAMP_NTZ'2024-02-29 12:00:00.5'",
		Data: `[["2024-02-29 12:00:00","2024-02-29 12:00:00.500000"]]`},
	{Name: "intervals", SQL: "SELECT INTERVAL '1-2' YEAR TO MONTH, INTERVAL '-1-2' YEAR TO MONTH, INTERVAL 3 MONTH, INTERVAL '1 02:03:04.5' DAY TO SECOND, INTERVAL '-1 02:03:04' DAY TO SECOND, INTERVAL 49 HOUR, INTERVAL 5 DAY",
		Data: `[["425 days, 0:00:00","-425 days, 0:00:00","90 days, 0:00:00","1 day, 2:03:04.500000","-2 days, 21:56:56","2 days, 1:00:00","5 days, 0:00:00"]]`},
	{Name: "arrays", SQL: "SELECT array(1, 2, NULL), array('a', 'b'), array(array(1), array()), array()", Data: `[[[1,2,null],["a","b"],[[1],[]],[]]]`},
	{Name: "maps and structs", SQL: "SELECT map('a', 1), named_struct('a', 1, 'b', 'x'), array(named_struct('a', 12.50))", Data: `[[{"a":1},{"a":1,"b":"x"},[{"a":12.50}]]]`},
	{Name: "what is not JSON", SQL: `SELECT named_struct('d', DATE'2024-02-29'), array('a"b')`, Data: `[["{\"d\":2024-02-29}","[\"a\"b\"]"]]`},
	{Name: "variant", SQL: `SELECT parse_json('{"a": [1, 2.50, null]}'), parse_json('"x"')`, Data: `[[{"a":[1,2.5,null]},"x"]]`},
	{Name: "names", SQL: "SELECT 1 AS `größe`, 2 AS `a``b`", Data: "[[1,2]]"},
	{Name: "values", SQL: "VALUES (1, 'a'), (2, NULL)", Data: `[[1,"a"],[2,null]]`},
}
