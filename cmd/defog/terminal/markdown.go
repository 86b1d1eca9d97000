package terminal

import "strings"

// Cell returns text for a table or a line of Markdown.
func Cell(text string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", " ", "\r", "", "|", `\|`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "`", "\\`").Replace(text)
}

// Code returns text as inline code of Markdown.
func Code(text string) string {
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + " " + strings.Join(strings.Fields(text), " ") + " " + fence
}
