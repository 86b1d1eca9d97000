package guard

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	errBeyondASCII = errors.New("it holds a character beyond ASCII, a control character or a backslash outside of strings, quoted names and comments")
	errNameEscape  = errors.New("quoted names with a backslash or a line break are not supported")
)

// googleToken reads what GoogleSQL writes in its own way; found is false for
// what it shares with the others.
// https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical
func (l *lexer) googleToken() (t token, found bool, err error) {
	c := l.rest[0]
	prefix := span(l.rest, func(c byte) bool { return strings.IndexByte("rRbB", c) >= 0 })
	switch {
	case prefix <= 2 && prefix < len(l.rest) && (l.rest[prefix] == '\'' || l.rest[prefix] == '"'):
		t, err = l.googleString(l.rest[prefix:])
		return t, true, err
	case c == '`':
		t, err = l.quoted(nameToken, '`', backslashLiteral)
		if err == nil && strings.ContainsAny(t.text, "\\\n\r`") {
			err = errNameEscape
		}
		t.text = strings.ToLower(t.text)
		return t, true, err
	case beyondASCII(c):
		return token{}, false, errBeyondASCII
	}
	return token{}, false, nil
}

// beyondASCII reports whether a character is one of which only the server's own
// lexer knows what it is to it: white space, as often as not.
func beyondASCII(c byte) bool { return c < ' ' || c == 0x7f || c >= utf8.RuneSelf || c == '\\' }

// googleString reads a string, whose quotes are one or three. A backslash takes
// the next character's meaning, even in a raw string. A doubled quote is none.
func (l *lexer) googleString(text string) (token, error) {
	quote := text[:1]
	triple := strings.HasPrefix(text, strings.Repeat(quote, 3))
	if triple {
		quote = text[:3]
	}
	for i := len(quote); i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case strings.HasPrefix(text[i:], quote):
			l.rest = text[i+len(quote):]
			return token{stringToken, text[len(quote):i]}, nil
		case !triple && (text[i] == '\n' || text[i] == '\r'):
			return token{}, errUnclosedString
		}
	}
	return token{}, errUnclosedString
}

// googlePath splits what may be a whole path in one pair of backquotes. What no
// function's name begins or ends with is taken off, as the service may do so.
func googlePath(name token) []token {
	var tokens []token
	for i, part := range strings.Split(name.text, ".") {
		if i > 0 {
			tokens = append(tokens, token{symbolToken, "."})
		}
		part = strings.TrimFunc(part, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		tokens = append(tokens, token{nameToken, part})
	}
	return tokens
}
