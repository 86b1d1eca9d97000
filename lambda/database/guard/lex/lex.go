// Package lex splits SQL into tokens by the lexical rules of one database. It renders
// tokens as SQL that the database can only read in the same way.
//
// A scanner returns each token with its canonical spelling. Render joins these
// spellings: string constants are encoded anew, quoted names are quoted anew,
// and comments are gone. A scanner refuses text that has no safe spelling.
package lex

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is the kind of a token.
type Kind int

// The kinds.
const (
	Symbol   Kind = iota // operator or punctuation
	Word                 // keyword or bare name
	Name                 // quoted name
	String               // string constant
	Number               // decimal number
	Constant             // parameter, variable, bit string or bytes
)

// Token is one lexical element of a statement.
type Token struct {
	Kind Kind

	// Text is the form to compare: a word in lower case, a name without its quotes, or
	// the value of a string. Of other tokens it is the spelling.
	Text string

	// SQL is the canonical spelling.
	SQL string

	// Spaced reports white space or a comment before the token.
	Spaced bool

	// Rest is how many bytes of the statement follow the token's start, and Size how many
	// the token takes.
	Rest, Size int
}

// Is reports whether the token is a symbol.
func (t Token) Is(symbol string) bool { return t.Kind == Symbol && t.Text == symbol }

// IsWord reports whether the token is a word: a name in quotes is not.
func (t Token) IsWord(word string) bool { return t.Kind == Word && t.Text == word }

// Named reports whether the token can name a function or a table.
func (t Token) Named() bool { return t.Kind == Word || t.Kind == Name }

// Scanner splits a statement, which is valid UTF-8 without zero bytes.
type Scanner interface {
	Scan(sql string) ([]Token, error)
}

// Errors of scanners. They complete "the statement was refused: ".
var (
	errUnclosedComment = errors.New("a comment is not closed")
	errUnclosedString  = errors.New("a string is not closed")
	errUnclosedName    = errors.New("a quoted name is not closed")
	errEmptyName       = errors.New("a quoted name is empty")
	errSpecialComment  = errors.New("it holds a comment that the server would not ignore: /*!, /*M! or /*+")
	errBackslashQuote  = errors.New(`a string holds a backslash before a quote: write '' for a quote`)
	errBackslash       = errors.New("it holds a backslash outside of a string")
	errNumberWord      = errors.New("a number and a word are not apart")
	errLineEnd         = errors.New("a comment's line ends in an unusual way")
	errControl         = errors.New("it holds a control character outside of strings and quoted names")
	errLetters         = errors.New("it holds characters, outside of strings and quoted names, that are not plain letters")
	errBeyondASCII     = errors.New("it holds a character beyond ASCII, a control character or a backslash outside of strings, quoted names and comments")
	errEscape          = errors.New("a string or a name holds an invalid escape sequence")
	errBits            = errors.New("a bit string or a byte string holds an invalid digit")
	errContinued       = errors.New("a string with escape sequences goes on in another line: write one string")
	errOperator        = errors.New("an operator is too long")
	errParameter       = errors.New("it holds a parameter, which has no value")
)

// Render returns the tokens as SQL. It keeps the absence of white space between
// two tokens only where no server's lexer could join them.
func Render(tokens []Token) string {
	sql, _ := RenderAt(tokens)
	return sql
}

// RenderAt does so, and returns where each token begins.
func RenderAt(tokens []Token) (string, []int) {
	var sql strings.Builder
	starts := make([]int, len(tokens))
	for i, t := range tokens {
		if i > 0 && (t.Spaced || !apart(tokens[i-1], t)) {
			sql.WriteByte(' ')
		}
		starts[i] = sql.Len()
		sql.WriteString(t.SQL)
	}
	return sql.String(), starts
}

// operators may touch an operand, which is not a symbol.
var operators = map[string]bool{
	"+": true, "-": true, "*": true, "/": true, "%": true, "<": true, ">": true, "=": true, "<=": true, ">=": true, "<>": true, "!=": true,
	"||": true, "::": true, ":": true, "->": true, "->>": true, "=>": true, "~": true, "!": true, "|": true, "^": true, "<<": true, ">>": true,
	"&&": true, "==": true,
}

// apart reports whether two tokens stay two without white space between them.
func apart(before, after Token) bool {
	switch {
	case before.Kind == Symbol && strings.Contains("(),;[]", before.Text),
		after.Kind == Symbol && strings.Contains("(),;[]", after.Text):
		return true
	case after.Is("."):
		return before.Named() || before.Kind == Constant
	case before.Is("."):
		return after.Named() || after.Kind == Constant || after.Is("*")
	case after.Kind == Symbol:
		return before.Kind != Symbol && operators[after.Text]
	case before.Kind == Symbol:
		return operators[before.Text]
	default:
		return false
	}
}

// cursor reads a statement from its start to its end.
type cursor struct {
	rest   string
	spaced bool // white space was skipped before rest
	tokens []Token
	bare   int // number of tokens up to the last name without quotes
}

// add appends the token that takes the next size bytes.
func (c *cursor) add(kind Kind, size int, text, sql string) {
	c.tokens = append(c.tokens, Token{Kind: kind, Text: text, SQL: sql, Spaced: c.spaced, Rest: len(c.rest), Size: size})
	c.rest = c.rest[size:]
	c.spaced = false
}

