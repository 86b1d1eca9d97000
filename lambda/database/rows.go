package database

// rows collects encoded rows up to the limits.
type rows struct {
	limits    Limits
	data      []byte
	count     int
	truncated bool
}

func newRows(limits Limits) *rows {
	return &rows{limits: limits, data: []byte{'['}}
}

// add appends one more row, whose values encode writes with commas between
// them. It returns false when the row is beyond the limits, and is not to be
// called again then.
func (r *rows) add(encode func(dst []byte) []byte) bool {
	if r.limits.Rows > 0 && r.count == r.limits.Rows {
		r.truncated = true
		return false
	}
	before := len(r.data)
	if r.count > 0 {
		r.data = append(r.data, ',')
	}
	r.data = append(encode(append(r.data, '[')), ']')
	if r.limits.Bytes > 0 && len(r.data)+len("]") > r.limits.Bytes {
		r.data = r.data[:before]
		r.truncated = true
		return false
	}
	r.count++
	return true
}

func (r *rows) result(columns []string) *Result {
	return &Result{
		Columns:   columns,
		Data:      append(r.data, ']'),
		RowCount:  r.count,
		Truncated: r.truncated,
	}
}
