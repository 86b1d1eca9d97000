package database

import "io"

// rows collects encoded rows up to the limits, and hands all of them on where
// there are more.
type rows struct {
	limits    Limits
	columns   []string
	data      []byte
	count     int
	truncated bool
	full      bool      // no more rows are wanted
	overflow  io.Writer // where all rows go; nil within the limits
	beyond    []byte    // the row beyond the limits that is on its way
}

func newRows(columns []string, limits Limits) *rows {
	return &rows{limits: limits, columns: columns, data: []byte{'['}}
}

// add appends one more row, whose values encode writes with commas between
// them. It returns false when no more rows are wanted, and is not to be called
// again then.
func (r *rows) add(encode func(dst []byte) []byte) bool {
	if r.truncated || r.limits.Rows > 0 && r.count == r.limits.Rows {
		r.beyond = appendRow(r.beyond[:0], encode, true)
		return r.hand(r.beyond)
	}
	before := len(r.data)
	r.data = appendRow(r.data, encode, r.count > 0)
	if r.limits.Bytes > 0 && len(r.data)+len("]") > r.limits.Bytes {
		r.beyond = append(r.beyond[:0], r.data[before:]...)
		r.data = r.data[:before]
		return r.hand(r.beyond)
	}
	r.count++
	return true
}

func appendRow(dst []byte, encode func(dst []byte) []byte, follows bool) []byte {
	if follows {
		dst = append(dst, ',')
	}
	return append(encode(append(dst, '[')), ']')
}

// hand gives a row to the overflow, behind all that came before.
func (r *rows) hand(row []byte) bool {
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

// write gives text to the overflow. It is up to that to keep its errors.
func (r *rows) write(text []byte) {
	if r.full {
		return
	}
	_, err := r.overflow.Write(text)
	r.full = err != nil
}

// result returns the rows, and ends the overflow's text.
func (r *rows) result() *Result {
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
