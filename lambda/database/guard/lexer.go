package guard

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind says what a token is.
type tokenKind int

const (
	symbolToken tokenKind = iota // one character that is none of the others
	wordToken                    // a keyword or a bare name, in lower case
	nameToken                    // a quoted name, without its quotes
	stringToken                  // a string, without its quotes
	numberToken                  // digits, or a parameter like $1
)

// token is one lexical element of a statement. White space and comments are
// none.
type token struct {
	kind tokenKind
	text string
}

func (t token) is(symbol string) bool { return t.kind == symbolToken && t.text == symbol }

// named reports whether the token can be the name of a function or table.
func (t token) named() bool { return t.kind == wordToken || t.kind == nameToken }

// dialect holds the lexical rules in which databases differ.
type dialect struct {
	nameQuotes     string    // what opens a quoted name; `[` is closed by `]`
	stringQuotes   string    // what opens a string besides '
	backslashes    backslash // what one in a string means
	nestedComments bool      // /* /* */ */ is one comment
	dollarQuotes   bool      // $tag$…$tag$ is a string
	prefixes       bool      // E'…' knows backslashes, U&"…" code points
	mysql          bool      // MySQL's comments; names are the same in upper and lower case
	tsql           bool      // 0x… is a number; blanks at a quoted name's end are none of it
	escapes        bool      // \x40, \u0040 and \100 in a string are an @
	foldNames      bool      // quoted names are the same in upper and lower case, too
	slashComments  bool      // // begins a comment to the line's end
	plainDollars   bool      // of dollarQuotes, only $$
	strict         bool      // what readers could take differently is refused
	google         bool      // GoogleSQL's comments, strings and names: see lexer_google.go
	spark          bool      // Spark's comments, strings and names: see lexer_spark.go
}

// backslash says what a backslash in a string means to the database.
type backslash int

const (
	backslashLiteral   backslash = iota // itself
	backslashEscape                     // that the next character stands for itself
	backslashAmbiguous                  // one or the other: not before a quote, therefore
)

var (
	errUnclosedComment = errors.New("a comment is not closed")
	errSpecialComment  = errors.New("it holds a comment that the server would not ignore: /*!, /*M! or /*+")
	errUnclosedString  = errors.New("a string is not closed")
	errBackslashQuote  = errors.New(`a string holds a backslash before a quote: write '' for a quote`)
	errUnclosedName    = errors.New("a quoted name is not closed")
	errNumberWord      = errors.New("a number and a word are not apart")
	errLineEnd         = errors.New("a comment's line ends in an unusual way")
	errLetters         = errors.New("it holds characters, outside of strings and quoted names, that are not plain letters")
	errUnicodeEscape   = errors.New(`names with Unicode escapes (U&"…") are not supported`)
)

// tokens splits a statement as the database's own lexer would, as far as it
// matters for finding names, strings and the statement's end.
func (d *dialect) tokens(sql string) ([]token, error) {
	if d.spark && strings.Contains(sql, "${") {
		return nil, errSubstitution
	}
	var tokens []token
	l := lexer{dialect: d, rest: sql}
	for {
		if err := l.skipBlank(); err != nil {
			return nil, err
		}
		if l.rest == "" {
			return tokens, nil
		}
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		if d.google && t.kind == nameToken {
			tokens = append(tokens[:len(tokens)-1], googlePath(t)...)
		}
	}
}

// lexer is what of a statement is still to be read.
type lexer struct {
	*dialect
	rest string
}

