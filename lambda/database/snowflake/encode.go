package snowflake

import (
	"database/sql/driver"
	"math"
	"strconv"
	"time"

	"defog-cdk/lambda/database"
)

// newEncoder returns the encoder of a column by Snowflake's name for its type.
// The driver returns times and bytes parsed, every other value as text.
func newEncoder(typeName string) database.ValueEncoder {
	return func(dst []byte, value driver.Value) []byte {
		switch v := value.(type) {
		case string:
			return appendText(dst, v, typeName)
		case []byte:
			return database.AppendBytes(dst, v)
		case time.Time: // with a zone: its own, or the session's
			return database.AppendTime(dst, v, database.TimeParts{
				Date:  typeName != "TIME",
				Clock: typeName != "DATE",
				Zone:  typeName == "TIMESTAMP_LTZ" || typeName == "TIMESTAMP_TZ",
			})
		case bool:
			return strconv.AppendBool(dst, v)
		case int64:
			return strconv.AppendInt(dst, v, 10)
		case float64:
			return database.AppendFloat(dst, v)
		default: // the driver returns no others in this format
			return append(dst, "null"...)
		}
	}
}

func appendText(dst []byte, text, typeName string) []byte {
	switch typeName {
	case "FIXED":
		return database.AppendInteger(dst, []byte(text))
	case "REAL":
		if f, err := strconv.ParseFloat(text, 64); err == nil || math.IsInf(f, 0) {
			return database.AppendFloat(dst, f)
		}
	case "BOOLEAN":
		switch text {
		case "1", "true", "TRUE":
			return append(dst, "true"...)
		case "0", "false", "FALSE":
			return append(dst, "false"...)
		}
	case "VARIANT", "OBJECT", "ARRAY", "MAP", "VECTOR", "GEOGRAPHY", "GEOMETRY":
		return database.AppendJSON(dst, []byte(text))
	}
	return database.AppendString(dst, text)
}
