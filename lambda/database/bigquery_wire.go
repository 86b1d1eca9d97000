//go:build !onedriver || bigquery

package database

import "encoding/json"

// What the REST API's messages hold of what is used here.
// https://cloud.google.com/bigquery/docs/reference/rest/v2
type (
	bigqueryReference struct {
		ProjectID string `json:"projectId,omitempty"`
		JobID     string `json:"jobId,omitempty"`
		Location  string `json:"location,omitempty"`
	}

	bigqueryJob struct {
		JobReference  bigqueryReference     `json:"jobReference,omitzero"`
		Configuration bigqueryConfiguration `json:"configuration"`
		Statistics    struct {
			Query struct {
				StatementType       string                     `json:"statementType"`
				TotalBytesProcessed string                     `json:"totalBytesProcessed"`
				ReferencedRoutines  []bigqueryRoutineReference `json:"referencedRoutines"`
			} `json:"query"`
		} `json:"statistics,omitzero"`
	}

	bigqueryConfiguration struct {
		Query        bigqueryStatement `json:"query"`
		DryRun       bool              `json:"dryRun,omitempty"`
		JobTimeoutMs string            `json:"jobTimeoutMs,omitempty"`
		Labels       map[string]string `json:"labels,omitempty"`
	}

	bigqueryStatement struct {
		Query              string           `json:"query"`
		UseLegacySQL       bool             `json:"useLegacySql"` // its absence would mean true
		MaximumBytesBilled string           `json:"maximumBytesBilled,omitempty"`
		DefaultDataset     *bigqueryDataset `json:"defaultDataset,omitempty"`
	}

	bigqueryDataset struct {
		ProjectID string `json:"projectId"`
		DatasetID string `json:"datasetId"`
	}

	bigqueryRoutineReference struct {
		ProjectID string `json:"projectId"`
		DatasetID string `json:"datasetId"`
		RoutineID string `json:"routineId"`
	}

	bigqueryRoutine struct {
		Language              string    `json:"language"`
		RemoteFunctionOptions *struct{} `json:"remoteFunctionOptions"`
	}

	bigqueryResults struct {
		JobComplete bool            `json:"jobComplete"`
		Schema      *bigquerySchema `json:"schema"`
		PageToken   string          `json:"pageToken"`
		Rows        []bigqueryRow   `json:"rows"`
		Errors      []bigqueryFault `json:"errors"`
	}

	bigquerySchema struct {
		Fields []bigqueryField `json:"fields"`
	}

	bigqueryField struct {
		Name    string          `json:"name"`
		Type    string          `json:"type"`
		Mode    string          `json:"mode"`
		Fields  []bigqueryField `json:"fields"`
		Element struct {
			Type string `json:"type"`
		} `json:"rangeElementType"`
	}

	bigqueryRow struct {
		Cells []bigqueryCell `json:"f"`
	}

	bigqueryCell struct {
		Value json.RawMessage `json:"v"`
	}

	bigqueryFault struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
	}
)

func (s *bigquerySchema) names() []string {
	names := make([]string, len(s.Fields))
	for i, field := range s.Fields {
		names[i] = field.Name
	}
	return names
}

// failure is why a job that is done has no rows.
func (r *bigqueryResults) failure() error {
	if len(r.Errors) == 0 {
		return &bigqueryFailure{reason: "noSchema", message: "the statement returned nothing"}
	}
	return &bigqueryFailure{reason: r.Errors[0].Reason, message: r.Errors[0].Message}
}
