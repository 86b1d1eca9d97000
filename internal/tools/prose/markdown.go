package main

import (
	"regexp"
	"strings"
)

var (
	fence  = regexp.MustCompile("^\\s*(?:```|~~~)")
	item   = regexp.MustCompile(`^\s*(?:[-*+]|\d+[.)])\s+`)
	block  = regexp.MustCompile(`^\s*(?:#{1,6}\s|>\s?(?:\[!\w+\])?|\|)`)
	rule   = regexp.MustCompile(`^[\s|:=*_-]*$`)
	link   = regexp.MustCompile(`!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])`)
	define = regexp.MustCompile(`^\s*\[[^\]]+\]:\s`)
	html   = regexp.MustCompile(`<!--.*?-->|</?[a-zA-Z][^>]*>`)
	strong = regexp.MustCompile(`\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*`)
)

// markdownText returns the prose of Markdown. A list's item and a table's cell
// are paragraphs, so that rules about sentences apply to them. Vale applies these
// to plain paragraphs alone.
func markdownText(source []byte) *text {
	t := &text{}
	fenced := false
	for i, line := range strings.Split(string(source), "\n") {
		switch {
		case fence.MatchString(line):
			fenced = !fenced
			t.end()
			continue
		case fenced:
			continue
		case rule.MatchString(line) || define.MatchString(line):
			t.end()
			continue
		}
		line = html.ReplaceAllString(line, " ")
		line = link.ReplaceAllString(line, "$1")
		line = strong.ReplaceAllString(line, "$1$2")
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "|"):
			t.end()
			for _, content := range cells(line) {
				t.add(i+1, content)
				t.end()
			}
		case block.MatchString(line):
			t.end()
			t.add(i+1, block.ReplaceAllString(line, ""))
			t.end()
		case item.MatchString(line):
			t.end()
			t.add(i+1, item.ReplaceAllString(line, ""))
		default:
			t.add(i+1, line)
		}
	}
	t.end()
	return t
}

// cells returns the cells of a table's row. An escaped bar is part of a cell.
func cells(row string) []string {
	row = strings.ReplaceAll(row, `\|`, "∣")
	parts := strings.Split(strings.Trim(strings.TrimSpace(row), "|"), "|")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], "∣", "|")
	}
	return parts
}
