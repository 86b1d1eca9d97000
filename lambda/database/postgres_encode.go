//go:build !onedriver || postgres || redshift

package database

import (
	"bytes"
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"
)

// postgresEncoder returns the encoder of a type. Types without one of their own
// are strings, which is also what a decimal becomes.
func postgresEncoder(oid uint32) encoder {
	if element, ok := postgresArrays[oid]; ok {
		encode := postgresEncoder(element)
		return func(dst, text []byte) []byte { return appendArray(dst, text, encode) }
	}
	switch oid {
	case pgtype.BoolOID:
		return appendBool
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID:
		return appendInteger
	case pgtype.Float4OID, pgtype.Float8OID:
		return appendFloatText
	case pgtype.TimeOID, pgtype.TimetzOID, pgtype.TimestampOID, pgtype.TimestamptzOID:
		return appendTime
	case pgtype.IntervalOID:
		return appendIntervalText
	case pgtype.ByteaOID:
		return appendBytea
	case pgtype.JSONOID, pgtype.JSONBOID:
		return appendJSON
	default:
		return appendString[[]byte]
	}
}

// postgresArrays holds the element type of every array type whose text form
// separates elements by commas.
var postgresArrays = map[uint32]uint32{
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

// Types that pgtype has no name for.
const (
	macaddr8ArrayOID = 775
	moneyOID         = 790
	moneyArrayOID    = 791
)

// appendBytea appends bytes that the server wrote as hex or, in its old style,
// with backslashes.
func appendBytea(dst, text []byte) []byte {
	if digits, ok := bytes.CutPrefix(text, []byte(`\x`)); ok {
		before := len(dst)
		dst = append(dst, `"\\x`...)
		for _, c := range digits {
			if !isDigit(c) && (c < 'a' || c > 'f') {
				return appendString(dst[:before], text)
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
				return appendString(dst, text)
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
	return appendBytes(dst, raw)
}
