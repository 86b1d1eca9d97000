package lex

import "strings"

// SQLite scans as SQLite does.
// https://www.sqlite.org/lang_expr.html#literal_values_constants_
type SQLite struct{}

// Scan implements Scanner.
func (s SQLite) Scan(sql string) ([]Token, error) {
	c := &cursor{rest: sql}
	for {
		switch {
		case c.blank(" \t\n\r\f\ufeff"): // a byte order mark is a blank wherever a token may begin
			continue
		case strings.HasPrefix(c.rest, "--"):
			c.line("\n")
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

func (s SQLite) next(c *cursor) error {
	first := c.rest[0]
	switch {
	case first == '\'':
		value, size := doubled(c.rest, '\'')
		if size == 0 {
			return errUnclosedString
		}
		c.add(String, size, value, quote(value, "'", "'"))
		return nil
	case first == '"' || first == '`':
		value, size := doubled(c.rest, first)
		if size == 0 {
			return errUnclosedName
		}
		c.add(Name, size, strings.ToLower(value), quote(value, string(first), string(first)))
		return nil
	case first == '[':
		end := strings.IndexByte(c.rest, ']')
		if end < 0 {
			return errUnclosedName
		}
		c.add(Name, end+1, strings.ToLower(c.rest[1:end]), c.rest[:end+1])
		return nil
	case hasPrefixFold(c.rest, "x'"):
		digits := span(c.rest[2:], isHex)
		if size := 2 + digits + 1; size <= len(c.rest) && c.rest[size-1] == '\'' && digits%2 == 0 {
			c.verbatim(Constant, size)
			return nil
		}
		return errBits
	case startsNumber(c.rest):
		return s.number(c)
	case isNameStart(first):
		size := span(c.rest, isName)
		c.add(Word, size, lower(c.rest[:size]), c.rest[:size])
		return nil
	case strings.IndexByte("?:@$#", first) >= 0:
		return errParameter
	default:
		return c.symbol("->>", "->", "||", "<<", ">>", "<=", ">=", "<>", "!=", "==")
	}
}

func (s SQLite) number(c *cursor) error {
	var size int
	if hasPrefixFold(c.rest, "0x") && len(c.rest) > 2 && isHex(c.rest[2]) {
		size = 2 + span(c.rest[2:], isHex)
	} else {
		size = number(c.rest)
	}
	if size < len(c.rest) && isName(c.rest[size]) {
		return s.separated(c)
	}
	c.verbatim(Number, size)
	return nil
}

// separated reads a number such as 1_000, which SQLite has had since 3.46.
func (s SQLite) separated(c *cursor) error {
	size := span(c.rest, func(c byte) bool { return isName(c) || c == '.' })
	text := c.rest[:size]
	for i := range len(text) {
		if text[i] == '_' && (i == 0 || i+1 == size || !isDigit(text[i-1]) || !isDigit(text[i+1])) {
			return errNumberWord
		}
	}
	plain := strings.ReplaceAll(text, "_", "")
	if hasPrefixFold(plain, "0x") || number(plain) != len(plain) {
		return errNumberWord
	}
	c.add(Number, size, text, plain)
	return nil
}
