package config

import (
	"fmt"
	"strings"
)

// docsIntroduction is the first part of docs/settings.md.
const docsIntroduction = `# Settings

<!-- Generated from config/settings.go by make golden. Do not edit. -->

Give a setting on the command line, or keep it in cdk.json:

` + "```" + `
npx cdk deploy -c app_name=shop -c lambda_memory_size=512
` + "```" + `

` + "```json" + `
{
  "app": "…",
  "context": {
    "defog": {
      "app_name": "shop",
      "stages": {
        "prod": {"lambda_memory_size": 512, "credentials_secret": "prod/shop", "db_type": "postgres"}
      }
    }
  }
}
` + "```" + `

- Precedence, lowest first: the default, cdk.json, settings_file, the stage in cdk.json, the stage in settings_file, ` + "`-c`" + `.
- A value after ` + "`-c`" + ` is text. Write lists as ` + "`a,b`" + ` or JSON, maps as JSON or entry by entry: ` + "`-c tags.team=data`" + `.
- ` + "`go run ./cmd/defog settings`" + ` shows every value and its source.
- An error names each invalid key, its source, and the valid values. All errors appear at once.
- Editors complete and check settings with ` + "[config/settings.schema.json](../config/settings.schema.json)" + `.
`

// functionNames are the functions that an only tag names.
var functionNames = map[string]string{"query": "the query function", "custom": "a custom function"}

// Docs returns docs/settings.md: one table per subject.
func Docs() []byte {
	var page strings.Builder
	page.WriteString(docsIntroduction)
	groups := groupsOf(settingFields)
	page.WriteString("\nSubjects:\n\n")
	for _, group := range groups {
		fmt.Fprintf(&page, "- [%s](#%s)\n", group[0].group, anchor(group[0].group))
	}
	for _, group := range groups {
		group.write(&page)
	}
	return []byte(page.String())
}

// fieldGroup holds the settings of one subject.
type fieldGroup []field

func groupsOf(fields []field) []fieldGroup {
	var groups []fieldGroup
	for i, f := range fields {
		if i == 0 || f.group != fields[i-1].group {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], f)
	}
	return groups
}

// anchor returns the anchor that GitHub gives to a heading.
func anchor(heading string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(heading), ":", ""), " ", "-")
}

func (g fieldGroup) write(page *strings.Builder) {
	fmt.Fprintf(page, "\n## %s\n", g[0].group)
	only := g[0].only
	for _, f := range g {
		if f.only != only {
			only = ""
		}
	}
	if only != "" {
		fmt.Fprintf(page, "\nFor %s only.\n", functionNames[only])
	}
	page.WriteString("\n| setting | default | values | description |\n|---|---|---|---|\n")
	for _, f := range g {
		doc := f.doc
		if f.only != only {
			doc += " For " + functionNames[f.only] + " only."
		}
		f.row(page, "", doc)
		prefix := f.key + "."
		if f.isObjects() {
			prefix = f.key + "[]."
		}
		for _, member := range f.members {
			member.row(page, prefix, member.doc)
		}
	}
}

func (f field) row(page *strings.Builder, prefix, doc string) {
	name := code(prefix + f.key)
	if len(f.names) > 1 {
		name += ", alias " + code(strings.Join(f.names[1:], ", "))
	}
	values := f.describe()
	switch {
	case f.isObject():
		values = "an object"
	case f.isObjects():
		values = "a list of objects"
	case f.isTexts():
		values = "a map"
	}
	initial := code(f.initial)
	if f.custom != "" {
		initial = strings.TrimPrefix(initial+"; ", "; ") + "custom function: " + code(f.custom)
	}
	fmt.Fprintf(page, "| %s | %s | %s | %s |\n", name, initial, strings.ReplaceAll(values, "|", `\|`), strings.ReplaceAll(doc, "|", `\|`))
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
