// Package evaluate measures an SQL generator: it asks a set of questions, and compares
// the rows of the generated SQL with those of reference SQL.
package evaluate

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"defog-cdk/internal/knowledge"
	"defog-cdk/lambda/database/guard"
)

// Question is one question of a set, with the SQL that answers it.
type Question struct {
	ID       string   `json:"id"` // unique in the set
	Category string   `json:"category,omitempty"`
	Text     string   `json:"question"`
	SQL      []string `json:"sql"`                // acceptable statements, at least one
	Evidence string   `json:"evidence,omitempty"` // definitions for this question

	// Stored are the results of the statements, for a run without the database. Without
	// them, the statements run.
	Stored []Stored `json:"results,omitempty"`
}

// Stored is the result of a reference statement in a set.
type Stored struct {
	Columns []string        `json:"columns"`
	Rows    json.RawMessage `json:"rows"`
	Ordered bool            `json:"ordered,omitempty"`
	Groups  []int           `json:"groups,omitempty"` // of ordered rows: successive ones whose order is free
}

// HasResults reports whether each statement of each question has a stored result.
func HasResults(questions []Question) bool {
	return !slices.ContainsFunc(questions, func(q Question) bool { return len(q.Stored) == 0 })
}

// WriteSet writes a set in the form that Read reads.
func WriteSet(path string, questions []Question) error {
	text, err := json.MarshalIndent(questions, "", " ")
	if err != nil {
		return fmt.Errorf("encode the set: %w", err)
	}
	// The results are rows of the database.
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the set: %w", err)
	}
	return nil
}

// The names of the fields in golden.json and in public sets (Spider, BIRD, sql-eval).
var fieldNames = map[string][]string{
	"id":       {"id", "question_id", "instance_id"},
	"category": {"category", "query_category", "difficulty", "hardness"},
	"question": {"question", "utterance", "nl_question"},
	"sql":      {"sql", "query", "gold_sql", "golden_sql", "gold_query"},
	"evidence": {"evidence", "instructions", "external_knowledge"},
}

// FieldNames returns the accepted names of each field of a question.
func FieldNames() map[string][]string { return maps.Clone(fieldNames) }

// Read reads a set: a JSON list, JSON lines (.jsonl) or CSV (.csv, .tsv). The error
// joins every problem.
func Read(path, dbType string) ([]Question, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the questions: %w", err)
	}
	questions, err := parse(path, data, dbType)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return questions, nil
}

func parse(name string, data []byte, dbType string) ([]Question, error) {
	records, err := parseRecords(name, bytes.TrimPrefix(data, []byte("\ufeff")))
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, errors.New("empty; want at least one question with its SQL")
	}
	var questions []Question
	var problems []error
	seen := map[string]int{}
	for i, record := range records {
		q, err := newQuestion(record, dbType)
		if err != nil {
			problems = append(problems, fmt.Errorf("question %d: %w", i+1, err))
			continue
		}
		if q.ID == "" {
			q.ID = strconv.Itoa(i + 1)
		}
		if first, duplicate := seen[q.ID]; duplicate {
			problems = append(problems, fmt.Errorf("question %d: id: %s duplicates that of question %d; want each id once", i+1, q.ID, first))
		}
		seen[q.ID] = i + 1
		questions = append(questions, q)
	}
	return questions, errors.Join(problems...)
}

