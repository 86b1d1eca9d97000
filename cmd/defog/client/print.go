package client

import (
	"fmt"
	"io"
	"net/http"

	"defog-cdk/cmd/defog/terminal"
)

// Print writes the answer: the SQL and the rows, or JSON on one line. For an
// answer with an error message it returns that message as an error.
func (a *Answer) Print(stdout io.Writer, asJSON bool) error {
	switch {
	case asJSON:
		fmt.Fprintln(stdout, terminal.JSON(a.Body))
	case a.SQL != "":
		fmt.Fprintf(stdout, "%s\n\n", terminal.Text(a.SQL))
	}
	if !a.RanSuccessfully {
		status := ""
		if a.Status != http.StatusOK {
			status = fmt.Sprintf(" (%d)", a.Status)
		}
		return fmt.Errorf("%s%s", a.Error, status)
	}
	if asJSON {
		return nil
	}
	terminal.Table(stdout, a.Columns, a.Rows)
	fmt.Fprintln(stdout, a.RowCount())
	return nil
}

// RowCount describes the number of rows in words.
func (a *Answer) RowCount() string {
	text := fmt.Sprintf("%d rows", len(a.Rows))
	if len(a.Rows) == 1 {
		text = "1 row"
	}
	if a.Truncated {
		text += "; the function's limit cut off further rows"
	}
	return text
}
