package generate

import "context"

// Source returns the description of the database for a prompt. *Knowledge is one
// that never changes.
type Source interface {
	// Knowledge returns the description. An error is a *SchemaError.
	Knowledge(ctx context.Context) (*Knowledge, error)
}

// SchemaError is the error of a Source that cannot read the database's catalogue.
type SchemaError struct{ Cause error }

func (e *SchemaError) Error() string { return "read the database's catalogue: " + e.Cause.Error() }

// Unwrap returns the cause.
func (e *SchemaError) Unwrap() error { return e.Cause }

// Knowledge implements Source.
func (k *Knowledge) Knowledge(context.Context) (*Knowledge, error) { return k, nil }
