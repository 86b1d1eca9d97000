package terminal

import (
	"regexp"
	"strings"
)

var plainWord = regexp.MustCompile(`^[\w./:@%+=,-]+$`)

// ShellWord returns text as one word of a command for a POSIX shell. It adds quotes
// only if the text needs them.
func ShellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
