//go:build !onedriver || mysql

package database

import (
	"database/sql/driver"
	"encoding/binary"
	"strconv"
)

// encodeMySQL returns a function that appends values, which are those of a row
// of source, as JSON with commas between them.
func encodeMySQL(source driver.Rows, values []driver.Value) func(dst []byte) []byte {
	encoders := make([]encoder, len(values))
	for i := range encoders {
		encoders[i] = appendString[[]byte]
		if types, ok := source.(driver.RowsColumnTypeDatabaseTypeName); ok {
			encoders[i] = mysqlEncoder(types.ColumnTypeDatabaseTypeName(i))
		}
	}
	return func(dst []byte) []byte {
		for i, value := range values {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendMySQL(dst, value, encoders[i])
		}
		return dst
	}
}

// appendMySQL appends a value as the driver gives it: numbers parsed, the rest
// as the text that the server sent, which is for encode.
func appendMySQL(dst []byte, value driver.Value, encode encoder) []byte {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case uint64:
		return strconv.AppendUint(dst, v, 10)
	case float32:
		return appendFloat(dst, shortest(float64(v)))
	case float64:
		return appendFloat(dst, v)
	case []byte:
		return encode(dst, v)
	default: // the driver has no others
		return append(dst, "null"...)
	}
}

// mysqlEncoder returns the encoder of a type, by the driver's name for it.
// Types without one of their own are strings, which is also what a decimal
// becomes.
func mysqlEncoder(name string) encoder {
	switch name {
	case "BIT":
		return appendBits
	case "TIME":
		return appendDuration
	case "DATETIME", "TIMESTAMP":
		return appendTime
	case "BINARY", "VARBINARY", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB", "GEOMETRY", "VECTOR":
		return appendBytes
	case "JSON":
		return appendJSON
	default:
		return appendString[[]byte]
	}
}

// appendBits appends a bit field as the number that it is, whose most
// significant byte comes first.
func appendBits(dst, raw []byte) []byte {
	var number [8]byte
	if len(raw) > len(number) {
		return appendBytes(dst, raw)
	}
	copy(number[len(number)-len(raw):], raw)
	return strconv.AppendUint(dst, binary.BigEndian.Uint64(number[:]), 10)
}

// appendDuration appends a TIME, which is an interval: it can be negative and
// longer than a day.
func appendDuration(dst, text []byte) []byte {
	micros, ok := parseClock(string(text))
	if !ok {
		return appendString(dst, text)
	}
	dst, _ = appendInterval(dst, 0, micros) // has few days
	return dst
}
