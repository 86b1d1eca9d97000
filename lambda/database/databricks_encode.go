//go:build !onedriver || databricks

package database

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"defog-cdk/lambda/database/hive"
)

// batch is some rows of a result, column by column.
type batch struct {
	rows    int
	columns []cells
}

// cells are one column's.
type cells struct {
	values any    // list of bool, int8, int16, int32, int64, float64 or string
	nulls  string // a bit for each, the lowest of the first byte for the first
}

// newBatch reads a row set. A column is a union, of lists by their types.
func newBatch(rowSet hive.Struct) (batch, error) {
	if rowSet[1281] != nil || rowSet[1282] != nil {
		return batch{}, &unreadableReply{errors.New("rows in Arrow, which was not asked for")}
	}
	var b batch
	for i, column := range rowSet.Structs(3) {
		if len(column) != 1 {
			return b, &unreadableReply{fmt.Errorf("column %d has %d types", i, len(column))}
		}
		for kind := range column {
			list := column.Struct(kind)
			c := cells{values: list[1], nulls: list.Text(2)}
			if i > 0 && c.size() != b.rows {
				return b, &unreadableReply{fmt.Errorf("column %d has %d rows, the first %d", i, c.size(), b.rows)}
			}
			b.rows = c.size()
			b.columns = append(b.columns, c)
		}
	}
	return b, nil
}

func (c cells) size() int {
	switch v := c.values.(type) {
	case []bool:
		return len(v)
	case []int8:
		return len(v)
	case []int16:
		return len(v)
	case []int32:
		return len(v)
	case []int64:
		return len(v)
	case []float64:
		return len(v)
	case []string:
		return len(v)
	default:
		return 0
	}
}

// append appends a row with commas between its values.
func (b batch) append(dst []byte, row int, encoders []encoder) []byte {
	for i, column := range b.columns[:min(len(b.columns), len(encoders))] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = column.append(dst, row, encoders[i])
	}
	return dst
}

func (c cells) append(dst []byte, row int, encode encoder) []byte {
	if at := row / 8; at < len(c.nulls) && c.nulls[at]&(1<<(row%8)) != 0 {
		return append(dst, "null"...)
	}
	switch v := c.values.(type) {
	case []bool:
		return strconv.AppendBool(dst, v[row])
	case []int8:
		return strconv.AppendInt(dst, int64(v[row]), 10)
	case []int16:
		return strconv.AppendInt(dst, int64(v[row]), 10)
	case []int32:
		return strconv.AppendInt(dst, int64(v[row]), 10)
	case []int64:
		return strconv.AppendInt(dst, v[row], 10)
	case []float64:
		return encode(dst, strconv.AppendFloat(nil, v[row], 'g', -1, 64))
	case []string:
		return encode(dst, []byte(v[row]))
	default:
		return append(dst, "null"...)
	}
}

// databricksEncoder returns the encoder of a type, as DESCRIBE QUERY names it.
// Types without one of their own are strings, which is also what a decimal
// becomes.
func databricksEncoder(kind string) encoder {
	name, _, _ := strings.Cut(strings.ToLower(kind), "<")
	switch {
	case name == "float":
		return appendSingle
	case name == "double":
		return appendFloatText
	case name == "boolean":
		return appendBool
	case name == "binary":
		return appendBytes
	case name == "timestamp":
		return appendUTC
	case name == "timestamp_ntz":
		return appendTime
	case strings.HasPrefix(name, "interval"):
		return appendSparkInterval
	case name == "array", name == "map", name == "struct", name == "variant":
		return appendJSON
	default:
		return appendString[[]byte]
	}
}

// appendSingle appends a number of single precision: of the numbers near by,
// the one with the fewest digits.
func appendSingle(dst, text []byte) []byte {
	f, err := strconv.ParseFloat(string(text), 32)
	if err != nil {
		return appendFloatText(dst, text)
	}
	return appendFloatText(dst, strconv.AppendFloat(nil, f, 'g', -1, 32))
}

// appendUTC appends a timestamp, whose text leaves out the session's zone.
func appendUTC(dst, text []byte) []byte {
	return appendTime(dst, append(text[:len(text):len(text)], "+00:00"...))
}

// appendSparkInterval appends an INTERVAL: "-1-2" are years and months,
// "-1 02:03:04.500000000" days and a time, each with one sign for all.
func appendSparkInterval(dst, text []byte) []byte {
	digits, negative := strings.CutPrefix(string(text), "-")
	first, clock, isTime := strings.Cut(digits, " ")
	var days, micros int64
	var ok bool
	if isTime {
		var err error
		days, err = strconv.ParseInt(first, 10, 64)
		micros, ok = parseClock(trimNanos(clock))
		ok = ok && err == nil
	} else {
		years, months, found := strings.Cut(first, "-")
		y, errYears := strconv.ParseInt(years, 10, 32)
		m, errMonths := strconv.ParseInt(months, 10, 32)
		days = y*365 + m*30
		ok = found && errYears == nil && errMonths == nil
	}
	if negative {
		days, micros = -days, -micros
	}
	appended, fits := appendInterval(dst, days, micros)
	if !ok || !fits {
		return appendString(dst, text)
	}
	return appended
}

// trimNanos takes off the three digits behind the microseconds, which Spark
// writes and does not have.
func trimNanos(clock string) string {
	if point := strings.IndexByte(clock, '.'); point >= 0 && len(clock) == point+len(".123456789") {
		return strings.TrimSuffix(clock, "000")
	}
	return clock
}