// skipBlank drops white space and comments.
func (l *lexer) skipBlank() error {
	for {
		l.rest = strings.TrimLeft(l.rest, " \t\n\r\f\v")
		switch {
		case l.atLineComment():
			if err := l.checkSparkComment(); l.spark && err != nil {
				return err
			}
			ends := "\n\r"
			if l.mysql {
				ends = "\n"
			}
			end := strings.IndexAny(l.rest, ends)
			if end < 0 {
				end = len(l.rest)
			}
			if l.strict && !l.endsPlainly(end) {
				return errLineEnd
			}
			l.rest = l.rest[end:]
		case strings.HasPrefix(l.rest, "/*"):
			if err := l.skipComment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// atLineComment reports whether the rest begins with a comment to the line's
// end. MySQL wants white space behind the dashes: 1--1 is two.
func (l *lexer) atLineComment() bool {
	after, dashes := strings.CutPrefix(l.rest, "--")
	if l.google && strings.HasPrefix(l.rest, "#") {
		return true
	}
	if l.mysql {
		return l.rest != "" && l.rest[0] == '#' || dashes && (after == "" || after[0] <= ' ' || after[0] == 0x7f)
	}
	return dashes || l.slashComments && strings.HasPrefix(l.rest, "//")
}

func (l *lexer) skipComment() error {
	after := l.rest[len("/*"):]
	if l.mysql && (strings.HasPrefix(after, "!") || strings.HasPrefix(after, "M!") || strings.HasPrefix(after, "+")) {
		return errSpecialComment
	}
	depth := 0
	for i := 0; i+1 < len(l.rest); i++ {
		switch l.rest[i : i+2] {
		case "/*":
			if l.spark && strings.HasPrefix(l.rest[i+2:], "+") {
				return errHint // which is no comment in a comment, to Spark
			}
			if depth == 0 || l.nestedComments {
				depth++
			}
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				l.rest = l.rest[i+1:]
				return nil
			}
		}
	}
	return errUnclosedComment
}

// next reads one token; there is at least one character.
func (l *lexer) next() (token, error) {
	if l.spark {
		if t, found, err := l.sparkToken(); found || err != nil {
			return t, err
		}
	}
	if l.google {
		if t, found, err := l.googleToken(); found || err != nil {
			return t, err
		}
	}
	c := l.rest[0]
	switch {
	case c == '\'' || strings.IndexByte(l.stringQuotes, c) >= 0:
		return l.quoted(stringToken, c, l.backslashes)
	case strings.IndexByte(l.nameQuotes, c) >= 0:
		return l.name(closing(c))
	case l.prefixes && hasPrefixFold(l.rest, `u&"`):
		l.rest = l.rest[2:]
		t, err := l.name('"')
		if err == nil && (strings.Contains(t.text, `\`) || l.followedBy("uescape")) {
			err = errUnicodeEscape
		}
		return t, err
	case l.prefixes && hasPrefixFold(l.rest, `e'`):
		l.rest = l.rest[1:]
		return l.quoted(stringToken, '\'', backslashEscape)
	case isDigit(c):
		t := l.cut(numberToken, l.number())
		return t, l.apart()
	case isNameStart(c):
		t := l.cut(wordToken, span(l.rest, isName))
		if l.strict && !plainWord(t.text) {
			return t, errLetters
		}
		if (l.google || l.spark) && strings.IndexFunc(t.text, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
			return token{}, errBeyondASCII
		}
		t.text = strings.ToLower(t.text)
		return t, nil
	case c == '$':
		return l.dollar()
	default:
		_, size := utf8.DecodeRuneInString(l.rest)
		return l.cut(symbolToken, size), nil
	}
}

// name reads a quoted name.
func (l *lexer) name(end byte) (token, error) {
	t, err := l.quoted(nameToken, end, backslashLiteral)
	if l.mysql || l.foldNames {
		t.text = strings.ToLower(t.text)
	}
	if l.tsql {
		t.text = strings.TrimRightFunc(t.text, unicode.IsSpace)
	}
	return t, err
}

// quoted reads from an opening quote to the closing one. A doubled closing
// quote stands for itself.
func (l *lexer) quoted(kind tokenKind, end byte, backslashes backslash) (token, error) {
	var text strings.Builder
	for i := 1; i < len(l.rest); i++ {
		c := l.rest[i]
		switch {
		case c == '\\' && backslashes != backslashLiteral && i+1 < len(l.rest):
			i++
			if l.rest[i] == end && backslashes == backslashAmbiguous {
				return token{}, errBackslashQuote
			}
			if char, size := escaped(l.rest[i:]); l.escapes && size > 0 {
				i += size - 1
				text.WriteRune(char)
				continue
			}
			text.WriteByte(l.rest[i])
		case c == end && i+1 < len(l.rest) && l.rest[i+1] == end:
			i++
			text.WriteByte(end)
		case c == end:
			l.rest = l.rest[i+1:]
			return token{kind, text.String()}, nil
		default:
			text.WriteByte(c)
		}
	}
	if kind == nameToken {
		return token{}, errUnclosedName
	}
	return token{}, errUnclosedString
}

// dollar reads what begins with a dollar sign: a string, a parameter, or the
// sign alone.
func (l *lexer) dollar() (token, error) {
	if digits := span(l.rest[1:], isDigit); digits > 0 {
		return l.cut(numberToken, 1+digits), l.apart()
	}
	tag := 1
	if !l.plainDollars && tag < len(l.rest) && isNameStart(l.rest[tag]) {
		tag += span(l.rest[tag:], func(c byte) bool { return isName(c) && c != '$' })
	}
	if !l.dollarQuotes || tag >= len(l.rest) || l.rest[tag] != '$' {
		return l.cut(symbolToken, 1), nil
	}
	quote := l.rest[:tag+1]
	text, after, closed := strings.Cut(l.rest[len(quote):], quote)
	if !closed {
		return token{}, errUnclosedString
	}
	l.rest = after
	return token{stringToken, text}, nil
}

// followedBy reports whether the next token is the given word.
func (l *lexer) followedBy(word string) bool {
	ahead := *l
	if ahead.skipBlank() != nil || ahead.rest == "" {
		return false
	}
	t, err := ahead.next()
	return err == nil && t == token{wordToken, word}
}

func (l *lexer) cut(kind tokenKind, size int) token {
	t := token{kind, l.rest[:size]}
	l.rest = l.rest[size:]
	return t
}

// span returns how many bytes at the start of s are in the class.
func span(s string, class func(byte) bool) int {
	for i := range len(s) {
		if !class(s[i]) {
			return i
		}
	}
	return len(s)
}

// apart returns an error if what follows a number can be taken for a part of it:
// a word, or to Spark, whose names may begin with digits, a raw string.
func (l *lexer) apart() error {
	switch {
	case l.strict && l.rest != "" && (isName(l.rest[0]) || strings.IndexByte("@#", l.rest[0]) >= 0),
		l.spark && (hasPrefixFold(l.rest, "r'") || hasPrefixFold(l.rest, `r"`)):
		return errNumberWord
	}
	return nil
}

// escaped returns the character that an escape sequence, without its backslash,
// stands for, and how many bytes that takes; 0 for one that stands for itself.
// White space of any kind is a blank.
func escaped(escape string) (char rune, size int) {
	start, digits, base := 0, 3, 8
	switch escape[0] {
	case 'b', 'f', 'n', 'r', 't':
		return ' ', 1
	case 'x':
		start, digits, base = 1, 2, 16
	case 'u':
		start, digits, base = 1, 4, 16
	}
	for size = start + digits; size > start; size-- {
		if size > len(escape) {
			continue
		}
		if number, err := strconv.ParseUint(escape[start:size], base, 32); err == nil {
			return rune(number), size //nolint:gosec // four digits of hex at the most
		}
	}
	return 0, 0
}

// number returns how many bytes at the start of s, which is a digit, are one
// number. What follows can be a word without a blank between: 1.5e3from.
func number(s string) int {
	size := span(s, isDigit)
	if size < len(s) && s[size] == '.' {
		size++
		size += span(s[size:], isDigit)
	}
	if size == len(s) || s[size] != 'e' && s[size] != 'E' {
		return size
	}
	exponent := size + 1
	if exponent < len(s) && (s[exponent] == '+' || s[exponent] == '-') {
		exponent++
	}
	if digits := span(s[exponent:], isDigit); digits > 0 {
		return exponent + digits
	}
	return size
}

// number returns how many bytes at the start of the rest, which is a digit, are
// one number.
func (l *lexer) number() int {
	if l.tsql && hasPrefixFold(l.rest, "0x") {
		const digits = "0123456789abcdefABCDEF"
		return len("0x") + span(l.rest[len("0x"):], func(c byte) bool { return strings.IndexByte(digits, c) >= 0 })
	}
	return number(l.rest)
}

// endsPlainly reports whether a comment to the line's end is over where every
// reader thinks so: at a line feed, alone or behind a carriage return.
func (l *lexer) endsPlainly(end int) bool {
	comment, after := l.rest[:end], l.rest[end:]
	return !strings.ContainsAny(comment, "\v\f\u0085\u2028\u2029") && (!strings.HasPrefix(after, "\r") || strings.HasPrefix(after, "\r\n"))
}

// plainWord reports whether a bare word has letters that no server could take
// for blanks, or for other letters: a "ſ" for an "s".
func plainWord(word string) bool {
	for _, r := range word {
		switch {
		case r < utf8.RuneSelf:
		case !unicode.IsLetter(r) && !unicode.IsDigit(r),
			r == 'ı' || r == 'İ', r >= 0xf900 && r < 0x10000: // Turkish, and forms for compatibility
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

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func closing(quote byte) byte {
	if quote == '[' {
		return ']'
	}
	return quote
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isNameStart: every byte of a character beyond ASCII belongs to a name.
func isNameStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= utf8.RuneSelf
}

func isName(c byte) bool { return isNameStart(c) || isDigit(c) || c == '$' }
