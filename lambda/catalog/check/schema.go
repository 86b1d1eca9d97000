package check

import (
	"fmt"
	"slices"
	"strings"

	"defog-cdk/internal/schema"
	"defog-cdk/internal/suggest"
)

// compareSchema compares schema.json with the database's catalogue.
func (e *examination) compareSchema() {
	known := e.names()
	e.gone = map[string]bool{}
	lost := func(name string) {
		if name = strings.ToLower(name); !known[name] {
			e.gone[name] = true
		}
	}
	for _, table := range e.files.Schema.Tables {
		live := find(e.live.Tables, table)
		if live == nil {
			lost(table.Name)
			e.add(Finding{Kind: TableGone, Broken: true, File: schema.File, Table: table.Path(), Detail: e.whyGone(table)})
			continue
		}
		for _, column := range table.Columns {
			i := slices.IndexFunc(live.Columns, func(c schema.Column) bool { return c.Name == column.Name })
			switch {
			case i < 0:
				lost(column.Name)
				e.add(Finding{Kind: ColumnGone, Broken: true, File: schema.File, Table: table.Path(), Column: column.Name,
					Detail: "the table has no such column" + suggest.Hint(column.Name, columnNames(*live))})
			case !sameType(column.Type, live.Columns[i].Type):
				e.add(Finding{Kind: TypeChanged, Broken: true, File: schema.File, Table: table.Path(), Column: column.Name,
					Detail: fmt.Sprintf("the type is %s; the file has %s", orNone(live.Columns[i].Type), column.Type)})
			}
		}
	}
	for _, live := range e.live.Tables {
		described := map[string]bool{}
		found := false
		for _, table := range e.files.Schema.Tables { // callers can have entries of their own
			if table.Schema == live.Schema && table.Name == live.Name {
				found = true
				for _, column := range table.Columns {
					described[column.Name] = true
				}
			}
		}
		if !found {
			if !e.isUnreadable(live) {
				e.add(Finding{Kind: TableNew, File: schema.File, Table: live.Path(), Detail: "the file lacks this table of the database"})
			}
			continue
		}
		for _, column := range live.Columns {
			if !described[column.Name] && !e.isUnreadableColumn(live, column) {
				e.add(Finding{Kind: ColumnNew, File: schema.File, Table: live.Path(), Column: column.Name, Detail: "the file lacks this column of the database"})
			}
		}
	}
}

// whyGone returns why the catalogue lacks a table.
func (e *examination) whyGone(table schema.Table) string {
	for _, unreadable := range e.live.Unreadable {
		if unreadable.Schema == table.Schema && unreadable.Name == table.Name && unreadable.Column == "" {
			return "the table cannot be read: " + unreadable.Reason
		}
	}
	for _, live := range e.live.Tables {
		if live.Name == table.Name {
			return fmt.Sprintf("the database has %s, and no table of that name in this place", live.Path())
		}
	}
	var names []string
	for _, live := range e.live.Tables {
		names = append(names, live.Path())
	}
	return "the database has no such table, or its user may not read it" + suggest.Hint(table.Path(), names)
}

// isUnreadable reports whether schema.json lists a table that could not be read.
func (e *examination) isUnreadable(table schema.Table) bool {
	return e.isUnreadableColumn(table, schema.Column{})
}

func (e *examination) isUnreadableColumn(table schema.Table, column schema.Column) bool {
	return slices.ContainsFunc(e.files.Schema.Unreadable, func(u schema.Unreadable) bool {
		return u.Schema == table.Schema && u.Name == table.Name && (u.Column == "" || u.Column == column.Name)
	})
}

// names returns the names of the database's schemas, tables and columns, in lower case.
func (e *examination) names() map[string]bool {
	names := map[string]bool{}
	for _, table := range e.live.Tables {
		names[strings.ToLower(table.Schema)], names[strings.ToLower(table.Name)] = true, true
		for _, column := range table.Columns {
			names[strings.ToLower(column.Name)] = true
		}
	}
	return names
}

func columnNames(table schema.Table) []string {
	var names []string
	for _, column := range table.Columns {
		names = append(names, column.Name)
	}
	return names
}

// sameType compares types without regard to case and spaces, but for those of an
// enumeration's values, in quotes. An entry without a type has any.
func sameType(described, live string) bool {
	squeeze := func(text string) string {
		parts := strings.Split(text, "'")
		for i := 0; i < len(parts); i += 2 {
			parts[i] = strings.ToLower(strings.Join(strings.Fields(parts[i]), ""))
		}
		return strings.Join(parts, "'")
	}
	return described == "" || squeeze(described) == squeeze(live)
}

func orNone(name string) string {
	if name == "" {
		return "none"
	}
	return name
}
