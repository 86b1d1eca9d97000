package terminal

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// widest is the width at which a cell's text goes on in its next line.
const widest = 60

// Table prints rows of JSON values below their columns' names. A JSON null is
// NULL, text is shown without its quotes, and a column of numbers alone is
// aligned on the right.
func Table(w io.Writer, columns []string, rows [][]json.RawMessage) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault

	header := make(table.Row, len(columns))
	configs := make([]table.ColumnConfig, len(columns))
	for i, name := range columns {
		header[i] = Line(name)
		configs[i] = table.ColumnConfig{Number: i + 1, WidthMax: widest}
		if numeric(rows, i) {
			configs[i].Align, configs[i].AlignHeader = text.AlignRight, text.AlignRight
		}
	}
	t.AppendHeader(header)
	t.SetColumnConfigs(configs)
	for _, row := range rows {
		cells := make(table.Row, len(row))
		for i, value := range row {
			cells[i] = cell(value)
		}
		t.AppendRow(cells)
	}
	t.Render()
}

func cell(value json.RawMessage) string {
	var str string
	switch {
	case string(value) == "null":
		return "NULL"
	case json.Unmarshal(value, &str) == nil:
		return Line(str)
	}
	var compact bytes.Buffer
	if json.Compact(&compact, value) != nil {
		return Line(string(value))
	}
	return JSON(compact.Bytes())
}

// number matches what the function writes for numbers, decimals being text.
var number = regexp.MustCompile(`^"?-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"?$`)

// numeric says whether a column has numbers, and nothing else but nulls.
func numeric(rows [][]json.RawMessage, column int) bool {
	found := false
	for _, row := range rows {
		if column >= len(row) || string(row[column]) == "null" {
			continue
		}
		if !number.Match(row[column]) {
			return false
		}
		found = true
	}
	return found
}
