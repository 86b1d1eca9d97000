package sqlserver

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"
)

// Type is a TYPE_INFO, MS-TDS 2.2.5.6: a type's number, size, precision and
// collation.
type Type []byte

// Value is a value as it stands in a row: its length, if its type has one, and
// its bytes. Nil is null.
type Value []byte

// latin1 is the collation SQL_Latin1_General_CP1_CI_AS.
var latin1 = []byte{0x09, 0x04, 0xd0, 0x00, 0x34}

// Types of a fixed size, which cannot be null, and the same with one, which can.
var (
	FixedTinyInt       = Type{0x30}
	FixedBit           = Type{0x32}
	FixedSmallInt      = Type{0x34}
	FixedInt           = Type{0x38}
	FixedSmallDateTime = Type{0x3a}
	FixedReal          = Type{0x3b}
	FixedMoney         = Type{0x3c}
	FixedDateTime      = Type{0x3d}
	FixedFloat         = Type{0x3e}
	FixedSmallMoney    = Type{0x7a}
	FixedBigInt        = Type{0x7f}

	Bit           = Type{0x68, 1}
	TinyInt       = Type{0x26, 1}
	SmallInt      = Type{0x26, 2}
	Int           = Type{0x26, 4}
	BigInt        = Type{0x26, 8}
	Real          = Type{0x6d, 4}
	Float         = Type{0x6d, 8}
	SmallMoney    = Type{0x6e, 4}
	Money         = Type{0x6e, 8}
	SmallDateTime = Type{0x6f, 4}
	DateTime      = Type{0x6f, 8}
	Date          = Type{0x28}
	Identifier    = Type{0x24, 16}
)

// Decimal is decimal(precision, scale).
func Decimal(precision, scale byte) Type { return Type{0x6a, decimalSize(precision), precision, scale} }

// Numeric is Decimal by its other name.
func Numeric(precision, scale byte) Type { return Type{0x6c, decimalSize(precision), precision, scale} }

func decimalSize(precision byte) byte {
	switch {
	case precision <= 9:
		return 5
	case precision <= 19:
		return 9
	case precision <= 28:
		return 13
	default:
		return 17
	}
}

// TimeOf is time(scale).
func TimeOf(scale byte) Type { return Type{0x29, scale} }

// DateTime2 is datetime2(scale).
func DateTime2(scale byte) Type { return Type{0x2a, scale} }

// DateTimeOffset is datetimeoffset(scale).
func DateTimeOffset(scale byte) Type { return Type{0x2b, scale} }

// VarChar is varchar(size), in code page 1252; 0 for max.
func VarChar(size int) Type { return sized(0xa7, size, latin1) }

// Char is char(size).
func Char(size int) Type { return sized(0xaf, size, latin1) }

// NVarChar is nvarchar(size); 0 for max.
func NVarChar(size int) Type { return sized(0xe7, 2*size, latin1) }

// NChar is nchar(size).
func NChar(size int) Type { return sized(0xef, 2*size, latin1) }

// VarBinary is varbinary(size); 0 for max.
func VarBinary(size int) Type { return sized(0xa5, size, nil) }

// Binary is binary(size).
func Binary(size int) Type { return sized(0xad, size, nil) }

func sized(kind byte, size int, collation []byte) Type {
	if size == 0 {
		size = 0xffff
	}
	return append(binary.LittleEndian.AppendUint16(Type{kind}, uint16(size)), collation...)
}

// Long types, which name the table that they are from.
var (
	Text  = longType(0x23, latin1)
	NText = longType(0x63, latin1)
	Image = longType(0x22, nil)
)

func longType(kind byte, collation []byte) Type {
	t := append(binary.LittleEndian.AppendUint32(Type{kind}, math.MaxInt32), collation...)
	return appendLongText(append(t, 1), "accounts")
}

// XML is xml without a schema, Variant sql_variant.
var (
	XML     = Type{0xf1, 0}
	Variant = binary.LittleEndian.AppendUint32(Type{0x62}, 8009)
)

// Assembly is a type of the server's assembly: `geometry`, `hierarchyid`.
func Assembly(name string) Type {
	t := binary.LittleEndian.AppendUint16(Type{0xf0}, 0xffff)
	t = appendShortText(appendShortText(appendShortText(t, "bank"), "sys"), name)
	return appendLongText(t, "Microsoft.SqlServer.Types."+name)
}

// Fixed is a value of a type of fixed size.
func Fixed(bytes []byte) Value { return bytes }

