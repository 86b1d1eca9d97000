// Package schema holds the structure of a database (tables, columns, keys) for
// a language model's prompt, and the format of schema.json in the dependencies.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"defog-cdk/internal/jsonfile"
)

// File is the name of the schema file in the dependencies.
const File = "schema.json"

// Schema is the structure of a database. Names are as the database stores them,
// without quotes.
type Schema struct {
	Editor string  `json:"$schema,omitempty"` // the JSON Schema, for editors; not part of the structure
	DBType string  `json:"db_type"`           // as in connection.json
	ReadAt string  `json:"read_at,omitempty"` // when the database was read, as in RFC 3339; "" if unknown
	Tables []Table `json:"tables"`

	// Unreadable lists the objects that could not be read from the database.
	Unreadable []Unreadable `json:"unreadable,omitempty"`
}

// Unreadable is a table, view or column that a query could not read.
type Unreadable struct {
	Schema string `json:"schema,omitempty"`
	Name   string `json:"name"`
	Column string `json:"column,omitempty"` // "" for the whole table
	Reason string `json:"reason"`           // without values of the data
}

// Table is a table or a view.
type Table struct {
	Schema      string       `json:"schema,omitempty"` // "" where SQL resolves the table without a schema
	Name        string       `json:"name"`
	View        bool         `json:"view,omitempty"`
	Comment     string       `json:"comment,omitempty"`
	Columns     []Column     `json:"columns"`
	PrimaryKey  []string     `json:"primary_key,omitempty"`
	ForeignKeys []ForeignKey `json:"foreign_keys,omitempty"`
	Callers     Callers      `json:"callers,omitempty"` // who the table is shown to; nil for all
}

// Column is one column of a table.
type Column struct {
	Name    string   `json:"name"`
	Type    string   `json:"type,omitempty"` // in SQL; optional, since a SQLite column may have none
	NotNull bool     `json:"not_null,omitempty"`
	Comment string   `json:"comment,omitempty"`
	Samples []string `json:"samples,omitempty"` // values of the column, as text
	Callers Callers  `json:"callers,omitempty"` // who the column is shown to; nil for all
}

// ForeignKey is a reference from Columns to the columns of another table.
type ForeignKey struct {
	Columns       []string `json:"columns"`
	Schema        string   `json:"references_schema,omitempty"`
	Table         string   `json:"references_table"`
	TargetColumns []string `json:"references_columns,omitempty"`
}

// Path returns the table's name with its schema, unquoted, for messages.
func (t Table) Path() string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}

// Parse decodes the content of schema.json. The error joins every problem.
func Parse(data []byte) (Schema, error) {
	var s Schema
	if err := jsonfile.DecodeStrict(data, &s); err != nil {
		return s, err
	}
	s.Editor = ""
	var problems []error
	failf := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if s.ReadAt != "" && s.Time().IsZero() {
		failf("read_at: %q is invalid; want a time such as 2026-11-28T15:04:05Z, or no read_at", s.ReadAt)
	}
	if len(s.Tables) == 0 {
		failf("tables: empty; want at least one table")
	}
	for i, table := range s.Tables {
		key := fmt.Sprintf("tables[%d]", i)
		if table.Name == "" {
			failf("%s.name: missing; want the table's name", key)
		}
		if len(table.Columns) == 0 {
			failf("%s.columns: empty; want at least one column of the table %q", key, table.Name)
		}
		if err := table.Callers.Check(); err != nil {
			failf("%s.%w", key, err)
		}
		for j, column := range table.Columns {
			if err := column.Callers.Check(); err != nil {
				failf("%s.columns[%d].%w", key, j, err)
			}
			if column.Name == "" {
				failf("%s.columns[%d].name: missing; want the name of the column in the table %q", key, j, table.Name)
			}
		}
	}
	return s, errors.Join(problems...)
}

// Time returns when the database was read, and the zero time if that is unknown.
func (s Schema) Time() time.Time {
	at, err := time.Parse(time.RFC3339, s.ReadAt)
	if err != nil {
		return time.Time{}
	}
	return at
}

// At returns the schema with the time when the database was read.
func (s Schema) At(read time.Time) Schema {
	s.ReadAt = read.UTC().Truncate(time.Second).Format(time.RFC3339)
	return s
}

// Encode returns the content of schema.json: JSON, indented so that people can
// edit it.
func (s Schema) Encode() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(s); err != nil {
		return nil, fmt.Errorf("encode the schema: %w", err)
	}
	return text.Bytes(), nil
}
