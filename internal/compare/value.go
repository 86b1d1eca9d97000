// Package compare compares the results of two statements by their values.
package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"sync"
)

// Table is a result: its columns, and its rows of values.
type Table struct {
	Columns []string
	Rows    [][]Value
}

// Value is one value of a result.
type Value struct {
	text     string // canonical: equal values have the same text
	json     string // as it was
	number   float64
	isNumber bool
	isWhole  bool // a number without a fraction
}

// Data returns the rows as a JSON array of arrays, which Parse reads.
func (t Table) Data() (json.RawMessage, error) {
	rows := make([][]json.RawMessage, len(t.Rows))
	for n, row := range t.Rows {
		for _, value := range row {
			rows[n] = append(rows[n], json.RawMessage(value.json))
		}
	}
	data, err := json.Marshal(rows)
	if err != nil {
		return nil, fmt.Errorf("encode rows: %w", err)
	}
	return data, nil
}

// String returns the value as in JSON.
func (v Value) String() string { return v.text }

var (
	// decimal matches a number that is a text in JSON, because it is exact. A leading
	// zero makes an identifier.
	decimal = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$`)
	})

	// midnight matches a timestamp that holds a date only.
	midnight = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})[ T]00:00:00(?:\.0+)?(?:Z|[+-]00:?00)?$`)
	})
)

// maxDigits limits the exponent of a number that is compared exactly.
const maxDigits = 400

// Parse returns a result. data is a JSON array of rows, each an array of values.
func Parse(columns []string, data json.RawMessage) (Table, error) {
	table := Table{Columns: columns}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var rows [][]any
	if err := decoder.Decode(&rows); err != nil {
		return table, fmt.Errorf("decode rows: %w", err)
	}
	for _, row := range rows {
		values := make([]Value, len(row))
		for i, value := range row {
			var err error
			if values[i], err = newValue(value); err != nil {
				return table, err
			}
		}
		table.Rows = append(table.Rows, values)
	}
	return table, nil
}

func newValue(value any) (Value, error) {
	text, err := json.Marshal(value) // null, a boolean, a list or an object, whose keys it sorts
	if err != nil {
		return Value{}, fmt.Errorf("encode a value: %w", err)
	}
	v := canonicalValue(value, string(text))
	v.json = string(text)
	return v, nil
}

func canonicalValue(value any, text string) Value {
	switch value := value.(type) {
	case json.Number:
		return newNumber(value.String())
	case string:
		if decimal().MatchString(value) {
			return newNumber(value)
		}
		if date := midnight().FindStringSubmatch(value); date != nil {
			value = date[1]
		}
		return Value{text: strconv.Quote(value)}
	}
	return Value{text: text}
}

func newNumber(text string) Value {
	number, err := strconv.ParseFloat(text, 64)
	v := Value{text: text, number: number, isNumber: err == nil && !math.IsInf(number, 0)}
	if !v.isNumber || number != 0 && math.Abs(math.Log10(math.Abs(number))) > maxDigits {
		return v
	}
	if exact, ok := new(big.Rat).SetString(text); ok {
		v.isWhole = exact.IsInt()
		if v.isWhole {
			v.text = exact.Num().String()
		} else {
			v.text = canonical(exact)
		}
	}
	return v
}

// canonical returns a decimal fraction without zeros at its end.
func canonical(exact *big.Rat) string {
	digits, _ := exact.FloatPrec()
	return exact.FloatString(digits)
}

// close reports whether two values are equal. Whole numbers are equal only if they are
// the same; the tolerance is for fractions.
func (r Rules) close(a, b Value) bool {
	if !a.isNumber || !b.isNumber || a.isWhole && b.isWhole {
		return a.isNumber == b.isNumber && a.text == b.text
	}
	if a.text == b.text {
		return true
	}
	return math.Abs(a.number-b.number) <= r.Tolerance*math.Max(math.Abs(a.number), math.Abs(b.number))+tiny
}

// tiny is the tolerance around zero, where a relative one has no effect.
const tiny = 1e-12
