package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// DefaultTolerance is the relative difference of two equal fractions. Sums of floats in
// another order differ by less.
const DefaultTolerance = 1e-9

// maxSteps is the default limit of the search for the columns of one result.
const maxSteps = 100_000

// Rules determine which results are equal.
type Rules struct {
	Exact     bool    // another result has no more columns
	Tolerance float64 // the relative difference of two equal fractions
	Steps     int     // limit of the search for the columns; 0 for the default
}

// Expected is the result of a reference statement.
type Expected struct {
	Table
	Ordered bool  // the rows are a list, and otherwise a bag
	Groups  []int // of a list: the numbers of successive rows whose order is free
}

// Difference describes why a result is another one.
type Difference struct {
	Reason     string     `json:"reason"`
	Missing    [][]string `json:"missing,omitempty"`    // the first rows of the reference only
	Unexpected [][]string `json:"unexpected,omitempty"` // the first rows of the answer only
}

// shownRows limits the rows of a difference.
const shownRows = 3

// Compare returns nil if the results are equal. Columns are the same by their values,
// whatever their names and order: a choice of columns must make the rows equal.
func (r Rules) Compare(want Expected, got Table) *Difference {
	switch {
	case len(got.Columns) < len(want.Columns):
		return r.differ(want, got, fmt.Sprintf("the answer has %s, the reference %s", count(len(got.Columns), "column"), count(len(want.Columns), "column")))
	case r.Exact && len(got.Columns) > len(want.Columns):
		return r.differ(want, got, fmt.Sprintf("the answer has %s, the reference %s", count(len(got.Columns), "column"), count(len(want.Columns), "column")))
	case len(got.Rows) != len(want.Rows):
		return r.differ(want, got, fmt.Sprintf("the answer has %s, the reference %s", count(len(got.Rows), "row"), count(len(want.Rows), "row")))
	case len(want.Rows) == 0:
		return nil
	}
	s := search{rules: r, want: want, got: got, chosen: make([]int, len(want.Columns)), used: make([]bool, len(got.Columns))}
	if column := s.findCandidates(); column >= 0 {
		return r.differ(want, got, fmt.Sprintf("no column of the answer has the values of column %q", want.Columns[column]))
	}
	switch {
	case s.choose(0):
		return nil
	case s.bag:
		return r.differ(want, got, "the rows are in another order")
	case s.steps > s.most():
		return r.differ(want, got, "no choice of columns found within the limit of the search")
	}
	return r.differ(want, got, "the rows differ")
}

// search finds a column of got for each column of want.
type search struct {
	rules      Rules
	want       Expected
	got        Table
	candidates [][]int // by column of want
	order      []int   // the columns of want, those with few candidates first
	chosen     []int   // by column of want
	used       []bool  // by column of got
	steps      int
	bag        bool // a choice makes the rows equal as a bag
}

func (s *search) most() int { return cmp.Or(s.rules.Steps, maxSteps) }

// findCandidates finds the columns with the same values as a bag. It returns a column
// of want without any, or -1.
func (s *search) findCandidates() int {
	s.candidates = make([][]int, len(s.want.Columns))
	got := make([][]Value, len(s.got.Columns))
	for j := range got {
		got[j] = sortedColumn(s.got, j)
	}
	for i := range s.want.Columns {
		s.order = append(s.order, i)
		values := sortedColumn(s.want.Table, i)
		for j := range got {
			if slices.EqualFunc(values, got[j], s.rules.close) {
				s.candidates[i] = append(s.candidates[i], j)
			}
		}
		if len(s.candidates[i]) == 0 {
			return i
		}
		// A column of the same name or position is the likely one.
		slices.SortStableFunc(s.candidates[i], func(a, b int) int { return s.likely(i, b) - s.likely(i, a) })
	}
	slices.SortStableFunc(s.order, func(a, b int) int { return len(s.candidates[a]) - len(s.candidates[b]) })
	return -1
}

func (s *search) likely(i, j int) int {
	switch {
	case strings.EqualFold(s.want.Columns[i], s.got.Columns[j]):
		return 2
	case i == j:
		return 1
	}
	return 0
}

// sortedColumn returns a column's values: numbers first, in ascending order.
func sortedColumn(table Table, column int) []Value {
	values := make([]Value, len(table.Rows))
	for i, row := range table.Rows {
		values[i] = row[column]
	}
	slices.SortFunc(values, compareValues)
	return values
}

