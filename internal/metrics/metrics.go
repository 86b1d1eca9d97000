// Package metrics names the function's metrics, which the stack's alarms and
// dashboard show. Both sides use these names.
package metrics

// Namespace is the namespace of the metrics in CloudWatch.
const Namespace = "Defog"

// The dimensions. Every metric has Stack; Questions also has Outcome.
const (
	Stack   = "Stack"   // the stack's name
	Outcome = "Outcome" // "ok", or the reason of a failure
)

// The metrics of one question. Counts other than Retries are 1 or 0, so that their
// average is a ratio.
const (
	Questions         = "Questions"
	Failures          = "Failures"          // questions without an answer
	GeneratorFailures = "GeneratorFailures" // the SQL generator failed or timed out
	DatabaseFailures  = "DatabaseFailures"  // the database failed or timed out
	ColdStarts        = "ColdStarts"
	Retries           = "Retries" // statements returned to the SQL generator

	GenerationTime = "GenerationTime" // in milliseconds, as are all times
	DatabaseTime   = "DatabaseTime"
	TotalTime      = "TotalTime"

	Rows  = "Rows"
	Bytes = "Bytes"

	HistoryFailures = "HistoryFailures" // writes of history that failed; not of one question
)

// The metrics of one question's language model, if its prices are known. The tokens do
// not overlap.
const (
	InputTokens      = "InputTokens" // of prompts, without cached ones
	OutputTokens     = "OutputTokens"
	CacheReadTokens  = "CacheReadTokens"
	CacheWriteTokens = "CacheWriteTokens"
	Cost             = "Cost" // in USD, estimated
)

// SchemaFindings is the metric of one check of the generator's files: what the database
// no longer has.
const SchemaFindings = "SchemaFindings"
