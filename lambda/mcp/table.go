package mcp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxCell is the longest value in a table, in characters. The structured result has
// the whole value.
const maxCell = 80

// table returns rows as a Markdown table. A value cannot leave its cell.
func table(columns []string, rows []json.RawMessage) (string, error) {
	var out strings.Builder
	line := func(cells []string) {
		for _, cell := range cells {
			out.WriteString("| " + cell + " ")
		}
		out.WriteString("|\n")
	}
	names := make([]string, len(columns))
	rules := make([]string, len(columns))
	for i, column := range columns {
		names[i], rules[i] = cell(column), "---"
	}
	line(names)
	line(rules)
	for _, row := range rows {
		var values []json.RawMessage
		if err := json.Unmarshal(row, &values); err != nil {
			return "", fmt.Errorf("decode a row: %w", err)
		}
		cells := make([]string, len(values))
		for i, value := range values {
			text, err := show(value)
			if err != nil {
				return "", err
			}
			cells[i] = cell(text)
		}
		line(cells)
	}
	return out.String(), nil
}

// show returns a value as text: strings without quotes, other JSON as it is.
func show(value json.RawMessage) (string, error) {
	if len(value) == 0 || value[0] != '"' {
		var compact bytes.Buffer
		if err := json.Compact(&compact, value); err != nil {
			return "", fmt.Errorf("decode a value: %w", err)
		}
		return compact.String(), nil
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return "", fmt.Errorf("decode a value: %w", err)
	}
	return text, nil
}

// cell returns text for one cell.
func cell(text string) string {
	text = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(shorten(text, maxCell))
	return clean(pipe.ReplaceAllString(text, `$1$1\|`))
}

// pipe matches the end of a cell, with the backslashes that would take part in its
// escape.
var pipe = regexp.MustCompile(`(\\*)\|`)

// shorten returns the first characters of text.
func shorten(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

// clean returns text with invisible characters as escapes, except line breaks and
// tabs: they can hide text from a reader, or reverse it.
func clean(text string) string {
	var out strings.Builder
	last := ' '
	for _, r := range text {
		isEmoji := r == emoji && unicode.IsSymbol(last)
		if r == '\n' || r == '\t' || isEmoji || isVisible(r) {
			out.WriteRune(r)
		} else {
			quoted := strconv.QuoteRuneToASCII(r)
			out.WriteString(quoted[1 : len(quoted)-1])
		}
		last = r
	}
	return out.String()
}

// emoji is the character that makes an emoji of the symbol before it.
const emoji = '\ufe0f'

// isVisible reports whether a screen shows a character. Some letters and marks of
// Unicode are invisible, too.
func isVisible(r rune) bool {
	isIgnored := unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
	return !isIgnored && unicode.IsPrint(r) || unicode.Is(unicode.Zs, r)
}
