package secretforms

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestOfHoldsEncodings(t *testing.T) {
	const secret = `s3cret/"pass" & <wörd>`
	forms := Of(secret)
	var percent, unicode, entities string
	for _, b := range []byte(secret) {
		percent += "%" + hex.EncodeToString([]byte{b})
	}
	for _, r := range secret {
		unicode += `\u` + strings.Repeat("0", 4-len(strconv.FormatInt(int64(r), 16))) + strconv.FormatInt(int64(r), 16)
		entities += "&#" + strconv.Itoa(int(r)) + ";"
	}
	for name, text := range map[string]string{
		"plain":             "is " + secret,
		"JSON":              strings.Trim(strconv.Quote(secret), `"`),
		"query":             url.QueryEscape(secret),
		"path":              url.PathEscape(secret),
		"percent":           percent,
		"HTML":              html.EscapeString(secret),
		"base64":            base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 for URLs":   base64.RawURLEncoding.EncodeToString([]byte("x" + secret)),
		"base64 within":     base64.StdEncoding.EncodeToString([]byte(`{"api_key": "` + secret + `"}`)),
		"hex":               hex.EncodeToString([]byte("x" + secret + "y")),
		"hex in capitals":   strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"unicode":           unicode,
		"numeric entities":  entities,
		"base64 in a query": url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(secret))),
	} {
		found := false
		for _, form := range forms {
			found = found || strings.Contains(text, form)
		}
		if !found {
			t.Errorf("%s: no form is in %s", name, text)
		}
	}
}
