package ask

import (
	"time"

	"defog-cdk/lambda/generate"
)

// trust holds the fields of an answer that show what it rests on. Unknown ones are
// absent.
type trust struct {
	Source      generate.Origin `json:"source,omitempty"`
	Tables      []string        `json:"tables,omitempty"`      // that the statement names; absent if none ran
	Assumptions []string        `json:"assumptions,omitempty"` // of the model
	Filters     []string        `json:"filters,omitempty"`     // of the statement, as the model states them
	SchemaAge   *int            `json:"schema_age,omitempty"`  // seconds since the database was read for the model's schema
}

// trust returns the fields for the statement of the answer.
func (x *exchange) trust() trust {
	t := trust{
		Source:      x.current.Source,
		Assumptions: x.secrets.redactAll(x.current.Assumptions),
		Filters:     x.secrets.redactAll(x.current.Filters),
	}
	if x.result != nil {
		t.Tables = x.secrets.redactAll(x.result.Tables)
	}
	if read := x.current.SchemaRead; !read.IsZero() {
		t.SchemaAge = new(max(0, int(time.Since(read).Seconds())))
	}
	return t
}
