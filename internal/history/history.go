// Package history is the format of history and feedback, which the query function stores:
// a Record of each question, and the Feedback of its caller.
//
// Each object holds JSON lines.
// Its key names the day of the question in UTC.
//
//	history/day=2026-11-28/‹request id›.jsonl   a Record
//	feedback/day=2026-11-28/‹request id›.jsonl  the latest Feedback, which holds the Record
package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"sync"
	"time"
)

// The prefixes of keys.
const (
	RecordPrefix   = "history/"
	FeedbackPrefix = "feedback/"
)

// Record describes one question and its answer, without anything of the rows.
type Record struct {
	RequestID string    `json:"request_id"`   // of the answer
	ID        string    `json:"id,omitempty"` // of a long question
	Time      time.Time `json:"time"`         // of the answer, in UTC
	Caller    string    `json:"caller,omitempty"`
	Tool      string    `json:"tool,omitempty"` // that an agent called; "query" has no question

	Question string `json:"question,omitempty"`
	SQL      string `json:"sql,omitempty"`    // query_generated of the answer
	Source   string `json:"source,omitempty"` // of the SQL, as in the answer
	Outcome  string `json:"outcome"`          // "ok", or the error_code
	Retries  int    `json:"retries,omitempty"`

	// A question with a context, filters or a glossary of its caller may not have the
	// same SQL without them.
	IsFollowUp  bool `json:"is_follow_up,omitempty"`
	HasFilters  bool `json:"has_filters,omitempty"`
	HasGlossary bool `json:"has_glossary,omitempty"`

	GenerationMS float64 `json:"generation_ms"`
	DatabaseMS   float64 `json:"database_ms"`
	TotalMS      float64 `json:"total_ms"`

	InputTokens      int `json:"input_tokens,omitempty"`
	OutputTokens     int `json:"output_tokens,omitempty"`
	CacheReadTokens  int `json:"cache_read_tokens,omitempty"`
	CacheWriteTokens int `json:"cache_write_tokens,omitempty"`
}

// Verdict is a caller's judgement of an answer.
type Verdict string

// The verdicts.
const (
	Right Verdict = "right"
	Wrong Verdict = "wrong"
)

// Feedback is a caller's judgement of the answer to its own question. A later one
// replaces it.
type Feedback struct {
	RequestID string    `json:"request_id"` // of the answer
	Time      time.Time `json:"time"`       // of the feedback, in UTC
	Verdict   Verdict   `json:"verdict"`
	SQL       string    `json:"sql,omitempty"` // that answers the question, by the caller; untrusted
	Comment   string    `json:"comment,omitempty"`
	Record    Record    `json:"record"` // of the question
}

// Key returns the key of the record's object.
func (r Record) Key() string { return RecordKey(Day(r.Time), r.RequestID) }

// Key returns the key of the feedback's object.
func (f Feedback) Key() string {
	return FeedbackPrefix + partition(Day(f.Record.Time)) + f.RequestID + suffix
}

// RecordKey returns the key of the record of a day's question.
func RecordKey(day, requestID string) string {
	return RecordPrefix + partition(day) + requestID + suffix
}

const suffix = ".jsonl"

func partition(day string) string { return "day=" + day + "/" }

// Day returns a time's day in UTC, as in keys.
func Day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// idForm matches the ids of requests: Lambda's, and those of an HTTP API.
var idForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9=_-]{1,128}$`)
})

// IsID reports whether a text has the form of a request's id. No other text is part of
// a key.
func IsID(text string) bool { return idForm().MatchString(text) }

// Encode returns a Record or a Feedback as one line.
func Encode(value any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encode history: %w", err)
	}
	return line.Bytes(), nil
}

// Decode returns the values in an object's lines. It ignores unknown fields, which a
// later version may write.
func Decode[T Record | Feedback](content []byte) (values []T, err error) {
	number := 0
	for line := range bytes.Lines(content) {
		number++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var value T
		if err := json.Unmarshal(line, &value); err != nil {
			return nil, fmt.Errorf("line %d: %w; want one JSON object a line", number, err)
		}
		values = append(values, value)
	}
	return values, nil
}
