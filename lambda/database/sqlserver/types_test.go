package sqlserver

import (
	"cmp"
	"encoding/binary"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	tds "defog-cdk/internal/testserver/sqlserver"
	"defog-cdk/lambda/database/databasetest"
)

// cell is a value and its type in the stand-in's reply.
type cell struct {
	kind  tds.Type
	value tds.Value
}

// typeCase is a statement, the stand-in's reply, and its JSON. sql is empty for
// a value that only the stand-in sends.
type typeCase struct {
	name  string
	sql   string
	cells []cell
	data  string
}

var (
	leap   = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	halfOn = leap.Add(500 * time.Millisecond)
	guid   = []byte{0x99, 0xbc, 0xee, 0xa0, 0x0b, 0x9c, 0xf8, 0x4e, 0xbb, 0x6d, 0x6b, 0xb9, 0xbd, 0x38, 0x0a, 0x11}
	long   = strings.Repeat("x", 5_000_000)
)

// types holds every type of the protocol.
var types = []typeCase{
	{"nulls", "SELECT CAST(NULL AS int), CAST(NULL AS nvarchar(10)), CAST(NULL AS bit), CAST(NULL AS decimal(38, 20)), " +
		"CAST(NULL AS datetime2(7)), CAST(NULL AS varbinary(max)), CAST(NULL AS text), CAST(NULL AS sql_variant), CAST(NULL AS xml), " +
		"CAST(NULL AS uniqueidentifier)", []cell{{tds.Int, nil}, {tds.NVarChar(10), nil}, {tds.Bit, nil}, {tds.Decimal(38, 20), nil}, {tds.DateTime2(7), nil},
		{tds.VarBinary(0), nil}, {tds.Text, nil}, {tds.Variant, nil}, {tds.XML, nil}, {tds.Identifier, nil}},
		"[[null,null,null,null,null,null,null,null,null,null]]"},
	{"boolean", "SELECT CAST(1 AS bit), CAST(0 AS bit), ISNULL(CAST(1 AS bit), 0)", []cell{{tds.Bit, tds.Short([]byte{1})}, {tds.Bit, tds.Short([]byte{0})}, {tds.FixedBit, tds.Fixed([]byte{1})}}, "[[true,false,true]]"},
	{"integers", "SELECT CAST(255 AS tinyint), CAST(-32768 AS smallint), CAST(-2147483648 AS int), CAST(-9223372036854775808 AS bigint), " +
		"CAST(9223372036854775807 AS bigint)", []cell{{tds.TinyInt, tds.Short([]byte{255})}, {tds.SmallInt, tds.Short(tds.Integer(math.MinInt16, 2))},
		{tds.Int, tds.Short(tds.Integer(math.MinInt32, 4))}, {tds.BigInt, tds.Short(tds.Integer(math.MinInt64, 8))},
		{tds.BigInt, tds.Short(tds.Integer(math.MaxInt64, 8))}},
		"[[255,-32768,-2147483648,-9223372036854775808,9223372036854775807]]"},
	{"integers that cannot be null", "SELECT ISNULL(CAST(255 AS tinyint), 0), ISNULL(CAST(-2 AS smallint), 0), ISNULL(CAST(-3 AS int), 0), ISNULL(CAST(-4 AS bigint), 0)", []cell{{tds.FixedTinyInt, tds.Fixed([]byte{255})}, {tds.FixedSmallInt, tds.Fixed(tds.Integer(-2, 2))},
		{tds.FixedInt, tds.Fixed(tds.Integer(-3, 4))}, {tds.FixedBigInt, tds.Fixed(tds.Integer(-4, 8))}}, "[[255,-2,-3,-4]]"},
	{"floats", "SELECT CAST(0.1 AS real), CAST(0.1 AS float), CAST(1e16 AS float), CAST(1.5e300 AS float), CAST(1e-5 AS real), CAST(1 AS float)", []cell{{tds.Real, tds.Short(tds.Float32(0.1))}, {tds.Float, tds.Short(tds.Float64(0.1))}, {tds.Float, tds.Short(tds.Float64(1e16))},
		{tds.Float, tds.Short(tds.Float64(1.5e300))}, {tds.FixedReal, tds.Fixed(tds.Float32(1e-5))}, {tds.FixedFloat, tds.Fixed(tds.Float64(1))}},
		"[[0.1,0.1,1e+16,1.5e+300,1e-05,1.0]]"},
	{"decimals", "SELECT CAST(12.50 AS decimal(9, 2)), CAST(-7 AS numeric(18, 0)), CAST('-0.00000000000000000001' AS decimal(28, 20)), " +
		"CAST('12345678.123456789012345678901234567890' AS decimal(38, 30)), " +
		"CAST('99999999999999999999999999999999999999' AS decimal(38, 0))", []cell{{tds.Decimal(9, 2), tds.Short(tds.Digits("12.50", 5))}, {tds.Numeric(18, 0), tds.Short(tds.Digits("-7", 9))},
		{tds.Decimal(28, 20), tds.Short(tds.Digits("-0.00000000000000000001", 13))},
		{tds.Decimal(38, 30), tds.Short(tds.Digits("12345678.123456789012345678901234567890", 17))},
		{tds.Decimal(38, 0), tds.Short(tds.Digits("99999999999999999999999999999999999999", 17))}},
		`[["12.50","-7","-0.00000000000000000001","12345678.123456789012345678901234567890","99999999999999999999999999999999999999"]]`},
	{"money", "SELECT CAST(-922337203685477.5808 AS money), CAST(12.5 AS money), CAST(-0.05 AS smallmoney), CAST(-0.0001 AS money), " +
		"CAST(1 AS smallmoney)", []cell{{tds.Money, tds.Short(tds.Amount(math.MinInt64))}, {tds.Money, tds.Short(tds.Amount(125000))},
		{tds.SmallMoney, tds.Short(tds.Integer(-500, 4))}, {tds.FixedMoney, tds.Fixed(tds.Amount(-1))}, {tds.FixedSmallMoney, tds.Fixed(tds.Integer(10000, 4))}},
		`[["-922337203685477.5808","12.5000","-0.0500","-0.0001","1.0000"]]`},
	{"text", `SELECT CAST(N'a"b\c' + NCHAR(9) + N'日本 😀' AS nvarchar(20)), CAST(N'größe €' AS varchar(20)), CAST(N'x' AS nchar(3)), ` +
		"CAST('y' AS char(3)), CAST(N'' AS nvarchar(5)), CAST('old' + CHAR(10) AS text), CAST(N'größe' AS ntext)", []cell{{tds.NVarChar(20), tds.Sized(tds.UTF16(`a"b\c` + "\t日本 😀"))}, {tds.VarChar(20), tds.Sized([]byte("gr\xf6\xdfe \x80"))},
		{tds.NChar(3), tds.Sized(tds.UTF16("x  "))}, {tds.Char(3), tds.Sized([]byte("y  "))}, {tds.NVarChar(5), tds.Sized(nil)},
		{tds.Text, tds.Long([]byte("old\n"))}, {tds.NText, tds.Long(tds.UTF16("größe"))}},
		`[["a\"b\\c\t日本 😀","größe €","x  ","y  ","","old\n","größe"]]`},
	{"half a character", "SELECT CAST(0x00d8 AS nvarchar(5))", []cell{{tds.NVarChar(5), tds.Sized([]byte{0x00, 0xd8})}}, "[[\"\ufffd\"]]"},
	{"long text", "SELECT REPLICATE(CAST(N'x' AS nvarchar(max)), 5000000), CAST('' AS varchar(max))", []cell{{tds.NVarChar(0), tds.Pieces(tds.UTF16(long))}, {tds.VarChar(0), tds.Pieces(nil)}}, `[["` + long + `",""]]`},
	{"xml", `SELECT CAST(N'<a b="1"/>' AS xml)`, []cell{{tds.XML, tds.Pieces(tds.UTF16(`<a b="1"/>`))}}, `[["<a b=\"1\"/>"]]`},
	{"bytes", "SELECT CAST(0x00ff AS varbinary(10)), CAST(0x0100 AS binary(2)), CAST(0x61 AS varbinary(max)), CAST(0x AS varbinary(5)), " +
		"CAST(0xdead AS image)", []cell{{tds.VarBinary(10), tds.Sized([]byte{0, 255})}, {tds.Binary(2), tds.Sized([]byte{1, 0})}, {tds.VarBinary(0), tds.Pieces([]byte("a"))},
		{tds.VarBinary(5), tds.Sized(nil)}, {tds.Image, tds.Long([]byte{222, 173})}},
		`[["\\x00ff","\\x0100","\\x61","\\x","\\xdead"]]`},
	{"identifier", "SELECT CAST('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' AS uniqueidentifier)", []cell{{tds.Identifier, tds.Short(guid)}}, `[["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"]]`},
	{"dates", "SELECT CAST('2024-02-29' AS date), CAST('0001-01-01' AS date), CAST('9999-12-31' AS date)", []cell{{tds.Date, tds.Short(tds.Days(leap))}, {tds.Date, tds.Short([]byte{0, 0, 0})},
		{tds.Date, tds.Short(tds.Days(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)))}}, `[["2024-02-29","0001-01-01","9999-12-31"]]`},
	{"times", "SELECT CAST('12:00:00' AS time(0)), CAST('12:00:00.5' AS time(7)), CAST('12:00:00.0000001' AS time(7)), " +
		"CAST('00:00:00' AS time(3))", []cell{{tds.TimeOf(0), tds.Short(tds.Clock(leap, 0))}, {tds.TimeOf(7), tds.Short(tds.Clock(halfOn, 7))},
		{tds.TimeOf(7), tds.Short(tds.Clock(leap.Add(100*time.Nanosecond), 7))}, {tds.TimeOf(3), tds.Short([]byte{0, 0, 0, 0})}},
		`[["12:00:00","12:00:00.500000","12:00:00.0000001","00:00:00"]]`},
	{"timestamps", "SELECT CAST('2024-02-29T12:00:00.003' AS datetime), CAST('2024-02-29T12:00:00' AS smalldatetime), " +
		"CAST('2024-02-29T12:00:00' AS datetime2(0)), CAST('2024-02-29T12:00:00.5' AS datetime2(3)), " +
		"CAST('2024-02-29T12:00:00.1234567' AS datetime2(7)), CAST('1753-01-01T00:00:00' AS datetime), " +
		"ISNULL(CAST('2024-02-29T12:00:00' AS datetime), 0), ISNULL(CAST('2024-02-29T12:00:00' AS smalldatetime), 0)", []cell{{tds.DateTime, tds.Short(tds.Ticks(leap.Add(time.Second / 300)))}, {tds.SmallDateTime, tds.Short(tds.Minutes(leap))},
		{tds.DateTime2(0), tds.Short(tds.Moment(leap, 0))}, {tds.DateTime2(3), tds.Short(tds.Moment(halfOn, 3))},
		{tds.DateTime2(7), tds.Short(tds.Moment(leap.Add(1234567*100), 7))}, {tds.DateTime, tds.Short(tds.Ticks(time.Date(1753, 1, 1, 0, 0, 0, 0, time.UTC)))},
		{tds.FixedDateTime, tds.Fixed(tds.Ticks(leap))}, {tds.FixedSmallDateTime, tds.Fixed(tds.Minutes(leap))}},
		`[["2024-02-29 12:00:00.003000","2024-02-29 12:00:00","2024-02-29 12:00:00","2024-02-29 12:00:00.500000",` +
			`"2024-02-29 12:00:00.1234567","1753-01-01 00:00:00","2024-02-29 12:00:00","2024-02-29 12:00:00"]]`},
	{"timestamps with a zone", "SELECT CAST('2024-02-29T14:00:00+02:00' AS datetimeoffset(0)), CAST('2024-02-29T08:30:00.5-03:30' AS datetimeoffset(7)), " +
		"CAST('2024-02-29T12:00:00+00:00' AS datetimeoffset(0))", []cell{{tds.DateTimeOffset(0), tds.Short(tds.Zoned(leap.In(time.FixedZone("", 2*3600)), 0))},
		{tds.DateTimeOffset(7), tds.Short(tds.Zoned(halfOn.In(time.FixedZone("", -(3*3600+1800))), 7))}, {tds.DateTimeOffset(0), tds.Short(tds.Zoned(leap, 0))}},
		`[["2024-02-29 14:00:00+02:00","2024-02-29 08:30:00.500000-03:30","2024-02-29 12:00:00+00:00"]]`},
	{"assembly types", "", []cell{{tds.Assembly("geometry"), tds.Pieces([]byte{0, 1})}, {tds.Assembly("hierarchyid"), tds.Pieces([]byte{0x58})}}, `[["\\x0001","\\x58"]]`},
	{"variants", "SELECT CAST(CAST(7 AS int) AS sql_variant), CAST(CAST(1 AS bit) AS sql_variant), CAST(CAST(0.5 AS float) AS sql_variant), " +
		"CAST(CAST(12.50 AS decimal(9, 2)) AS sql_variant), CAST(CAST(-0.0005 AS money) AS sql_variant), CAST(N'日' AS sql_variant), " +
		"CAST(CAST(N'ä' AS varchar(20)) AS sql_variant), CAST(CAST('2024-02-29T12:00:00' AS datetime) AS sql_variant), " +
		"CAST(CAST('2024-02-29' AS date) AS sql_variant), CAST(CAST('12:00:00.5' AS time(7)) AS sql_variant), " +
		"CAST(CAST('2024-02-29T12:00:00+00:00' AS datetimeoffset(0)) AS sql_variant), CAST(0x0001 AS sql_variant), " +
		"CAST(CAST('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' AS uniqueidentifier) AS sql_variant)", []cell{
		{tds.Variant, tds.Varying(0x38, nil, tds.Integer(7, 4))},
		{tds.Variant, tds.Varying(0x32, nil, []byte{1})},
		{tds.Variant, tds.Varying(0x3e, nil, tds.Float64(0.5))},
		{tds.Variant, tds.Varying(0x6c, []byte{9, 2}, tds.Digits("12.50", 5))},
		{tds.Variant, tds.Varying(0x3c, nil, tds.Amount(-5))},
		{tds.Variant, tds.Varying(0xe7, append([]byte{9, 4, 0xd0, 0, 0x34}, 20, 0), tds.UTF16("日"))},
		{tds.Variant, tds.Varying(0xa7, append([]byte{9, 4, 0xd0, 0, 0x34}, 20, 0), []byte("\xe4"))},
		{tds.Variant, tds.Varying(0x3d, nil, tds.Ticks(leap))},
		{tds.Variant, tds.Varying(0x28, nil, tds.Days(leap))},
		{tds.Variant, tds.Varying(0x29, []byte{7}, tds.Clock(halfOn, 7))},
		{tds.Variant, tds.Varying(0x2b, []byte{0}, tds.Zoned(leap, 0))},
		{tds.Variant, tds.Varying(0xa5, []byte{2, 0}, []byte{0, 1})},
		{tds.Variant, tds.Varying(0x24, nil, guid)}},
		`[[7,true,0.5,"12.50","-0.0005","日","ä","2024-02-29 12:00:00","2024-02-29 00:00:00","12:00:00.500000","2024-02-29 12:00:00+00:00","\\x0001",` +
			`"\\x99bceea00b9cf84ebb6d6bb9bd380a11"]]`},
}

