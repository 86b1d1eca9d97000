package bigquery

import "encoding/json"

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
		Rows        rowList       `json:"rows"`
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
		Value json.RawMessage `json:"v"`
	}

	errorDetail struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
	}
)

// rowList is the JSON of a page's rows, which are decoded one at a time: decoded
// cells take several times the memory. It aliases the reply, which nothing changes.
type rowList []byte

// UnmarshalJSON implements json.Unmarshaler.
func (l *rowList) UnmarshalJSON(text []byte) error {
	*l = text
	return nil
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
