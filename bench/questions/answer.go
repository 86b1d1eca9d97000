package main

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/google/go-cmp/cmp"
)

// answer is what both ways give.
type answer struct {
	Columns []string        `json:"columns"`
	Data    json.RawMessage `json:"data"`
	Error   string          `json:"error_message"`
}

func decode(text []byte) (answer, error) {
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return a, err
	}
	if a.Error != "" || a.Data == nil {
		return a, errors.New(string(text))
	}
	return a, nil
}

// compare shows how another answer differs. Numbers are compared as they are
// written.
func (a answer) compare(other answer) string {
	return cmp.Diff(a.plain(), other.plain())
}

func (a answer) plain() any {
	decoder := json.NewDecoder(bytes.NewReader(a.Data))
	decoder.UseNumber()
	var rows any
	if err := decoder.Decode(&rows); err != nil {
		return err.Error()
	}
	return map[string]any{"columns": a.Columns, "data": rows}
}
