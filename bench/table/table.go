// Package table prints results of benchmarks as Markdown tables, which docs/benchmarks.md
// contains unchanged.
package table

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table is a table with a heading. Its first column is aligned to the left, the others
// to the right.
type Table struct {
	rows [][]string
}

// New returns a table with the names of its columns.
func New(columns ...string) *Table {
	return &Table{rows: [][]string{columns}}
}

// Row adds a row, with a cell for each column.
func (t *Table) Row(cells ...string) {
	t.rows = append(t.rows, cells)
}

// Write writes the table and an empty line.
func (t *Table) Write(w io.Writer) error {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		if len(row) != len(widths) {
			return fmt.Errorf("row %q has %d cells, want %d", row, len(row), len(widths))
		}
		for i, cell := range row {
			widths[i] = max(widths[i], 3, utf8.RuneCountInString(cell))
		}
	}
	var text strings.Builder
	for i, row := range t.rows {
		for column, cell := range row {
			padding := strings.Repeat(" ", widths[column]-utf8.RuneCountInString(cell))
			if column == 0 {
				fmt.Fprintf(&text, "| %s%s ", cell, padding)
			} else {
				fmt.Fprintf(&text, "| %s%s ", padding, cell)
			}
		}
		text.WriteString("|\n")
		if i == 0 {
			for column, width := range widths {
				if column == 0 {
					fmt.Fprintf(&text, "| %s ", strings.Repeat("-", width))
				} else {
					fmt.Fprintf(&text, "| %s: ", strings.Repeat("-", width-1))
				}
			}
			text.WriteString("|\n")
		}
	}
	text.WriteString("\n")
	_, err := io.WriteString(w, text.String())
	return err
}