// parseRecords returns the fields of each question.
func parseRecords(name string, data []byte) ([]map[string]any, error) {
	var records []map[string]any
	switch {
	case strings.HasSuffix(name, ".csv"), strings.HasSuffix(name, ".tsv"):
		reader := csv.NewReader(bytes.NewReader(data))
		if strings.HasSuffix(name, ".tsv") {
			reader.Comma, reader.LazyQuotes = '\t', true
		}
		lines, err := reader.ReadAll()
		if err != nil {
			return nil, fmt.Errorf("is not CSV: %w", err)
		}
		for _, line := range lines[min(1, len(lines)):] {
			record := map[string]any{}
			for i, text := range line {
				record[lines[0][i]] = text
			}
			records = append(records, record)
		}
	case strings.HasSuffix(name, ".jsonl"):
		for number, line := range bytes.Split(data, []byte("\n")) {
			var record map[string]any
			if line = bytes.TrimSpace(line); len(line) == 0 {
				continue
			}
			if err := json.Unmarshal(line, &record); err != nil {
				return nil, fmt.Errorf("line %d: is not a JSON object: %w", number+1, err)
			}
			records = append(records, record)
		}
	default:
		if err := json.Unmarshal(data, &records); err != nil {
			return nil, fmt.Errorf(`is not a JSON list: %w; want [{"question": "…", "sql": "…"}], .jsonl or .csv`, err)
		}
	}
	return records, nil
}

func newQuestion(record map[string]any, dbType string) (Question, error) {
	q := Question{ID: text(record, "id"), Category: text(record, "category"), Text: text(record, "question"), Evidence: text(record, "evidence")}
	switch sql := field(record, "sql").(type) {
	case string:
		q.SQL = statements(sql, dbType)
	case []any:
		for _, one := range sql {
			statement, ok := one.(string)
			if !ok {
				return q, errors.New("sql: a list with another value than text; want text")
			}
			q.SQL = append(q.SQL, statements(statement, dbType)...)
		}
	}
	var problems []error
	if stored, given := record["results"]; given {
		text, err := json.Marshal(stored)
		if err == nil {
			err = json.Unmarshal(text, &q.Stored)
		}
		if err != nil || len(q.Stored) != len(q.SQL) {
			problems = append(problems, errors.New("results: not one result for each statement; want those that --save-results writes"))
		}
	}
	if strings.TrimSpace(q.Text) == "" {
		problems = append(problems, fmt.Errorf("question: missing; want a field named %s", strings.Join(fieldNames["question"], ", ")))
	}
	if len(q.SQL) == 0 {
		problems = append(problems, fmt.Errorf("sql: missing; want text or a list of texts in a field named %s", strings.Join(fieldNames["sql"], ", ")))
	}
	return q, errors.Join(problems...)
}

// field returns the value of a field by any of its names.
func field(record map[string]any, name string) any {
	for _, other := range fieldNames[name] {
		for key, value := range record {
			if strings.EqualFold(strings.TrimSpace(key), other) && value != nil && value != "" {
				return value
			}
		}
	}
	return nil
}

func text(record map[string]any, name string) string {
	switch value := field(record, name).(type) {
	case nil:
		return ""
	case string:
		return value
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	default:
		return fmt.Sprint(value)
	}
}

// statements splits text with several acceptable statements, which sql-eval separates
// by semicolons.
func statements(text, dbType string) []string {
	var found []string
	add := func(sql string) {
		if sql = strings.Trim(sql, "; \t\r\n"); sql != "" {
			found = append(found, sql)
		}
	}
	g := guard.Of(dbType)
	if g == nil { // a set with results, for an API
		add(text)
		return found
	}
	tokens, err := g.Tokens(text)
	semicolons := 0
	for _, token := range tokens {
		if token.Is(";") {
			semicolons++
		}
	}
	if err != nil || semicolons != strings.Count(text, ";") {
		add(text) // a semicolon within a string
		return found
	}
	for part := range strings.SplitSeq(text, ";") {
		add(part)
	}
	return found
}

// categories returns the categories of a set, sorted.
func categories(results []Result) []string {
	var names []string
	for _, r := range results {
		names = append(names, r.Category)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isGolden reports whether a question is one of the golden pairs.
func isGolden(question string, golden []knowledge.Pair) bool {
	return slices.ContainsFunc(golden, func(pair knowledge.Pair) bool {
		return knowledge.Same(pair.Question, question)
	})
}
