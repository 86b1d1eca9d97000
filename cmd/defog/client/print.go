package client

import (
	"fmt"
	"io"
	"net/http"
	"strings"

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
		return fmt.Errorf("%s%s%s", a.Error, status, a.options())
	}
	if asJSON {
		return nil
	}
	terminal.Table(stdout, a.Columns, a.Rows)
	fmt.Fprintln(stdout, a.RowCount())
	a.printTrust(stdout)
	return nil
}

// options returns the meanings of an ambiguous question, to ask for one of them.
func (a *Answer) options() string {
	if len(a.Clarification.Options) == 0 {
		return ""
	}
	text := "\nAsk one of these:"
	for _, option := range a.Clarification.Options {
		text += "\n- " + option
	}
	return text
}

// printTrust writes what the answer rests on, a line for each known field.
func (a *Answer) printTrust(stdout io.Writer) {
	agreement := ""
	if a.Samples > 0 {
		agreement = fmt.Sprintf("%.0f of %d answers of the model have these rows", a.Confidence*float64(a.Samples), a.Samples)
	}
	for _, line := range []struct{ name, text string }{
		{"source", a.Source},
		{"agreement", agreement},
		{"tables", strings.Join(a.Tables, ", ")},
		{"filters", strings.Join(a.Filters, "; ")},
		{"assumptions", strings.Join(a.Assumptions, "; ")},
	} {
		if line.text != "" {
			fmt.Fprintf(stdout, "%s: %s\n", line.name, terminal.Line(line.text))
		}
	}
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
