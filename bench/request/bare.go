package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"defog-cdk/bench/stage"
)

// bare is the least program that answers a question.
type bare struct {
	generator string
	conn      *pgx.Conn
}

// ask answers a question, and returns how long it took in all and how much of
// that the generator and the database did.
func (b bare) ask(ctx context.Context) (total, others time.Duration, err error) {
	began := time.Now()
	sql, err := b.generate(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("ask the generator: %w", err)
	}
	rows, err := b.conn.Query(ctx, sql)
	if err != nil {
		return 0, 0, fmt.Errorf("query: %w", err)
	}
	data, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	if err != nil {
		return 0, 0, fmt.Errorf("query: %w", err)
	}
	others = time.Since(began)
	if _, err := json.Marshal(map[string]any{"data": data, "query_generated": sql, "ran_successfully": true}); err != nil {
		return 0, 0, fmt.Errorf("encode the answer: %w", err)
	}
	return time.Since(began), others, nil
}

func (b bare) generate(ctx context.Context) (string, error) {
	body, err := json.Marshal(map[string]any{"question": stage.Question, "api_key": "key", "db_type": "postgres"})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.generator+"/generate_query_chat", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var reply struct{ SQL string }
	err = json.NewDecoder(response.Body).Decode(&reply)
	return reply.SQL, err
}
