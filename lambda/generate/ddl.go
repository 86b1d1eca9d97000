package generate

import (
	"fmt"
	"strings"

	"defog-cdk/lambda/schema"
)

const (
	mostComment = 300 // bytes of one comment
	mostSample  = 40  // bytes of one sample value
)

// ddl describes a table as SQL creates it, the form that models know best.
func (d dialect) ddl(table schema.Table) string {
	var text strings.Builder
	kind := "TABLE"
	if table.View {
		kind = "VIEW"
	}
	fmt.Fprintf(&text, "CREATE %s %s (%s\n", kind, d.table(table.Schema, table.Name), comment(table.Comment))
	lines := len(table.Columns) + len(table.ForeignKeys)
	if len(table.PrimaryKey) > 0 {
		lines++
	}
	line := func(definition, comment string) {
		if lines--; lines > 0 {
			definition += ","
		}
		fmt.Fprintf(&text, "  %s%s\n", definition, comment)
	}
	for _, column := range table.Columns {
		definition := strings.TrimSuffix(d.name(column.Name)+" "+oneLine(column.Type, mostComment), " ")
		if column.NotNull {
			definition += " NOT NULL"
		}
		line(definition, comment(column.Comment, samples(column.Samples)))
	}
	if len(table.PrimaryKey) > 0 {
		line("PRIMARY KEY ("+d.names(table.PrimaryKey)+")", "")
	}
	for _, key := range table.ForeignKeys {
		target := d.table(key.Schema, key.Table)
		if len(key.TargetColumns) > 0 {
			target += " (" + d.names(key.TargetColumns) + ")"
		}
		line("FOREIGN KEY ("+d.names(key.Columns)+") REFERENCES "+target, "")
	}
	text.WriteString(");\n")
	return text.String()
}

// comment joins remarks to an SQL comment at the end of a line.
func comment(remarks ...string) string {
	var text string
	for _, remark := range remarks {
		if remark = oneLine(remark, mostComment); remark != "" {
			text += "; " + remark
		}
	}
	if text == "" {
		return ""
	}
	return " -- " + strings.TrimPrefix(text, "; ")
}

func samples(values []string) string {
	if len(values) == 0 {
		return ""
	}
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = "'" + strings.ReplaceAll(oneLine(value, mostSample), "'", "''") + "'"
	}
	return "such as " + strings.Join(quoted, ", ")
}

// oneLine keeps text from ending the comment that it stands in, and short.
func oneLine(text string, most int) string {
	return clip(strings.Join(strings.Fields(text), " "), most)
}

// clip cuts text to at most so many bytes.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