// Short is a value behind one byte with its size.
func Short(bytes []byte) Value { return append(Value{byte(len(bytes))}, bytes...) }

// Sized is a value behind two bytes with its size: char, binary, …
func Sized(bytes []byte) Value {
	return append(binary.LittleEndian.AppendUint16(nil, uint16(len(bytes))), bytes...)
}

// Pieces is a value of a max type, in pieces after their total size.
func Pieces(bytes []byte) Value {
	const piece = 3000
	v := binary.LittleEndian.AppendUint64(nil, uint64(len(bytes)))
	for len(bytes) > 0 {
		n := min(piece, len(bytes))
		v = append(binary.LittleEndian.AppendUint32(v, uint32(n)), bytes[:n]...)
		bytes = bytes[n:]
	}
	return append(v, 0, 0, 0, 0)
}

// Long is a value of `text`, `ntext` or `image`, after a pointer and a time stamp.
func Long(bytes []byte) Value {
	v := append(Value{16}, make([]byte, 16+8)...)
	return append(binary.LittleEndian.AppendUint32(v, uint32(len(bytes))), bytes...)
}

// Varying is the value in a sql_variant: of a type, with the properties that
// the type has there.
func Varying(kind byte, properties, bytes []byte) Value {
	v := binary.LittleEndian.AppendUint32(nil, uint32(2+len(properties)+len(bytes)))
	v = append(v, kind, byte(len(properties)))
	return append(append(v, properties...), bytes...)
}

// Integer returns a whole number's bytes.
func Integer(n int64, size int) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(n))[:size]
}

// Float32 returns a floating number's bytes.
func Float32(f float32) []byte {
	return binary.LittleEndian.AppendUint32(nil, math.Float32bits(f))
}

// Float64 is Float32 of eight bytes.
func Float64(f float64) []byte {
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(f))
}

// Amount returns the bytes of a money value in ten thousandths: the higher half
// comes first.
func Amount(n int64) []byte {
	v := binary.LittleEndian.AppendUint32(nil, uint32(n>>32))
	return binary.LittleEndian.AppendUint32(v, uint32(n))
}

// Digits returns a decimal's bytes, of the type's size: its sign, and its digits
// as one number.
func Digits(text string, size byte) []byte {
	n, ok := new(big.Int).SetString(strings.NewReplacer("-", "", ".", "").Replace(text), 10)
	if !ok {
		panic(fmt.Sprintf("%q is not a decimal", text))
	}
	v := make([]byte, size)
	if !strings.HasPrefix(text, "-") {
		v[0] = 1
	}
	for i, c := range n.Bytes() {
		v[len(n.Bytes())-i] = c
	}
	return v
}

// UTF16 returns the bytes of text in the n types.
func UTF16(text string) []byte { return toUTF16(text) }

// Days returns a date's bytes: three of days since 0001-01-01.
func Days(t time.Time) []byte {
	return Integer(days(t, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), 3)
}

func days(t, since time.Time) int64 { return (t.Unix() - since.Unix()) / (24 * 60 * 60) }

// Clock returns the bytes of a time of day, in units of the scale.
func Clock(t time.Time, scale byte) []byte {
	midnight := t.Truncate(24 * time.Hour)
	unit := time.Second
	for range scale {
		unit /= 10
	}
	return Integer(int64(t.Sub(midnight)/unit), []int{3, 3, 3, 4, 4, 5, 5, 5}[scale])
}

// Moment returns a datetime2's bytes.
func Moment(t time.Time, scale byte) []byte { return append(Clock(t, scale), Days(t)...) }

// Zoned returns a datetimeoffset's bytes: the time in UTC, and how many minutes
// its zone is ahead.
func Zoned(t time.Time, scale byte) []byte {
	_, seconds := t.Zone()
	return append(Moment(t.UTC(), scale), Integer(int64(seconds/60), 2)...)
}

// Ticks returns a datetime's bytes: days since 1900 and three hundredths of a
// second.
func Ticks(t time.Time) []byte {
	midnight := t.Truncate(24 * time.Hour)
	v := Integer(days(midnight, time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)), 4)
	return append(v, Integer(int64(math.Round(t.Sub(midnight).Seconds()*300)), 4)...)
}

// Minutes returns the bytes of a `smalldatetime`.
func Minutes(t time.Time) []byte {
	midnight := t.Truncate(24 * time.Hour)
	v := Integer(days(midnight, time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)), 2)
	return append(v, Integer(int64(t.Sub(midnight)/time.Minute), 2)...)
}
