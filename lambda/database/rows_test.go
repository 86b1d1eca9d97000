package database

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// encoders append values that grow by their encoding.
var encoders = map[string]func(dst []byte) []byte{
	"escapes":     func(dst []byte) []byte { return AppendString(dst, bytes.Repeat([]byte{1}, MaxRowBytes)) },
	"replacement": func(dst []byte) []byte { return AppendString(dst, bytes.Repeat([]byte{0xff}, MaxRowBytes)) },
	"plain text":  func(dst []byte) []byte { return AppendString(dst, strings.Repeat("x", 2*MaxRowBytes)) },
	"bytes":       func(dst []byte) []byte { return AppendBytes(dst, make([]byte, 2*MaxRowBytes)) },
	"json": func(dst []byte) []byte {
		return AppendJSON(dst, []byte(`"`+strings.Repeat("x", 2*MaxRowBytes)+`"`))
	},
}

func TestEncodersStopAtFullRow(t *testing.T) {
	for name, encode := range encoders {
		t.Run(name, func(t *testing.T) {
			dst := encode(nil)
			if !IsFull(dst) || len(dst) > 2*MaxRowBytes+16 {
				t.Errorf("got %d bytes, want more than %d and at most twice as many", len(dst), MaxRowBytes)
			}
			if again := encode(dst); len(again) > len(dst)+8 {
				t.Errorf("a full row grew by %d bytes", len(again)-len(dst))
			}
		})
	}
}

func TestRowsDiscardFullRow(t *testing.T) {
	small := func(dst []byte) []byte { return append(dst, '1') }
	for name, encode := range encoders {
		t.Run(name, func(t *testing.T) {
			rows := NewRows([]string{"n"}, Limits{Bytes: 6 << 20})
			if !rows.Add(small) || rows.Add(encode) {
				t.Fatal("want the second row to be the last")
			}
			result, err := rows.Result()
			if err != nil || string(result.Data) != "[[1]]" || !result.Truncated {
				t.Errorf("got %v, want a truncated result with one row", err)
			}
			for limits, what := range map[*Limits]string{
				{}: "no limit",
				{Rows: 1, Overflow: func([]string) io.Writer { return io.Discard }}: "overflow",
			} {
				rows := NewRows([]string{"n"}, *limits)
				if !rows.Add(small) || rows.Add(encode) || !rows.Full() {
					t.Errorf("%s: want the second row to be the last", what)
				}
				if _, err := rows.Result(); !isStatementError(err, "row or a value of more than") {
					t.Errorf("%s: got %v, want an error about the row", what, err)
				}
			}
		})
	}
}

func isStatementError(err error, part string) bool {
	failed, ok := errors.AsType[*StatementError](err)
	return ok && strings.Contains(failed.Message, part)
}

func TestRowsCountColumnNames(t *testing.T) {
	columns := []string{strings.Repeat("x", 96)} // 100 bytes of JSON
	add := func(dst []byte) []byte { return append(dst, '1') }
	for bytes, want := range map[int]string{105: "[[1]]", 104: "[]"} {
		rows := NewRows(columns, Limits{Bytes: bytes})
		rows.Add(add)
		if result, err := rows.Result(); err != nil || string(result.Data) != want {
			t.Errorf("%d bytes: got %v, want the rows %s", bytes, err, want)
		}
	}
	rows := NewRows(columns, Limits{Bytes: 99})
	if rows.Add(add) {
		t.Error("want no row after names that are too large")
	}
	if _, err := rows.Result(); !isStatementError(err, "names of the result's columns take 100 bytes; want at most 99") {
		t.Errorf("got %v, want an error about the names", err)
	}
}
