package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

// minEncoded is the number of bytes of a secret that matches within base64: hashes
// would match the few characters of a shorter one.
const minEncoded = 4

// forms returns the texts in which a secret can appear. It can be unchanged, or
// escaped for JSON (once and twice), URLs, XML and JavaScript. It can also be within
// base64, at each of its three alignments.
func forms(secret string) []string {
	plain := []string{secret, mangled(secret)}
	escaped := slices.Clone(plain)
	for _, text := range plain {
		escaped = append(escaped, jsonForms(text)...)
	}
	all := slices.Clone(escaped)
	for _, text := range escaped {
		all = append(all, jsonForms(text)...)
		all = append(all, urlForms(text)...)
		all = append(all, xmlForm(text), javaScript(text))
		for _, encoded := range base64Forms(text) {
			all = append(all, encoded)
			all = append(all, urlForms(encoded)...)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(form string) bool { return form == "" })
}

// mangled returns a text as CloudFormation stores it in a template.
func mangled(text string) string {
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
	html := strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`).Replace(javaScript)
	return []string{javaScript, html, ascii(javaScript, "%04x"), ascii(javaScript, "%04X"), ascii(html, "%04x"), strings.ReplaceAll(javaScript, "/", `\/`)}
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

// base64Forms returns the base64 of a text at each alignment, without the characters
// that also depend on the text before or after it.
func base64Forms(text string) []string {
	if len(text) < minEncoded {
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
