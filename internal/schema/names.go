package schema

import (
	"strings"
	"unicode"
)

// Quote returns a name as a quoted identifier in the SQL of dbType, so that
// the name may hold any character or be a keyword.
func Quote(dbType, name string) string {
	open, closing := `"`, `"`
	switch dbType {
	case "mysql", "databricks", "bigquery":
		open, closing = "`", "`"
	case "sqlserver":
		open, closing = "[", "]"
	}
	return open + strings.ReplaceAll(name, closing, closing+closing) + closing
}

// Words splits a name into its words, in lower case: "OrderItems_2024" becomes
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

// begins reports whether a word begins at i. A word begins at a capital after or
// before a small letter ("HTTPServer"), and where digits begin or end.
func begins(letters []rune, i int) bool {
	before, current := letters[i-1], letters[i]
	if unicode.IsDigit(before) != unicode.IsDigit(current) {
		return true
	}
	small := i+1 < len(letters) && unicode.IsLower(letters[i+1])
	return unicode.IsUpper(current) && (unicode.IsLower(before) || unicode.IsUpper(before) && small)
}
