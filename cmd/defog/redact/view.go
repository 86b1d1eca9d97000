package redact

import (
	"bytes"
	"unicode/utf8"
)

// view is raw output without the characters that can separate the characters of a
// secret.
type view struct {
	text []byte
	at   []int // the offset in the raw output of each byte of text
}

// views returns two views of the output: shown is without colors, and squeezed is
// also without blanks, line breaks and the lines of tables. The output from rest on
// is incomplete.
func views(raw []byte, final bool) (shown, squeezed view, rest int) {
	for i := 0; i < len(raw); {
		size, kind := next(raw[i:])
		if kind == cut && !final {
			return shown, squeezed, i
		}
		for j := i; j < i+size && kind != colour; j++ {
			shown.text, shown.at = append(shown.text, raw[j]), append(shown.at, j)
			if kind != blank {
				squeezed.text, squeezed.at = append(squeezed.text, raw[j]), append(squeezed.at, j)
			}
		}
		i += size
	}
	return shown, squeezed, len(raw)
}

type kind int

const (
	visible kind = iota
	colour       // a control sequence of a terminal, "\x1b[31m"
	blank        // white space, or a line of a table
	cut          // the beginning of a colour or a blank
)

// maxControl exceeds the length of each control sequence of colors.
const maxControl = 32

// next returns the size and the kind of the first element of the output.
func next(output []byte) (size int, what kind) {
	switch c := output[0]; {
	case c == '\x1b':
		return control(output)
	case bytes.IndexByte([]byte(" \t\r\n"), c) >= 0:
		return 1, blank
	case c < utf8.RuneSelf:
		return 1, visible
	case !utf8.FullRune(output):
		return len(output), cut
	}
	r, size := utf8.DecodeRune(output)
	if r >= '─' && r <= '╿' {
		return size, blank
	}
	return size, visible
}

// control measures a control sequence: ESC [, parameters, and a letter.
func control(output []byte) (size int, what kind) {
	if len(output) == 1 {
		return 1, cut
	}
	if output[1] != '[' {
		return 1, visible
	}
	for i := 2; i < len(output) && i < maxControl; i++ {
		switch c := output[i]; {
		case c >= '@' && c <= '~':
			return i + 1, colour
		case c < ' ' || c > '?':
			return 1, visible
		}
	}
	if len(output) >= maxControl {
		return 1, visible
	}
	return len(output), cut
}

// squeeze returns the squeezed view of a text.
func squeeze(text []byte) []byte {
	_, squeezed, _ := views(text, true)
	return squeezed.text
}
