package bigquery

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Messages of the REST API, with the fields that the driver uses.
// https://cloud.google.com/bigquery/docs/reference/rest/v2
type (
	jobReference struct {
		ProjectID string `json:"projectId,omitempty"`
		JobID     string `json:"jobId,omitempty"`
		Location  string `json:"location,omitempty"`
	}

	job struct {
		JobReference  jobReference  `json:"jobReference,omitzero"`
		Configuration configuration `json:"configuration"`
		Statistics    struct {
			Query struct {
				StatementType       string             `json:"statementType"`
				TotalBytesProcessed string             `json:"totalBytesProcessed"`
				ReferencedRoutines  []routineReference `json:"referencedRoutines"`
			} `json:"query"`
		} `json:"statistics,omitzero"`
	}

	configuration struct {
		Query        statement         `json:"query"`
		DryRun       bool              `json:"dryRun,omitempty"`
		JobTimeoutMs string            `json:"jobTimeoutMs,omitempty"`
		Labels       map[string]string `json:"labels,omitempty"`
	}

	statement struct {
		Query              string   `json:"query"`
		UseLegacySQL       bool     `json:"useLegacySql"` // the default is true
		MaximumBytesBilled string   `json:"maximumBytesBilled,omitempty"`
		DefaultDataset     *dataset `json:"defaultDataset,omitempty"`
	}

	dataset struct {
		ProjectID string `json:"projectId"`
		DatasetID string `json:"datasetId"`
	}

	routineReference struct {
		ProjectID string `json:"projectId"`
		DatasetID string `json:"datasetId"`
		RoutineID string `json:"routineId"`
	}

	routine struct {
		Language              string    `json:"language"`
		RemoteFunctionOptions *struct{} `json:"remoteFunctionOptions"`
	}

	queryResults struct {
		JobComplete bool          `json:"jobComplete"`
		Schema      *schema       `json:"schema"`
		PageToken   string        `json:"pageToken"`
		Rows        rawJSON       `json:"rows"`
		Errors      []errorDetail `json:"errors"`
	}

	schema struct {
		Fields []field `json:"fields"`
	}

	field struct {
		Name    string  `json:"name"`
		Type    string  `json:"type"`
		Mode    string  `json:"mode"`
		Fields  []field `json:"fields"`
		Element struct {
			Type string `json:"type"`
		} `json:"rangeElementType"`
	}

	row struct {
		Cells []cell `json:"f"`
	}

	cell struct {
		Value rawJSON `json:"v"`
	}

	errorDetail struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
	}
)

// rawJSON is valid JSON in the reply, without a copy. Nothing changes the reply.
type rawJSON []byte

// UnmarshalJSON implements json.Unmarshaler.
func (j *rawJSON) UnmarshalJSON(text []byte) error {
	*j = text
	return nil
}

// isNull reports whether the value is null or missing.
func (j rawJSON) isNull() bool { return len(j) == 0 || string(j) == "null" }

// elements yields the elements of a list one at a time: decoded cells take several
// times the memory.
func (j rawJSON) elements(yield func(rawJSON) bool) {
	first, depth, quoted := 1, 0, false // the element starts after the bracket
	for i := 0; i < len(j); i++ {
		switch c := j[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case quoted:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		}
		if !quoted && (depth == 1 && j[i] == ',' || depth == 0 && j[i] == ']') {
			element := bytes.TrimSpace(j[first:i])
			if len(element) == 0 || !yield(element) { // the list is empty
				return
			}
			first = i + 1
		}
	}
}

// text returns the text of a string, and false for another value.
func (j rawJSON) text() ([]byte, bool) {
	if len(j) < len(`""`) || j[0] != '"' {
		return nil, false
	}
	if inner := j[1 : len(j)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return inner, true // without a copy
	}
	var text string
	err := json.Unmarshal(j, &text)
	return []byte(text), err == nil
}

func (s *schema) names() []string {
	names := make([]string, len(s.Fields))
	for i, field := range s.Fields {
		names[i] = field.Name
	}
	return names
}

// failure returns the error of a finished job without rows.
func (r *queryResults) failure() error {
	if len(r.Errors) == 0 {
		return &failure{reason: "noSchema", message: "the statement returned no rows and no columns"}
	}
	return &failure{reason: r.Errors[0].Reason, message: r.Errors[0].Message}
}
