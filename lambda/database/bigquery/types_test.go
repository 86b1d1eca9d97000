package bigquery

import (
	"cmp"

	"defog-cdk/lambda/database/databasetest"
)

// typeCase is a statement, the type and the value in the service's reply, and
// its JSON. sql is empty for a value that only the stand-in sends.
type typeCase struct{ name, sql, field, cell, data string }

// types holds every type. The replies have the formats of the REST reference
// and of Google's client libraries.
var types = []typeCase{
	{"null", "SELECT CAST(NULL AS INT64)", `{"type": "INTEGER", "mode": "NULLABLE"}`, `null`, `null`},
	{"no mode", "", `{"type": "INTEGER"}`, `"1"`, `1`},
	{"integers", "SELECT -9223372036854775808", `{"type": "INTEGER"}`, `"-9223372036854775808"`, `-9223372036854775808`},
	{"int64", "SELECT 9223372036854775807", `{"type": "INT64", "mode": "REQUIRED"}`, `"9223372036854775807"`, `9223372036854775807`},
	{"float", "SELECT CAST(1 AS FLOAT64)", `{"type": "FLOAT"}`, `"1.0"`, `1.0`},
	{"long float", "SELECT 0.1", `{"type": "FLOAT64"}`, `"0.1"`, `0.1`},
	{"exponent", "SELECT 1.5e300", `{"type": "FLOAT"}`, `"1.5E300"`, `1.5e+300`},
	{"nan", "SELECT CAST('NaN' AS FLOAT64)", `{"type": "FLOAT"}`, `"NaN"`, `"NaN"`},
	{"infinity", "SELECT CAST('inf' AS FLOAT64)", `{"type": "FLOAT"}`, `"Infinity"`, `"Infinity"`},
	{"minus infinity", "SELECT CAST('-inf' AS FLOAT64)", `{"type": "FLOAT"}`, `"-Infinity"`, `"-Infinity"`},
	{"short infinity", "", `{"type": "FLOAT"}`, `"-inf"`, `"-Infinity"`},
	{"numeric", "", `{"type": "NUMERIC"}`, `"12.50"`, `"12.50"`},
	{"all digits", "SELECT NUMERIC '-99999999999999999999999999999.999999999'", `{"type": "NUMERIC"}`, `"-99999999999999999999999999999.999999999"`, `"-99999999999999999999999999999.999999999"`},
	{"bignumeric", "SELECT BIGNUMERIC '0.00000000000000000000000000000000000001'", `{"type": "BIGNUMERIC"}`, `"0.00000000000000000000000000000000000001"`, `"0.00000000000000000000000000000000000001"`},
	{"true", "SELECT TRUE", `{"type": "BOOLEAN"}`, `"true"`, `true`},
	{"false", "SELECT FALSE", `{"type": "BOOL"}`, `"false"`, `false`},
	{"text", `SELECT 'größe "日本 😀" \\ \x01'`, `{"type": "STRING"}`, `"größe \"日本 😀\" \\ \u0001"`, `"größe \"日本 😀\" \\ \u0001"`},
	{"text like null", "SELECT 'null'", `{"type": "STRING"}`, `"null"`, `"null"`},
	{"bytes", `SELECT b'\x00\xff'`, `{"type": "BYTES"}`, `"AP8="`, `"\\x00ff"`},
	{"no bytes", "SELECT b''", `{"type": "BYTES"}`, `""`, `"\\x"`},
	{"date", "SELECT DATE '2024-02-29'", `{"type": "DATE"}`, `"2024-02-29"`, `"2024-02-29"`},
	{"first date", "SELECT DATE '0001-01-01'", `{"type": "DATE"}`, `"0001-01-01"`, `"0001-01-01"`},
	{"time", "SELECT TIME '12:00:00'", `{"type": "TIME"}`, `"12:00:00"`, `"12:00:00"`},
	{"short time", "SELECT TIME '12:00:00.5'", `{"type": "TIME"}`, `"12:00:00.5"`, `"12:00:00.500000"`},
	{"datetime", "SELECT DATETIME '2024-02-29T12:00:00'", `{"type": "DATETIME"}`, `"2024-02-29T12:00:00"`, `"2024-02-29 12:00:00"`},
	{"datetime with fraction", "SELECT DATETIME '2024-02-29T12:00:00.5'", `{"type": "DATETIME"}`, `"2024-02-29T12:00:00.500000"`, `"2024-02-29 12:00:00.500000"`},
	{"timestamp", "SELECT TIMESTAMP '2024-02-29 12:00:00.5+00'", `{"type": "TIMESTAMP"}`, `"1709208000500000"`, `"2024-02-29 12:00:00.500000+00:00"`},
	{"whole timestamp", "SELECT TIMESTAMP '2024-02-29 12:00:00+00'", `{"type": "TIMESTAMP"}`, `"1709208000000000"`, `"2024-02-29 12:00:00+00:00"`},
	{"early timestamp", "SELECT TIMESTAMP '0001-01-01 00:00:00+00'", `{"type": "TIMESTAMP"}`, `"-62135596800000000"`, `"0001-01-01 00:00:00+00:00"`},
	{"last timestamp", "SELECT TIMESTAMP '9999-12-31 23:59:59.999999+00'", `{"type": "TIMESTAMP"}`, `"253402300799999999"`, `"9999-12-31 23:59:59.999999+00:00"`},
	{"interval", "SELECT INTERVAL '0-0 1 2:3:4.5' YEAR TO SECOND", `{"type": "INTERVAL"}`, `"0-0 1 2:3:4.5"`, `"1 day, 2:03:04.500000"`},
	{"long interval", "SELECT INTERVAL '1-2 3 0:0:0' YEAR TO SECOND", `{"type": "INTERVAL"}`, `"1-2 3 0:0:0"`, `"428 days, 0:00:00"`},
	{"negative interval", "SELECT INTERVAL '-1-2 3 -0:0:1' YEAR TO SECOND", `{"type": "INTERVAL"}`, `"-1-2 3 -0:0:1"`, `"-423 days, 23:59:59"`},
	{"hours beyond a day", "SELECT INTERVAL '0-0 0 49:0:0' YEAR TO SECOND", `{"type": "INTERVAL"}`, `"0-0 0 49:0:0"`, `"2 days, 1:00:00"`},
	{"json", "", `{"type": "JSON"}`, `"{\"a\":[1,2.50,null]}"`, `{"a":[1,2.50,null]}`},
	{"json null", "SELECT JSON 'null'", `{"type": "JSON"}`, `"null"`, `null`},
	{"geography", "SELECT ST_GEOGPOINT(1, 2)", `{"type": "GEOGRAPHY"}`, `"POINT(1 2)"`, `"POINT(1 2)"`},
	{"range of dates", "SELECT RANGE<DATE> '[2024-02-29, UNBOUNDED)'", `{"type": "RANGE", "rangeElementType": {"type": "DATE"}}`, `"[2024-02-29, UNBOUNDED)"`, `"[2024-02-29, UNBOUNDED)"`},
	{"range of datetimes", "SELECT RANGE<DATETIME> '[UNBOUNDED, 2024-02-29T12:00:00)'", `{"type": "RANGE", "rangeElementType": {"type": "DATETIME"}}`, `"[UNBOUNDED, 2024-02-29T12:00:00)"`, `"[UNBOUNDED, 2024-02-29 12:00:00)"`},
	{"range of timestamps", "SELECT RANGE<TIMESTAMP> '[2024-02-29 12:00:00+00, UNBOUNDED)'", `{"type": "RANGE", "rangeElementType": {"type": "TIMESTAMP"}}`, `"[1709208000000000, UNBOUNDED)"`, `"[2024-02-29 12:00:00+00:00, UNBOUNDED)"`},
	{"array", "SELECT [1, 2]", `{"type": "INTEGER", "mode": "REPEATED"}`, `[{"v": "1"}, {"v": "2"}]`, `[1,2]`},
	{"empty array", "SELECT ARRAY<INT64>[]", `{"type": "INTEGER", "mode": "REPEATED"}`, `[]`, `[]`},
	{"array of dates", "SELECT [DATE '2024-02-29']", `{"type": "DATE", "mode": "REPEATED"}`, `[{"v": "2024-02-29"}]`, `["2024-02-29"]`},
	{"struct", "", `{"type": "RECORD", "fields": [{"name": "a", "type": "NUMERIC"}, {"name": "b \"c\"", "type": "TIMESTAMP"}]}`,
		`{"f": [{"v": "1.0"}, {"v": "0"}]}`, `{"a":"1.0","b \"c\"":"1970-01-01 00:00:00+00:00"}`},
	{"null struct", "SELECT CAST(NULL AS STRUCT<a INT64>)", `{"type": "STRUCT", "fields": [{"name": "a", "type": "INTEGER"}]}`, `null`, `null`},
	{"array of structs of arrays", "SELECT [STRUCT([1.0, CAST('NaN' AS FLOAT64)] AS a), STRUCT(ARRAY<FLOAT64>[] AS a)]", `{"type": "RECORD", "mode": "REPEATED", "fields": [{"name": "a", "type": "FLOAT", "mode": "REPEATED"}]}`,
		`[{"v": {"f": [{"v": [{"v": "1"}, {"v": "NaN"}]}]}}, {"v": {"f": [{"v": []}]}}]`, `[{"a":[1.0,"NaN"]},{"a":[]}]`},
	{"a type that is new", "", `{"type": "VECTOR"}`, `"[1, 2]"`, `"[1, 2]"`},
	{"what a type should not look like", "", `{"type": "TIMESTAMP"}`, `"soon"`, `"soon"`},
}

// suiteTypes returns types as cases of the suite; with onServer, those that a
// real service sends.
func suiteTypes(onServer bool) []databasetest.Case {
	var cases []databasetest.Case
	for _, c := range types {
		if !onServer || c.sql != "" {
			cases = append(cases, databasetest.Case{Name: c.name, SQL: c.statement(), Data: "[[" + c.data + "]]"})
		}
	}
	return cases
}

func (c typeCase) statement() string { return cmp.Or(c.sql, "SELECT "+c.name) }
