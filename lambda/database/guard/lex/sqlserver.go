package lex

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// SQLServer scans as SQL Server does. It spells quoted names in brackets, so that
// QUOTED_IDENTIFIER does not matter.
// https://learn.microsoft.com/en-us/sql/t-sql/data-types/constants-transact-sql
type SQLServer struct{}

// Scan implements Scanner.
func (s SQLServer) Scan(sql string) ([]Token, error) {
	c := &cursor{rest: sql}
	for {
		switch {
		case c.blank(" \t\n\r\f\v"):
			continue
		case strings.HasPrefix(c.rest, "--"):
			if !plainLine(c.rest, lineEnd(c.rest, "\n\r")) {
				return nil, errLineEnd
			}
			c.line("\n\r")
			continue
		case strings.HasPrefix(c.rest, "/*"):
			if err := c.block(true); err != nil {
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

func (s SQLServer) next(c *cursor) error {
	first := c.rest[0]
	switch {
	case first == '\'':
		return s.string(c, 0)
	case hasPrefixFold(c.rest, "n'"):
		return s.string(c, 1)
	case first == '"':
		return s.name(c, '"')
	case first == '[':
		return s.name(c, ']')
	case startsNumber(c.rest), first == '$' && len(c.rest) > 1 && startsNumber(c.rest[1:]):
		return s.number(c)
	case isNameStart(first) || strings.IndexByte("@#", first) >= 0, pseudoColumn(c.rest):
		return s.word(c)
	case first == '\\':
		return errBackslash
	case first == '?':
		return errParameter
	case first == '$': // 0 as money, which needs no white space behind it
		return errNumberWord
	default:
		return c.symbol("::", "->", "=>", "<=", ">=", "<>", "!=", "!<", "!>", "||")
	}
}

func (s SQLServer) string(c *cursor, prefix int) error {
	value, size := doubled(c.rest[prefix:], '\'')
	if size == 0 {
		return errUnclosedString
	}
	sql := quote(value, "'", "'")
	if prefix > 0 {
		sql = "N" + sql
	}
	c.add(String, prefix+size, value, sql)
	return nil
}

// name reads a quoted name. White space at its end is not part of it.
func (s SQLServer) name(c *cursor, end byte) error {
	value, size := doubled(c.rest, end)
	if size == 0 {
		return errUnclosedName
	}
	c.add(Name, size, strings.ToLower(strings.TrimRightFunc(value, unicode.IsSpace)), quote(value, "[", "]"))
	return nil
}

func (s SQLServer) number(c *cursor) error {
	var size int
	switch {
	case hasPrefixFold(c.rest, "0x"):
		size = 2 + span(c.rest[2:], isHex)
	case c.rest[0] == '$':
		size = 1 + number(c.rest[1:])
	default:
		size = number(c.rest)
	}
	if size < len(c.rest) && isTSQLName(c.rest[size]) {
		return errNumberWord
	}
	c.verbatim(Number, size)
	return nil
}

func (s SQLServer) word(c *cursor) error {
	size := 1 + span(c.rest[1:], isTSQLName)
	word := c.rest[:size]
	if !plainWord(word) {
		return errLetters
	}
	if strings.IndexFunc(word, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 && isNameStart(word[0]) {
		c.add(Name, size, strings.ToLower(word), quote(word, "[", "]"))
		return nil
	}
	c.add(Word, size, strings.ToLower(word), word)
	return nil
}

// pseudoColumn reports whether text begins with one of the names that begin with
// a dollar sign.
func pseudoColumn(text string) bool {
	for _, name := range []string{"$action", "$identity", "$partition", "$rowguid"} {
		if hasPrefixFold(text, name) && (len(text) == len(name) || !isTSQLName(text[len(name)])) {
			return true
		}
	}
	return false
}

func isTSQLName(c byte) bool { return isName(c) || c == '@' || c == '#' }
