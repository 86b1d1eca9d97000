//go:build !onedriver || sqlserver

package database

import (
	"bytes"
	"database/sql/driver"
	"strconv"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
)

// encodeSQLServer returns a function that appends values, which are those of a
// row of source, as JSON with commas between them.
func encodeSQLServer(source *mssql.Rows, values []driver.Value) func(dst []byte) []byte {
	types := make([]string, len(values))
	for i := range types {
		types[i] = source.ColumnTypeDatabaseTypeName(i)
	}
	return func(dst []byte) []byte {
		for i, value := range values {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendSQLServer(dst, value, types[i])
		}
		return dst
	}
}

// appendSQLServer appends a value as the driver gives it, by the driver's name
// for its column's type.
func appendSQLServer(dst []byte, value driver.Value, name string) []byte {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		if name == "REAL" {
			v = shortest(v)
		}
		return appendFloat(dst, v)
	case string:
		return appendString(dst, v)
	case time.Time:
		return appendMoment(dst, v, name)
	case []byte:
		return appendRaw(dst, v, name)
	default: // the driver has no others
		return append(dst, "null"...)
	}
}

// appendRaw appends what the driver gives as bytes: digits, identifiers, and
// bytes. The value in a sql_variant does not say which of them it is: what
// looks like a decimal is taken for one.
func appendRaw(dst, raw []byte, name string) []byte {
	switch {
	case name == "DECIMAL", name == "MONEY", name == "SMALLMONEY", name == "SQL_VARIANT" && isDecimal(raw):
		return appendString(dst, raw)
	case name == "UNIQUEIDENTIFIER":
		var id mssql.UniqueIdentifier
		if err := id.Scan(raw); err == nil {
			return appendString(dst, id.String())
		}
	}
	return appendBytes(dst, raw)
}

// isDecimal reports whether text is digits with perhaps a sign and a point.
func isDecimal(text []byte) bool {
	digits := 0
	for i, c := range text {
		switch {
		case isDigit(c):
			digits++
		case c == '-' && i == 0, c == '.' && digits > 0 && bytes.IndexByte(text, '.') == i:
		default:
			return false
		}
	}
	return digits > 0
}

// appendMoment appends a date, a time of day, or a timestamp with or without a
// zone. A sql_variant does not say which it holds: without a year it is a time.
func appendMoment(dst []byte, t time.Time, name string) []byte {
	if name == "SQL_VARIANT" {
		switch year, month, day := t.Date(); {
		case t.Location() != time.UTC:
			name = "DATETIMEOFFSET"
		case year == 1 && month == time.January && day == 1:
			name = "TIME"
		}
	}
	dst = append(dst, '"')
	if name != "TIME" {
		dst = t.AppendFormat(dst, time.DateOnly)
	}
	if name != "DATE" {
		if name != "TIME" {
			dst = append(dst, ' ')
		}
		dst = t.AppendFormat(dst, time.TimeOnly)
		dst = appendFraction(dst, int64(t.Nanosecond()))
	}
	if name == "DATETIMEOFFSET" {
		dst = t.AppendFormat(dst, "-07:00")
	}
	return append(dst, '"')
}
