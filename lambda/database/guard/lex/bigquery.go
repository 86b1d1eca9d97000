package lex

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// BigQuery scans GoogleSQL.
// https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical
type BigQuery struct{}

var errDoubledQuote = errors.New(`two strings are not apart: write \' for a quote in a string`)

var errNameEscape = errors.New("quoted names with a backslash or a line break are not supported")

// Scan implements Scanner. A path in one pair of backquotes is one token.
func (b BigQuery) Scan(sql string) ([]Token, error) {
	c := &cursor{rest: sql}
	for {
		switch {
		case c.blank(" \t\n\r\f\v"):
			continue
		case strings.HasPrefix(c.rest, "--"), strings.HasPrefix(c.rest, "#"):
			c.line("\n\r")
			continue
		case strings.HasPrefix(c.rest, "/*"):
			if err := c.block(false); err != nil {
				return nil, err
			}
			continue
		case c.rest == "":
			return c.tokens, nil
		}
		if err := b.next(c); err != nil {
			return nil, err
		}
	}
}

func (b BigQuery) next(c *cursor) error {
	first := c.rest[0]
	prefix := span(c.rest, func(c byte) bool { return strings.IndexByte("rRbB", c) >= 0 })
	quoted := prefix <= 2 && prefix < len(c.rest) && (c.rest[prefix] == '\'' || c.rest[prefix] == '"')
	switch {
	case quoted && len(c.tokens) > 0 && !c.spaced && c.last().Kind == String:
		return errDoubledQuote // which white space between the two would change
	case quoted:
		return b.string(c, prefix)
	case first == '`':
		value, size := doubled(c.rest, '`')
		switch {
		case size == 0:
			return errUnclosedName
		case strings.ContainsAny(value, "\\\n\r`"):
			return errNameEscape
		}
		c.add(Name, size, strings.ToLower(value), c.rest[:size])
		return nil
	case beyondASCII(first):
		return errBeyondASCII
	case startsNumber(c.rest) && (!isDigit(first) || !b.inPath(c)):
		return b.number(c)
	case isName(first) && first != '$':
		size := span(c.rest, func(c byte) bool { return isName(c) && c != '$' })
		if !ascii(c.rest[:size]) {
			return errBeyondASCII
		}
		c.add(Word, size, lower(c.rest[:size]), c.rest[:size])
		return nil
	case first == '@':
		at := 1 + span(c.rest[1:], func(c byte) bool { return c == '@' })
		size := at + span(c.rest[at:], func(c byte) bool { return isName(c) && c != '$' })
		if size == at || !ascii(c.rest[:size]) {
			return errParameter // or a hint, @{…}
		}
		c.verbatim(Constant, size)
		return nil
	case first == '?':
		return errParameter
	default:
		return c.symbol("|>", "=>", "->", "::", "||", "<<", ">>", "<=", ">=", "<>", "!=")
	}
}

// inPath reports whether a digit continues a path, whose parts may begin with
// one behind a dot or a dash.
func (b BigQuery) inPath(c *cursor) bool {
	size := span(c.rest, isDigit)
	if c.spaced || size == len(c.rest) || !isNameStart(c.rest[size]) {
		return false
	}
	return c.last().Is(".") || c.last().Is("-")
}

func (b BigQuery) number(c *cursor) error {
	size := number(c.rest)
	if hasPrefixFold(c.rest, "0x") {
		size = 2 + span(c.rest[2:], isHex)
	}
	if size < len(c.rest) && isNameStart(c.rest[size]) {
		return errNumberWord
	}
	c.verbatim(Number, size)
	return nil
}

// string reads a string or bytes, whose quotes are one or three. A backslash
// takes the next character's meaning, even in a raw string.
func (b BigQuery) string(c *cursor, prefix int) error {
	text := c.rest[prefix:]
	mark := text[:1]
	triple := strings.HasPrefix(text, strings.Repeat(mark, 3))
	if triple {
		mark = text[:3]
	}
	for i := len(mark); i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case strings.HasPrefix(text[i:], mark):
			return b.add(c, lower(c.rest[:prefix]), text[len(mark):i], prefix+i+len(mark))
		case !triple && (text[i] == '\n' || text[i] == '\r'):
			return errUnclosedString
		}
	}
	return errUnclosedString
}

// add appends a string or bytes, spelled without a quote inside.
func (b BigQuery) add(c *cursor, prefix, inner string, size int) error {
	raw, bytes := strings.Contains(prefix, "r"), strings.Contains(prefix, "b")
	inner = strings.ReplaceAll(strings.ReplaceAll(inner, "\r\n", "\n"), "\r", "\n")
	if !raw {
		var err error
		if inner, err = googleEscapes(inner, bytes); err != nil {
			return err
		}
	}
	var sql strings.Builder
	if bytes {
		sql.WriteByte('b')
	}
	sql.WriteByte('\'')
	for i := 0; i < len(inner); i++ {
		switch char := inner[i]; {
		case char == '\\':
			sql.WriteString(`\\`)
		case char == '\n':
			sql.WriteString(`\n`)
		case char < ' ' || char == 0x7f || char == '\'' || bytes && char >= utf8.RuneSelf:
			fmt.Fprintf(&sql, `\x%02x`, char)
		default:
			sql.WriteByte(char)
		}
	}
	sql.WriteByte('\'')
	if !bytes && !utf8.ValidString(inner) {
		return errEscape
	}
	kind := String
	if bytes {
		kind = Constant
	}
	c.add(kind, size, inner, sql.String())
	return nil
}

// googleEscapes decodes the escape sequences of a string or of bytes.
func googleEscapes(text string, bytes bool) (string, error) {
	var value strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			value.WriteByte(text[i])
			continue
		}
		i++
		if i == len(text) {
			return "", errEscape
		}
		start, digits, base := i+1, 2, 16
		switch escape := text[i]; escape {
		case 'a', 'b', 'f', 'n', 'r', 't', 'v':
			value.WriteByte(map[byte]byte{'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}[escape])
			continue
		case '\\', '?', '"', '\'', '`', '\n':
			value.WriteByte(escape)
			continue
		case 'x', 'X':
		case 'u':
			digits = 4
		case 'U':
			digits = 8
		case '0', '1', '2', '3':
			start, digits, base = i, 3, 8
		default:
			return "", errEscape
		}
		if start+digits > len(text) {
			return "", errEscape
		}
		code, err := strconv.ParseUint(text[start:start+digits], base, 32)
		switch {
		case err != nil, !utf8.ValidRune(rune(code)), bytes && digits > 3: //nolint:gosec // eight digits of hex at the most
			return "", errEscape
		case bytes:
			value.WriteByte(byte(code)) //nolint:gosec // three digits at most
		default:
			value.WriteRune(rune(code)) //nolint:gosec // a valid rune
		}
		i = start + digits - 1
	}
	return value.String(), nil
}

// beyondASCII reports whether only the server's lexer decides what a character
// is: often it is white space.
func beyondASCII(c byte) bool { return c < ' ' || c == 0x7f || c >= utf8.RuneSelf || c == '\\' }
