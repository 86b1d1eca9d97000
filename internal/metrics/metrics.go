// Package metrics names what the function measures and the stack's alarms and
// dashboard show, so that the two sides cannot drift apart.
package metrics

// Namespace is the metrics' in CloudWatch.
const Namespace = "Defog"

// The dimensions. Every metric is there for the whole stack, and Questions by
// stack and outcome too.
const (
	Stack   = "Stack"   // the stack's name
	Outcome = "Outcome" // "ok", or why there was no answer
)

// The metrics of one question. The counts are 1 or 0 for each, so that their
// average is a share, except that of Retries.
const (
	Questions         = "Questions"
	Failures          = "Failures"          // questions without an answer
	GeneratorFailures = "GeneratorFailures" // the generator was down or too slow
	DatabaseFailures  = "DatabaseFailures"  // the database was down or too slow
	ColdStarts        = "ColdStarts"
	Retries           = "Retries" // statements that went back to the generator

	GenerationTime = "GenerationTime" // in milliseconds, as all times
	DatabaseTime   = "DatabaseTime"
	TotalTime      = "TotalTime"

	Rows  = "Rows"
	Bytes = "Bytes"
)
