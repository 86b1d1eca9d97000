//go:build !onedriver || snowflake

package database

import (
	"database/sql/driver"
	"math"
	"strconv"
	"time"
)

// encodeSnowflake returns a function that appends values, which are those of a
// row of source, as JSON with commas between them.
func encodeSnowflake(source driver.Rows, values []driver.Value) func(dst []byte) []byte {
	types := make([]string, len(values))
	for i := range types {
		if named, ok := source.(driver.RowsColumnTypeDatabaseTypeName); ok {
			types[i] = named.ColumnTypeDatabaseTypeName(i)
		}
	}
	return func(dst []byte) []byte {
		for i, value := range values {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendSnowflake(dst, value, types[i])
		}
		return dst
	}
}

// appendSnowflake appends a value as the driver gives it, by Snowflake's name
// for its column's type: as text, but for times and bytes.
func appendSnowflake(dst []byte, value driver.Value, name string) []byte {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...)
	case string:
		return appendSnowflakeText(dst, v, name)
	case []byte:
		return appendBytes(dst, v)
	case time.Time:
		return appendSnowflakeTime(dst, v, name)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return appendFloat(dst, v)
	default: // the driver has no others in this format
		return append(dst, "null"...)
	}
}

func appendSnowflakeText(dst []byte, text, name string) []byte {
	switch name {
	case "FIXED":
		if isWhole(text) {
			return append(dst, text...)
		}
	case "REAL":
		if f, err := strconv.ParseFloat(text, 64); err == nil || math.IsInf(f, 0) {
			return appendFloat(dst, f)
		}
	case "BOOLEAN":
		switch text {
		case "1", "true", "TRUE":
			return append(dst, "true"...)
		case "0", "false", "FALSE":
			return append(dst, "false"...)
		}
	case "VARIANT", "OBJECT", "ARRAY", "MAP", "VECTOR", "GEOGRAPHY", "GEOMETRY":
		return appendJSON(dst, []byte(text))
	}
	return appendString(dst, text)
}

// isWhole reports whether text is a whole number as JSON has them.
func isWhole(text string) bool {
	if len(text) > 1 && text[0] == '-' {
		text = text[1:]
	}
	return text != "" && span(text, isDigit) == len(text) && (text == "0" || text[0] != '0')
}

// appendSnowflakeTime appends a date, a time of day, or a timestamp; those with
// a zone are in their own, or in the session's.
func appendSnowflakeTime(dst []byte, t time.Time, name string) []byte {
	dst = append(dst, '"')
	if name != "TIME" {
		dst = t.AppendFormat(dst, time.DateOnly)
	}
	if name == "DATE" {
		return append(dst, '"')
	}
	if name != "TIME" {
		dst = append(dst, ' ')
	}
	dst = t.AppendFormat(dst, time.TimeOnly)
	dst = appendFraction(dst, int64(t.Nanosecond()))
	if name == "TIMESTAMP_LTZ" || name == "TIMESTAMP_TZ" {
		dst = t.AppendFormat(dst, "-07:00")
	}
	return append(dst, '"')
}
