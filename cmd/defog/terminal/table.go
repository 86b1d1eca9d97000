package terminal

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// maxWidth is the width of a cell; longer text continues on the next line.
const maxWidth = 60

// Table prints rows of JSON values below the names of their columns. It prints
// null as NULL and text without quotes, and aligns columns of numbers on the
// right.
func Table(w io.Writer, columns []string, rows [][]json.RawMessage) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault

	header := make(table.Row, len(columns))
	configs := make([]table.ColumnConfig, len(columns))
	for i, name := range columns {
		header[i] = Line(name)
		configs[i] = table.ColumnConfig{Number: i + 1, WidthMax: maxWidth}
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

// number matches the function's numbers; decimals are text.
var number = regexp.MustCompile(`^"?-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"?$`)

// numeric reports whether a column has numbers, and otherwise only nulls.
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

// Quote returns text as a cell of Table.
func Quote(text string) json.RawMessage {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a text always has a JSON form
	}
	return quoted
}
