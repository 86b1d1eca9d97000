package terminal

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	tests := map[string]struct{ line, text string }{
		"plain":                {"plain", "plain"},
		"Zoë 日本 👩‍🚒 é":         {"Zoë 日本 👩‍🚒 é", "Zoë 日本 👩‍🚒 é"},
		"a\tb\nc\r\nd":         {`a\tb\nc\r\nd`, "a\tb\nc\nd"},
		"over\rwritten":        {`over\rwritten`, `over\rwritten`},
		"\x1b[2J\x1b]52;c;x\a": {`\x1b[2J\x1b]52;c;x\a`, `\x1b[2J\x1b]52;c;x\a`},
		"\u009b31m":            {`\u009b31m`, `\u009b31m`},
		"\xff\x9b":             {`\xff\x9b`, `\xff\x9b`},
		"\u202etxt.exe":        {`\u202etxt.exe`, `\u202etxt.exe`},
		"\x7f\x00":             {`\x7f\x00`, `\x7f\x00`},
	}
	for input, want := range tests {
		if got := Line(input); got != want.line {
			t.Errorf("Line(%q) = %q, want %q", input, got, want.line)
		}
		if got := Text(input); got != want.text {
			t.Errorf("Text(%q) = %q, want %q", input, got, want.text)
		}
	}
}

// TestNoCharacterReachesTheTerminalRaw goes through all of Unicode.
func TestNoCharacterReachesTheTerminalRaw(t *testing.T) {
	var all strings.Builder
	for r := range rune(unicode.MaxRune + 1) {
		if utf8.ValidRune(r) {
			all.WriteRune(r)
		}
	}
	var raw bytes.Buffer
	encoder := json.NewEncoder(&raw)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(all.String()); err != nil {
		t.Fatal(err)
	}
	shown := JSON(bytes.TrimSpace(raw.Bytes()))
	var back string
	if err := json.Unmarshal([]byte(shown), &back); err != nil || back != all.String() {
		t.Errorf("JSON does not keep the value (%v)", err)
	}
	for _, r := range Line(all.String()) + shown {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			t.Errorf("%U is printed raw", r)
		}
	}
}

func TestTable(t *testing.T) {
	tests := map[string]struct {
		columns []string
		rows    string
		want    string
	}{
		"numbers on the right, text on the left": {
			[]string{"n", "decimal", "text", "code"},
			`[[1, "12.50", "a", "x1"], [-20, null, null, 3], [3e5, "-0.1", "", 4]]`,
			`
┌─────┬─────────┬──────┬──────┐
│   n │ decimal │ text │ code │
├─────┼─────────┼──────┼──────┤
│   1 │   12.50 │ a    │ x1   │
│ -20 │    NULL │ NULL │ 3    │
│ 3e5 │    -0.1 │      │ 4    │
└─────┴─────────┴──────┴──────┘
`,
		},
		"wide characters": {
			[]string{"名前", "😀"},
			`[["東京", "é"], ["x", "e\u0301"]]`,
			`
┌──────┬────┐
│ 名前 │ 😀 │
├──────┼────┤
│ 東京 │ é  │
│ x    │ é  │
└──────┴────┘
`,
		},
		"nested values": {
			[]string{"array", "object"},
			`[[[1, [null, "a"]], {"k": "\u001b"}]]`,
			`
┌────────────────┬────────────────┐
│ array          │ object         │
├────────────────┼────────────────┤
│ [1,[null,"a"]] │ {"k":"\u001b"} │
└────────────────┴────────────────┘
`,
		},
		"no rows": {
			[]string{"a", "a"},
			`[]`,
			`
┌───┬───┐
│ a │ a │
├───┼───┤
└───┴───┘
`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var rows [][]json.RawMessage
			if err := json.Unmarshal([]byte(test.rows), &rows); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			Table(&out, test.columns, rows)
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), out.String()); diff != "" {
				t.Errorf("table (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTableKeepsAllOfLongText(t *testing.T) {
	long := strings.Repeat("0123456789", 20)
	var out strings.Builder
	Table(&out, []string{"t"}, [][]json.RawMessage{{json.RawMessage(`"` + long + `"`)}})
	var digits strings.Builder
	for _, r := range out.String() {
		if unicode.IsDigit(r) {
			digits.WriteRune(r)
		}
	}
	if digits.String() != long {
		t.Errorf("of %d characters, the table shows %d:\n%s", len(long), digits.Len(), out.String())
	}
}

func TestShellWordQuotesWhatAShellExpands(t *testing.T) {
	for text, want := range map[string]string{
		"generator=defog": "generator=defog", "/a/b-c.json": "/a/b-c.json", "": "''", "my app": "'my app'", "$HOME": "'$HOME'",
		"it's": `'it'\''s'`, "a\nb": "'a\nb'",
	} {
		if got := ShellWord(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
