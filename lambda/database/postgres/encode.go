package postgres

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"defog-cdk/lambda/database"
)

// newEncoder returns the encoder of a type. Other types, decimals included,
// become strings.
func newEncoder(oid uint32) database.Encoder {
	if element, ok := arrayElements[oid]; ok {
		encode := newEncoder(element)
		return func(dst, text []byte) []byte { return appendArray(dst, text, encode) }
	}
	switch oid {
	case pgtype.BoolOID:
		return database.AppendBool
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID:
		return database.AppendInteger
	case pgtype.Float4OID, pgtype.Float8OID:
		return database.AppendFloatText
	case pgtype.TimeOID, pgtype.TimetzOID, pgtype.TimestampOID, pgtype.TimestamptzOID:
		return database.AppendTimeText
	case pgtype.IntervalOID:
		return appendIntervalText
	case pgtype.ByteaOID:
		return appendBytea
	case pgtype.JSONOID, pgtype.JSONBOID:
		return database.AppendJSON
	default:
		return database.AppendString[[]byte]
	}
}

// arrayElements holds the element type of every array type whose text
// separates the elements with commas.
var arrayElements = map[uint32]uint32{
	pgtype.BoolArrayOID: pgtype.BoolOID, pgtype.ByteaArrayOID: pgtype.ByteaOID,
	pgtype.Int2ArrayOID: pgtype.Int2OID, pgtype.Int4ArrayOID: pgtype.Int4OID,
	pgtype.Int8ArrayOID: pgtype.Int8OID, pgtype.OIDArrayOID: pgtype.OIDOID,
	pgtype.Float4ArrayOID: pgtype.Float4OID, pgtype.Float8ArrayOID: pgtype.Float8OID,
	pgtype.NumericArrayOID: pgtype.NumericOID, pgtype.TextArrayOID: pgtype.TextOID,
	pgtype.VarcharArrayOID: pgtype.VarcharOID, pgtype.BPCharArrayOID: pgtype.BPCharOID,
	pgtype.NameArrayOID: pgtype.NameOID, pgtype.QCharArrayOID: pgtype.QCharOID,
	pgtype.DateArrayOID: pgtype.DateOID, pgtype.TimeArrayOID: pgtype.TimeOID,
	pgtype.TimetzArrayOID: pgtype.TimetzOID, pgtype.TimestampArrayOID: pgtype.TimestampOID,
	pgtype.TimestamptzArrayOID: pgtype.TimestamptzOID, pgtype.IntervalArrayOID: pgtype.IntervalOID,
	pgtype.JSONArrayOID: pgtype.JSONOID, pgtype.JSONBArrayOID: pgtype.JSONBOID,
	pgtype.UUIDArrayOID: pgtype.UUIDOID, pgtype.InetArrayOID: pgtype.InetOID,
	pgtype.CIDRArrayOID: pgtype.CIDROID, pgtype.MacaddrArrayOID: pgtype.MacaddrOID,
	macaddr8ArrayOID: pgtype.Macaddr8OID, pgtype.BitArrayOID: pgtype.BitOID,
	pgtype.VarbitArrayOID: pgtype.VarbitOID, pgtype.XMLArrayOID: pgtype.XMLOID,
	pgtype.PointArrayOID: pgtype.PointOID, pgtype.LsegArrayOID: pgtype.LsegOID,
	pgtype.PathArrayOID: pgtype.PathOID, pgtype.LineArrayOID: pgtype.LineOID,
	pgtype.PolygonArrayOID: pgtype.PolygonOID, pgtype.CircleArrayOID: pgtype.CircleOID,
	pgtype.Int4rangeArrayOID: pgtype.Int4rangeOID, pgtype.Int8rangeArrayOID: pgtype.Int8rangeOID,
	pgtype.NumrangeArrayOID: pgtype.NumrangeOID, pgtype.DaterangeArrayOID: pgtype.DaterangeOID,
	pgtype.TsrangeArrayOID: pgtype.TsrangeOID, pgtype.TstzrangeArrayOID: pgtype.TstzrangeOID,
	moneyArrayOID: moneyOID,
}

// Types that are missing in package `pgtype`.
const (
	macaddr8ArrayOID = 775
	moneyOID         = 790
	moneyArrayOID    = 791
)

// appendBytea appends bytes that the server wrote as hex digits or, in the
// older format, with backslashes.
func appendBytea(dst, text []byte) []byte {
	if database.IsFull(dst) {
		return dst
	}
	if digits, ok := bytes.CutPrefix(text, []byte(`\x`)); ok {
		before := len(dst)
		dst = append(dst, `"\\x`...)
		for _, c := range digits {
			if !database.IsDigit(c) && (c < 'a' || c > 'f') {
				return database.AppendString(dst[:before], text)
			}
		}
		dst = append(dst, digits...)
		return append(dst, '"')
	}
	raw := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+3 < len(text) && text[i+1] != '\\' {
			n, err := strconv.ParseUint(string(text[i+1:i+4]), 8, 8)
			if err != nil {
				return database.AppendString(dst, text)
			}
			raw = append(raw, byte(n))
			i += 3
			continue
		}
		if text[i] == '\\' {
			i++
		}
		if i < len(text) {
			raw = append(raw, text[i])
		}
	}
	return database.AppendBytes(dst, raw)
}

// appendIntervalText appends an interval in the server's default format:
// `1 year 2 mons -3 days +04:05:06.5`.
func appendIntervalText(dst, text []byte) []byte {
	days, micros, ok := parseInterval(string(text))
	if ok {
		dst, ok = database.AppendInterval(dst, days, micros)
	}
	if !ok {
		return database.AppendString(dst, text)
	}
	return dst
}

func parseInterval(text string) (days, micros int64, ok bool) {
	fields := strings.Fields(text)
	for len(fields) >= 2 {
		n, err := strconv.ParseInt(fields[0], 10, 32)
		if err != nil {
			return 0, 0, false
		}
		switch strings.TrimSuffix(fields[1], "s") {
		case "year":
			days += 365 * n
		case "mon":
			days += 30 * n
		case "day":
			days += n
		default:
			return 0, 0, false
		}
		fields = fields[2:]
	}
	if len(fields) == 1 {
		micros, ok = database.ParseClock(fields[0])
		return days, micros, ok
	}
	return days, 0, text != ""
}
