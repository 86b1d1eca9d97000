package review

import (
	"fmt"
	"strings"
)

// maxRows is the number of other changes that the report lists.
const maxRows = 60

// headings are the headings of the kinds of changes.
var headings = map[Kind]string{
	Security: "Security",
	Loss:     "Loss of data",
	Other:    "Other",
}

// Markdown returns the report for a pull request. Names and values are code, so
// that Markdown does not interpret them.
func (r Report) Markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "### Stack %s: %s\n", code(r.Stack), r.summary())
	for _, kind := range []Kind{Security, Loss, Other} {
		r.table(&out, kind)
	}
	r.limits(&out)
	return out.String()
}

// limits writes what a drift detection did not check.
func (r Report) limits(out *strings.Builder) {
	if len(r.Unknown) > 0 || r.Incomplete != "" {
		out.WriteString("\n**Could not be checked**\n\n")
		if r.Incomplete != "" {
			fmt.Fprintf(out, "- %s\n", phrase("CloudFormation: "+r.Incomplete))
		}
		for _, unknown := range r.Unknown {
			fmt.Fprintf(out, "- %s: %s\n", code(unknown.Type+" "+unknown.ID), code(unknown.Reason))
		}
	}
	if len(r.Unchecked) > 0 {
		var types []string
		for _, kind := range sortedKeys(r.Unchecked) {
			types = append(types, fmt.Sprintf("%s (%d)", code(kind), r.Unchecked[kind]))
		}
		fmt.Fprintf(out, "\nNot checked by CloudFormation: %s\n", strings.Join(types, ", "))
	}
}

func (r Report) summary() string {
	if len(r.Changes) == 0 {
		if r.Drift {
			return "no drift"
		}
		return "no changes"
	}
	text := fmt.Sprintf("%d security-relevant, %d with loss, %d other", r.Count(Security), r.Count(Loss), r.Count(Other))
	if r.New {
		text += " (the stack is new)"
	}
	if r.Drift {
		text = "drift, " + text
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
	from, to := "from", "to"
	if r.Drift {
		from, to = "template", "actual"
	}
	fmt.Fprintf(out, "\n| what | where | %s | %s | setting |\n|---|---|---|---|---|\n", from, to)
	rows := 0
	for _, change := range r.Changes {
		if change.Kind != kind {
			continue
		}
		if rows++; fold && rows > maxRows {
			fmt.Fprintf(out, "| and %d more | | | | |\n", r.Count(kind)-maxRows)
			break
		}
		resource := change.Type + " " + change.Resource
		if change.Path != "" {
			resource += " " + change.Path
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s |\n", phrase(change.What), code(resource), code(change.From), code(change.To), settingsText(change.Settings))
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

// code returns a text as code in a cell of a table.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + strings.NewReplacer("`", "'", "|", `\|`, "\n", " ").Replace(text) + "`"
}

// phrase returns a text in a cell of a table, in which Markdown, HTML and mentions of
// users have no effect. The part after a colon is code.
func phrase(text string) string {
	statement, quoted, found := strings.Cut(text, ": ")
	if found && quoted != "" {
		return plain(statement) + ": " + code(quoted)
	}
	return plain(text)
}

func plain(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'", "@", "@\u200b", "*", `\*`, "_", `\_`, "[", `\[`, "\n", " ").Replace(text)
}