func compareValues(a, b Value) int {
	switch {
	case a.isNumber && b.isNumber && a.number != b.number:
		if a.number < b.number {
			return -1
		}
		return 1
	case a.isNumber != b.isNumber:
		if a.isNumber {
			return -1
		}
		return 1
	}
	return strings.Compare(a.text, b.text)
}

// choose chooses columns for the columns of want from the position on, and reports
// whether the rows are equal then.
func (s *search) choose(position int) bool {
	if position == len(s.order) {
		return s.equal()
	}
	i := s.order[position]
	for k, j := range s.candidates[i] {
		if s.used[j] || s.repeats(s.candidates[i][:k], j) {
			continue
		}
		if s.steps++; s.steps > s.most() {
			return false
		}
		s.used[j], s.chosen[i] = true, j
		// The rows of the columns so far must be equal, too. That ends a wrong branch.
		if (position == 0 || len(s.candidates[i]) == 1 || s.equalBag(s.order[:position+1], 0, len(s.want.Rows))) && s.choose(position+1) {
			return true
		}
		s.used[j] = false
	}
	return false
}

// repeats reports whether an earlier candidate that is free has the same values in
// every row: it has failed already.
func (s *search) repeats(earlier []int, j int) bool {
	return slices.ContainsFunc(earlier, func(other int) bool {
		return !s.used[other] && !slices.ContainsFunc(s.got.Rows, func(row []Value) bool { return row[other].text != row[j].text })
	})
}

// equal compares the rows of the chosen columns.
func (s *search) equal() bool {
	all := s.order
	if !s.equalBag(all, 0, len(s.want.Rows)) {
		return false
	}
	s.bag = true
	if !s.want.Ordered {
		return true
	}
	at := 0
	for _, size := range s.want.Groups {
		if !s.equalBag(all, at, at+size) {
			return false
		}
		at += size
	}
	return true
}

// equalBag compares rows of some columns of want as bags.
func (s *search) equalBag(columns []int, from, to int) bool {
	project := func(rows [][]Value, column func(int) int) [][]Value {
		projected := make([][]Value, len(rows))
		for n, row := range rows {
			projected[n] = make([]Value, len(columns))
			for k, i := range columns {
				projected[n][k] = row[column(i)]
			}
		}
		return projected
	}
	missing, _ := s.rules.subtract(
		project(s.want.Rows[from:to], func(i int) int { return i }),
		project(s.got.Rows[from:to], func(i int) int { return s.chosen[i] }))
	return len(missing) == 0
}

// differ returns the difference with the first rows that only one result has. Columns
// of the same name correspond, and otherwise those of the same position.
func (r Rules) differ(want Expected, got Table, reason string) *Difference {
	d := &Difference{Reason: reason}
	rows := got.Rows
	if len(got.Columns) >= len(want.Columns) {
		rows = make([][]Value, len(got.Rows))
		columns := corresponding(want.Columns, got.Columns)
		for n, row := range got.Rows {
			for _, j := range columns {
				rows[n] = append(rows[n], row[j])
			}
		}
	}
	missing, unexpected := r.subtract(want.Rows, rows)
	if len(missing) == 0 && len(unexpected) == 0 {
		for n := range want.Rows {
			if !slices.EqualFunc(want.Rows[n], rows[n], r.close) {
				missing, unexpected = want.Rows[n:], rows[n:]
				break
			}
		}
	}
	d.Missing, d.Unexpected = texts(missing), texts(unexpected)
	return d
}

// corresponding returns a column of got for each column of want.
func corresponding(want, got []string) []int {
	columns, used := make([]int, len(want)), map[int]bool{}
	for i := range columns {
		columns[i] = slices.IndexFunc(got, func(name string) bool { return strings.EqualFold(name, want[i]) })
		if used[columns[i]] {
			columns[i] = -1
		}
		used[columns[i]] = true
	}
	for i := range columns {
		for j := 0; columns[i] < 0; j++ {
			if !used[j] {
				columns[i], used[j] = j, true
			}
		}
	}
	return columns
}

func texts(rows [][]Value) [][]string {
	var shown [][]string
	for _, row := range rows[:min(len(rows), shownRows)] {
		values := make([]string, len(row))
		for i, value := range row {
			values[i] = value.String()
		}
		shown = append(shown, values)
	}
	return shown
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