// verbatim appends the next size bytes as a token that is spelled so.
func (c *cursor) verbatim(kind Kind, size int) {
	c.add(kind, size, c.rest[:size], c.rest[:size])
}

// symbol appends the longest of the operators that is next, or one character.
func (c *cursor) symbol(longest ...string) error {
	for _, operator := range longest {
		if strings.HasPrefix(c.rest, operator) {
			c.verbatim(Symbol, len(operator))
			return nil
		}
	}
	r, size := utf8.DecodeRuneInString(c.rest)
	if r < ' ' || r == 0x7f {
		return errControl
	}
	c.verbatim(Symbol, size)
	return nil
}

// blank skips white space of the class.
func (c *cursor) blank(class string) bool {
	rest := strings.TrimLeft(c.rest, class)
	skipped := len(rest) < len(c.rest)
	c.rest, c.spaced = rest, c.spaced || skipped
	return skipped
}

// line skips a comment up to one of the ends, which is left.
func (c *cursor) line(ends string) {
	end := strings.IndexAny(c.rest, ends)
	if end < 0 {
		end = len(c.rest)
	}
	c.rest, c.spaced = c.rest[end:], true
}

// block skips a comment that begins with /* and may hold others.
func (c *cursor) block(nested bool) error {
	depth := 0
	for i := 0; i+1 < len(c.rest); i++ {
		switch c.rest[i : i+2] {
		case "/*":
			if depth == 0 || nested {
				depth++
			}
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				c.rest, c.spaced = c.rest[i+1:], true
				return nil
			}
		}
	}
	return errUnclosedComment
}

// last returns the last token, or an empty symbol.
func (c *cursor) last() Token {
	if len(c.tokens) == 0 {
		return Token{}
	}
	return c.tokens[len(c.tokens)-1]
}

// doubled reads quoted text in which a doubled quote is one quote. It returns the text
// and its size with both quotes, which is 0 if the quote is not closed.
func doubled(text string, quote byte) (value string, size int) {
	end := 1
	for {
		next := strings.IndexByte(text[end:], quote)
		if next < 0 {
			return "", 0
		}
		end += next + 1
		if end >= len(text) || text[end] != quote {
			inner := text[1 : end-1]
			return strings.ReplaceAll(inner, string([]byte{quote, quote}), string(quote)), end
		}
		end++
	}
}

// quote returns text between quotes, with a quote in it doubled.
func quote(text, left, right string) string {
	return left + strings.ReplaceAll(text, right, right+right) + right
}

// span returns how many bytes at the start of text are in the class.
func span(text string, class func(byte) bool) int {
	for i := range len(text) {
		if !class(text[i]) {
			return i
		}
	}
	return len(text)
}

// lower returns a word in lower case, letters beyond ASCII as they are.
func lower(word string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, word)
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// number returns how many bytes at the start of text, which begins with a digit
// or with a dot before one, are a decimal number.
func number(text string) int {
	size := span(text, isDigit)
	if size < len(text) && text[size] == '.' {
		size++
		size += span(text[size:], isDigit)
	}
	if size == len(text) || text[size] != 'e' && text[size] != 'E' {
		return size
	}
	exponent := size + 1
	if exponent < len(text) && (text[exponent] == '+' || text[exponent] == '-') {
		exponent++
	}
	if digits := span(text[exponent:], isDigit); digits > 0 {
		return exponent + digits
	}
	return size
}

// startsNumber reports whether text begins with a digit, or with a dot and one.
func startsNumber(text string) bool {
	return isDigit(text[0]) || text[0] == '.' && len(text) > 1 && isDigit(text[1])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

func isBit(c byte) bool { return c == '0' || c == '1' }

// isNameStart includes every byte of a character beyond ASCII.
func isNameStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= utf8.RuneSelf
}

func isName(c byte) bool { return isNameStart(c) || isDigit(c) || c == '$' }

func ascii(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// plainWord reports whether a bare word has only letters that no server takes
// for blanks or for other letters, such as "ſ" for "s".
func plainWord(word string) bool {
	for _, r := range word {
		switch {
		case r < utf8.RuneSelf:
		case !unicode.IsLetter(r) && !unicode.IsDigit(r),
			r == 'ı' || r == 'İ', r >= 0xf900 && r < 0x10000: // Turkish letters, compatibility forms
			return false
		default:
			for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
				if other < utf8.RuneSelf {
					return false
				}
			}
		}
	}
	return true
}

// plainLine reports whether a comment of size bytes ends where every reader
// ends it: at a line feed, alone or behind a carriage return.
func plainLine(text string, size int) bool {
	comment, after := text[:size], text[size:]
	return !strings.ContainsAny(comment, "\v\f\u0085\u2028\u2029") && (!strings.HasPrefix(after, "\r") || strings.HasPrefix(after, "\r\n"))
}

// lineEnd returns how many bytes of text come before one of the ends.
func lineEnd(text, ends string) int {
	if end := strings.IndexAny(text, ends); end >= 0 {
		return end
	}
	return len(text)
}
