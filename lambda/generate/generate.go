// Package generate turns a question into SQL.
package generate

import (
	"context"
	"encoding/json"
	"time"
)

// Generator writes SQL. The SQL is untrusted.
type Generator interface {
	// Generate returns the SQL that answers the question. An error is an
	// *Error or the context's.
	Generate(ctx context.Context, question Question) (Query, error)

	// Retry returns another statement after failed.SQL was refused by the
	// database with failed.Message.
	Retry(ctx context.Context, question Question, failed Failure) (string, error)
}

// Question is what the caller asked.
type Question struct {
	Text            string
	HardFilters     json.RawMessage // any JSON; null when absent
	PreviousContext json.RawMessage // a JSON array; empty when absent
	Options         Options
}

// Options are the caller's wishes about how the SQL is made. They carry the
// names of Defog's protocol; other generators may ignore them.
type Options struct {
	Glossary                    string `json:"glossary"`
	Dev                         bool   `json:"dev"`
	Temp                        bool   `json:"temp"`
	IgnoreCache                 bool   `json:"ignore_cache"`
	Model                       string `json:"model"`
	UseGoldenQueries            bool   `json:"use_golden_queries"`
	SubtablePruning             bool   `json:"subtable_pruning"`
	GlossaryPruning             bool   `json:"glossary_pruning"`
	PruneMaxTokens              int    `json:"prune_max_tokens"`
	PruneBM25NumColumns         int    `json:"prune_bm25_num_columns"`
	PruneGlossaryMaxTokens      int    `json:"prune_glossary_max_tokens"`
	PruneGlossaryNumCosSimUnits int    `json:"prune_glossary_num_cos_sim_units"`
	PruneGlossaryBM25Units      int    `json:"prune_glossary_bm25_units"`
}

// DefaultOptions returns what Defog's client sent when the caller said
// nothing.
func DefaultOptions() Options {
	return Options{
		UseGoldenQueries:            true,
		PruneMaxTokens:              2000,
		PruneBM25NumColumns:         10,
		PruneGlossaryMaxTokens:      1000,
		PruneGlossaryNumCosSimUnits: 10,
		PruneGlossaryBM25Units:      10,
	}
}

// Query is a generator's answer.
type Query struct {
	SQL             string
	Reason          json.RawMessage // reason_for_query as the generator gave it
	PreviousContext json.RawMessage // for the caller to send with the next question
}

// Failure is a statement that the database refused.
type Failure struct {
	Attempt int    // 1 for the question's first failure, then 2, 3, …
	First   string // the first SQL of the question
	SQL     string // the SQL that failed last
	Message string // what the database said
}

// limited bounds a context by a generator's own timeout, if it has one.
func limited(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// Kind says whose fault an Error is.
type Kind int

// The kinds of errors.
const (
	Refused     Kind = iota // the generator answered, but with no SQL for this question
	Unreachable             // there was no usable answer
	Timeout                 // there was no answer in time
)

// Error says why there is no SQL. Message may be shown to the caller; Unwrap
// gives the cause, which is for the log.
type Error struct {
	Kind    Kind
	Message string
	Cause   error

	malformed bool // the server says that the request is wrong
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, which may hold internals.
func (e *Error) Unwrap() error { return e.Cause }
