package database

import (
	"encoding/hex"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// One table maps values to JSON, the same for every database. The result is
// valid JSON whatever the database returns.
//
//	null                   null
//	boolean                true, false
//	integer of any size    number with all its digits
//	float                  number, as Python prints it: 1.0, 1e+16; NaN, Infinity
//	                       and -Infinity are strings
//	decimal                string with all its digits: "12.50", "NaN"
//	text                   string; a byte that is not UTF-8 becomes U+FFFD
//	bytes                  string of hex digits: "\\x00ff"
//	date                   string: "2024-02-29"
//	time                   string: "12:00:00", "12:00:00.500000", "12:00:00+00:00"
//	timestamp              string: "2024-02-29 12:00:00", with a fraction of six digits
//	                       unless it is zero; with a zone "2024-02-29 12:00:00+00:00",
//	                       in the session's time zone
//	interval               string, a year being 365 days and a month 30:
//	                       "1 day, 2:03:04.500000", "-1 day, 23:59:59"
//	date or time beyond    string in the database's format: "infinity",
//	Python's range         "0044-03-15 BC"
//	json                   the JSON itself
//	array                  array of values by this table, nested by dimension
//	other types            string in the database's format: uuid, inet, range,
//	                       composite, enum, geometric, bit, money, xml, hstore,
//	                       arrays of user-defined types
//
// MySQL: TIME is an interval, BIT a number, BOOLEAN the number 0 or 1. Zero
// dates are strings like other dates: "0000-00-00". MariaDB stores JSON as
// text, so its JSON becomes a string. Redshift: SUPER is json.
//
// SQL Server: `uniqueidentifier` is in capitals, `money` a decimal. `geometry`,
// `geography`, `hierarchyid` and `rowversion` are bytes. A `datetimeoffset` is
// in its own zone, and a `time` keeps a seventh digit that is not zero. A
// `sql_variant` does not carry its type: a date in it is a timestamp, a
// `uniqueidentifier` is bytes.
//
// BigQuery: STRUCT is an object with the fields' names, GEOGRAPHY and RANGE are
// in the database's format, timestamps are in UTC. BigQuery does not distinguish
// a null array from an empty one: both are [].
//
// Snowflake: NUMBER is an integer or, with a scale, a decimal; DECFLOAT is a
// string. VARIANT, OBJECT, ARRAY, MAP, VECTOR and, as GeoJSON, GEOGRAPHY and
// GEOMETRY are json. Times keep nanoseconds that are not zero.
//
// Databricks: ARRAY, MAP and STRUCT are the JSON that the server writes, with
// decimals as numbers. They are strings where that is invalid JSON: the server
// does not quote dates in them. VARIANT is json. Timestamps are in UTC.
//
// SQLite: the storage classes are the only types: integer, float, text, bytes
// and null. Declared types do not count. A date stored as text is that text, a
// DECIMAL stored as a float is a number, and a BOOLEAN is the number stored.

// AppendString appends s as a JSON string. It stops when dst is full.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	s = s[:min(len(s), room(dst))]
	dst = append(dst, '"')
	clean := 0 // start of the text that needs no escape
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[clean:i]...)
			dst = appendEscape(dst, c)
			i++
			clean = i
			if IsFull(dst) {
				return dst
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[clean:i]...)
			dst = utf8.AppendRune(dst, utf8.RuneError)
			clean = i + 1
			if IsFull(dst) {
				return dst
			}
		}
		i += size
	}
	dst = append(dst, s[clean:]...)
	return append(dst, '"')
}

// appendEscape appends the escape sequence of a quote, a backslash or a control
// character.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	default:
		dst = append(dst, `\u00`...)
		return hex.AppendEncode(dst, []byte{c})
	}
}

// AppendBytes appends raw bytes as hex digits. It stops when dst is full.
func AppendBytes(dst, raw []byte) []byte {
	raw = raw[:min(len(raw), room(dst))]
	dst = append(dst, `"\\x`...)
	dst = hex.AppendEncode(dst, raw)
	return append(dst, '"')
}

// AppendFloat appends the ShortestFloat32 number that reads back as f, with a point
// or an exponent to distinguish it from an integer.
func AppendFloat(dst []byte, f float64) []byte {
	switch magnitude := math.Abs(f); {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	case magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16):
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if f == math.Trunc(f) {
		dst = append(dst, ".0"...)
	}
	return dst
}

// ShortestFloat32 returns the number with the fewest digits that is the same
// float of four bytes as f.
func ShortestFloat32(f float64) float64 {
	near, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, 32), 64)
	if err != nil {
		return f
	}
	return near
}

// appendFraction appends a second's nanoseconds: nothing for zero, otherwise
// six digits, or seven or nine where six lose precision.
func appendFraction(dst []byte, nanoseconds int64) []byte {
	switch {
	case nanoseconds == 0:
		return dst
	case nanoseconds%1000 == 0:
		return appendPadded(append(dst, '.'), nanoseconds/1000, 6)
	case nanoseconds%100 == 0:
		return appendPadded(append(dst, '.'), nanoseconds/100, 7)
	default:
		return appendPadded(append(dst, '.'), nanoseconds, 9)
	}
}

// AppendInterval appends an interval of days and microseconds. In a negative
// interval the days are negative, never the time of day. AppendInterval returns
// false for more days than Python's timedelta holds.
func AppendInterval(dst []byte, days, micros int64) ([]byte, bool) {
	const (
		second = 1_000_000
		day    = 24 * 60 * 60 * second
		most   = 999_999_999
	)
	days += micros / day
	if micros %= day; micros < 0 {
		micros += day
		days--
	}
	if days < -most || days > most {
		return dst, false
	}
	dst = append(dst, '"')
	if days != 0 {
		dst = strconv.AppendInt(dst, days, 10)
		dst = append(dst, " day"...)
		if days != 1 && days != -1 {
			dst = append(dst, 's')
		}
		dst = append(dst, ", "...)
	}
	seconds := micros / second
	dst = strconv.AppendInt(dst, seconds/3600, 10)
	dst = appendPadded(append(dst, ':'), seconds/60%60, 2)
	dst = appendPadded(append(dst, ':'), seconds%60, 2)
	if fraction := micros % second; fraction != 0 {
		dst = appendPadded(append(dst, '.'), fraction, 6)
	}
	return append(dst, '"'), true
}

// appendPadded appends n with leading zeros.
func appendPadded(dst []byte, n int64, width int) []byte {
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], n, 10)
	for range width - len(text) {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

// TimeParts are the parts of a time that AppendTime writes.
type TimeParts struct{ Date, Clock, Zone bool }

// AppendTime appends a date, a time of day, or a timestamp as a string.
func AppendTime(dst []byte, t time.Time, parts TimeParts) []byte {
	dst = append(dst, '"')
	if parts.Date {
		dst = t.AppendFormat(dst, time.DateOnly)
	}
	if parts.Date && parts.Clock {
		dst = append(dst, ' ')
	}
	if parts.Clock {
		dst = t.AppendFormat(dst, time.TimeOnly)
		dst = appendFraction(dst, int64(t.Nanosecond()))
	}
	if parts.Zone {
		dst = t.AppendFormat(dst, "-07:00")
	}
	return append(dst, '"')
}
