package review

import (
	"fmt"
	"strings"
)

// mostRows is how many changes are listed that matter less.
const mostRows = 60

// headings are what a list of changes of a kind is called.
var headings = map[Kind]string{
	Security: "Touches security",
	Loss:     "Replaced or removed, with what it holds",
	Other:    "The rest",
}

// Markdown writes the report for a pull request. Names and values stand in code,
// so that nothing in them is taken for Markdown.
func (r Report) Markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "### Stack %s: %s\n", code(r.Stack), r.summary())
	for _, kind := range []Kind{Security, Loss, Other} {
		r.table(&out, kind)
	}
	return out.String()
}

func (r Report) summary() string {
	if len(r.Changes) == 0 {
		return "no changes"
	}
	text := fmt.Sprintf("%d security-relevant, %d with loss, %d other", r.Count(Security), r.Count(Loss), r.Count(Other))
	if r.New {
		text += " (the stack is new)"
	}
	return text
}

func (r Report) table(out *strings.Builder, kind Kind) {
	if r.Count(kind) == 0 {
		return
	}
	fold := kind == Other
	if fold {
		fmt.Fprintf(out, "\n<details><summary>%s</summary>\n", headings[kind])
	} else {
		fmt.Fprintf(out, "\n**%s**\n", headings[kind])
	}
	out.WriteString("\n| what | where | from | to | setting |\n|---|---|---|---|---|\n")
	rows := 0
	for _, change := range r.Changes {
		if change.Kind != kind {
			continue
		}
		if rows++; fold && rows > mostRows {
			fmt.Fprintf(out, "| and %d more | | | | |\n", r.Count(kind)-mostRows)
			break
		}
		where := change.Type + " " + change.Resource
		if change.Path != "" {
			where += " " + change.Path
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s |\n", phrase(change.What), code(where), code(change.From), code(change.To), settingsText(change.Settings))
	}
	if fold {
		out.WriteString("\n</details>\n")
	}
}

func settingsText(settings []Setting) string {
	texts := make([]string, len(settings))
	for i, setting := range settings {
		texts[i] = code(setting.Key)
		if setting.Origin != "" && setting.Origin != "default" {
			texts[i] = code(setting.Key+"="+setting.Value) + " (" + phrase(setting.Origin) + ")"
		}
	}
	return strings.Join(texts, ", ")
}

// code is text as code in a table's cell.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + strings.NewReplacer("`", "'", "|", `\|`, "\n", " ").Replace(text) + "`"
}

// phrase is text in a table's cell of which nothing is taken for Markdown, HTML
// or somebody's name: what a phrase quotes stands behind its colon, as code.
func phrase(text string) string {
	said, quoted, found := strings.Cut(text, ": ")
	if found && quoted != "" {
		return plain(said) + ": " + code(quoted)
	}
	return plain(text)
}

func plain(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'", "@", "@\u200b", "*", `\*`, "_", `\_`, "[", `\[`, "\n", " ").Replace(text)
}
