package compare

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func parse(t *testing.T, columns, rows string) Table {
	t.Helper()
	table, err := Parse(strings.Fields(columns), json.RawMessage(rows))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestCompareByValues(t *testing.T) {
	for name, test := range map[string]struct {
		wantColumns, want, gotColumns, got string
		equal, equalExact                  bool
	}{
		"same":                {"a b", `[[1,"x"],[2,"y"]]`, "a b", `[[1,"x"],[2,"y"]]`, true, true},
		"other order":         {"a b", `[[1,"x"],[2,"y"]]`, "c d", `[["y",2],["x",1]]`, true, true},
		"more columns":        {"a", `[[1],[2]]`, "b c", `[["x",2],["y",1]]`, true, false},
		"fewer columns":       {"a b", `[[1,2]]`, "a", `[[1]]`, false, false},
		"fewer rows":          {"a", `[[1],[1]]`, "a", `[[1]]`, false, false},
		"one row twice":       {"a", `[[1],[1],[2]]`, "a", `[[1],[2],[2]]`, false, false},
		"no rows":             {"a", `[]`, "b", `[]`, true, true},
		"null and zero":       {"a", `[[null]]`, "a", `[[0]]`, false, false},
		"null and empty":      {"a", `[[null]]`, "a", `[[""]]`, false, false},
		"decimal and float":   {"a", `[["12.50"],["0.1"]]`, "a", `[[12.5],[0.1]]`, true, true},
		"close fractions":     {"a", `[[0.30000000000000004]]`, "a", `[["0.3"]]`, true, true},
		"far fractions":       {"a", `[[0.3000001]]`, "a", `[["0.3"]]`, false, false},
		"large whole numbers": {"a", `[[9007199254740993]]`, "a", `[[9007199254740992]]`, false, false},
		"whole and fraction":  {"a", `[[3]]`, "a", `[[2.9999999999999996]]`, true, true},
		"identifiers":         {"a", `[["007"]]`, "a", `[["7"]]`, false, false},
		"case":                {"a", `[["x"]]`, "a", `[["X"]]`, false, false},
		"date and midnight":   {"a", `[["2024-02-29"]]`, "a", `[["2024-02-29 00:00:00+00:00"]]`, true, true},
		"date and noon":       {"a", `[["2024-02-29"]]`, "a", `[["2024-02-29 12:00:00"]]`, false, false},
		"objects":             {"a", `[[{"x":1,"y":[null]}]]`, "a", `[[{"y":[null],"x":1}]]`, true, true},
		"swapped in a row":    {"a b", `[[1,2],[2,1]]`, "a b", `[[1,1],[2,2]]`, false, false},
		"only one choice":     {"a b", `[[1,2],[2,1],[1,1]]`, "a b", `[[2,1],[1,2],[1,1]]`, true, true},
		"repeated column":     {"a b", `[[1,1],[2,2]]`, "a", `[[1],[2]]`, false, false},
		"column used twice":   {"a b", `[[1,1],[2,2]]`, "a b", `[[1,2],[2,1]]`, false, false},
	} {
		want, got := Expected{Table: parse(t, test.wantColumns, test.want)}, parse(t, test.gotColumns, test.got)
		for exact, equal := range map[bool]bool{false: test.equal, true: test.equalExact} {
			d := Rules{Exact: exact, Tolerance: DefaultTolerance}.Compare(want, got)
			if (d == nil) != equal {
				t.Errorf("%s, exact %t: got %+v", name, exact, d)
			}
		}
	}
}

// TestCompareChoosesColumnsByRows has columns with the same values each, so that only
// whole rows determine the choice.
func TestCompareChoosesColumnsByRows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for try := range 200 {
		const width, height = 6, 40
		permutation := random.Perm(width)
		var want, got [][]int
		for range height {
			row, other := make([]int, width), make([]int, width)
			for i := range row {
				row[i] = random.IntN(2)
			}
			for i, j := range permutation {
				other[j] = row[i]
			}
			want, got = append(want, row), append(got, other)
		}
		// Each column has as many ones, so that no column is found by itself.
		for i := range width {
			ones := 0
			for n := range want {
				ones += want[n][i]
			}
			for n := 0; ones != height/2; n++ {
				if full := ones > height/2; want[n][i] == map[bool]int{true: 1, false: 0}[full] {
					want[n][i] = 1 - want[n][i]
					got[n][permutation[i]] = want[n][i]
					ones += map[bool]int{true: -1, false: 1}[full]
				}
			}
		}
		random.Shuffle(height, func(a, b int) { got[a], got[b] = got[b], got[a] })
		table := func(rows [][]int) Table {
			text, err := json.Marshal(rows)
			if err != nil {
				t.Fatal(err)
			}
			return parse(t, "a b c d e f", string(text))
		}
		rules := Rules{Tolerance: DefaultTolerance}
		if d := rules.Compare(Expected{Table: table(want)}, table(got)); d != nil {
			t.Fatalf("try %d: got %+v", try, d)
		}
		// Two values of one column change places: each column keeps its values.
		for n := range got {
			if got[0][0] != got[n][0] && fmt.Sprint(got[0][1:]) != fmt.Sprint(got[n][1:]) {
				got[0][0], got[n][0] = got[n][0], got[0][0]
				break
			}
		}
		if rules.Compare(Expected{Table: table(want)}, table(got)) == nil {
			t.Fatalf("try %d: a change was not found", try)
		}
	}
}

