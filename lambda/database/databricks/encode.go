package databricks

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databricks/hive"
)

// batch holds rows of a result by column.
type batch struct {
	rows    int
	columns []cells
}

// cells holds the values of one column.
type cells struct {
	values any    // list of bool, int8, int16, int32, int64, float64 or string
	nulls  string // one bit for each value, starting with the lowest of the first byte
}

// newBatch converts a row set. A column is a union of lists, one for each type.
func newBatch(rowSet hive.Struct) (batch, error) {
	if rowSet[1281] != nil || rowSet[1282] != nil {
		return batch{}, &database.InvalidReplyError{Err: errors.New("got rows in Arrow; want columns")}
	}
	var b batch
	for i, column := range rowSet.Structs(3) {
		if len(column) != 1 {
			return b, &database.InvalidReplyError{Err: fmt.Errorf("column %d has %d types; want one", i, len(column))}
		}
		for kind := range column {
			list := column.Struct(kind)
			c := cells{values: list[1], nulls: list.Text(2)}
			if i > 0 && c.size() != b.rows {
				return b, &database.InvalidReplyError{Err: fmt.Errorf("column %d has %d rows; want %d", i, c.size(), b.rows)}
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
func (b batch) append(dst []byte, row int, encoders []database.Encoder) []byte {
	for i, column := range b.columns[:min(len(b.columns), len(encoders))] {
		if database.IsFull(dst) {
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = column.append(dst, row, encoders[i])
	}
	return dst
}

func (c cells) append(dst []byte, row int, encode database.Encoder) []byte {
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

// newEncoder returns the encoder of a type by its name in DESCRIBE QUERY. Other
// types, decimals included, become strings.
func newEncoder(typeName string) database.Encoder {
	name, _, _ := strings.Cut(strings.ToLower(typeName), "<")
	switch {
	case name == "float":
		return appendSingle
	case name == "double":
		return database.AppendFloatText
	case name == "boolean":
		return database.AppendBool
	case name == "binary":
		return database.AppendBytes
	case name == "timestamp":
		return appendUTC
	case name == "timestamp_ntz":
		return database.AppendTimeText
	case strings.HasPrefix(name, "interval"):
		return appendInterval
	case name == "array", name == "map", name == "struct", name == "variant":
		return database.AppendJSON
	default:
		return database.AppendString[[]byte]
	}
}

// appendSingle appends a float of single precision with the fewest digits that
// identify it.
func appendSingle(dst, text []byte) []byte {
	f, err := strconv.ParseFloat(string(text), 32)
	if err != nil {
		return database.AppendFloatText(dst, text)
	}
	return database.AppendFloatText(dst, strconv.AppendFloat(nil, f, 'g', -1, 32))
}

// appendUTC appends a timestamp with the session's zone, which its text lacks.
func appendUTC(dst, text []byte) []byte {
	return database.AppendTimeText(dst, append(text[:len(text):len(text)], "+00:00"...))
}

// appendInterval appends an INTERVAL: "-1-2" has years and months,
// "-1 02:03:04.500000000" days and a time. The sign applies to all parts.
func appendInterval(dst, text []byte) []byte {
	digits, negative := strings.CutPrefix(string(text), "-")
	first, clock, isTime := strings.Cut(digits, " ")
	var days, micros int64
	var ok bool
	if isTime {
		var err error
		days, err = strconv.ParseInt(first, 10, 64)
		micros, ok = database.ParseClock(trimNanos(clock))
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
	appended, fits := database.AppendInterval(dst, days, micros)
	if !ok || !fits {
		return database.AppendString(dst, text)
	}
	return appended
}

// trimNanos removes the last three of nine digits: Spark's precision is the
// microsecond.
func trimNanos(clock string) string {
	if point := strings.IndexByte(clock, '.'); point >= 0 && len(clock) == point+len(".123456789") {
		return strings.TrimSuffix(clock, "000")
	}
	return clock
}
