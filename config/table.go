package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Keys returns the names and aliases of all settings, in the struct's order.
func Keys() []string { return keysOf(settingFields) }

// Table returns the settings as README's Markdown table.
func Table() string {
	var table strings.Builder
	table.WriteString("| setting | default | valid | |\n|---|---|---|---|\n")
	group := ""
	for _, f := range settingFields {
		if f.group != group {
			group = f.group
			fmt.Fprintf(&table, "| **%s** | | | |\n", group)
		}
		f.row(&table, "")
		prefix := f.key + "."
		if f.isObjects() {
			prefix = f.key + "[]."
		}
		for _, member := range f.members {
			member.row(&table, prefix)
		}
	}
	return table.String()
}

func (f field) row(table *strings.Builder, prefix string) {
	name := code(prefix + f.key)
	if len(f.names) > 1 {
		name += " (" + code(strings.Join(f.names[1:], ", ")) + ")"
	}
	valid := f.describe()
	switch {
	case f.isObject():
		valid = "an object"
	case f.isObjects():
		valid = "a list of objects"
	case f.kind.Kind() == reflect.Map:
		valid, _, _ = strings.Cut(valid, ":")
	}
	initial := code(f.initial)
	if f.own != "" {
		initial = strings.TrimPrefix(initial+"; ", "; ") + code(f.own) + " for your own"
	}
	fmt.Fprintf(table, "| %s | %s | %s | %s |\n", name, initial, valid, f.doc)
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
