package catalog

import (
	"slices"
	"strings"
	"unicode"

	"defog-cdk/internal/schema"
)

// Parts and words in the names of columns with personal data or secrets.
var (
	personalParts = []string{
		"name", "mail", "phone", "mobile", "address", "street", "postal", "postcode", "zipcode", "birth", "passw",
		"secret", "token", "credential", "salary", "income", "iban", "passport", "licen", "gender", "religio",
		"ethnic", "national", "marital", "diagnos", "medic", "disease", "health", "patient", "latitude", "longitude",
		"signature", "login", "biograph", "insurance",
	}
	personalWords = []string{
		"ssn", "sin", "dob", "sex", "age", "race", "ip", "mac", "fax", "zip", "tel", "tax", "pin", "cvv", "card",
		"key", "hash", "salt", "lat", "lon", "lng", "geo", "wage", "contact", "person", "owner", "author", "user",
		"note", "notes", "comment", "comments", "message", "body", "bio", "memo", "remark", "remarks", "by",
	}
)

// personalName reports whether a column's name suggests personal data or a secret. It
// prefers false positives.
func personalName(name string) bool {
	words := schema.Words(name)
	joined := strings.Join(words, "")
	return slices.ContainsFunc(personalParts, func(part string) bool { return strings.Contains(joined, part) }) ||
		slices.ContainsFunc(words, func(word string) bool { return slices.Contains(personalWords, word) })
}

// personalValue reports whether a value looks like an address, a phone, card or
// account number, or free text.
func personalValue(value string) bool {
	digits := 0
	for _, letter := range value {
		if unicode.IsDigit(letter) {
			digits++
		}
	}
	return strings.Contains(value, "@") || len(value) > 40 || digits > 6 && !isDate(value)
}

// isDate reports whether a value begins with a date in ISO 8601.
func isDate(value string) bool {
	return len(value) >= len("2006-01-02") && value[4] == '-' && value[7] == '-'
}
