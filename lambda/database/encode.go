package database

import (
	"encoding/hex"
	"math"
	"strconv"
	"unicode/utf8"
)

// What the database holds becomes JSON by one table, the same for every
// database. Whatever a database returns, the answer is valid JSON.
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
//	                       where it has one; with a zone "2024-02-29 12:00:00+00:00",
//	                       in the session's time zone
//	interval               string, a year being 365 days and a month 30:
//	                       "1 day, 2:03:04.500000", "-1 day, 23:59:59"
//	date or time beyond    string as the database writes it: "infinity",
//	Python's range         "0044-03-15 BC"
//	json                   the JSON itself
//	array                  array of values by this table, nested as its dimensions
//	anything else          string as the database writes it: uuid, inet, range,
//	                       composite, enum, geometric, bit, money, xml, hstore, an
//	                       array of a type that was made in the database
//
// MySQL's TIME is an interval, its BIT a number, its BOOLEAN the number 0 or 1.
// Its zero dates are strings like other dates: "0000-00-00". MariaDB keeps JSON
// as text, and that is what it becomes. Redshift's SUPER is json.
//
// SQL Server's uniqueidentifier is in capitals, its money a decimal. Its geometry,
// geography, hierarchyid and rowversion are bytes, a datetimeoffset is in its own
// zone, and a time keeps its seventh digit where that is not zero. A sql_variant
// does not say what it holds: a date in it is a timestamp, a uniqueidentifier
// bytes.
//
// BigQuery's STRUCT is an object with the fields' names, its GEOGRAPHY and RANGE
// are as the database writes them, its timestamps in UTC. Of an array that is
// null nobody can tell that it is not empty.
//
// Snowflake's NUMBER is an integer or, with a scale, a decimal; DECFLOAT is a
// string. Its VARIANT, OBJECT, ARRAY, MAP, VECTOR and, as GeoJSON, GEOGRAPHY and
// GEOMETRY are json; times keep nanoseconds where there are any.
//
// Databricks' ARRAY, MAP and STRUCT are what it writes them as: JSON, with
// decimals as numbers, or a string where that is no JSON, as it leaves out quotes
// around dates in them. VARIANT is json. Its timestamps are in UTC.
//
// SQLite has no types but its storage classes: integer, float, text, bytes and
// null. What a column was declared as does not count: a date that is stored as
// text is that text, a DECIMAL that is stored as a float is a number, and a
// BOOLEAN is the number it is stored as.

// appendString appends s as a JSON string.
func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	clean := 0 // the start of what can be copied as it is
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
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[clean:i]...)
			dst = utf8.AppendRune(dst, utf8.RuneError)
			clean = i + 1
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

// appendBytes appends raw bytes as hex digits.
func appendBytes(dst, raw []byte) []byte {
	dst = append(dst, `"\\x`...)
	dst = hex.AppendEncode(dst, raw)
	return append(dst, '"')
}

// appendFloat appends the shortest number that reads back as f, with a point
// or an exponent to tell it from an integer.
func appendFloat(dst []byte, f float64) []byte {
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

// shortest returns, of the numbers near by that a float of four bytes cannot
// tell from f, the one with the fewest digits.
func shortest(f float64) float64 {
	near, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, 32), 64)
	if err != nil {
		return f
	}
	return near
}

// appendFraction appends a second's nanoseconds: nothing for none, six digits,
// and more if these would not hold it.
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

// appendInterval appends an interval of whole days and microseconds: days below
// zero where it is negative, the time of day never. It returns false for one
// that has more days than Python's timedelta can hold.
func appendInterval(dst []byte, days, micros int64) ([]byte, bool) {
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
