// Package schema is what a language model is told of a database: its tables
// and columns, as schema.json among the dependencies holds them.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// File is the schema's name among the dependencies.
const File = "schema.json"

// Schema is a database's structure. Names are as the database stores them, and
// not quoted.
type Schema struct {
	DBType string  `json:"db_type"` // as in connection.json
	Tables []Table `json:"tables"`
}

// Table is a table or a view.
type Table struct {
	Schema      string       `json:"schema,omitempty"` // "" where SQL finds the table without it
	Name        string       `json:"name"`
	View        bool         `json:"view,omitempty"`
	Comment     string       `json:"comment,omitempty"`
	Columns     []Column     `json:"columns"`
	PrimaryKey  []string     `json:"primary_key,omitempty"`
	ForeignKeys []ForeignKey `json:"foreign_keys,omitempty"`
}

// Column is one column of a table.
type Column struct {
	Name    string   `json:"name"`
	Type    string   `json:"type,omitempty"` // as SQL writes it; SQLite's columns need none
	NotNull bool     `json:"not_null,omitempty"`
	Comment string   `json:"comment,omitempty"`
	Samples []string `json:"samples,omitempty"` // values that it holds, as text
}

// ForeignKey says that Columns hold the values of another table's.
type ForeignKey struct {
	Columns       []string `json:"columns"`
	Schema        string   `json:"references_schema,omitempty"`
	Table         string   `json:"references_table"`
	TargetColumns []string `json:"references_columns,omitempty"`
}

// Path is the table's name behind its schema's, for people.
func (t Table) Path() string {
	if t.Schema == "" {
		return t.Name
	}
	return t.Schema + "." + t.Name
}

// Open reads the schema from directory. The error holds every problem of the
// file.
func Open(directory string) (Schema, error) {
	path := filepath.Join(directory, File)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Schema{}, fmt.Errorf("%s is not among the dependencies; go run ./cmd/defog schema makes it from the database", File)
	}
	if err != nil {
		return Schema{}, fmt.Errorf("read the schema: %w", err)
	}
	s, err := Parse(data)
	if err != nil {
		return s, fmt.Errorf("read the schema from %s: %w", path, err)
	}
	return s, nil
}

// Parse reads what Encode wrote.
func Parse(data []byte) (Schema, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var s Schema
	if err := decoder.Decode(&s); err != nil {
		return s, fmt.Errorf(`%w; valid: {"db_type": "…", "tables": [{"name": "…", "columns": [{"name": "…", "type": "…"}]}]}`, err)
	}
	var problems []error
	if len(s.Tables) == 0 {
		problems = append(problems, errors.New("it holds no table"))
	}
	for i, table := range s.Tables {
		if table.Name == "" || len(table.Columns) == 0 {
			problems = append(problems, fmt.Errorf("table %d (%q): needs a name and columns", i+1, table.Name))
		}
		for j, column := range table.Columns {
			if column.Name == "" {
				problems = append(problems, fmt.Errorf("table %d (%q), column %d: needs a name", i+1, table.Name, j+1))
			}
		}
	}
	return s, errors.Join(problems...)
}

// Encode returns the schema as the file holds it: JSON, indented, for people
// edit it too.
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
