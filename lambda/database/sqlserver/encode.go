package sqlserver

import (
	"bytes"
	"database/sql/driver"
	"strconv"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"defog-cdk/lambda/database"
)

// newEncoder returns the encoder of a column by the driver's name for its type.
func newEncoder(typeName string) database.ValueEncoder {
	return func(dst []byte, value driver.Value) []byte {
		switch v := value.(type) {
		case bool:
			return strconv.AppendBool(dst, v)
		case int64:
			return strconv.AppendInt(dst, v, 10)
		case float64:
			if typeName == "REAL" {
				v = database.ShortestFloat32(v)
			}
			return database.AppendFloat(dst, v)
		case string:
			return database.AppendString(dst, v)
		case time.Time:
			return database.AppendTime(dst, v, timeParts(v, typeName))
		case []byte:
			return appendRaw(dst, v, typeName)
		default: // the driver returns no others
			return append(dst, "null"...)
		}
	}
}

// appendRaw appends what the driver returns as bytes: digits, identifiers, and
// bytes. A sql_variant does not carry its type: appendRaw takes text that looks
// like a decimal for one.
func appendRaw(dst, raw []byte, typeName string) []byte {
	switch {
	case typeName == "DECIMAL", typeName == "MONEY", typeName == "SMALLMONEY", typeName == "SQL_VARIANT" && isDecimal(raw):
		return database.AppendString(dst, raw)
	case typeName == "UNIQUEIDENTIFIER":
		var id mssql.UniqueIdentifier
		if err := id.Scan(raw); err == nil {
			return database.AppendString(dst, id.String())
		}
	}
	return database.AppendBytes(dst, raw)
}

// isDecimal reports whether text consists of digits with an optional sign and
// point.
func isDecimal(text []byte) bool {
	digits := 0
	for i, c := range text {
		switch {
		case database.IsDigit(c):
			digits++
		case c == '-' && i == 0, c == '.' && digits > 0 && bytes.IndexByte(text, '.') == i:
		default:
			return false
		}
	}
	return digits > 0
}

// timeParts returns the parts of a time for a type. A sql_variant does not
// carry its type: without a year it is a time of day.
func timeParts(t time.Time, typeName string) database.TimeParts {
	if typeName == "SQL_VARIANT" {
		switch year, month, day := t.Date(); {
		case t.Location() != time.UTC:
			typeName = "DATETIMEOFFSET"
		case year == 1 && month == time.January && day == 1:
			typeName = "TIME"
		}
	}
	return database.TimeParts{Date: typeName != "TIME", Clock: typeName != "DATE", Zone: typeName == "DATETIMEOFFSET"}
}
