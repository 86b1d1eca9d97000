package lex

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Postgres scans as PostgreSQL does.
// https://www.postgresql.org/docs/current/sql-syntax-lexical.html
type Postgres struct {
	// AmbiguousBackslash refuses a string in which the meaning of a backslash
	// decides where it ends. Redshift documents no rule.
	AmbiguousBackslash bool
}

const (
	postgresBlank     = " \t\n\r\f\v"
	postgresOperators = "~!@#^&|`?+-*/%<>="

	// maxPostgresName is how many bytes of a name the server keeps.
	maxPostgresName = 63
)

// Scan implements Scanner.
func (p Postgres) Scan(sql string) ([]Token, error) {
	c := &cursor{rest: sql}
	for {
		if err := skipPostgres(c); err != nil {
			return nil, err
		}
		if c.rest == "" {
			return c.tokens, nil
		}
		if err := p.next(c); err != nil {
			return nil, err
		}
	}
}

func skipPostgres(c *cursor) error {
	for {
		switch {
		case c.blank(postgresBlank):
		case strings.HasPrefix(c.rest, "--"):
			c.line("\n\r")
		case strings.HasPrefix(c.rest, "/*"):
			if err := c.block(true); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (p Postgres) next(c *cursor) error {
	first := c.rest[0]
	switch {
	case first == '\'':
		return p.plainString(c)
	case first == '"':
		return p.name(c, c.rest, 0, func(text string) (string, error) { return text, nil })
	case hasPrefixFold(c.rest, `u&"`):
		return p.unicodeName(c)
	case hasPrefixFold(c.rest, "u&'"):
		return p.unicodeString(c)
	case hasPrefixFold(c.rest, "e'"):
		return p.escapeString(c)
	case hasPrefixFold(c.rest, "n'"): // the type `nchar` and a string
		c.add(Word, 1, "nchar", "nchar")
		return nil
	case hasPrefixFold(c.rest, "b'"):
		return p.bits(c, isBit)
	case hasPrefixFold(c.rest, "x'"):
		return p.bits(c, isHex)
	case startsNumber(c.rest):
		return postgresNumber(c)
	case isNameStart(first):
		size := span(c.rest, isName)
		word := c.rest[:size]
		c.add(Word, size, kept(lower(word)), word)
		return nil
	case first == '$':
		return p.dollar(c)
	case strings.IndexByte(postgresOperators, first) >= 0:
		size := operator(c.rest)
		if size == 0 {
			return errOperator
		}
		c.verbatim(Symbol, size)
		return nil
	default:
		return c.symbol("::", "..", ":=")
	}
}

// maxOperators is how many of their characters may stand in a row. The server
// takes at most maxPostgresName for one operator.
const maxOperators = 128

// operator returns how many bytes at the start of text the server takes for one
// operator; 0 for too many.
func operator(text string) int {
	size := span(text[:min(len(text), maxOperators)], func(c byte) bool { return strings.IndexByte(postgresOperators, c) >= 0 })
	if size == maxOperators {
		return 0
	}
	for _, comment := range []string{"--", "/*"} {
		if at := strings.Index(text[:size], comment); at > 0 {
			size = at
		}
	}
	if strings.ContainsAny(text[:size], "~!@#^&|`?%") {
		return size
	}
	for size > 1 && (text[size-1] == '+' || text[size-1] == '-') {
		size--
	}
	return size
}

// segments reads a constant from its first quote on: PostgreSQL continues one
// after white space with a line break, in the same mode. It returns the text of
// each segment, and the size of all. closes finds the end of one segment.
func segments(text string, closes func(string) int) (list []string, size int, err error) {
	for {
		end := closes(text[size:])
		if end == 0 {
			return nil, 0, errUnclosedString
		}
		list = append(list, text[size+1:size+end-1])
		size += end
		next := continuation(text[size:])
		if next == 0 {
			return list, size, nil
		}
		size += next
	}
}

// continuation returns how many bytes are between a closing quote and the quote
// that continues the constant; 0 if nothing does.
func continuation(text string) int {
	lines := false
	for i := 0; i < len(text); {
		switch {
		case text[i] == '\n' || text[i] == '\r':
			lines = true
			i++
		case strings.IndexByte(postgresBlank, text[i]) >= 0:
			i++
		case strings.HasPrefix(text[i:], "--"):
			i += lineEnd(text[i:], "\n\r")
		case text[i] == '\'' && lines:
			return i
		default:
			return 0
		}
	}
	return 0
}

// closesPlain returns the size of a segment with its quotes, in which a doubled
// quote is one.
func closesPlain(text string) int {
	_, size := doubled(text, '\'')
	return size
}

// closesEscaped does so where a backslash takes the meaning of what follows.
func closesEscaped(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '\'' && i+1 < len(text) && text[i+1] == '\'':
			i++
		case text[i] == '\'':
			return i + 1
		}
	}
	return 0
}

// joined joins segments and replaces doubled quotes.
func joined(list []string) string {
	return strings.ReplaceAll(strings.Join(list, ""), "''", "'")
}

func (p Postgres) plainString(c *cursor) error {
	closes := closesPlain
	if p.AmbiguousBackslash {
		closes = closesEscaped
	}
	list, size, err := segments(c.rest, closes)
	if err != nil {
		return err
	}
	if !p.AmbiguousBackslash {
		return c.string(size, joined(list))
	}
	for _, segment := range list {
		if quoteAfterBackslash(segment) {
			return errBackslashQuote
		}
	}
	raw := strings.Join(list, "")
	c.add(String, size, strings.ReplaceAll(raw, "''", "'"), "'"+raw+"'")
	return nil
}

// quoteAfterBackslash reports whether the two meanings of a backslash end the
// segment at different quotes.
func quoteAfterBackslash(segment string) bool {
	for i := 0; i < len(segment); i++ {
		if segment[i] == '\\' {
			if i+1 < len(segment) && segment[i+1] == '\'' {
				return true
			}
			i++
		}
	}
	return false
}

// string appends a string constant, spelled in a way that does not depend on
// standard_conforming_strings.
func (c *cursor) string(size int, value string) error {
	if strings.ContainsRune(value, 0) || !utf8.ValidString(value) {
		return errEscape
	}
	c.add(String, size, value, PostgresString(value))
	return nil
}

// PostgresString spells a string constant.
func PostgresString(value string) string {
	sql := quote(value, "'", "'")
	if strings.Contains(value, `\`) {
		sql = "E" + strings.ReplaceAll(sql, `\`, `\\`)
	}
	return sql
}

func (p Postgres) escapeString(c *cursor) error {
	list, size, err := segments(c.rest[1:], closesEscaped)
	switch {
	case err != nil:
		return err
	case len(list) > 1:
		return errContinued
	}
	var value strings.Builder
	if err := postgresEscapes(&value, list[0]); err != nil {
		return err
	}
	return c.string(1+size, value.String())
}

// postgresEscapes appends a segment of an E” constant.
func postgresEscapes(value *strings.Builder, segment string) error {
	for i := 0; i < len(segment); i++ {
		switch {
		case segment[i] == '\'':
			value.WriteByte('\'')
			i++ // it is doubled
			continue
		case segment[i] != '\\' || i+1 == len(segment):
			value.WriteByte(segment[i])
			continue
		}
		i++
		rest := segment[i+1:]
		switch escape := segment[i]; escape {
		case 'b', 'f', 'n', 'r', 't':
			value.WriteByte(map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}[escape])
		case '0', '1', '2', '3', '4', '5', '6', '7':
			digits := span(segment[i:min(i+3, len(segment))], func(c byte) bool { return '0' <= c && c <= '7' })
			code, _ := strconv.ParseUint(segment[i:i+digits], 8, 16) // octal digits
			value.WriteByte(byte(code))                              //nolint:gosec // the server drops the rest, too
			i += digits - 1
		case 'x':
			digits := span(rest[:min(2, len(rest))], isHex)
			if digits == 0 {
				value.WriteByte('x')
				continue
			}
			code, _ := strconv.ParseUint(rest[:digits], 16, 8) // hex digits
			value.WriteByte(byte(code))
			i += digits
		case 'u', 'U':
			r, size := codePoint(segment[i:], `\u`, `\U`)
			if size == 0 {
				return errEscape
			}
			value.WriteRune(r)
			i += size - 1
		default:
			value.WriteByte(escape)
		}
	}
	return nil
}

// codePoint reads uXXXX or UXXXXXXXX, and both halves of a surrogate pair; the
// prefixes are what a second half begins with.
func codePoint(text string, prefixes ...string) (r rune, size int) {
	one := func(text string) (rune, int) {
		digits := 4
		if text[0] == 'U' {
			digits = 8
		}
		if len(text) < 1+digits {
			return 0, 0
		}
		code, err := strconv.ParseUint(text[1:1+digits], 16, 32)
		if err != nil || code == 0 || code > utf8.MaxRune {
			return 0, 0
		}
		return rune(code), 1 + digits
	}
	r, size = one(text)
	if size == 0 || !utf16.IsSurrogate(r) {
		return r, size
	}
	for _, prefix := range prefixes {
		if strings.HasPrefix(text[size:], prefix) && len(text) > size+len(prefix) {
			second, more := one(text[size+len(prefix)-1:])
			if joined := utf16.DecodeRune(r, second); more > 0 && joined != utf8.RuneError {
				return joined, size + len(prefix) - 1 + more
			}
		}
	}
	return 0, 0
}

func (p Postgres) unicodeString(c *cursor) error {
	list, size, err := segments(c.rest[2:], closesPlain)
	switch {
	case err != nil:
		return err
	case len(list) > 1:
		return errContinued
	}
	escape, more, err := unicodeEscape(c.rest[2+size:])
	if err != nil {
		return err
	}
	value, err := unicodeEscapes(joined(list), escape)
	if err != nil {
		return err
	}
	return c.string(2+size+more, value)
}

func (p Postgres) unicodeName(c *cursor) error {
	_, size := doubled(c.rest[2:], '"')
	if size == 0 {
		return errUnclosedName
	}
	escape, more, err := unicodeEscape(c.rest[2+size:])
	if err != nil {
		return err
	}
	return p.name(c, c.rest[2:], 2+more, func(text string) (string, error) { return unicodeEscapes(text, escape) })
}

// unicodeEscape reads UESCAPE and a character, and returns how many bytes that
// takes; without it the character is a backslash.
func unicodeEscape(text string) (escape byte, size int, err error) {
	c := &cursor{rest: text}
	if err := skipPostgres(c); err != nil {
		return 0, 0, err
	}
	const word = "uescape"
	if !hasPrefixFold(c.rest, word) || len(c.rest) > len(word) && isName(c.rest[len(word)]) {
		return '\\', 0, nil
	}
	c.rest = c.rest[len(word):]
	if err := skipPostgres(c); err != nil {
		return 0, 0, err
	}
	if len(c.rest) < 3 || c.rest[0] != '\'' || c.rest[2] != '\'' || c.rest[1] >= utf8.RuneSelf || isHex(c.rest[1]) ||
		strings.IndexByte("+'\""+postgresBlank, c.rest[1]) >= 0 {
		return 0, 0, errEscape
	}
	return c.rest[1], len(text) - len(c.rest) + 3, nil
}

// unicodeEscapes decodes \XXXX and \+XXXXXX.
func unicodeEscapes(text string, escape byte) (string, error) {
	var value strings.Builder
	var high rune // the first half of a surrogate pair
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != escape || i+1 < len(text) && text[i+1] == escape:
			if high != 0 {
				return "", errEscape
			}
			if text[i] == escape {
				i++
			}
			value.WriteByte(text[i])
			continue
		}
		start, digits := i+1, 4
		if start < len(text) && text[start] == '+' {
			start, digits = start+1, 6
		}
		if start+digits > len(text) {
			return "", errEscape
		}
		code, err := strconv.ParseUint(text[start:start+digits], 16, 32)
		if err != nil || code == 0 || code > utf8.MaxRune {
			return "", errEscape
		}
		i = start + digits - 1
		switch r := rune(code); {
		case high != 0:
			joined := utf16.DecodeRune(high, r)
			if joined == utf8.RuneError {
				return "", errEscape
			}
			value.WriteRune(joined)
			high = 0
		case utf16.IsSurrogate(r):
			high = r
		default:
			value.WriteRune(r)
		}
	}
	if high != 0 {
		return "", errEscape
	}
	return value.String(), nil
}

// name reads a quoted name. Extra is the size of the rest of the token.
func (p Postgres) name(c *cursor, text string, extra int, decode func(string) (string, error)) error {
	value, size := doubled(text, '"')
	if size == 0 {
		return errUnclosedName
	}
	value, err := decode(value)
	if err != nil {
		return err
	}
	if value == "" {
		return errEmptyName
	}
	value = kept(value)
	c.add(Name, extra+size, value, quote(value, `"`, `"`))
	return nil
}

// kept returns what the server keeps of a name.
func kept(name string) string {
	if len(name) <= maxPostgresName {
		return name
	}
	end := maxPostgresName
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end]
}

// bits reads B'…' and X'…'.
func (p Postgres) bits(c *cursor, class func(byte) bool) error {
	list, size, err := segments(c.rest[1:], closesPlain)
	if err != nil {
		return err
	}
	digits := strings.Join(list, "")
	if span(digits, class) < len(digits) {
		return errBits
	}
	sql := c.rest[:1] + "'" + digits + "'"
	c.add(Constant, 1+size, sql, sql)
	return nil
}

// postgresNumber reads a number. Those forms which only newer servers take for
// one are spelled in decimal digits.
func postgresNumber(c *cursor) error {
	for prefix, base := range map[string]int{"0x": 16, "0o": 8, "0b": 2} {
		if !hasPrefixFold(c.rest, prefix) {
			continue
		}
		size := 2 + span(c.rest[2:], func(c byte) bool { return isHex(c) || c == '_' })
		value, ok := new(big.Int).SetString(strings.ReplaceAll(c.rest[2:size], "_", ""), base)
		if !ok || size < len(c.rest) && isName(c.rest[size]) {
			return errNumberWord
		}
		c.add(Number, size, c.rest[:size], value.String())
		return nil
	}
	size := 0
	digits := func() {
		for size < len(c.rest) && (isDigit(c.rest[size]) ||
			c.rest[size] == '_' && size > 0 && isDigit(c.rest[size-1]) && size+1 < len(c.rest) && isDigit(c.rest[size+1])) {
			size++
		}
	}
	digits()
	if size < len(c.rest) && c.rest[size] == '.' && !strings.HasPrefix(c.rest[size:], "..") {
		size++
		digits()
	}
	if size < len(c.rest) && (c.rest[size] == 'e' || c.rest[size] == 'E') {
		mantissa := size
		size++
		if size < len(c.rest) && (c.rest[size] == '+' || c.rest[size] == '-') {
			size++
		}
		exponent := size
		digits()
		if size == exponent {
			size = mantissa
		}
	}
	text := c.rest[:size]
	c.add(Number, size, text, strings.ReplaceAll(text, "_", ""))
	return nil
}

// dollar reads a string in dollar quotes, or a parameter.
func (p Postgres) dollar(c *cursor) error {
	if digits := span(c.rest[1:], isDigit); digits > 0 {
		c.verbatim(Constant, 1+digits)
		return nil
	}
	tag := 1
	if tag < len(c.rest) && isNameStart(c.rest[tag]) {
		tag += span(c.rest[tag:], func(c byte) bool { return isName(c) && c != '$' })
	}
	if tag >= len(c.rest) || c.rest[tag] != '$' {
		c.verbatim(Symbol, 1)
		return nil
	}
	delimiter := c.rest[:tag+1]
	value, after, closed := strings.Cut(c.rest[len(delimiter):], delimiter)
	if !closed {
		return errUnclosedString
	}
	if p.AmbiguousBackslash && strings.Contains(value, `\`) {
		return errBackslashQuote
	}
	return c.string(len(c.rest)-len(after), value)
}
