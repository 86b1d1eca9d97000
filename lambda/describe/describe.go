// Package describe returns tables and golden questions of a database, for agents. A
// result fits into a model's context window.
package describe

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/schema"
)

// The limits of a result, as JSON.
const (
	maxBytes      = 64 << 10
	maxTableBytes = 16 << 10 // of the columns of a table that exceeds maxBytes
	maxNames      = 500      // of further tables
)

// Word returns the argument word of a tool, "" without one. The error describes what
// is valid.
func Word(arguments json.RawMessage) (string, error) {
	const maxWord = 200
	var given map[string]json.RawMessage
	if err := json.Unmarshal(arguments, &given); err != nil {
		return "", errors.New(`arguments: not a JSON object; want {"word": "…"}`)
	}
	var word string
	for name, value := range given {
		if name != "word" {
			return "", errors.New("arguments: unknown name; want word alone")
		}
		if err := json.Unmarshal(value, &word); err != nil || utf8.RuneCountInString(word) > maxWord {
			return "", fmt.Errorf("word: invalid; want text of at most %d characters", maxWord)
		}
	}
	return strings.TrimSpace(word), nil
}

// Description holds the tables that contain a word.
type Description struct {
	DBType     string         `json:"db_type"`
	Tables     []schema.Table `json:"tables"`
	TableCount int            `json:"table_count"` // of all tables that contain the word
	Truncated  bool           `json:"truncated"`
	MoreTables []string       `json:"more_tables,omitempty"` // names of tables after those in Tables
	CutTables  []string       `json:"cut_tables,omitempty"`  // names of tables in Tables that lack columns
}

// Tables returns the tables whose name or comment, or those of a column, contain the
// word. It omits samples, which are values of the data.
func Tables(s schema.Schema, word string) (Description, error) {
	d := Description{DBType: s.DBType, Tables: []schema.Table{}}
	size := 0
	for _, table := range s.Tables {
		if !contains(word, texts(table)...) {
			continue
		}
		d.TableCount++
		table.Columns = slices.Clone(table.Columns)
		for i := range table.Columns {
			table.Columns[i].Samples = nil
		}
		text, err := json.Marshal(table)
		if err != nil {
			return d, fmt.Errorf("encode table %s: %w", table.Path(), err)
		}
		isLarge := len(text) > maxBytes
		if isLarge {
			if text, err = cut(&table, word); err != nil {
				return d, fmt.Errorf("encode table %s: %w", table.Path(), err)
			}
			d.Truncated = true
		}
		if size += len(text); size <= maxBytes {
			d.Tables = append(d.Tables, table)
			if isLarge {
				d.CutTables = append(d.CutTables, table.Path())
			}
			continue
		}
		d.Truncated = true
		if len(d.MoreTables) < maxNames {
			d.MoreTables = append(d.MoreTables, table.Path())
		}
	}
	return d, nil
}

// cut removes columns of a large table: it prefers those that contain the word, and
// keeps the first ones. It returns the table as JSON.
func cut(table *schema.Table, word string) ([]byte, error) {
	matching := slices.DeleteFunc(slices.Clone(table.Columns), func(c schema.Column) bool { return !contains(word, c.Name, c.Comment) })
	if len(matching) > 0 {
		table.Columns = matching
	}
	size := 0
	for i, column := range table.Columns {
		text, err := json.Marshal(column)
		if err != nil {
			return nil, err
		}
		if size += len(text); size > maxTableBytes && i > 0 {
			table.Columns = table.Columns[:i]
			break
		}
	}
	return json.Marshal(table)
}

func texts(table schema.Table) []string {
	all := []string{table.Path(), table.Comment}
	for _, column := range table.Columns {
		all = append(all, column.Name, column.Comment)
	}
	return all
}

// contains reports whether a text contains the word, in any case.
func contains(word string, texts ...string) bool {
	word = strings.ToLower(word)
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(strings.ToLower(text), word) })
}

// Questions holds the golden questions that contain a word.
type Questions struct {
	Questions     []knowledge.Pair `json:"questions"`
	QuestionCount int              `json:"question_count"` // of all that contain the word
	Truncated     bool             `json:"truncated"`
}

// Golden returns the golden queries whose question or SQL contains the word.
func Golden(pairs []knowledge.Pair, word string) Questions {
	q := Questions{Questions: []knowledge.Pair{}}
	size := 0
	for _, pair := range pairs {
		if !contains(word, pair.Question, pair.SQL) {
			continue
		}
		q.QuestionCount++
		if length := len(pair.Question) + len(pair.SQL); size+length <= maxBytes {
			size += length
			q.Questions = append(q.Questions, pair)
		} else {
			q.Truncated = true
		}
	}
	return q
}
