package database

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Encoder appends a value that the server sent as text as JSON. Text that is
// invalid for its type becomes a string.
type Encoder func(dst, text []byte) []byte

// AppendBool appends a boolean: t, f, true or false.
func AppendBool(dst, text []byte) []byte {
	switch string(text) {
	case "t", "true":
		return append(dst, "true"...)
	case "f", "false":
		return append(dst, "false"...)
	default:
		return AppendString(dst, text)
	}
}

// AppendInteger appends an integer with all its digits.
func AppendInteger(dst, text []byte) []byte {
	digits := bytes.TrimPrefix(text, []byte("-"))
	if len(digits) == 0 || countDigits(digits) < len(digits) || len(digits) > 1 && digits[0] == '0' {
		return AppendString(dst, text)
	}
	return append(dst, text...)
}

// AppendFloatText appends a float.
func AppendFloatText(dst, text []byte) []byte {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil && !math.IsInf(f, 0) {
		return AppendString(dst, text)
	}
	return AppendFloat(dst, f)
}

// AppendTimeText appends a time of day or a timestamp. A fraction gets six
// digits, or none if it is zero; a zone gets minutes.
func AppendTimeText(dst, text []byte) []byte {
	for _, c := range text {
		if !IsDigit(c) && bytes.IndexByte([]byte("+-:. "), c) < 0 {
			return AppendString(dst, text)
		}
	}
	clock := bytes.IndexByte(text, ':') + len(":04:05")
	if clock < len(":04:05") || clock > len(text) {
		return AppendString(dst, text)
	}
	dst = append(dst, '"')
	dst = append(dst, text[:clock]...)
	zone := text[clock:]
	if fraction, ok := bytes.CutPrefix(zone, []byte(".")); ok {
		digits := countDigits(fraction)
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

// AppendJSON appends a JSON value unchanged. A value that encoding/json rejects
// (nested too deep, or not UTF-8) becomes a string.
func AppendJSON(dst, text []byte) []byte {
	if r := room(dst); len(text) > r {
		return append(dst, text[:r]...) // a full dst is discarded
	}
	if !utf8.Valid(text) || !json.Valid(text) {
		return AppendString(dst, text)
	}
	return append(dst, text...)
}

// ParseClock parses "-04:05:06.5" as microseconds. The hours may exceed a day.
func ParseClock(text string) (int64, bool) {
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

// countDigits returns the number of digits at the start of text.
func countDigits(text []byte) int {
	for i, c := range text {
		if !IsDigit(c) {
			return i
		}
	}
	return len(text)
}

// IsDigit reports whether c is an ASCII digit.
func IsDigit(c byte) bool { return '0' <= c && c <= '9' }
