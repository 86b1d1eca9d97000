package results

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
)

// writeCSV writes the rows, a JSON array of arrays, below a line with the
// columns, as RFC 4180 has it. Text stands as it is, null is an empty field like
// an empty text, and every other value is its JSON. It returns how many rows
// there were.
func writeCSV(w io.Writer, columns []string, text io.Reader) (rows int, err error) {
	table := csv.NewWriter(w)
	table.UseCRLF = true
	if err := table.Write(columns); err != nil {
		return 0, fmt.Errorf("write CSV: %w", err)
	}
	decoder := json.NewDecoder(text)
	if _, err := decoder.Token(); err != nil {
		return 0, err
	}
	fields := make([]string, len(columns))
	var values []json.RawMessage
	for decoder.More() {
		if err := decoder.Decode(&values); err != nil {
			return rows, err
		}
		for i, value := range values {
			if fields[i], err = field(value); err != nil {
				return rows, err
			}
		}
		if err := table.Write(fields); err != nil {
			return rows, fmt.Errorf("write CSV: %w", err)
		}
		rows++
	}
	if _, err := decoder.Token(); err != nil { // the end of the array: all rows came
		return rows, err
	}
	table.Flush()
	return rows, table.Error()
}

func field(value json.RawMessage) (string, error) {
	switch value[0] {
	case '"':
		var text string
		err := json.Unmarshal(value, &text)
		return text, err
	case 'n':
		return "", nil
	default:
		return string(value), nil
	}
}
