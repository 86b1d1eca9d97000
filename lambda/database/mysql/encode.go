package mysql

import (
	"database/sql/driver"
	"encoding/binary"
	"strconv"

	"defog-cdk/lambda/database"
)

// newEncoder returns the encoder of a column by the driver's name for its type.
// The driver parses numbers; every other value is the text that the server
// sent. Other types, decimals included, become strings.
func newEncoder(typeName string) database.ValueEncoder {
	encode := newTextEncoder(typeName)
	return func(dst []byte, value driver.Value) []byte {
		switch v := value.(type) {
		case int64:
			return strconv.AppendInt(dst, v, 10)
		case uint64:
			return strconv.AppendUint(dst, v, 10)
		case float32:
			return database.AppendFloat(dst, database.ShortestFloat32(float64(v)))
		case float64:
			return database.AppendFloat(dst, v)
		case []byte:
			return encode(dst, v)
		default: // the driver returns no others
			return append(dst, "null"...)
		}
	}
}

func newTextEncoder(typeName string) database.Encoder {
	switch typeName {
	case "BIT":
		return appendBits
	case "TIME":
		return appendDuration
	case "DATETIME", "TIMESTAMP":
		return database.AppendTimeText
	case "BINARY", "VARBINARY", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB", "GEOMETRY", "VECTOR":
		return database.AppendBytes
	case "JSON":
		return database.AppendJSON
	default:
		return database.AppendString[[]byte]
	}
}

// appendBits appends a bit field as a number. Its most significant byte is the
// first.
func appendBits(dst, raw []byte) []byte {
	var number [8]byte
	if len(raw) > len(number) {
		return database.AppendBytes(dst, raw)
	}
	copy(number[len(number)-len(raw):], raw)
	return strconv.AppendUint(dst, binary.BigEndian.Uint64(number[:]), 10)
}

// appendDuration appends a TIME, which is an interval: it may be negative and
// longer than a day.
func appendDuration(dst, text []byte) []byte {
	micros, ok := database.ParseClock(string(text))
	if !ok {
		return database.AppendString(dst, text)
	}
	dst, _ = database.AppendInterval(dst, 0, micros) // ParseClock limits the days
	return dst
}
