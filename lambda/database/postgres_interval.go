//go:build !onedriver || postgres

package database

import (
	"strconv"
	"strings"
)

// appendIntervalText appends an interval, which the server writes as
// "1 year 2 mons -3 days +04:05:06.5" in its default style.
func appendIntervalText(dst, text []byte) []byte {
	days, micros, ok := parseInterval(string(text))
	if ok {
		dst, ok = appendInterval(dst, days, micros)
	}
	if !ok {
		return appendString(dst, text)
	}
	return dst
}

func parseInterval(text string) (days, micros int64, ok bool) {
	fields := strings.Fields(text)
	for len(fields) >= 2 {
		n, err := strconv.ParseInt(fields[0], 10, 32)
		if err != nil {
			return 0, 0, false
		}
		switch strings.TrimSuffix(fields[1], "s") {
		case "year":
			days += 365 * n
		case "mon":
			days += 30 * n
		case "day":
			days += n
		default:
			return 0, 0, false
		}
		fields = fields[2:]
	}
	if len(fields) == 1 {
		micros, ok = parseClock(fields[0])
		return days, micros, ok
	}
	return days, 0, text != ""
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
