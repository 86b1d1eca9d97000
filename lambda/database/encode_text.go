package database

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// encoder appends a value, which the server sent as text, as JSON. Text that
// does not look as its type should becomes a string.
type encoder func(dst, text []byte) []byte

func appendBool(dst, text []byte) []byte {
	switch string(text) {
	case "t", "true":
		return append(dst, "true"...)
	case "f", "false":
		return append(dst, "false"...)
	default:
		return appendString(dst, text)
	}
}

func appendInteger(dst, text []byte) []byte {
	digits := bytes.TrimPrefix(text, []byte("-"))
	if len(digits) == 0 || span(string(digits), isDigit) < len(digits) || len(digits) > 1 && digits[0] == '0' {
		return appendString(dst, text)
	}
	return append(dst, text...)
}

func appendFloatText(dst, text []byte) []byte {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil && !math.IsInf(f, 0) {
		return appendString(dst, text)
	}
	return appendFloat(dst, f)
}

// appendTime appends a time of day or a timestamp: a fraction gets six digits or,
// if it is zero, none, a zone its minutes.
func appendTime(dst, text []byte) []byte {
	for _, c := range text {
		if !isDigit(c) && bytes.IndexByte([]byte("+-:. "), c) < 0 {
			return appendString(dst, text)
		}
	}
	clock := bytes.IndexByte(text, ':') + len(":04:05")
	if clock < len(":04:05") || clock > len(text) {
		return appendString(dst, text)
	}
	dst = append(dst, '"')
	dst = append(dst, text[:clock]...)
	zone := text[clock:]
	if fraction, ok := bytes.CutPrefix(zone, []byte(".")); ok {
		digits := span(string(fraction), isDigit)
		zone = fraction[digits:]
		if fraction = fraction[:digits]; len(bytes.Trim(fraction, "0")) > 0 {
			dst = append(dst, '.')
			dst = append(dst, fraction...)
			for range 6 - digits {
				dst = append(dst, '0')
			}
		}
	}
	dst = append(dst, zone...)
	if len(zone) == len("+00") {
		dst = append(dst, ":00"...)
	}
	return append(dst, '"')
}

// appendJSON appends a JSON value as it is. One that a JSON reader would refuse
// (deeper than it goes, or not UTF-8) becomes a string.
func appendJSON(dst, text []byte) []byte {
	if !utf8.Valid(text) || !json.Valid(text) {
		return appendString(dst, text)
	}
	return append(dst, text...)
}

// parseClock reads "-04:05:06.5" as microseconds. The hours can be more than a
// day has.
func parseClock(text string) (int64, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	digits = strings.TrimPrefix(digits, "+")
	parts := strings.Split(digits, ":")
	if len(parts) != 3 {
		return 0, false
	}
	whole, fraction, _ := strings.Cut(parts[2], ".")
	if len(fraction) > 6 {
		return 0, false
	}
	fraction += strings.Repeat("0", 6-len(fraction))
	var micros int64
	for i, unit := range []int64{3_600_000_000, 60_000_000, 1_000_000, 1} {
		n, err := strconv.ParseUint([]string{parts[0], parts[1], whole, fraction}[i], 10, 31)
		if err != nil {
			return 0, false
		}
		micros += int64(n) * unit
	}
	if negative {
		micros = -micros
	}
	return micros, true
}

// span returns how many bytes at the start of s are in the class.
func span(s string, class func(byte) bool) int {
	for i := range len(s) {
		if !class(s[i]) {
			return i
		}
	}
	return len(s)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
