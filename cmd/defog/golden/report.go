package golden

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"defog-cdk/cmd/defog/evaluate"
	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/internal/history"
	"defog-cdk/internal/knowledge"
)

// Latest returns the last feedback to each answer of questions since a day, by time.
func Latest(ratings []history.Feedback, since time.Time) []history.Feedback {
	byID := map[string]history.Feedback{}
	for _, rating := range ratings {
		if rating.Record.Time.Before(since) {
			continue
		}
		if known, ok := byID[rating.RequestID]; !ok || !rating.Time.Before(known.Time) {
			byID[rating.RequestID] = rating
		}
	}
	return slices.SortedFunc(maps.Values(byID), func(a, b history.Feedback) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.RequestID, b.RequestID))
	})
}

// Set returns the questions of golden queries for all callers as a set for an evaluation.
func Set(pairs, suggested []knowledge.Pair) (questions []evaluate.Question) {
	add := func(category string, pairs []knowledge.Pair) {
		for _, pair := range pairs {
			if pair.Callers == nil {
				questions = append(questions, evaluate.Question{
					ID: strconv.Itoa(len(questions) + 1), Category: category, Text: pair.Question, SQL: []string{pair.SQL},
				})
			}
		}
	}
	add("golden", pairs)
	add("suggested", suggested)
	return questions
}

// Change is the evaluation without the suggestions and with them.
type Change struct {
	Skipped string           `json:"skipped,omitempty"` // why there is none
	Before  *evaluate.Report `json:"before,omitempty"`  // nil if the generator answers nothing without them
	After   *evaluate.Report `json:"after,omitempty"`
}

// Text returns the change for a terminal.
func (c *Change) Text() string {
	var text strings.Builder
	for _, line := range c.lines() {
		fmt.Fprintf(&text, "%-8s  %s\n", line[0], line[1])
	}
	return "\n" + text.String()
}

func (c *Change) lines() (lines [][2]string) {
	if c.Skipped != "" {
		return [][2]string{{"evaluate", "skipped: " + c.Skipped}}
	}
	before := "no golden queries, and so no answer"
	if c.Before != nil {
		before = accuracy(c.Before.Summary)
	}
	lines = [][2]string{{"before", before}, {"after", accuracy(c.After.Summary)}}
	for _, s := range c.After.Categories {
		lines = append(lines, [2]string{"", s.Category + ": " + accuracy(s)})
	}
	if change := c.After.Baseline; change != nil {
		lines = append(lines, [2]string{"change", change.Verdict()})
		for _, id := range change.Worse {
			i := slices.IndexFunc(c.After.Results, func(r evaluate.Result) bool { return r.ID == id })
			lines = append(lines, [2]string{"worse", c.After.Results[i].Question})
		}
	}
	return append(lines, [2]string{"system", c.After.System})
}

func accuracy(s evaluate.Summary) string {
	return fmt.Sprintf("%d of %d right (%.1f %%)", s.Right, s.Questions, 100*s.Accuracy)
}

// Markdown returns the change for a pull request, "" without one.
func (c *Change) Markdown() string {
	if c == nil {
		return ""
	}
	var text strings.Builder
	text.WriteString("\n")
	for _, line := range c.lines() {
		fmt.Fprintf(&text, "- %s\n", terminal.Cell(terminal.Line(strings.TrimSpace(line[0]+" "+line[1]))))
	}
	return text.String()
}

// Text returns the report for a terminal.
func (r Report) Text() string {
	var text strings.Builder
	for _, e := range r.Entries {
		if e.Kind == Known {
			continue // the counts have it
		}
		fmt.Fprintf(&text, "%-11s  %s\n", e.Kind, terminal.Line(e.Question))
		if e.Detail != "" {
			fmt.Fprintf(&text, "             %s\n", terminal.Line(e.Detail))
		}
		for _, s := range e.Statements {
			fmt.Fprintf(&text, "             %s\n", terminal.Line(s.describe()))
			for line := range strings.Lines(terminal.Text(s.SQL)) {
				fmt.Fprintf(&text, "               %s\n", strings.TrimRight(line, "\n"))
			}
		}
		text.WriteString("\n")
	}
	for _, line := range r.counts() {
		text.WriteString(line + "\n")
	}
	return text.String()
}

// describe returns who judged a statement, and what it returned.
func (s Statement) describe() string {
	var parts []string
	if s.Golden {
		parts = append(parts, "in golden.json")
	}
	for _, part := range []struct {
		verb  string
		count int
	}{{"approved", s.Approved}, {"corrected", s.Corrected}, {"judged wrong", s.Refused}} {
		switch {
		case part.count == 1:
			parts = append(parts, part.verb+" by 1 caller")
		case part.count > 1:
			parts = append(parts, fmt.Sprintf("%s by %d callers", part.verb, part.count))
		}
	}
	if s.SameRows {
		parts = append(parts, "the same rows by other SQL")
	}
	switch {
	case s.Failure != "":
		parts = append(parts, "fails: "+s.Failure)
	case s.Rows != nil && *s.Rows == 0:
		parts = append(parts, "no rows now")
	case s.Rows != nil && *s.Rows == 1:
		parts = append(parts, "1 row")
	case s.Rows != nil:
		parts = append(parts, fmt.Sprintf("%d rows", *s.Rows))
	}
	return strings.Join(parts, ", ")
}

// counts returns the numbers of the report in lines.
func (r Report) counts() []string {
	var parts []string
	for _, kind := range kinds {
		if n := r.Count(kind); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	text := "nothing to suggest"
	if len(parts) > 0 {
		text = strings.Join(parts, ", ")
	}
	lines := []string{fmt.Sprintf("%d judged answers: %s", r.Judged, text)}
	for _, reason := range slices.Sorted(maps.Keys(r.Skipped)) {
		lines = append(lines, fmt.Sprintf("skipped: %d %s", r.Skipped[reason], reason))
	}
	return lines
}

// Markdown returns the report for a pull request.
func (r Report) Markdown() string {
	var text strings.Builder
	if len(r.Entries) > 0 {
		text.WriteString("| | question | SQL | because |\n|---|---|---|---|\n")
	}
	cell := func(text string) string { return terminal.Cell(terminal.Line(text)) }
	for _, e := range r.Entries {
		if e.Kind == Known {
			continue
		}
		rows := e.Statements
		if len(rows) == 0 {
			rows = []Statement{{}}
		}
		for i, s := range rows {
			kind, question, because := e.Kind, cell(e.Question), s.describe()
			if i > 0 {
				kind, question = "", ""
			} else if e.Detail != "" {
				because = strings.Trim(e.Detail+"; "+because, "; ")
			}
			sql := ""
			if s.SQL != "" {
				sql = terminal.Code(strings.ReplaceAll(terminal.Text(s.SQL), "|", `\|`))
			}
			fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", kind, question, sql, cell(because))
		}
	}
	text.WriteString("\n")
	for _, line := range r.counts() {
		text.WriteString(cell(line) + "\n")
	}
	return text.String()
}
