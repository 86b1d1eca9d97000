package guard

import (
	"errors"
	"strings"
)

var (
	errHint             = errors.New("it holds a hint (/*+ … */), which is not supported")
	errCommentBackslash = errors.New("a comment ends in a backslash")

	// Spark replaces it before it looks for comments, and some settings hold a
	// line break.
	errSubstitution = errors.New("${…} would be replaced by a setting of the server")
)

// sparkToken reads what Spark writes in its own way; found is false for what it
// shares with the others.
// https://spark.apache.org/docs/latest/sql-ref-literals.html
func (l *lexer) sparkToken() (t token, found bool, err error) {
	c := l.rest[0]
	switch {
	case (c == 'r' || c == 'R') && len(l.rest) > 1 && (l.rest[1] == '\'' || l.rest[1] == '"'):
		// No backslash means anything there, nor does a doubled quote.
		text, after, closed := strings.Cut(l.rest[2:], l.rest[1:2])
		if !closed {
			return token{}, true, errUnclosedString
		}
		l.rest = after
		return token{stringToken, text}, true, nil
	case beyondASCII(c):
		return token{}, false, errBeyondASCII
	}
	return token{}, false, nil
}

// checkSparkComment refuses a comment to the line's end that a backslash there
// carries on to the next line, which not every version of Spark has it do.
func (l *lexer) checkSparkComment() error {
	line, _, _ := strings.Cut(l.rest, "\n")
	if strings.HasSuffix(strings.TrimSuffix(line, "\r"), `\`) {
		return errCommentBackslash
	}
	return nil
}
