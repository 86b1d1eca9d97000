package schema

import (
	"errors"
	"slices"
)

// Callers restricts an entry to the callers with each of these claims, by name and
// value. An entry without it is for all callers.
type Callers map[string]string

// Include reports whether a caller with these claims is one of them. claim returns a
// claim as text.
func (c Callers) Include(claim func(name string) (text string, ok bool)) bool {
	for name, want := range c {
		if text, ok := claim(name); !ok || text != want {
			return false
		}
	}
	return true
}

// Check returns an error for an invalid restriction. An empty one would include every
// caller, which its author did not mean.
func (c Callers) Check() error {
	if c == nil {
		return nil
	}
	for name, value := range c {
		if name == "" || value == "" {
			return errors.New(`callers: a claim or its value is empty; want {"tenant": "a"}`)
		}
	}
	if len(c) == 0 {
		return errors.New(`callers: empty; want {"tenant": "a"}, or no callers for all`)
	}
	return nil
}

// Restricted reports whether an entry of the schema is not for all callers.
func (s Schema) Restricted() bool {
	return slices.ContainsFunc(s.Tables, func(t Table) bool {
		return t.Callers != nil || slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Callers != nil })
	})
}

// For returns the schema with the tables and columns for a caller, and without keys of
// others.
func (s Schema) For(claim func(name string) (text string, ok bool)) Schema {
	if !s.Restricted() {
		return s
	}
	var tables []Table
	shown := map[[2]string][]string{} // columns by table
	for _, table := range s.Tables {
		if !table.Callers.Include(claim) {
			continue
		}
		table.Columns = slices.DeleteFunc(slices.Clone(table.Columns), func(c Column) bool { return !c.Callers.Include(claim) })
		if len(table.Columns) == 0 {
			continue
		}
		for _, column := range table.Columns {
			key := [2]string{table.Schema, table.Name}
			shown[key] = append(shown[key], column.Name)
		}
		tables = append(tables, table)
	}
	all := map[[2]string][]string{}
	for _, table := range s.Tables {
		for _, column := range table.Columns {
			key := [2]string{table.Schema, table.Name}
			all[key] = append(all[key], column.Name)
		}
	}
	for i, table := range tables {
		hidden := func(key [2]string, columns []string) bool {
			return slices.ContainsFunc(columns, func(name string) bool {
				return slices.Contains(all[key], name) && !slices.Contains(shown[key], name)
			})
		}
		current := [2]string{table.Schema, table.Name}
		if hidden(current, table.PrimaryKey) {
			tables[i].PrimaryKey = nil
		}
		tables[i].ForeignKeys = slices.DeleteFunc(slices.Clone(table.ForeignKeys), func(key ForeignKey) bool {
			target := [2]string{key.Schema, key.Table}
			return hidden(current, key.Columns) || hidden(target, key.TargetColumns) || all[target] != nil && shown[target] == nil
		})
	}
	s.Tables = tables
	s.Unreadable = nil // may name hidden objects
	return s
}
