package databasetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/lambda/database"
)

// overflow keeps up to room bytes of the rows beyond the limits.
type overflow struct {
	bytes.Buffer
	columns []string
	room    int
}

func (o *overflow) open(columns []string) io.Writer {
	o.columns = columns
	return o
}

func (o *overflow) Write(p []byte) (int, error) {
	if o.Len()+len(p) > o.room {
		return 0, errors.New("full")
	}
	return o.Buffer.Write(p)
}

func (s Suite) testOverflow(t *testing.T) {
	const all = "[[1],[2],[3],[4],[5]]"
	db := s.Open(t)
	names := s.namesBytes(t, db, s.Counter)
	for _, c := range []struct {
		name      string
		limits    database.Limits
		room      int
		data      string
		written   string
		truncated bool
	}{
		{"within the limits", database.Limits{Rows: 5}, 1000, all, "", false},
		{"more rows", database.Limits{Rows: 2}, 1000, "[[1],[2]]", all, true},
		{"more bytes", database.Limits{Bytes: names + 9}, 1000, "[[1],[2]]", all, true},
		{"no row", database.Limits{Bytes: names + 4}, 1000, "[]", all, true},
		{"writer fails at once", database.Limits{Rows: 2}, 3, "[[1],[2]]", "", true},
		{"writer fails later", database.Limits{Rows: 2}, 17, "[[1],[2]]", "[[1],[2],[3],[4]", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &overflow{room: c.room}
			c.limits.Overflow = o.open
			result := MustQuery(t, db, fmt.Sprintf(s.Counter, 5), c.limits)
			if diff := cmp.Diff(c.data, string(result.Data)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.written, o.String()); diff != "" {
				t.Errorf("overflow: %s", diff)
			}
			if result.Truncated != c.truncated || c.written != "" && !cmp.Equal(o.columns, result.Columns) {
				t.Errorf("truncated %v, columns %q", result.Truncated, o.columns)
			}
		})
	}
	t.Run("statement fails later", func(t *testing.T) {
		var o *overflow
		var err error
		for bytes := 2; err == nil || strings.Contains(err.Error(), "the names of the result's columns"); bytes++ {
			o = &overflow{room: 1 << 20} // with the least limit that holds the names, which differ by database
			_, err = db.Query(t.Context(), s.Failing.SQL, database.Limits{Bytes: bytes, Time: Unlimited().Time, Overflow: o.open})
		}
		failed, ok := errors.AsType[*database.StatementError](err)
		if !ok || failed.Code != s.Failing.Code || strings.HasSuffix(o.String(), "]]") {
			t.Errorf("got %v with %s", err, o.String())
		}
	})
}
