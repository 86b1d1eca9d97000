package lex

import (
	"strings"
	"unicode/utf8"
)

// MySQL scans as MySQL and MariaDB do without ANSI_QUOTES and
// NO_BACKSLASH_ESCAPES.
// https://dev.mysql.com/doc/refman/en/language-structure.html
type MySQL struct{}

const mysqlBlank = " \t\n\r\f\v"

// Scan implements Scanner.
func (m MySQL) Scan(sql string) ([]Token, error) {
	c := &cursor{rest: sql}
	for {
		if err := m.skip(c); err != nil {
			return nil, err
		}
		if c.rest == "" {
			return c.tokens, nil
		}
		if err := m.next(c); err != nil {
			return nil, err
		}
	}
}

// skip drops white space and comments. Two dashes need white space or a control
// character behind them.
func (m MySQL) skip(c *cursor) error {
	for {
		after, dashes := strings.CutPrefix(c.rest, "--")
		block, isBlock := strings.CutPrefix(c.rest, "/*")
		switch {
		case c.blank(mysqlBlank):
		case strings.HasPrefix(c.rest, "#"), dashes && (after == "" || after[0] <= ' ' || after[0] == 0x7f):
			c.line("\n")
		case isBlock && (strings.HasPrefix(block, "!") || strings.HasPrefix(block, "M!") || strings.HasPrefix(block, "+")):
			return errSpecialComment
		case isBlock:
			if err := c.block(false); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (m MySQL) next(c *cursor) error {
	first := c.rest[0]
	switch {
	case first == '\'' || first == '"':
		return m.string(c, "")
	case hasPrefixFold(c.rest, "n'"):
		return m.string(c, "N")
	case first == '`':
		return m.name(c, 0)
	case hasPrefixFold(c.rest, "x'"):
		return m.bits(c, isHex)
	case hasPrefixFold(c.rest, "b'"):
		return m.bits(c, isBit)
	case first == '@':
		return m.variable(c)
	case first == '.' && startsNumber(c.rest) && (c.bare == 0 || c.bare != len(c.tokens) || c.spaced):
		return m.number(c)
	case isDigit(first) && (!c.last().Is(".") || c.spaced):
		return m.number(c)
	case isName(first):
		m.word(c)
		return nil
	case first == '\\':
		return errBackslash
	default:
		return c.symbol("<=>", "->>", ":=", "<=", ">=", "<>", "!=", "<<", ">>", "&&", "||", "->")
	}
}

// word reads a bare name. What is none to every server is quoted.
func (m MySQL) word(c *cursor) {
	size := span(c.rest, isName)
	word := c.rest[:size]
	if !ascii(word) || isDigit(word[0]) || word[0] == '$' {
		c.add(Name, size, strings.ToLower(word), quote(word, "`", "`"))
	} else {
		c.add(Word, size, lower(word), word)
	}
	c.bare = len(c.tokens)
}

// name reads a name in backquotes; before is how many bytes are before it.
func (m MySQL) name(c *cursor, before int) error {
	value, size := doubled(c.rest[before:], '`')
	if size == 0 {
		return errUnclosedName
	}
	c.add(Name, before+size, strings.ToLower(value), c.rest[:before]+quote(value, "`", "`"))
	return nil
}

// string reads a string constant. Its spelling ends at the same quote whatever
// a backslash means.
func (m MySQL) string(c *cursor, prefix string) error {
	text := c.rest[len(prefix):]
	end := text[0]
	var value strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			value.WriteString(mysqlEscape(text[i]))
		case text[i] == end && i+1 < len(text) && text[i+1] == end:
			i++
			value.WriteByte(end)
		case text[i] == end:
			sql := strings.NewReplacer(`\`, `\\`, "'", "''", "\x00", `\0`, "\x1a", `\Z`).Replace(value.String())
			if !utf8.ValidString(sql) {
				return errEscape
			}
			c.add(String, len(prefix)+i+1, value.String(), prefix+"'"+sql+"'")
			return nil
		default:
			value.WriteByte(text[i])
		}
	}
	return errUnclosedString
}

// mysqlEscape returns what a backslash and a character stand for.
func mysqlEscape(c byte) string {
	switch c {
	case '0':
		return "\x00"
	case 'b':
		return "\b"
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	case 'Z':
		return "\x1a"
	case '%', '_':
		return `\` + string(c)
	default:
		return string([]byte{c})
	}
}

func (m MySQL) bits(c *cursor, class func(byte) bool) error {
	digits := span(c.rest[2:], class)
	size := 2 + digits + 1
	if size > len(c.rest) || c.rest[size-1] != '\'' {
		return errBits
	}
	c.verbatim(Constant, size)
	return nil
}

// number reads a number, or a name that begins with digits.
func (m MySQL) number(c *cursor) error {
	for prefix, class := range map[string]func(byte) bool{"0x": isHex, "0b": isBit} {
		if !strings.HasPrefix(c.rest, prefix) {
			continue
		}
		digits := span(c.rest[2:], class)
		if size := 2 + digits; digits > 0 && (size == len(c.rest) || !isName(c.rest[size])) {
			c.verbatim(Constant, size)
			return nil
		}
	}
	size := number(c.rest)
	digits := span(c.rest, isDigit)
	if digits == size && size < len(c.rest) && isName(c.rest[size]) {
		m.word(c)
		return nil
	}
	if size < len(c.rest) && (c.rest[size] == 'e' || c.rest[size] == 'E') {
		return errNumberWord
	}
	c.verbatim(Number, size)
	return nil
}

// variable reads @name, @@name and @@scope.name.
func (m MySQL) variable(c *cursor) error {
	at := 1
	if strings.HasPrefix(c.rest, "@@") {
		at = 2
	}
	if len(c.rest) == at {
		return errParameter
	}
	switch c.rest[at] {
	case '`':
		value, size := doubled(c.rest[at:], '`')
		if size == 0 {
			return errUnclosedName
		}
		sql := c.rest[:at] + quote(value, "`", "`")
		c.add(Constant, at+size, strings.ToLower(sql), sql)
		return nil
	case '\'', '"':
		inner := &cursor{rest: c.rest[at:]}
		if err := m.string(inner, ""); err != nil {
			return err
		}
		sql := c.rest[:at] + quote(inner.last().Text, "`", "`")
		c.add(Constant, len(c.rest)-len(inner.rest), strings.ToLower(sql), sql)
		return nil
	}
	size := at + span(c.rest[at:], func(c byte) bool { return c < utf8.RuneSelf && isName(c) || c == '.' })
	if size == at || c.rest[size-1] == '.' || size < len(c.rest) && c.rest[size] >= utf8.RuneSelf {
		return errParameter
	}
	c.add(Constant, size, lower(c.rest[:size]), c.rest[:size])
	return nil
}
