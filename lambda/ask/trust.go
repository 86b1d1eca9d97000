package ask

import (
	"math"
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
	Confidence  *float64        `json:"confidence,omitempty"`  // share of the samples that agree
	Samples     int             `json:"samples,omitempty"`     // answers of the model that were compared
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
	if x.samples > 0 {
		t.Confidence, t.Samples = new(math.Round(x.confidence*100)/100), x.samples
	}
	if read := x.current.SchemaRead; !read.IsZero() {
		t.SchemaAge = new(max(0, int(time.Since(read).Seconds())))
	}
	return t
}

// clarify returns the failure of an ambiguous question.
func clarify(asked generate.Clarification) *failure {
	return &failure{code: ClarificationNeeded, message: asked.Question, clarification: &asked}
}

// redactClarification returns the clarification with the secrets replaced, nil for none.
func (s *Secrets) redactClarification(asked *generate.Clarification) *generate.Clarification {
	if asked == nil {
		return nil
	}
	clean := generate.Clarification{Question: s.Redact(asked.Question), Options: []string{}}
	clean.Options = append(clean.Options, s.redactAll(asked.Options)...)
	return &clean
}
