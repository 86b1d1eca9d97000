// Package generate converts a question to SQL.
package generate

import (
	"context"
	"encoding/json"
	"time"
)

// Generator generates SQL, which is untrusted.
type Generator interface {
	// Generate returns the SQL for the question. An error is an *Error, the
	// context's, or that of its Gate.
	Generate(ctx context.Context, question Question) (Query, error)

	// Retry returns a replacement for failed.SQL, which the database rejected
	// with failed.Message. It always has SQL.
	Retry(ctx context.Context, question Question, failed Failure) (Query, error)
}

// Question is a caller's question with its options.
type Question struct {
	Text            string
	HardFilters     json.RawMessage // any JSON; null if absent
	PreviousContext json.RawMessage // a JSON array; empty if absent
	Options         Options

	// AllowClarification decides whether the model may ask back. nil is the generator's
	// setting. Other generators ignore it.
	AllowClarification *bool `json:",omitempty"`

	// HoldOut removes a golden pair with this question from its own prompt, so that an
	// evaluation does not measure what the prompt contains.
	HoldOut bool
}

// Options holds the options of Defog's protocol. Other generators may ignore
// them.
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

// DefaultOptions returns the defaults of Defog's client.
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

// Query is a generator's answer: SQL, or a Clarification in its place.
type Query struct {
	SQL             string
	Reason          json.RawMessage // reason_for_query, unchanged; nil in a reply to a failure
	PreviousContext json.RawMessage // to send with the caller's next question; nil in a reply to a failure
	Source          Origin          // "" if unknown
	SchemaRead      time.Time       // when the database was read for the model's schema; zero if unknown
	Assumptions     []string        // what the model assumed; nil if it stated none
	Filters         []string        // conditions of the SQL, as the model states them; nil if it stated none
	Clarification   *Clarification  // nil with SQL
}

// Origin is where SQL comes from.
type Origin string

// The origins.
const (
	FromGolden        Origin = "golden"         // the golden query with the same question
	FromSimilarGolden Origin = "golden_similar" // the golden query with a similar question
	FromModel         Origin = "model"          // a language model
)

// Clarification asks the caller which meaning of an ambiguous question is right.
type Clarification struct {
	Question string   `json:"question"`
	Options  []string `json:"options"` // complete questions, one for each meaning
}

// Failure is a statement that the database rejected.
type Failure struct {
	Attempt int    // 1 for the question's first failure, then 2, 3, …
	First   string // the question's first statement
	SQL     string // the latest failed statement
	Message string // the database's error message
}

// Rater is a Generator whose service accepts feedback.
type Rater interface {
	// Rate sends feedback. An error is an *Error or the context's.
	Rate(ctx context.Context, rating Rating) error
}

// Rating is a caller's feedback on an answer.
type Rating struct {
	Question   string
	SQL        string // of the answer
	IsRight    bool
	Correction string // SQL that answers the question; "" if unknown
	Comment    string
}

// limited returns a context with the generator's timeout, if any.
func limited(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// Kind classifies an Error.
type Kind int

// The kinds of errors.
const (
	Refused     Kind = iota // the generator has no SQL for the question
	Unreachable             // no response, or an invalid one
	Timeout                 // no response in time
)

// Error is the error of a generator. Message is for the caller, and Cause for the
// log.
type Error struct {
	Kind    Kind
	Message string
	Cause   error

	malformed bool // the server rejected the request as invalid
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, which may hold internal details.
func (e *Error) Unwrap() error { return e.Cause }
