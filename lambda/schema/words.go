package schema

import (
	"strings"
	"unicode"
)

// Words splits a name into its words, in lower case: "OrderItems_2024" is
// order, items, 2024.
func Words(name string) []string {
	var words strings.Builder
	letters := []rune(name)
	for i, letter := range letters {
		switch {
		case !unicode.IsLetter(letter) && !unicode.IsDigit(letter):
			letter = ' '
		case i > 0 && begins(letters, i):
			words.WriteByte(' ')
		}
		words.WriteRune(unicode.ToLower(letter))
	}
	return strings.Fields(words.String())
}

// begins reports whether a word begins at i: a capital after a small letter,
// or before one ("HTTPServer"), or where digits begin or end.
func begins(letters []rune, i int) bool {
	before, here := letters[i-1], letters[i]
	if unicode.IsDigit(before) != unicode.IsDigit(here) {
		return true
	}
	small := i+1 < len(letters) && unicode.IsLower(letters[i+1])
	return unicode.IsUpper(here) && (unicode.IsLower(before) || unicode.IsUpper(before) && small)
}
