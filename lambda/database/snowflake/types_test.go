package snowflake

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	stand "defog-cdk/internal/testserver/snowflake"
	"defog-cdk/lambda/database/databasetest"
)

// cell is a column and the text of its value in Snowflake's reply.
type cell struct {
	kind  string
	scale int
	text  *string
}

// typeCase is a statement, the stand-in's reply, and its JSON. sql is empty for
// a value that only the stand-in sends: real replies have the session's time
// zone, or other white space in JSON.
type typeCase struct {
	name  string
	sql   string
	cells []cell
	data  string
}

// sent returns a value of a type without a scale.
func sent(kind, text string) cell { return cell{kind, 0, &text} }

var types = []typeCase{
	{"nulls", "SELECT NULL::NUMBER, NULL::TEXT, NULL::BOOLEAN, NULL::TIMESTAMP_TZ, NULL::VARIANT, NULL::BINARY", []cell{{"fixed", 0, nil}, {"text", 0, nil}, {"boolean", 0, nil}, {"timestamp_tz", 9, nil}, {"variant", 0, nil}, {"binary", 0, nil}},
		"[[null,null,null,null,null,null]]"},
	{"boolean", "SELECT TRUE, FALSE, 1 = 1", []cell{sent("boolean", "1"), sent("boolean", "0"), sent("boolean", "true")}, "[[true,false,true]]"},
	{"integers", "SELECT 0, -9223372036854775809, 99999999999999999999999999999999999999", []cell{sent("fixed", "0"), sent("fixed", "-9223372036854775809"), sent("fixed", "99999999999999999999999999999999999999")},
		"[[0,-9223372036854775809,99999999999999999999999999999999999999]]"},
	{"decimals", "SELECT 12.50::NUMBER(10, 2), '-0.0000000000000000000000000000000000001'::NUMBER(38, 37), '1234567890123456789012345678.1234567890'::NUMBER(38, 10)", []cell{{"fixed", 2, text("12.50")}, {"fixed", 37, text("-0.0000000000000000000000000000000000001")}, {"fixed", 10, text("1234567890123456789012345678.1234567890")}},
		`[["12.50","-0.0000000000000000000000000000000000001","1234567890123456789012345678.1234567890"]]`},
	{"decfloat", "SELECT '1.5e100'::DECFLOAT", []cell{sent("decfloat", "1.5e100")}, `[["1.5e100"]]`},
	{"floats", "SELECT 0.1::FLOAT, 1::FLOAT, 1e16::FLOAT, 1.5e300::FLOAT, 'NaN'::FLOAT, 'inf'::FLOAT, '-inf'::FLOAT", []cell{sent("real", "0.1"), sent("real", "1"), sent("real", "1e16"), sent("real", "1.5e300"), sent("real", "NaN"), sent("real", "inf"), sent("real", "-inf")},
		`[[0.1,1.0,1e+16,1.5e+300,"NaN","Infinity","-Infinity"]]`},
	{"text", `SELECT '', 'a"b\\c\tx\n', 'größe 日本 😀'`, []cell{sent("text", ""), sent("text", `a"b\c`+"\tx\n"), sent("text", "größe 日本 😀")}, `[["","a\"b\\c\tx\n","größe 日本 😀"]]`},
	{"long text", "SELECT REPEAT('x', 5000000)", []cell{sent("text", strings.Repeat("x", 5_000_000))}, `[["` + strings.Repeat("x", 5_000_000) + `"]]`},
	{"dates", "SELECT '2024-02-29'::DATE, '0001-01-01'::DATE, '9999-12-31'::DATE, '1970-01-01'::DATE", []cell{sent("date", "19782"), sent("date", "-719162"), sent("date", "2932896"), sent("date", "0")}, `[["2024-02-29","0001-01-01","9999-12-31","1970-01-01"]]`},
	{"times", "SELECT '12:00:00'::TIME, '12:00:00.500'::TIME(3), '12:00:00.000000001'::TIME, '00:00:00'::TIME(0)", []cell{{"time", 9, text("43200.000000000")}, {"time", 3, text("43200.500")}, {"time", 9, text("43200.000000001")}, {"time", 0, text("0")}},
		`[["12:00:00","12:00:00.500000","12:00:00.000000001","00:00:00"]]`},
	{"timestamps", "SELECT '2024-02-29 12:00:00'::TIMESTAMP_NTZ, '2024-02-29 12:00:00.500'::TIMESTAMP_NTZ(3), '2024-02-29 12:00:00.123456789'::TIMESTAMP_NTZ, " +
		"'1900-01-01 00:00:00'::TIMESTAMP_NTZ", []cell{{"timestamp_ntz", 9, text("1709208000.000000000")}, {"timestamp_ntz", 3, text("1709208000.500")}, {"timestamp_ntz", 9, text("1709208000.123456789")},
		{"timestamp_ntz", 9, text("-2208988800.000000000")}},
		`[["2024-02-29 12:00:00","2024-02-29 12:00:00.500000","2024-02-29 12:00:00.123456789","1900-01-01 00:00:00"]]`},
	{"timestamps with a zone", "", []cell{{"timestamp_ltz", 9, text("1709208000.000000000")}, {"timestamp_tz", 9, text("1709208000.500000000 1230")}, {"timestamp_tz", 0, text("1709208000 1440")}},
		`[["2024-02-29 13:00:00+01:00","2024-02-29 08:30:00.500000-03:30","2024-02-29 12:00:00+00:00"]]`},
	{"bytes", "SELECT TO_BINARY('00FF', 'HEX'), TO_BINARY('', 'HEX')", []cell{sent("binary", "00FF"), sent("binary", "")}, `[["\\x00ff","\\x"]]`},
	{"json", "", []cell{sent("variant", `{"a": [1, 2.50]}`), sent("object", `{"b": null}`), sent("array", "[\n  1,\n  undefined\n]"), sent("variant", `"text"`), sent("vector", "[1.0,2.0]")},
		`[[{"a": [1, 2.50]},{"b": null},"[\n  1,\n  undefined\n]","text",[1.0,2.0]]]`},
	{"places", "", []cell{sent("geography", `{"coordinates":[1,2],"type":"Point"}`), sent("geometry", "POINT(1 2)")}, `[[{"coordinates":[1,2],"type":"Point"},"POINT(1 2)"]]`},
}

func text(s string) *string { return &s }

// suiteTypes returns types as cases of the suite; with onServer, those that a
// real server sends.
func suiteTypes(onServer bool) []databasetest.Case {
	var cases []databasetest.Case
	for _, c := range types {
		if !onServer || c.sql != "" {
			cases = append(cases, databasetest.Case{Name: c.name, SQL: c.statement(), Data: c.data})
		}
	}
	return cases
}

func (c typeCase) statement() string { return cmp.Or(c.sql, `SELECT * FROM "`+c.name+`"`) }

// typed answers a statement of suiteTypes.
func typed(statement string) (stand.Result, bool) {
	for _, c := range types {
		if statement != c.statement() {
			continue
		}
		var result stand.Result
		var row []*string
		for _, value := range c.cells {
			result.Columns = append(result.Columns, stand.Column{Name: "V", Type: value.kind, Scale: value.scale, Precision: 38, Nullable: true})
			row = append(row, value.text)
		}
		result.Rows = slices.Values([][]*string{row})
		return result, true
	}
	return stand.Result{}, false
}

// countUp returns rows of integers from 1.
func countUp(n int64) iter.Seq[[]*string] {
	return func(yield func([]*string) bool) {
		for row := range numbersAsText(n) {
			if !yield([]*string{&row}) {
				return
			}
		}
	}
}
