//go:build !onedriver || postgres || redshift

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