func TestCompareListsWithTies(t *testing.T) {
	want := Expected{Table: parse(t, "n name", `[[1,"a"],[2,"b"],[2,"c"],[3,"d"]]`), Ordered: true, Groups: []int{1, 2, 1}}
	for rows, equal := range map[string]bool{
		`[[1,"a"],[2,"b"],[2,"c"],[3,"d"]]`: true,
		`[[1,"a"],[2,"c"],[2,"b"],[3,"d"]]`: true,
		`[[2,"b"],[1,"a"],[2,"c"],[3,"d"]]`: false,
		`[[3,"d"],[2,"c"],[2,"b"],[1,"a"]]`: false,
	} {
		d := Rules{}.Compare(want, parse(t, "x y", rows))
		if (d == nil) != equal {
			t.Errorf("%s: got %+v", rows, d)
		}
		if d != nil && (d.Reason != "the rows are in another order" || len(d.Missing) == 0) {
			t.Errorf("%s: got %+v", rows, d)
		}
	}
}

// TestMatchIsNotGreedy has rows of which the first fits two others, within the
// tolerance, and the second only one.
func TestMatchIsNotGreedy(t *testing.T) {
	rules := Rules{Tolerance: 0.1}
	a, b := parse(t, "x y", `[[10.5,1.5],[11.5,1.5]]`), parse(t, "x y", `[[11.4,1.5],[9.6,1.5]]`)
	if left, right := rules.subtract(a.Rows, b.Rows); len(left)+len(right) != 0 {
		t.Errorf("left %v and %v", left, right)
	}
}

// TestMatchReadsOnlyNearRows has rows with fractions that all differ: each row of one
// result against each of the other would take minutes.
func TestMatchReadsOnlyNearRows(t *testing.T) {
	const height = 30_000
	table := func(format string) Table {
		t := Table{Columns: []string{"a", "b"}}
		for n := range height {
			t.Rows = append(t.Rows, []Value{newNumber("1.5"), newNumber(fmt.Sprintf(format, (n*7)%height))})
		}
		return t
	}
	rules, want := Rules{Tolerance: DefaultTolerance}, Expected{Table: table("%d.25")}
	if d := rules.Compare(want, table("%d.2500000001")); d != nil {
		t.Errorf("close rows: got %+v", d)
	}
	if left, right := rules.subtract(want.Rows, table("%d.26").Rows); len(left) != height || len(right) != height {
		t.Errorf("other rows: left %d and %d", len(left), len(right))
	}
}

func TestDifferenceShowsFirstRows(t *testing.T) {
	want := Expected{Table: parse(t, "name n", `[["a",1],["b",2],["c",3],["d",4],["e",5]]`)}
	d := Rules{}.Compare(want, parse(t, "N NAME", `[[1,"a"],[3,"b"],[4,"c"],[5,"d"],[2,"e"]]`))
	if d == nil || d.Reason != "the rows differ" || fmt.Sprint(d.Missing) != `[["b" 2] ["c" 3] ["d" 4]]` || fmt.Sprint(d.Unexpected) != `[["b" 3] ["c" 4] ["d" 5]]` {
		t.Errorf("got %+v", d)
	}
	d = Rules{}.Compare(want, parse(t, "name", `[["a"]]`))
	if d == nil || d.Reason != "the answer has 1 column, the reference 2 columns" {
		t.Errorf("got %+v", d)
	}
}
