package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/schema"
)

// path matches a name or several with dots between them, and what stands before and
// behind it. A call of a function has a parenthesis behind it.
var path = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("([`'\"]?)([\\p{L}_][\\p{L}\\p{N}_$]*(?:\\.[\\p{L}_][\\p{L}\\p{N}_$]*)*)([`'\"(]?)")
})

// compareGlossary looks for names in the glossary that the database no longer has. The
// glossary is free text, so that only these words count as names:
//
//   - a name that schema.json has and the database nowhere,
//   - a column behind a table and a dot, in backquotes or with an underscore,
//   - without schema.json, any other word with an underscore.
func (e *examination) compareGlossary() {
	known := e.names()
	seen := map[string]bool{}
	for i, line := range strings.Split(e.files.Glossary, "\n") {
		for _, match := range path().FindAllStringSubmatch(line, -1) {
			before, name, behind := match[1], match[2], match[3]
			if seen[name] || behind == "(" || before == "'" || before == `"` {
				continue
			}
			f := Finding{File: knowledge.GlossaryFile, Line: i + 1}
			parts := strings.Split(name, ".")
			switch detail := e.goneColumn(parts); {
			case slices.ContainsFunc(parts, func(part string) bool { return e.gone[strings.ToLower(part)] }):
				f.Kind, f.Broken, f.Detail = GlossaryGone, true, fmt.Sprintf("names %s, which the database no longer has", name)
			case detail != "" && (before == "`" || strings.Contains(name, "_")):
				f.Kind, f.Broken, f.Detail = GlossaryGone, true, detail
			case !e.has(schema.File) && len(parts) == 1 && strings.Contains(strings.Trim(name, "_"), "_") && !known[strings.ToLower(name)]:
				f.Kind, f.Detail = GlossaryUnknown, fmt.Sprintf("the database has no table or column %s", name)
			default:
				continue
			}
			seen[name] = true
			e.add(f)
		}
	}
}

// goneColumn returns what is wrong with a path that ends in a table and a column, "" if
// the table is unknown or has the column.
func (e *examination) goneColumn(parts []string) string {
	if len(parts) < 2 {
		return ""
	}
	table, column := parts[len(parts)-2], parts[len(parts)-1]
	found := ""
	for _, live := range e.live.Tables {
		switch {
		case strings.EqualFold(live.Schema, table) && strings.EqualFold(live.Name, column):
			return "" // a schema and a table
		case !strings.EqualFold(live.Name, table):
		case slices.ContainsFunc(live.Columns, func(c schema.Column) bool { return strings.EqualFold(c.Name, column) }):
			return ""
		default:
			found = fmt.Sprintf("names %s, and the table %s has no such column", strings.Join(parts, "."), live.Path())
		}
	}
	return found
}
