package lex

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Snowflake scans as Snowflake does.
// https://docs.snowflake.com/en/sql-reference/data-types-text
type Snowflake struct{}

// Scan implements Scanner.
func (s Snowflake) Scan(sql string) ([]Token, error) {
	c := &cursor{rest: sql}
	for {
		switch {
		case c.blank(" \t\n\r\f\v"):
			continue
		case strings.HasPrefix(c.rest, "--"), strings.HasPrefix(c.rest, "//"):
			if !plainLine(c.rest, lineEnd(c.rest, "\n\r")) {
				return nil, errLineEnd
			}
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
		if err := s.next(c); err != nil {
			return nil, err
		}
	}
}

func (s Snowflake) next(c *cursor) error {
	first := c.rest[0]
	switch {
	case first == '\'':
		return s.string(c)
	case first == '"':
		value, size := doubled(c.rest, '"')
		if size == 0 {
			return errUnclosedName
		}
		c.add(Name, size, strings.ToLower(value), quote(value, `"`, `"`))
		return nil
	case strings.HasPrefix(c.rest, "$$"):
		value, _, closed := strings.Cut(c.rest[2:], "$$")
		if !closed {
			return errUnclosedString
		}
		return s.add(c, len(value)+4, value)
	case hasPrefixFold(c.rest, "x'"):
		digits := span(c.rest[2:], isHex)
		if size := 2 + digits + 1; size <= len(c.rest) && c.rest[size-1] == '\'' {
			c.verbatim(Constant, size)
			return nil
		}
		return errBits
	case startsNumber(c.rest):
		size := number(c.rest)
		if size < len(c.rest) && (isName(c.rest[size]) || strings.IndexByte("@#", c.rest[size]) >= 0) {
			return errNumberWord
		}
		c.verbatim(Number, size)
		return nil
	case isNameStart(first):
		size := span(c.rest, isName)
		if !plainWord(c.rest[:size]) {
			return errLetters
		}
		c.add(Word, size, strings.ToLower(c.rest[:size]), c.rest[:size])
		return nil
	case first == '$': // a column by its number, or a variable
		size := 1 + span(c.rest[1:], isName)
		if size == 1 {
			return errParameter
		}
		if word := c.rest[:size]; !ascii(word) {
			return errLetters
		}
		c.verbatim(Constant, size)
		return nil
	case first == '?':
		return errParameter
	case first == '\\':
		return errBackslash
	default:
		return c.symbol("->>", "->", "=>", "::", "||", "<=", ">=", "<>", "!=")
	}
}

// string reads a string constant. Its spelling holds no escape sequence but a
// doubled quote and a doubled backslash.
func (s Snowflake) string(c *cursor) error {
	var value strings.Builder
	for i := 1; i < len(c.rest); i++ {
		switch {
		case c.rest[i] == '\\' && i+1 < len(c.rest):
			text, size := cEscape(c.rest[i+1:])
			value.WriteString(text)
			i += size
		case c.rest[i] == '\'' && i+1 < len(c.rest) && c.rest[i+1] == '\'':
			value.WriteByte('\'')
			i++
		case c.rest[i] == '\'':
			return s.add(c, i+1, value.String())
		default:
			value.WriteByte(c.rest[i])
		}
	}
	return errUnclosedString
}

func (s Snowflake) add(c *cursor, size int, value string) error {
	if !utf8.ValidString(value) {
		return errEscape
	}
	c.add(String, size, value, "'"+strings.NewReplacer(`\`, `\\`, "'", "''", "\x00", `\0`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(value)+"'")
	return nil
}

// cEscape returns what the escape sequence at the start of text, without its
// backslash, stands for, and its size.
func cEscape(text string) (value string, size int) {
	start, digits, base := 0, 3, 8
	switch text[0] {
	case 'b':
		return "\b", 1
	case 'f':
		return "\f", 1
	case 'n':
		return "\n", 1
	case 'r':
		return "\r", 1
	case 't':
		return "\t", 1
	case 'x':
		start, digits, base = 1, 2, 16
	case 'u':
		start, digits, base = 1, 4, 16
	}
	for size = start + digits; size > start; size-- {
		if size > len(text) {
			continue
		}
		if code, err := strconv.ParseUint(text[start:size], base, 32); err == nil {
			return string(rune(code)), size //nolint:gosec // four digits of hex at the most
		}
	}
	_, size = utf8.DecodeRuneInString(text)
	return text[:size], size
}
