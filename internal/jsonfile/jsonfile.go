// Package jsonfile decodes JSON files that people write, and explains their usual
// mistakes: encodings, comments, trailing commas, quotes.
package jsonfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

var (
	utf8Mark  = []byte{0xEF, 0xBB, 0xBF}
	utf16Mark = [][]byte{{0xFF, 0xFE}, {0xFE, 0xFF}}
)

// Decode decodes one JSON value. Numbers keep their digits as [json.Number]. It
// ignores a byte order mark of UTF-8. An error gives line and column, and quotes
// no text of the file, which may hold credentials.
func Decode(data []byte, into any) error {
	if err := checkEncoding(data); err != nil {
		return err
	}
	data = bytes.TrimPrefix(data, utf8Mark)
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("empty; want JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return explain(data, err)
	}
	if end := skipSpace(data, int(decoder.InputOffset())); end < len(data) {
		if reason := mistake(data, end); reason != "" {
			return fmt.Errorf("%s: %s", position(data, end), reason)
		}
		return fmt.Errorf("%s: text after the JSON value; want one value", position(data, end))
	}
	return nil
}

// checkEncoding refuses text that is not UTF-8.
func checkEncoding(data []byte) error {
	const want = "want UTF-8: save the file with that encoding"
	for _, mark := range utf16Mark {
		if bytes.HasPrefix(data, mark) {
			return errors.New("encoded in UTF-16; " + want)
		}
	}
	switch {
	case len(data) > 1 && (data[0] == 0) != (data[1] == 0):
		return errors.New("encoded in UTF-16; " + want)
	case bytes.IndexByte(data, 0) >= 0:
		return errors.New("not a text file; want JSON in UTF-8")
	case !utf8.Valid(data):
		return errors.New("not encoded in UTF-8; " + want)
	}
	return nil
}

// explain returns the position and the reason of a decoder's error.
func explain(data []byte, err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("a JSON %s; want a JSON %s", wrong.Value, kindOf(wrong.Type.Kind().String()))
	}
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok { // the text ends too early
		return fmt.Errorf("%s: invalid JSON: the text ends inside the value", position(data, len(data)))
	}
	at := max(0, min(int(syntax.Offset)-1, len(data)))
	reason := mistake(data, at)
	if reason == "" {
		reason = "invalid JSON: " + describe(syntax)
	}
	return fmt.Errorf("%s: %s", position(data, at), reason)
}

func kindOf(kind string) string {
	switch kind {
	case "map", "struct":
		return "object"
	case "slice":
		return "array"
	}
	return kind
}

// mistake recognizes a usual mistake at an offset, "" for none.
func mistake(data []byte, at int) string {
	if at >= len(data) {
		return ""
	}
	rest, before := data[at:], bytes.TrimRight(data[:at], " \t\r\n")
	switch {
	case bytes.HasPrefix(rest, []byte("//")), bytes.HasPrefix(rest, []byte("/*")), rest[0] == '#':
		return "a comment; want JSON, which has no comments"
	case (rest[0] == '}' || rest[0] == ']') && bytes.HasSuffix(before, []byte(",")):
		return "a comma before the closing bracket; want no comma after the last entry"
	case rest[0] == '\'' || rest[0] == '`':
		return "a single quote; want double quotes"
	case bytes.HasPrefix(rest, []byte("“")), bytes.HasPrefix(rest, []byte("”")), bytes.HasPrefix(rest, []byte("„")), bytes.HasPrefix(rest, []byte("‘")), bytes.HasPrefix(rest, []byte("’")):
		return `a typographic quote; want "`
	case inEscape(data, at):
		return `an invalid escape in a text; want \\ for a backslash`
	case rest[0] == '\n' || rest[0] == '\r':
		return `a line break in a text; want \n`
	case rest[0] == '\t':
		return `a tab in a text; want \t`
	case rest[0] == '"' && len(before) > 0 && strings.ContainsRune(`"}]`, rune(before[len(before)-1])):
		return "a missing comma before this entry; want a comma between entries"
	}
	return ""
}

// inEscape reports whether the offset is after an odd number of backslashes.
func inEscape(data []byte, at int) bool {
	count := 0
	for at > count && data[at-count-1] == '\\' {
		count++
	}
	return count%2 == 1
}

// describe returns what a syntax error reports, without the character of the
// text that the decoder quotes.
func describe(err *json.SyntaxError) string {
	text := err.Error()
	for _, phrase := range []string{"looking for", "in string", "after "} {
		if i := strings.Index(text, phrase); i >= 0 {
			return "unexpected character " + text[i:]
		}
	}
	return "unexpected character or end"
}

// position formats an offset as editors do: line and column from 1.
func position(data []byte, offset int) string {
	before := data[:offset]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("line %d, column %d", line, column)
}

func skipSpace(data []byte, offset int) int {
	return len(data) - len(bytes.TrimLeft(data[offset:], " \t\r\n"))
}
