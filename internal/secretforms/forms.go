// Package secretforms returns the texts in which a secret can appear, for programs
// that redact it.
package secretforms

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

const (
	// MinEncoded is the minimum length of a secret within base64, in bytes. Hashes
	// would match the few characters of a shorter one.
	MinEncoded = 4

	// minHex is the minimum length of a secret in hexadecimal digits, in bytes.
	minHex = 6
)

// Of returns the texts in which a secret can appear. It can be unchanged, or
// escaped for JSON (once and twice), URLs, XML, JavaScript and SQL. It can also be
// in hexadecimal digits, with each character escaped, or within base64 at each of
// its three alignments.
func Of(secret string) []string {
	plain := []string{secret, Mangled(secret)}
	escaped := slices.Clone(plain)
	for _, text := range plain {
		escaped = append(escaped, jsonForms(text)...)
	}
	slices.Sort(escaped)
	escaped = slices.Compact(escaped) // the escapes of most secrets are equal
	all := append(slices.Clone(escaped), strings.ReplaceAll(secret, "'", "''"))
	all = append(all, byteForms(secret)...)
	for _, text := range escaped {
		all = append(all, jsonForms(text)...)
		all = append(all, urlForms(text)...)
		all = append(all, xmlForm(text), html.EscapeString(text), javaScript(text))
		for _, encoded := range Base64(text) {
			all = append(all, encoded)
			if strings.ContainsAny(encoded, "+/=") {
				all = append(all, urlForms(encoded)...)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(form string) bool { return form == "" })
}

// Mangled returns a text as CloudFormation stores it in a template.
func Mangled(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0x7f {
			return '?'
		}
		return r
	}, text)
}

// jsonForms returns a text in JSON as Go, JavaScript and Python encode it.
func jsonForms(text string) []string {
	var bare bytes.Buffer
	encoder := json.NewEncoder(&bare)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		panic(err) // a text always has a JSON form
	}
	javaScript := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(bare.String()), `"`), `"`)
	ascii := func(text, digits string) string {
		var out strings.Builder
		for _, r := range text {
			if r < 0x7f {
				out.WriteRune(r)
				continue
			}
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&out, `\u`+digits, unit)
			}
		}
		return out.String()
	}
	htmlSafe := strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`).Replace(javaScript)
	return []string{javaScript, htmlSafe, ascii(javaScript, "%04x"), ascii(javaScript, "%04X"), ascii(htmlSafe, "%04x"), strings.ReplaceAll(javaScript, "/", `\/`)}
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// urlForms returns a text in a query and in a path as Go and JavaScript encode it,
// with hexadecimal digits in both cases.
func urlForms(text string) []string {
	query := url.QueryEscape(text)
	component := strings.ReplaceAll(query, "+", "%20")
	script := strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(component)
	list := []string{query, component, script, url.PathEscape(text)}
	for _, form := range slices.Clone(list) {
		list = append(list, percent.ReplaceAllStringFunc(form, strings.ToLower))
	}
	return list
}

// byteForms returns a text with each byte or character encoded.
func byteForms(text string) []string {
	var list []string
	for _, format := range append(hexFormats(text), `\x%02x`, `\x%02X`, "%%%02x", "%%%02X") {
		var out strings.Builder
		for _, b := range []byte(text) {
			fmt.Fprintf(&out, format, b)
		}
		list = append(list, out.String())
	}
	for _, format := range []string{`\u%04x`, `\u%04X`, "&#%d;", "&#x%x;", "&#x%X;"} {
		var out strings.Builder
		for _, r := range text {
			fmt.Fprintf(&out, format, r)
		}
		list = append(list, out.String())
	}
	return list
}

func hexFormats(text string) []string {
	if len(text) < minHex {
		return nil
	}
	return []string{"%02x", "%02X"}
}

func xmlForm(text string) string {
	var out bytes.Buffer
	if err := xml.EscapeText(&out, []byte(text)); err != nil {
		panic(err) // a buffer returns no errors
	}
	return strings.NewReplacer("&#34;", "&quot;", "&#39;", "&apos;").Replace(out.String())
}

// javaScript returns a text as Node prints it in single quotes.
func javaScript(text string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`).Replace(text)
}

// Base64 returns the encodings of a text at each alignment, without the characters
// that also depend on the text before or after it.
func Base64(text string) []string {
	if len(text) < MinEncoded {
		return nil
	}
	var list []string
	for offset := range 3 {
		padded := slices.Concat(make([]byte, offset), []byte(text))
		from, to := (8*offset+5)/6, 8*len(padded)/6
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			list = append(list, encoding.EncodeToString(padded)[from:to])
		}
	}
	return list
}
