package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Keys returns the names and aliases of all settings, in the struct's order.
func Keys() []string {
	var keys []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Settings]()) {
		keys = append(keys, field.Tag.Get("key"))
		if alias := field.Tag.Get("alias"); alias != "" {
			keys = append(keys, alias)
		}
	}
	return keys
}

// Table returns the settings as README's Markdown table.
func Table() string {
	var table strings.Builder
	table.WriteString("| setting | default | valid | |\n|---|---|---|---|\n")
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Settings]()) {
		tag := field.Tag
		name := "`" + tag.Get("key") + "`"
		if alias := tag.Get("alias"); alias != "" {
			name += " (`" + alias + "`)"
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", name, code(tag.Get("default")), describe(tag.Get("valid"), kinds[field.Type.Kind()]), tag.Get("doc"))
	}
	return table.String()
}

var kinds = map[reflect.Kind]string{
	reflect.String: "text",
	reflect.Int:    "a whole number",
	reflect.Bool:   "true, false",
	reflect.Map:    "a map",
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
