package database

import (
	"database/sql/driver"
	"errors"
	"io"
)

// Rows collects encoded rows up to the limits. Beyond them, it writes all rows
// to the overflow.
type Rows struct {
	limits    Limits
	columns   []string
	data      []byte
	count     int
	truncated bool
	full      bool      // no further row is needed
	overflow  io.Writer // nil within the limits
	beyond    []byte    // buffer of a row beyond the limits
}

// NewRows returns an empty collection of rows.
func NewRows(columns []string, limits Limits) *Rows {
	return &Rows{limits: limits, columns: columns, data: []byte{'['}}
}

// Add appends one row. encode appends its values with commas between them. Add
// returns false when no further row is needed; it must not be called again
// then.
func (r *Rows) Add(encode func(dst []byte) []byte) bool {
	if r.truncated || r.limits.Rows > 0 && r.count == r.limits.Rows {
		r.beyond = appendRow(r.beyond[:0], encode, true)
		return r.exceed(r.beyond)
	}
	before := len(r.data)
	r.data = appendRow(r.data, encode, r.count > 0)
	if r.limits.Bytes > 0 && len(r.data)+len("]") > r.limits.Bytes {
		r.beyond = append(r.beyond[:0], r.data[before:]...)
		r.data = r.data[:before]
		return r.exceed(r.beyond)
	}
	r.count++
	return true
}

// Full reports whether Add has returned false.
func (r *Rows) Full() bool { return r.full }

func appendRow(dst []byte, encode func(dst []byte) []byte, follows bool) []byte {
	if follows {
		dst = append(dst, ',')
	}
	return append(encode(append(dst, '[')), ']')
}

// exceed writes a row beyond the limits to the overflow, after the rows before
// it.
func (r *Rows) exceed(row []byte) bool {
	if !r.truncated {
		r.truncated = true
		if r.limits.Overflow == nil {
			r.full = true
			return false
		}
		r.overflow = r.limits.Overflow(r.columns)
		r.write(r.data)
	}
	r.write(row)
	return !r.full
}

// write writes text to the overflow. The overflow's owner keeps its errors.
func (r *Rows) write(text []byte) {
	if r.full {
		return
	}
	_, err := r.overflow.Write(text)
	r.full = err != nil
}

// Result returns the rows and closes the overflow's array.
func (r *Rows) Result() *Result {
	if r.overflow != nil {
		r.write([]byte{']'})
	}
	return &Result{
		Columns:   r.columns,
		Data:      append(r.data, ']'),
		RowCount:  r.count,
		Truncated: r.truncated,
	}
}

// ValueEncoder appends a value of a database/sql driver as JSON.
type ValueEncoder func(dst []byte, value driver.Value) []byte

// ReadRows encodes the rows of a database/sql driver as they arrive.
// newEncoder returns the encoder of a column, by the driver's name for its
// type. more reports whether rows are left unread. ReadRows does not close
// source.
func ReadRows(source driver.Rows, limits Limits, newEncoder func(typeName string) ValueEncoder) (result *Result, more bool, err error) {
	columns := source.Columns()
	encoders := make([]ValueEncoder, len(columns))
	types, typed := source.(driver.RowsColumnTypeDatabaseTypeName)
	for i := range encoders {
		name := ""
		if typed {
			name = types.ColumnTypeDatabaseTypeName(i)
		}
		encoders[i] = newEncoder(name)
	}
	values := make([]driver.Value, len(columns))
	encode := func(dst []byte) []byte {
		for i, value := range values {
			if i > 0 {
				dst = append(dst, ',')
			}
			if value == nil {
				dst = append(dst, "null"...)
			} else {
				dst = encoders[i](dst, value)
			}
		}
		return dst
	}
	rows := NewRows(columns, limits)
	for {
		err := source.Next(values)
		if errors.Is(err, io.EOF) {
			return rows.Result(), false, nil
		}
		if err != nil {
			return nil, false, err
		}
		if !rows.Add(encode) {
			return rows.Result(), true, nil
		}
	}
}
