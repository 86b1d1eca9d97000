// Package terminal prints untrusted data. Control characters move a terminal's
// cursor, set the clipboard or reverse text, so the package escapes them in all
// data of databases and servers.
package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns text as one line that is safe to print. It writes control and
// format characters and invalid UTF-8 as Go escapes ("\x1b").
func Line(text string) string { return clean(text, "", goEscape) }

// Text is Line for text of several lines: it keeps line breaks and tabs.
func Text(text string) string { return clean(strings.ReplaceAll(text, "\r\n", "\n"), "\n\t", goEscape) }

// JSON returns valid JSON of equal value on one line. It writes the characters
// that Line escapes as JSON escapes.
func JSON(compact []byte) string { return clean(string(compact), "", jsonEscape) }

func clean(text, keep string, escape func(r rune, raw string) string) string {
	var out strings.Builder
	out.Grow(len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		invalid := r == utf8.RuneError && size == 1
		if !invalid && (harmless(r) || strings.ContainsRune(keep, r)) {
			out.WriteString(text[:size])
		} else {
			out.WriteString(escape(r, text[:size]))
		}
		text = text[size:]
	}
	return out.String()
}

// harmless reports whether a terminal only draws the character. The joiners are
// format characters that emoji and several scripts require.
func harmless(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return unicode.IsPrint(r) || unicode.Is(unicode.Zs, r) || r == nonJoiner || r == joiner
}

func goEscape(_ rune, raw string) string {
	quoted := strconv.QuoteToASCII(raw)
	return quoted[1 : len(quoted)-1]
}

func jsonEscape(r rune, _ string) string {
	if r > 0xFFFF {
		return fmt.Sprintf(`\u%04x\u%04x`, 0xD800+(r-0x10000)>>10, 0xDC00+(r-0x10000)&0x3FF)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
