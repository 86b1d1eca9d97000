package compare

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// subtract removes equal rows of two bags from each other, one for one, and returns
// what is left. Equality within a tolerance is not transitive, so that rows with
// fractions are matched as a whole: no choice of pairs would leave fewer.
func (r Rules) subtract(a, b [][]Value) (onlyA, onlyB [][]Value) {
	groups := map[string]*[2][]int{} // rows by their texts, without fractions
	exact := map[string]int{}        // the number of rows of b, by all texts
	for _, row := range b {
		exact[key(row, false)]++
	}
	add := func(side, n int, row []Value) {
		text := key(row, true)
		if groups[text] == nil {
			groups[text] = &[2][]int{}
		}
		groups[text][side] = append(groups[text][side], n)
	}
	// Rows with the same texts first, which are most of them.
	same := map[string]int{}
	for n, row := range a {
		if text := key(row, false); exact[text] > 0 {
			exact[text]--
			same[text]++
		} else {
			add(0, n, row)
		}
	}
	for n, row := range b {
		if text := key(row, false); same[text] > 0 {
			same[text]--
		} else {
			add(1, n, row)
		}
	}
	var left [2][]int
	for _, group := range groups {
		restA, restB := r.match(a, b, group[0], group[1])
		left[0], left[1] = append(left[0], restA...), append(left[1], restB...)
	}
	for side, rows := range [][][]Value{a, b} {
		slices.Sort(left[side])
		for _, n := range left[side] {
			if side == 0 {
				onlyA = append(onlyA, rows[n])
			} else {
				onlyB = append(onlyB, rows[n])
			}
		}
	}
	return onlyA, onlyB
}

// key returns the texts of a row, with a placeholder for each number if it is loose.
func key(row []Value, loose bool) string {
	var text strings.Builder
	for _, value := range row {
		if loose && value.isNumber {
			text.WriteByte('#')
		} else {
			text.WriteString(value.text)
		}
		text.WriteByte(0)
	}
	return text.String()
}

// match finds the largest number of pairs of close rows, by augmenting paths. It
// returns the rows without a partner. The rows have numbers in the same columns.
func (r Rules) match(a, b [][]Value, rowsA, rowsB []int) (restA, restB []int) {
	if len(rowsA) == 0 || len(rowsB) == 0 {
		return rowsA, rowsB
	}
	near := r.nearest(a, b, rowsA, rowsB)
	partner := map[int]int{} // of b's rows
	var augment func(n int, visited map[int]bool) bool
	augment = func(n int, visited map[int]bool) bool {
		for _, m := range near(n) {
			if visited[m] || !slices.EqualFunc(a[n], b[m], r.close) {
				continue
			}
			visited[m] = true
			if other, taken := partner[m]; !taken || augment(other, visited) {
				partner[m] = n
				return true
			}
		}
		return false
	}
	for _, n := range rowsA {
		if !augment(n, map[int]bool{}) {
			restA = append(restA, n)
		}
	}
	for _, m := range rowsB {
		if _, taken := partner[m]; !taken {
			restB = append(restB, m)
		}
	}
	return restA, restB
}

// nearest returns a function for the rows of b that can be close to a row of a. They are
// within the tolerance in one column, the one with the most different numbers.
func (r Rules) nearest(a, b [][]Value, rowsA, rowsB []int) func(n int) []int {
	column, most := -1, 0
	for i, value := range a[rowsA[0]] {
		if !value.isNumber {
			continue
		}
		different := map[string]bool{}
		for _, m := range rowsB {
			different[b[m][i].text] = true
		}
		if len(different) > most {
			column, most = i, len(different)
		}
	}
	if column < 0 || r.Tolerance >= 1 {
		return func(int) []int { return rowsB }
	}
	sorted := slices.Clone(rowsB)
	slices.SortFunc(sorted, func(x, y int) int { return cmp.Compare(b[x][column].number, b[y][column].number) })
	at := func(limit float64) int {
		position, _ := slices.BinarySearchFunc(sorted, limit, func(m int, limit float64) int { return cmp.Compare(b[m][column].number, limit) })
		return position
	}
	return func(n int) []int {
		number := a[n][column].number
		// Twice the tolerance, which is relative to the larger number.
		width := 2*r.Tolerance*math.Abs(number)/(1-r.Tolerance) + 2*tiny
		return sorted[at(number-width):at(math.Nextafter(number+width, math.Inf(1)))]
	}
}
