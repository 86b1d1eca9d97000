package evaluate

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"defog-cdk/cmd/defog/terminal"
)

// WriteJSON writes the report as JSON, which is a later run's baseline.
func (r Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// WriteText writes the report for a terminal.
func (r Report) WriteText(w io.Writer) error {
	for _, miss := range r.Misses() {
		fmt.Fprintf(w, "%s  %s\n", terminal.Line(miss.Outcome), terminal.Line(miss.Question))
		for _, line := range miss.lines() {
			text := terminal.Line(line[1])
			switch line[0] {
			case "reference", "answer", "message": // of several lines
				text = strings.ReplaceAll(terminal.Text(strings.TrimSpace(line[1])), "\n", "\n"+strings.Repeat(" ", 13))
			}
			fmt.Fprintf(w, "  %-10s %s\n", line[0], text)
		}
		fmt.Fprintln(w)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "category\tquestions\tright\taccuracy\t95 %\tfirst try")
	for _, s := range r.summaries() {
		for i := range s {
			s[i] = terminal.Line(s[i])
		}
		fmt.Fprintln(table, strings.Join(s, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, line := range r.totals() {
		fmt.Fprintf(w, "%-9s %s\n", line[0], terminal.Line(line[1]))
	}
	return nil
}

// summaries returns the cells of the table, the last row for all questions.
func (r Report) summaries() [][]string {
	unknown := slices.ContainsFunc(r.Results, func(r Result) bool { return r.Retries < 0 })
	var rows [][]string
	all := r.Summary
	all.Category = "all"
	list := r.Categories
	if len(list) == 1 {
		list = nil // the same as all
	}
	for _, s := range append(list[:len(list):len(list)], all) {
		name := s.Category
		if name == "" {
			name = "none"
		}
		first := percent(share(s.First, s.Questions))
		if unknown {
			first = "unknown" // an API does not return the number of retries
		}
		rows = append(rows, []string{
			name, fmt.Sprint(s.Questions), fmt.Sprint(s.Right), percent(s.Accuracy),
			percent(s.Interval[0]) + " to " + percent(s.Interval[1]), first,
		})
	}
	return rows
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// totals returns the report's other lines: a name and a text.
func (r Report) totals() [][2]string {
	lines := [][2]string{{"system", r.System}}
	if misses := r.outcomes(); len(misses) > 0 {
		lines = append(lines, [2]string{"misses", strings.Join(misses, ", ")})
	}
	lines = append(lines, [2]string{"latency", fmt.Sprintf("p50 %.2f s, p95 %.2f s", r.Latency.P50, r.Latency.P95)})
	if u := r.Usage; u.Replies > 0 {
		lines = append(lines, [2]string{"tokens", fmt.Sprintf("%d in, %d out, %d from the cache, %d to the cache, in %d replies",
			u.Input, u.Output, u.CacheRead, u.CacheWrite, u.Replies)})
	}
	if r.Cost != nil {
		lines = append(lines, [2]string{"cost", fmt.Sprintf("%.4f USD", *r.Cost)})
	}
	if r.Baseline != nil {
		lines = append(lines, [2]string{"baseline", r.Baseline.Verdict()})
		if ids := r.Baseline.Worse; len(ids) > 0 {
			lines = append(lines, [2]string{"worse", strings.Join(ids, ", ")})
		}
		if ids := r.Baseline.Better; len(ids) > 0 {
			lines = append(lines, [2]string{"better", strings.Join(ids, ", ")})
		}
	}
	return lines
}

// lines returns what a miss shows: a name and a text.
func (r Result) lines() [][2]string {
	var lines [][2]string
	add := func(name, text string) {
		if text != "" {
			lines = append(lines, [2]string{name, text})
		}
	}
	add("reference", r.Reference)
	add("answer", r.SQL)
	add("message", r.Message)
	if d := r.Difference; d != nil {
		add("because", d.Reason)
		for _, row := range d.Missing {
			add("missing", strings.Join(row, " | "))
		}
		for _, row := range d.Unexpected {
			add("unexpected", strings.Join(row, " | "))
		}
	}
	return lines
}

// WriteMarkdown writes the report for a pull request.
func (r Report) WriteMarkdown(w io.Writer) error {
	var text strings.Builder
	text.WriteString("| category | questions | right | accuracy | 95 % | first try |\n|---|--:|--:|--:|---|--:|\n")
	for _, s := range r.summaries() {
		for i := range s {
			s[i] = terminal.Cell(s[i])
		}
		fmt.Fprintf(&text, "| %s |\n", strings.Join(s, " | "))
	}
	text.WriteString("\n")
	for _, line := range r.totals() {
		fmt.Fprintf(&text, "- %s: %s\n", line[0], terminal.Cell(line[1]))
	}
	for _, miss := range r.Misses() {
		fmt.Fprintf(&text, "\n<details><summary>%s: %s</summary>\n\n", miss.Outcome, terminal.Cell(miss.Question))
		for _, line := range miss.lines() {
			fmt.Fprintf(&text, "- %s: %s\n", line[0], terminal.Code(line[1]))
		}
		text.WriteString("\n</details>\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// The elements of JUnit's XML format, which CI systems read.
type (
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the report as JUnit's XML: a test case a question.
func (r Report) WriteJUnit(w io.Writer) error {
	suite := junitSuite{Name: "defog evaluate: " + r.System, Tests: len(r.Results), Failures: len(r.Misses())}
	var total float64
	for _, result := range r.Results {
		total += result.Seconds
		class := "evaluate"
		if result.Category != "" {
			class += "." + result.Category
		}
		c := junitCase{Class: class, Name: result.ID + ": " + result.Question, Time: fmt.Sprintf("%.3f", result.Seconds)}
		if !result.Right() {
			c.Failure = &junitFailure{Type: result.Outcome, Message: result.Outcome}
			for _, line := range result.lines() {
				c.Failure.Text += line[0] + ": " + line[1] + "\n"
			}
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = fmt.Sprintf("%.3f", total)
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return fmt.Errorf("encode JUnit's XML: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}
