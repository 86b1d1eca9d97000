package jsonfile

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func TestDecodeAcceptsByteOrderMark(t *testing.T) {
	var value map[string]any
	if err := Decode([]byte("\uFEFF{\"a\": 1.50}\r\n"), &value); err != nil {
		t.Fatal(err)
	}
	if got := value["a"].(interface{ String() string }).String(); got != "1.50" {
		t.Errorf("got %s, want 1.50", got)
	}
}

func TestDecodeExplainsMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "empty; want JSON",
		" \n":                         "empty; want JSON",
		"\uFEFF":                      "empty; want JSON",
		utf16Text(`{}`, true, true):   "encoded in UTF-16; want UTF-8: save the file with that encoding",
		utf16Text(`{}`, false, true):  "encoded in UTF-16; want UTF-8: save the file with that encoding",
		utf16Text(`{}`, true, false):  "encoded in UTF-16; want UTF-8: save the file with that encoding",
		utf16Text(`{}`, false, false): "encoded in UTF-16; want UTF-8: save the file with that encoding",
		"{\"a\": \"\xe9\"}":           "not encoded in UTF-8; want UTF-8: save the file with that encoding",
		"SQLite format 3\x00":         "not a text file; want JSON in UTF-8",
		`[]`:                          "a JSON array; want a JSON object",
		`"s3cret"`:                    "a JSON string; want a JSON object",
		"{\n  \"a\": 1,\n}":           "line 3, column 1: a comma before the closing bracket; want no comma after the last entry",
		`{"a": [1, 2, ]}`:             "line 1, column 14: a comma before the closing bracket; want no comma after the last entry",
		"// s3cret\n{}":               "line 1, column 1: a comment; want JSON, which has no comments",
		"{\n  \"a\": 1 // s3cret\n}":  "line 2, column 10: a comment; want JSON, which has no comments",
		`{/* s3cret */ "a": 1}`:       "line 1, column 2: a comment; want JSON, which has no comments",
		"{\"a\": 1 # s3cret\n}":       "line 1, column 9: a comment; want JSON, which has no comments",
		"{} // s3cret":                "line 1, column 4: a comment; want JSON, which has no comments",
		`{'a': 1}`:                    "line 1, column 2: a single quote; want double quotes",
		`{“a”: 1}`:                    `line 1, column 2: a typographic quote; want "`,
		`{"a": "s3\cret"}`:            `line 1, column 11: an invalid escape in a text; want \\ for a backslash`,
		"{\"a\": \"s3\ncret\"}":       `line 1, column 10: a line break in a text; want \n`,
		"{\"a\": \"s3\tcret\"}":       `line 1, column 10: a tab in a text; want \t`,
		"{\"a\": \"b\"\n\"c\": 1}":    "line 2, column 1: a missing comma before this entry; want a comma between entries",
		`{"a": s3cret}`:               "line 1, column 7: invalid JSON: unexpected character looking for beginning of value",
		`{"a":`:                       "line 1, column 6: invalid JSON: the text ends inside the value",
		`{} {}`:                       "line 1, column 4: text after the JSON value; want one value",
	} {
		var value map[string]any
		err := Decode([]byte(text), &value)
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: the error quotes the text: %v", text, err)
		}
	}
}

func utf16Text(text string, little, mark bool) string {
	if mark {
		text = "\uFEFF" + text
	}
	var out strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		low, high := byte(unit), byte(unit>>8)
		if little {
			low, high = high, low
		}
		out.WriteByte(high)
		out.WriteByte(low)
	}
	return out.String()
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"a": [1, "\u00e9", null]}`))
	f.Add([]byte("\uFEFF{,}"))
	f.Add([]byte("{\"a\": \"\\"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var value any
		if err := Decode(data, &value); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("the error has several lines: %q", err)
		}
	})
}
