package database

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAppendString(t *testing.T) {
	for text, want := range map[string]string{
		"":                        `""`,
		`a"b\c/`:                  `"a\"b\\c/"`,
		"\x00\x1f\n\r\t\b\x7f":    `"\u0000\u001f\n\r\t\u0008` + "\x7f\"",
		"größe 日本 😀 <&>\u2028":    "\"größe 日本 😀 <&>\u2028\"",
		"\xff":                    "\"\ufffd\"",
		"a\xc3":                   "\"a\ufffd\"",
		"a\xed\xa0\x80b":          "\"a\ufffd\ufffd\ufffdb\"",
		"\xf0\x9f\x98 \"":         "\"\ufffd\ufffd\ufffd \\\"\"",
		strings.Repeat("日", 1000): `"` + strings.Repeat("日", 1000) + `"`,
	} {
		if got := string(AppendString(nil, text)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
		if got := string(AppendString(nil, []byte(text))); got != want {
			t.Errorf("%q as bytes: got %s, want %s", text, got, want)
		}
	}
}

// The results are those of Python's `repr`.
func TestAppendFloat(t *testing.T) {
	for f, want := range map[float64]string{
		0:                       "0.0",
		math.Copysign(0, -1):    "-0.0",
		1:                       "1.0",
		-1.5:                    "-1.5",
		0.1:                     "0.1",
		0.0001:                  "0.0001",
		0.00001:                 "1e-05",
		123456789.125:           "123456789.125",
		1e15:                    "1000000000000000.0",
		9999999999999998:        "9999999999999998.0",
		1e16:                    "1e+16",
		1.2345678901234568e17:   "1.2345678901234568e+17",
		1e100:                   "1e+100",
		math.MaxFloat64:         "1.7976931348623157e+308",
		5e-324:                  "5e-324",
		math.Inf(1):             `"Infinity"`,
		math.Inf(-1):            `"-Infinity"`,
		9007199254740993:        "9007199254740992.0",
		2.2250738585072014e-308: "2.2250738585072014e-308",
	} {
		if got := string(AppendFloat(nil, f)); got != want {
			t.Errorf("%g: got %s, want %s", f, got, want)
		}
	}
	if got := string(AppendFloat(nil, math.NaN())); got != `"NaN"` {
		t.Errorf("NaN: got %s", got)
	}
}

// The results are those of Python's str for a timedelta.
func TestAppendInterval(t *testing.T) {
	const day = 24 * 60 * 60 * 1_000_000
	for _, c := range []struct {
		days, micros int64
		want         string
	}{
		{0, 0, `"0:00:00"`},
		{0, 5, `"0:00:00.000005"`},
		{1, 1_000_000, `"1 day, 0:00:01"`},
		{0, -1_000_000, `"-1 day, 23:59:59"`},
		{-2, 0, `"-2 days, 0:00:00"`},
		{2, -3 * day, `"-1 day, 0:00:00"`},
		{0, 100 * 60 * 60 * 1_000_000, `"4 days, 4:00:00"`},
		{999_999_999, 0, `"999999999 days, 0:00:00"`},
	} {
		got, ok := AppendInterval(nil, c.days, c.micros)
		if string(got) != c.want || !ok {
			t.Errorf("%d days and %d: got %s, want %s", c.days, c.micros, got, c.want)
		}
	}
	for _, days := range []int64{1_000_000_000, -1_000_000_000} {
		if got, ok := AppendInterval(nil, days, 0); ok || len(got) > 0 {
			t.Errorf("%d days: got %s", days, got)
		}
	}
}

// FuzzAppendString checks that encoding/json decodes the same string.
func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\x00\xff\xc3日")
	f.Fuzz(func(t *testing.T, text string) {
		encoded := AppendString(nil, text)
		if !utf8.Valid(encoded) {
			t.Fatalf("%q: not UTF-8: %q", text, encoded)
		}
		var got string
		if err := json.Unmarshal(encoded, &got); err != nil {
			t.Fatalf("%q: %s: %v", text, encoded, err)
		}
		want, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var same string
		if err := json.Unmarshal(want, &same); err != nil {
			t.Fatal(err)
		}
		if got != same {
			t.Errorf("%q: decodes as %q, want %q", text, got, same)
		}
	})
}
