package postgres

import (
	"bytes"

	"defog-cdk/lambda/database"
)

// appendArray appends an array. The server writes {1,NULL,"a b"}, nested by
// dimension.
func appendArray(dst, text []byte, encode database.Encoder) []byte {
	body := text
	if len(body) > 0 && body[0] == '[' { // bounds other than 1: [0:1]={…}
		_, body, _ = bytes.Cut(body, []byte("="))
	}
	out, rest, ok := appendElements(dst, body, encode)
	if database.IsFull(out) {
		return out
	}
	if !ok || len(rest) > 0 {
		return database.AppendString(dst, text)
	}
	return out
}

// appendElements appends the elements between two braces, and returns the text
// after them.
func appendElements(dst, text []byte, encode database.Encoder) (out, rest []byte, ok bool) {
	text, ok = bytes.CutPrefix(text, []byte("{"))
	if !ok {
		return dst, text, false
	}
	dst = append(dst, '[')
	if rest, ok := bytes.CutPrefix(text, []byte("}")); ok {
		return append(dst, ']'), rest, true
	}
	for {
		if database.IsFull(dst) {
			return dst, text, false
		}
		if dst, text, ok = appendElement(dst, text, encode); !ok || len(text) == 0 {
			return dst, text, false
		}
		switch text[0] {
		case ',':
			dst = append(dst, ',')
			text = text[1:]
		case '}':
			return append(dst, ']'), text[1:], true
		default:
			return dst, text, false
		}
	}
}

func appendElement(dst, text []byte, encode database.Encoder) (out, rest []byte, ok bool) {
	if len(text) == 0 {
		return dst, text, false
	}
	switch text[0] {
	case '{':
		return appendElements(dst, text, encode)
	case '"':
		element, rest, ok := unquoteElement(text[1:])
		if !ok {
			return dst, text, false
		}
		return encode(dst, element), rest, true
	}
	end := bytes.IndexAny(text, ",}")
	if end < 0 {
		return dst, text, false
	}
	if element := text[:end]; string(element) != "NULL" {
		return encode(dst, element), text[end:], true
	}
	return append(dst, "null"...), text[end:], true
}

// unquoteElement reads up to the closing quote. A backslash makes the next
// character literal.
func unquoteElement(text []byte) (element, rest []byte, ok bool) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			return element, text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return nil, nil, false
			}
		}
		element = append(element, text[i])
	}
	return nil, nil, false
}
