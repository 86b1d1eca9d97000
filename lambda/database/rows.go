package database

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// MaxRowBytes limits a row, as the server sends it and as JSON. It exceeds an
// answer of Lambda's 6 MB, and keeps one row from filling a memory of 128 MB.
const MaxRowBytes = 8 << 20

// IsFull reports whether `dst` exceeds MaxRowBytes. An encoder then appends
// nothing further, and Rows discards the row.
func IsFull(dst []byte) bool { return len(dst) > MaxRowBytes }

// room returns how many bytes fill `dst`.
func room(dst []byte) int { return max(0, MaxRowBytes+1-len(dst)) }

// RowTooLarge returns the error of a row that exceeds MaxRowBytes.
func RowTooLarge() *StatementError {
	return &StatementError{Message: fmt.Sprintf("the result has a row or a value of more than %d bytes; "+
		"want smaller ones: select fewer columns, or a part of the value", MaxRowBytes)}
}

// NamesTooLarge returns the error of a result whose column names exceed most
// bytes.
func NamesTooLarge(size, most int) *StatementError {
	return &StatementError{Message: fmt.Sprintf("the names of the result's columns take %d bytes; want at most %d: "+
		"select fewer columns, or give them shorter names", size, most)}
}

// Rows collects encoded rows up to the limits. Beyond them, it writes all rows
// to the overflow.
type Rows struct {
	limits    Limits
	columns   []string
	names     int // size of the encoded columns
	data      []byte
	row       []byte // buffer of one row
	count     int
	truncated bool
	full      bool      // no further row is needed
	overflow  io.Writer // nil within the limits
	err       error
}

// NewRows returns an empty collection of rows.
func NewRows(columns []string, limits Limits) *Rows {
	r := &Rows{limits: limits, columns: columns, data: []byte{'['}}
	r.names = len("[]")
	for i, name := range columns {
		if i > 0 {
			r.names += len(",")
		}
		r.row = AppendString(r.row[:0], name)
		r.names += len(r.row)
	}
	most := MaxRowBytes
	if limits.Bytes > 0 {
		most = min(most, limits.Bytes)
	}
	if r.names > most {
		r.fail(NamesTooLarge(r.names, most))
	}
	return r
}

// fail ends the collection with an error.
func (r *Rows) fail(err error) { r.err, r.full = err, true }

// Add appends one row. encode appends its values with commas between them, and
// may stop at a full `dst`. Add returns false when no further row is needed; it
// must not be called again then.
func (r *Rows) Add(encode func(dst []byte) []byte) bool {
	if r.full {
		return false
	}
	r.row = r.row[:0]
	if r.count > 0 || r.truncated {
		r.row = append(r.row, ',')
	}
	r.row = append(encode(append(r.row, '[')), ']')
	switch {
	case r.truncated, r.limits.Rows > 0 && r.count == r.limits.Rows,
		r.limits.Bytes > 0 && r.names+len(r.data)+len(r.row)+len("]") > r.limits.Bytes:
		r.exceed()
	case IsFull(r.row):
		r.fail(RowTooLarge())
	default:
		r.data = append(r.data, r.row...)
		r.count++
	}
	return !r.full
}

// Full reports whether no further row is needed.
func (r *Rows) Full() bool { return r.full }

// exceed writes the row beyond the limits to the overflow, after the rows before
// it.
func (r *Rows) exceed() {
	if !r.truncated {
		r.truncated = true
		if r.limits.Overflow == nil {
			r.full = true
			return
		}
		r.overflow = r.limits.Overflow(r.columns)
		r.write(r.data)
	}
	if IsFull(r.row) {
		r.fail(RowTooLarge())
		return
	}
	r.write(r.row)
}

// write writes text to the overflow. The overflow's owner keeps its errors.
func (r *Rows) write(text []byte) {
	if r.full {
		return
	}
	_, err := r.overflow.Write(text)
	r.full = err != nil
}

// Result returns the rows and closes the overflow's array. The error is that of
// a row or of column names that are too large.
func (r *Rows) Result() (*Result, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.overflow != nil {
		r.write([]byte{']'})
	}
	return &Result{
		Columns:   r.columns,
		Data:      append(r.data, ']'),
		RowCount:  r.count,
		Truncated: r.truncated,
	}, nil
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
			if IsFull(dst) {
				break
			}
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
		err = source.Next(values)
		if errors.Is(err, io.EOF) {
			result, err = rows.Result()
			return result, false, err
		}
		if err != nil {
			return nil, false, err
		}
		if !rows.Add(encode) {
			result, err = rows.Result()
			return result, true, err
		}
	}
}
