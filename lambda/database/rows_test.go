package database

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// overflow keeps what goes beyond the limits, up to room bytes.
type overflow struct {
	bytes.Buffer
	columns []string
	room    int
}

func (o *overflow) begin(columns []string) io.Writer {
	o.columns = columns
	return o
}

func (o *overflow) Write(p []byte) (int, error) {
	if o.Len()+len(p) > o.room {
		return 0, errors.New("full")
	}
	return o.Buffer.Write(p)
}

// testOverflow hands on what the limits do not hold.
func (d dialectUnderTest) testOverflow(t *testing.T) {
	const all = "[[1],[2],[3],[4],[5]]"
	db := d.open(t)
	for _, c := range []struct {
		name      string
		limits    Limits
		room      int
		data      string
		handed    string
		truncated bool
	}{
		{"within the limits", Limits{Rows: 5}, 1000, all, "", false},
		{"more rows", Limits{Rows: 2}, 1000, "[[1],[2]]", all, true},
		{"more bytes", Limits{Bytes: 9}, 1000, "[[1],[2]]", all, true},
		{"no row", Limits{Bytes: 4}, 1000, "[]", all, true},
		{"a writer that fails at once", Limits{Rows: 2}, 3, "[[1],[2]]", "", true},
		{"a writer that fails on the way", Limits{Rows: 2}, 17, "[[1],[2]]", "[[1],[2],[3],[4]", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &overflow{room: c.room}
			c.limits.Overflow = o.begin
			result := mustQuery(t, db, fmt.Sprintf(d.counter, 5), c.limits)
			if diff := cmp.Diff(c.data, string(result.Data)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.handed, o.String()); diff != "" {
				t.Errorf("overflow: %s", diff)
			}
			if result.Truncated != c.truncated || c.handed != "" && !cmp.Equal(o.columns, result.Columns) {
				t.Errorf("truncated %v, columns %q", result.Truncated, o.columns)
			}
		})
	}
	t.Run("a statement that fails on the way", func(t *testing.T) {
		o := &overflow{room: 1 << 20}
		_, err := db.Query(t.Context(), d.failing, Limits{Bytes: 2, Time: unlimited.Time, Overflow: o.begin})
		if _, ok := errors.AsType[*StatementError](err); !ok || strings.HasSuffix(o.String(), "]]") {
			t.Errorf("got %v with %s", err, o.String())
		}
	})
}
