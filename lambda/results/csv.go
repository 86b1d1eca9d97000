package results

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// writeCSV converts text, a JSON array of rows, to CSV (RFC 4180) with a header
// line of columns. Strings are written unquoted unless CSV requires quotes, null
// becomes an empty field, and other values keep their JSON text. It returns the
// number of rows.
func writeCSV(w io.Writer, columns []string, text io.Reader) (rows int, err error) {
	table := bufio.NewWriter(w)
	if err := writeLine(table, columns); err != nil {
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
		if err := writeLine(table, fields); err != nil {
			return rows, fmt.Errorf("write CSV: %w", err)
		}
		rows++
	}
	if _, err := decoder.Token(); err != nil { // without the array's end, rows are missing
		return rows, err
	}
	return rows, table.Flush()
}

// writeLine writes one record. encoding/csv with CRLF also rewrites line breaks
// inside fields, and it writes a single empty field as an empty line, which
// readers skip.
func writeLine(w *bufio.Writer, fields []string) error {
	for i, field := range fields {
		if strings.ContainsAny(field, "\",\r\n") || field == "" && len(fields) == 1 {
			field = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
		}
		if i > 0 {
			field = "," + field
		}
		if _, err := w.WriteString(field); err != nil {
			return err
		}
	}
	_, err := w.WriteString("\r\n")
	return err
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
