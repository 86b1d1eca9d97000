package evaluate

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/internal/compare"
	"defog-cdk/internal/knowledge"
)

// API is a System behind a deployed API.
type API struct {
	Config aws.Config
	Target client.API
	Golden []knowledge.Pair // asked without golden queries, since an API cannot hold out one
	Limit  time.Duration    // of one answer
}

// Ask implements System. The time is that of the whole answer.
func (a *API) Ask(ctx context.Context, q Question) (Answer, error) {
	limited, cancel := context.WithTimeout(ctx, a.Limit)
	defer cancel()
	question := client.Question{Question: q.Text, Glossary: q.Evidence}
	if isGolden(q.Text, a.Golden) {
		question.UseGoldenQueries = new(false)
	}
	start := time.Now()
	got, err := client.Ask(limited, a.Config, a.Target, question)
	answer := Answer{Retries: -1, Time: time.Since(start)}
	switch {
	case ctx.Err() != nil:
		return answer, ctx.Err()
	case limited.Err() != nil:
		answer.Kind, answer.Message = RequestFailed, fmt.Sprintf("no answer within %s", a.Limit)
		return answer, nil
	case err != nil:
		return answer, fmt.Errorf("ask the API: %w", err)
	}
	answer.SQL, answer.Cut = got.SQL, got.Truncated
	if !got.RanSuccessfully {
		var failed struct {
			Code string `json:"error_code"`
		}
		if err := json.Unmarshal(got.Body, &failed); err != nil {
			return answer, fmt.Errorf("decode the answer: %w", err)
		}
		if failed.Code == "cost_limit" || failed.Code == "spending_unavailable" { // each further question fails, too
			return answer, fmt.Errorf("the API answers no question now, and --resume keeps the results of the others: %s", got.Error)
		}
		answer.Kind, answer.Message = failed.Code, got.Error
		return answer, nil
	}
	rows, err := json.Marshal(got.Rows)
	if err != nil {
		return answer, fmt.Errorf("encode the rows: %w", err)
	}
	if got.Rows == nil {
		rows = []byte("[]")
	}
	answer.Table, err = compare.Parse(got.Columns, rows)
	return answer, err
}
