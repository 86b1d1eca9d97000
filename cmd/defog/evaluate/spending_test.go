package evaluate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	engine "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/sqlite"
	"defog-cdk/lambda/generate"
)

// metered has a model with right, wrong, slow, ambiguous, over-long and cached replies,
// and counts its tokens.
type metered struct {
	generate.Generator
	used func() generator.Tokens
}

// script is the model's behaviour: each question after the first one is read from the
// cache.
func script() generator.Model {
	ready := make(chan struct{})
	time.AfterFunc(20*time.Millisecond, func() { close(ready) })
	return generator.Model{
		SQL: map[string]string{
			"right": "SELECT 1 AS n", "wrong": "SELECT 2 AS n", "failing": "SELECT * FROM nowhere", "corrected": "SELECT m FROM (SELECT 1 AS n)",
			"slow": "SELECT 1 AS n", "over-long": "SELECT 1 AS n",
		},
		Fixes:   map[string]string{"SELECT m FROM (SELECT 1 AS n)": "SELECT n FROM (SELECT 1 AS n)"},
		TooLong: []string{"over-long"}, Slow: map[string]<-chan struct{}{"slow": ready}, Caches: true,
	}
}

var meteredQuestions = []string{"right", "wrong", "failing", "corrected", "slow", "ambiguous", "over-long", "right"}

func newMetered(t *testing.T, api string) metered {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "schema.json"), []byte(`{"tables": [{"name": "orders", "columns": [{"name": "id", "type": "integer"}]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	knowledge, err := generate.OpenKnowledge(folder)
	if err != nil {
		t.Fatal(err)
	}
	serve := func(handler http.Handler) string {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server.URL
	}
	if api == "openai" {
		service := &generator.OpenAI{Name: "m", Model: script()}
		return metered{generate.NewOpenAI(generate.OpenAIConfig{DBType: "sqlite", Knowledge: knowledge, Model: "m", BaseURL: serve(service)}), service.Used}
	}
	service := &generator.Bedrock{ID: connection.DefaultModel, Model: script()}
	return metered{generate.NewBedrock(generate.BedrockConfig{
		DBType: "sqlite", Knowledge: knowledge, Model: connection.DefaultModel, Region: "eu-west-1", Endpoint: aws.String(serve(service)),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}), service.Used}
}

func newSQLite(t *testing.T) database.Database {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.sqlite")
	file, err := engine.OpenConn(path, engine.OpenReadWrite, engine.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteScript(file, "CREATE TABLE orders (id integer)", nil), file.Close()); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.New(connection.Creds{"database": path}, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// logged asks the function the questions, and returns the tokens and the costs in its
// log lines and in their metrics.
func logged(t *testing.T, model metered, prices generate.Prices) (lines, metrics generate.Usage, cost, costMetric float64) {
	t.Helper()
	var log bytes.Buffer
	db := newSQLite(t)
	h := &ask.Handler{
		Open: func(context.Context) (ask.Backend, error) { return ask.Backend{Generator: model, Database: db}, nil },
		Log:  slog.New(slog.NewJSONHandler(&log, nil)), Retries: 1, MaxRows: 10, StatementTimeout: time.Minute, Stack: "shop-dev", Prices: &prices,
	}
	for _, question := range meteredQuestions {
		if _, err := h.Invoke(t.Context(), []byte(`{"question": "`+question+`"}`)); err != nil {
			t.Fatal(err)
		}
	}
	count := 0
	for text := range strings.Lines(log.String()) {
		var line struct {
			Message    string  `json:"msg"`
			Input      int     `json:"input_tokens"`
			Output     int     `json:"output_tokens"`
			CacheRead  int     `json:"cache_read_tokens"`
			CacheWrite int     `json:"cache_write_tokens"`
			Cost       float64 `json:"cost_usd"`

			InputTokens, OutputTokens, CacheReadTokens, CacheWriteTokens int
			CostMetric                                                   float64 `json:"Cost"`
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if line.Message != "question" {
			continue
		}
		count++
		lines = lines.Add(generate.Usage{Input: line.Input, Output: line.Output, CacheRead: line.CacheRead, CacheWrite: line.CacheWrite})
		metrics = metrics.Add(generate.Usage{Input: line.InputTokens, Output: line.OutputTokens, CacheRead: line.CacheReadTokens, CacheWrite: line.CacheWriteTokens})
		cost, costMetric = cost+line.Cost, costMetric+line.CostMetric
	}
	if count != len(meteredQuestions) {
		t.Fatalf("%d lines: %s", count, log.String())
	}
	return lines, metrics, cost, costMetric
}

// TestTokensAddUp compares the tokens that the model counted with those in the
// function's log, in its metrics, and in the report of an evaluation.
func TestTokensAddUp(t *testing.T) {
	prices := generate.Prices{Input: 3, Output: 15, CacheRead: 0.3, CacheWrite: 3.75}
	for _, api := range []string{"openai", "bedrock"} {
		t.Run(api, func(t *testing.T) {
			model := newMetered(t, api)
			lines, metrics, cost, costMetric := logged(t, model, prices)
			want := counted(api, model.used())
			if replies := want.Replies; replies != 10 { // two questions are retried
				t.Errorf("the model replied %d times", replies)
			}
			if want.CacheRead == 0 || api == "bedrock" && want.CacheWrite == 0 {
				t.Errorf("the model cached nothing: %+v", want)
			}

			model = newMetered(t, api)
			run := Run{
				DBType: "sqlite", Limits: Limits{Rows: 10, Time: time.Minute}, Databases: []database.Database{newSQLite(t)},
				Workers: []System{&Local{Model: Live{model}, Database: newSQLite(t), Retries: 1, Limits: Limits{Rows: 10, Time: time.Minute}}},
			}
			for i, question := range meteredQuestions {
				run.Questions = append(run.Questions, Question{ID: string(rune('a' + i)), Text: question, SQL: []string{"SELECT 1 AS n"}})
			}
			results, err := run.Evaluate(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			report := NewReport("model", results, &prices)
			if again := counted(api, model.used()); report.Usage != again || again != want {
				t.Errorf("the report has %+v, the model counted %+v, and before %+v", report.Usage, again, want)
			}
			want.Replies = 0 // no member of the log
			if lines != want || metrics != want {
				t.Errorf("the log has %+v, the metrics %+v, the model counted %+v", lines, metrics, want)
			}
			if math.Abs(cost-*report.Cost) > 1e-12 || math.Abs(costMetric-cost) > 1e-12 || cost == 0 {
				t.Errorf("the costs are %v in the log, %v in the metrics, %v in the report", cost, costMetric, *report.Cost)
			}
			outcomes := map[string]string{}
			for _, result := range results {
				outcomes[result.Question] = result.Outcome
			}
			for question, outcome := range map[string]string{
				"right": Right, "wrong": WrongRows, "failing": StatementFailed, "corrected": Right, "slow": Right, "ambiguous": Refused, "over-long": Unreachable,
			} {
				if outcomes[question] != outcome {
					t.Errorf("%s: got %s, want %s", question, outcomes[question], outcome)
				}
			}
		})
	}
}

// counted returns the stand-in's own sums. OpenAI's API reports no writes to a cache.
func counted(api string, used generator.Tokens) generate.Usage {
	usage := generate.Usage{Replies: used.Replies, Input: used.Input, Output: used.Output, CacheRead: used.CacheRead, CacheWrite: used.CacheWrite}
	if api == "openai" {
		usage.Input, usage.CacheWrite = usage.Input+usage.CacheWrite, 0
	}
	return usage
}