// suiteTypes returns types as cases of the suite; with onServer, those that a real
// server sends.
func suiteTypes(onServer bool) []databasetest.Case {
	var cases []databasetest.Case
	for _, c := range types {
		if !onServer || c.sql != "" {
			cases = append(cases, databasetest.Case{Name: c.name, SQL: c.statement(), Data: c.data})
		}
	}
	return cases
}

func (c typeCase) statement() string { return cmp.Or(c.sql, "SELECT * FROM ["+c.name+"]") }

// typed answers a statement of suiteTypes.
func typed(statement string) (tds.Result, bool) {
	for _, c := range types {
		if statement == c.statement() {
			return rowOf(c.cells...), true
		}
	}
	return tds.Result{}, false
}

// rowOf returns a result of one row.
func rowOf(cells ...cell) tds.Result {
	var result tds.Result
	var row []tds.Value
	for _, c := range cells {
		result.Columns = append(result.Columns, tds.Column{Type: c.kind})
		row = append(row, c.value)
	}
	result.Rows = slices.Values([][]tds.Value{row})
	return result
}

// numbers returns rows of integers from 1 in the same memory: the suite measures
// the memory of a hundred million rows.
func numbers(n int64) iter.Seq[[]tds.Value] {
	return func(yield func([]tds.Value) bool) {
		row := []tds.Value{tds.Short(tds.Integer(0, 8))}
		for i := range n {
			binary.LittleEndian.PutUint64(row[0][1:], uint64(i+1))
			if !yield(row) {
				return
			}
		}
	}
}
