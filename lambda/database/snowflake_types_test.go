//go:build !onedriver || snowflake

package database

import (
	"iter"
	"slices"
	"strings"

	stand "defog-cdk/internal/testserver/snowflake"
)

// flake is a column and the text that Snowflake sends for its value.
type flake struct {
	kind  string
	scale int
	text  *string
}

// snowflakeType is a statement, what the stand-in sends for it, and its JSON.
type snowflakeType struct {
	name   string
	flakes []flake
	data   string
}

// sent is a value of a type without a scale.
func sent(kind, text string) flake { return flake{kind, 0, &text} }

var snowflakeTypes = []snowflakeType{
	{"nulls", []flake{{"fixed", 0, nil}, {"text", 0, nil}, {"boolean", 0, nil}, {"timestamp_tz", 9, nil}, {"variant", 0, nil}, {"binary", 0, nil}},
		"[[null,null,null,null,null,null]]"},
	{"boolean", []flake{sent("boolean", "1"), sent("boolean", "0"), sent("boolean", "true")}, "[[true,false,true]]"},
	{"integers", []flake{sent("fixed", "0"), sent("fixed", "-9223372036854775809"), sent("fixed", "99999999999999999999999999999999999999")},
		"[[0,-9223372036854775809,99999999999999999999999999999999999999]]"},
	{"decimals", []flake{{"fixed", 2, text("12.50")}, {"fixed", 37, text("-0.0000000000000000000000000000000000001")}, {"fixed", 10, text("1234567890123456789012345678.1234567890")}},
		`[["12.50","-0.0000000000000000000000000000000000001","1234567890123456789012345678.1234567890"]]`},
	{"decfloat", []flake{sent("decfloat", "1.5e100")}, `[["1.5e100"]]`},
	{"floats", []flake{sent("real", "0.1"), sent("real", "1"), sent("real", "1e16"), sent("real", "1.5e300"), sent("real", "NaN"), sent("real", "inf"), sent("real", "-inf")},
		`[[0.1,1.0,1e+16,1.5e+300,"NaN","Infinity","-Infinity"]]`},
	{"text", []flake{sent("text", ""), sent("text", `a"b\c`+"\tx\n"), sent("text", "größe 日本 😀")}, `[["","a\"b\\c\tx\n","größe 日本 😀"]]`},
	{"long text", []flake{sent("text", strings.Repeat("x", 5_000_000))}, `[["` + strings.Repeat("x", 5_000_000) + `"]]`},
	{"dates", []flake{sent("date", "19782"), sent("date", "-719162"), sent("date", "2932896"), sent("date", "0")}, `[["2024-02-29","0001-01-01","9999-12-31","1970-01-01"]]`},
	{"times", []flake{{"time", 9, text("43200.000000000")}, {"time", 3, text("43200.500")}, {"time", 9, text("43200.000000001")}, {"time", 0, text("0")}},
		`[["12:00:00","12:00:00.500000","12:00:00.000000001","00:00:00"]]`},
	{"timestamps", []flake{{"timestamp_ntz", 9, text("1709208000.000000000")}, {"timestamp_ntz", 3, text("1709208000.500")}, {"timestamp_ntz", 9, text("1709208000.123456789")},
		{"timestamp_ntz", 9, text("-2208988800.000000000")}},
		`[["2024-02-29 12:00:00","2024-02-29 12:00:00.500000","2024-02-29 12:00:00.123456789","1900-01-01 00:00:00"]]`},
	{"timestamps with a zone", []flake{{"timestamp_ltz", 9, text("1709208000.000000000")}, {"timestamp_tz", 9, text("1709208000.500000000 1230")}, {"timestamp_tz", 0, text("1709208000 1440")}},
		`[["2024-02-29 13:00:00+01:00","2024-02-29 08:30:00.500000-03:30","2024-02-29 12:00:00+00:00"]]`},
	{"bytes", []flake{sent("binary", "00FF"), sent("binary", "")}, `[["\\x00ff","\\x"]]`},
	{"json", []flake{sent("variant", `{"a": [1, 2.50]}`), sent("object", `{"b": null}`), sent("array", "[\n  1,\n  undefined\n]"), sent("variant", `"text"`), sent("vector", "[1.0,2.0]")},
		`[[{"a": [1, 2.50]},{"b": null},"[\n  1,\n  undefined\n]","text",[1.0,2.0]]]`},
	{"places", []flake{sent("geography", `{"coordinates":[1,2],"type":"Point"}`), sent("geometry", "POINT(1 2)")}, `[[{"coordinates":[1,2],"type":"Point"},"POINT(1 2)"]]`},
}

func text(s string) *string { return &s }

// flakeCases returns snowflakeTypes as the conformance suite takes them.
func flakeCases() []typeCase {
	var cases []typeCase
	for _, t := range snowflakeTypes {
		cases = append(cases, typeCase{t.name, `SELECT * FROM "` + t.name + `"`, t.data})
	}
	return cases
}

// flaked answers a statement of flakeCases.
func flaked(statement string) (stand.Result, bool) {
	for _, t := range snowflakeTypes {
		if statement != `SELECT * FROM "`+t.name+`"` {
			continue
		}
		var result stand.Result
		var row []*string
		for _, f := range t.flakes {
			result.Columns = append(result.Columns, stand.Column{Name: "V", Type: f.kind, Scale: f.scale, Precision: 38, Nullable: true})
			row = append(row, f.text)
		}
		result.Rows = slices.Values([][]*string{row})
		return result, true
	}
	return stand.Result{}, false
}

// countUp are rows of whole numbers from 1.
func countUp(n int64) iter.Seq[[]*string] {
	return func(yield func([]*string) bool) {
		for row := range numbersAsText(n) {
			if !yield([]*string{&row}) {
				return
			}
		}
	}
}
