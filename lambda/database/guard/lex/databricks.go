package lex

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Databricks scans Spark SQL.
// https://spark.apache.org/docs/latest/sql-ref-literals.html
type Databricks struct{}

var (
	errHint             = errors.New("it holds a hint (/*+ … */), which is not supported")
	errCommentBackslash = errors.New("a comment ends in a backslash")

	// Spark replaces it before it looks for comments, and some settings hold a
	// line break.
	errSubstitution = errors.New("${…} would be replaced by a setting of the server")
)

// Scan implements Scanner.
func (d Databricks) Scan(sql string) ([]Token, error) {
	if strings.Contains(sql, "${") {
		return nil, errSubstitution
	}
	c := &cursor{rest: sql}
	for {
		switch {
		case c.blank(" \t\n\r\f\v"):
			continue
		case strings.HasPrefix(c.rest, "--"):
			// Some versions of Spark continue the comment in the next line.
			line, _, _ := strings.Cut(c.rest, "\n")
			if strings.HasSuffix(strings.TrimSuffix(line, "\r"), `\`) {
				return nil, errCommentBackslash
			}
			c.line("\n\r")
			continue
		case strings.HasPrefix(c.rest, "/*"):
			// To Spark a hint is not a comment inside a comment.
			before := c.rest
			if err := c.block(true); err != nil {
				return nil, err
			}
			if strings.Contains(before[:len(before)-len(c.rest)], "/*+") {
				return nil, errHint
			}
			continue
		case c.rest == "":
			for _, t := range c.tokens {
				if strings.Contains(t.SQL, "${") {
					return nil, errSubstitution
				}
			}
			return c.tokens, nil
		}
		if err := d.next(c); err != nil {
			return nil, err
		}
	}
}

func (d Databricks) next(c *cursor) error {
	first := c.rest[0]
	switch {
	case first == '\'' || first == '"':
		return d.string(c)
	case hasPrefixFold(c.rest, "r'") || hasPrefixFold(c.rest, `r"`):
		// No backslash means anything there, nor does a doubled quote.
		value, _, closed := strings.Cut(c.rest[2:], c.rest[1:2])
		if !closed {
			return errUnclosedString
		}
		c.add(String, 3+len(value), value, sparkQuote(value))
		return nil
	case hasPrefixFold(c.rest, "x'") || hasPrefixFold(c.rest, `x"`):
		digits := span(c.rest[2:], isHex)
		if size := 2 + digits + 1; size <= len(c.rest) && c.rest[size-1] == c.rest[1] {
			sql := "X'" + c.rest[2:2+digits] + "'"
			c.add(Constant, size, sql, sql)
			return nil
		}
		return errBits
	case first == '`':
		value, size := doubled(c.rest, '`')
		if size == 0 {
			return errUnclosedName
		}
		c.add(Name, size, strings.ToLower(value), quote(value, "`", "`"))
		return nil
	case beyondASCII(first):
		return errBeyondASCII
	case startsNumber(c.rest) && (!c.last().Is(".") || c.spaced):
		return d.number(c)
	case isName(first) && first != '$':
		return d.word(c)
	case first == '?':
		return errParameter
	default:
		return c.symbol("<=>", "=>", "->", "::", "|>", "||", "<<", ">>", "<=", ">=", "<>", "!=", "==")
	}
}

func (d Databricks) word(c *cursor) error {
	size := span(c.rest, func(c byte) bool { return isName(c) && c != '$' })
	if !ascii(c.rest[:size]) {
		return errBeyondASCII
	}
	c.add(Word, size, lower(c.rest[:size]), c.rest[:size])
	return nil
}

// number reads a number with its type's letters, or a name that begins with
// digits.
func (d Databricks) number(c *cursor) error {
	size := number(c.rest)
	for _, suffix := range []string{"bd", "l", "s", "y", "d", "f", ""} {
		end := size + len(suffix)
		if !hasPrefixFold(c.rest[size:], suffix) || end < len(c.rest) && isName(c.rest[end]) {
			continue
		}
		if end < len(c.rest) && (c.rest[end] == '\'' || c.rest[end] == '"') {
			return errNumberWord
		}
		c.verbatim(Number, end)
		return nil
	}
	word := span(c.rest, isName)
	if word < len(c.rest) && (c.rest[word] == '\'' || c.rest[word] == '"') {
		return errNumberWord
	}
	if span(c.rest, isDigit) < size {
		return errNumberWord
	}
	return d.word(c)
}

// string reads a string constant. In older versions of Spark, a doubled quote ends one
// constant and starts the next. So string keeps it.
func (d Databricks) string(c *cursor) error {
	end := c.rest[0]
	var value, sql strings.Builder
	for i := 1; i < len(c.rest); i++ {
		switch {
		case c.rest[i] == '\\' && i+1 < len(c.rest):
			text, size := sparkEscape(c.rest[i+1:])
			value.WriteString(text)
			sql.WriteString(sparkSpell(text, end))
			i += size
		case c.rest[i] == end && i+1 < len(c.rest) && c.rest[i+1] == end:
			value.WriteByte(end)
			sql.WriteString(c.rest[i : i+2])
			i++
		case c.rest[i] == end:
			if !utf8.ValidString(value.String()) {
				return errEscape
			}
			c.add(String, i+1, value.String(), string(end)+sql.String()+string(end))
			return nil
		default:
			value.WriteByte(c.rest[i])
			sql.WriteString(sparkSpell(c.rest[i:i+1], end))
		}
	}
	return errUnclosedString
}

// sparkSpell spells a piece of a string without its quote.
func sparkSpell(text string, end byte) string {
	if len(text) == 1 && text[0] > '\'' && text[0] != '\\' { // one plain character, as most are
		return text
	}
	return strings.NewReplacer(`\`, `\\`, string(end), fmt.Sprintf(`\u%04x`, end), "\x00", `\u0000`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x1a", `\u001a`).Replace(text)
}

func sparkQuote(value string) string { return "'" + sparkSpell(value, '\'') + "'" }

// sparkEscape returns what the escape sequence at the start of text, without its
// backslash, stands for, and its size.
func sparkEscape(text string) (value string, size int) {
	code := func(start, digits, base int) (string, int) {
		if len(text) < start+digits {
			return "", 0
		}
		n, err := strconv.ParseUint(text[start:start+digits], base, 32)
		if err != nil || !utf8.ValidRune(rune(n)) { //nolint:gosec // eight digits of hex at the most
			return "", 0
		}
		return string(rune(n)), start + digits //nolint:gosec // a valid rune
	}
	switch text[0] {
	case '0', '1':
		if value, size = code(0, 3, 8); size > 0 {
			return value, size
		}
		if text[0] == '0' {
			return "\x00", 1
		}
	case 'b':
		return "\b", 1
	case 'n':
		return "\n", 1
	case 'r':
		return "\r", 1
	case 't':
		return "\t", 1
	case 'Z':
		return "\x1a", 1
	case 'u':
		if value, size = code(1, 4, 16); size > 0 {
			return value, size
		}
	case 'U':
		if value, size = code(1, 8, 16); size > 0 {
			return value, size
		}
	case '%', '_':
		return `\` + text[:1], 1
	}
	_, size = utf8.DecodeRuneInString(text)
	return text[:size], size
}
