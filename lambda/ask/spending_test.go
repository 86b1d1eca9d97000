package ask

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"defog-cdk/internal/testserver/generator"
	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/answers/memory"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/spending"
)

// modelled is a handler with a stand-in for a language model, which answers
// "How many?" after one retry.
type modelled struct {
	*Handler
	*fake
	model  *generator.OpenAI
	log    *bytes.Buffer
	ledger *spending.Memory
}

func newModelled(t *testing.T, limits *spending.Limits) modelled {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "schema.json"), []byte(`{"tables": [{"name": "t", "columns": [{"name": "n"}]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	knowledge, err := generate.OpenKnowledge(folder)
	if err != nil {
		t.Fatal(err)
	}
	model := &generator.OpenAI{Name: "m", Model: generator.Model{
		SQL: map[string]string{"How many?": "SELECT 1", "What else?": "SELECT 2"}, Fixes: map[string]string{"SELECT 1": "SELECT 2"},
	}}
	server := httptest.NewServer(model)
	t.Cleanup(server.Close)
	database := &fake{result: rows(), fails: map[string]error{"SELECT 1": &database.StatementError{Message: "no"}}}
	h, log := newHandler(database)
	open := generate.NewOpenAI(generate.OpenAIConfig{DBType: "postgres", Knowledge: knowledge, Model: "m", BaseURL: server.URL})
	h.Open = func(context.Context) (Backend, error) { return Backend{Generator: open, Database: database}, nil }
	ledger := &spending.Memory{}
	limits.Ledger, limits.Log, limits.Prices = ledger, h.Log, *priced
	h.Spending, h.Prices = limits, priced
	return modelled{h, database, model, log, ledger}
}

// post sends a question to the API.
func (m modelled) post(t *testing.T, question string) reply {
	t.Helper()
	body, err := json.Marshal(map[string]string{"question": question})
	if err != nil {
		t.Fatal(err)
	}
	return decodeReply(t, []byte(invoke(t, m.Handler, httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) { e.Body = string(body) }))))
}

// spend has the day's questions reach the limit.
func (m modelled) spend(t *testing.T) {
	t.Helper()
	if err := m.ledger.Add(t.Context(), m.Spending.Now().UTC().Format(time.DateOnly), spending.Cost(m.Spending.PerDay*1e9)); err != nil {
		t.Fatal(err)
	}
}

func at(text string) func() time.Time {
	now, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return func() time.Time { return now }
}

func TestSpentDayIsAnswered429WithItsEnd(t *testing.T) {
	tomorrow := time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	m := newModelled(t, &spending.Limits{PerDay: 1, Now: time.Now})
	m.spend(t)
	got := m.post(t, "How many?")
	seconds, err := strconv.Atoi(got.Headers["retry-after"])
	if left := time.Until(tomorrow).Seconds(); err != nil || float64(seconds) < left-1 || float64(seconds) > left+60 {
		t.Errorf("retry-after %q; the day ends in %.0f s", got.Headers["retry-after"], left)
	}
	want := tomorrow.Format(time.RFC3339)
	if got.StatusCode != http.StatusTooManyRequests || got.fields["error_code"] != "cost_limit" || got.fields["retry_at"] != want ||
		got.fields["ran_successfully"] != false || !strings.Contains(got.fields["error_message"].(string), tomorrow.Format("2006-01-02 15:04 UTC")) {
		t.Errorf("got %+v, want an end at %s", got, want)
	}
	if n := m.model.Used().Replies; n != 0 {
		t.Errorf("the model replied %d times", n)
	}
	line := decode(t, m.log.String())
	if line["outcome"] != "cost_limit" || line["status"] != 429.0 || line["level"] != "INFO" {
		t.Errorf("logged %v", line)
	}

	direct := decode(t, invoke(t, m.Handler, `{"question":"How many?"}`))
	if direct["error_code"] != "cost_limit" || direct["retry_at"] != want {
		t.Errorf("direct invoke: %v", direct)
	}
}

func TestDayIsSpentByRepliesOfAllAttempts(t *testing.T) {
	m := newModelled(t, &spending.Limits{PerDay: 1000, Now: at("2026-11-28T23:59:00Z")})
	if got := m.post(t, "How many?"); got.StatusCode != http.StatusOK {
		t.Fatalf("got %+v", got)
	}
	used := m.model.Used()
	usage := generate.Usage{Input: used.Input + used.CacheWrite, Output: used.Output, CacheRead: used.CacheRead}
	total, err := m.ledger.Total(t.Context(), "2026-11-28")
	if want := priced.Cost(usage); err != nil || used.Replies != 2 || float64(total)/1e9 < want-1e-8 || float64(total)/1e9 > want+1e-8 {
		t.Errorf("the ledger has %d after %+v, want %v USD, %v", total, used, want, err)
	}
	line := decode(t, m.log.String())
	if line["input_tokens"] != float64(usage.Input) || line["output_tokens"] != float64(usage.Output) || line["cost_usd"] != priced.Cost(usage) {
		t.Errorf("logged %v, want %+v", line, usage)
	}

	// The limit is reached between two attempts.
	m = newModelled(t, &spending.Limits{PerDay: 1e-9, Now: at("2026-11-28T23:59:00Z")})
	got := m.post(t, "How many?")
	if got.StatusCode != http.StatusTooManyRequests || got.fields["query_generated"] != "SELECT 1" || m.model.Used().Replies != 1 {
		t.Errorf("got %+v after %+v", got, m.model.Used())
	}
	// The next day, the first request is admitted again.
	m.Spending.Now = at("2026-11-29T00:00:00Z")
	if got := m.post(t, "What else?"); got.StatusCode != http.StatusOK {
		t.Errorf("the next day: %+v", got)
	}
}

func TestTokenLimitEndsAttempts(t *testing.T) {
	m := newModelled(t, &spending.Limits{Tokens: 1000})
	if got := m.post(t, "What else?"); got.StatusCode != http.StatusOK {
		t.Fatalf("one reply exceeds the limit: %+v", got)
	}
	used := m.model.Used()
	m = newModelled(t, &spending.Limits{Tokens: used.Input + used.CacheWrite + used.Output + 100})
	got := m.post(t, "How many?")
	if got.StatusCode != http.StatusTooManyRequests || got.fields["error_code"] != "token_limit" || got.Headers["retry-after"] != "60" ||
		got.fields["retry_at"] != nil || got.fields["query_generated"] != "SELECT 1" || m.model.Used().Replies != 1 {
		t.Errorf("got %+v after %+v", got, m.model.Used())
	}
	// A prompt that is too long by itself costs nothing.
	m = newModelled(t, &spending.Limits{Tokens: 10})
	if got := m.post(t, "How many?"); got.StatusCode != http.StatusTooManyRequests || m.model.Used().Replies != 0 {
		t.Errorf("got %+v after %+v", got, m.model.Used())
	}
}

// TestReplyCountsIfItsAnswerFails has the model reply, and then the answer fail.
func TestReplyCountsIfItsAnswerFails(t *testing.T) {
	for name, test := range map[string]struct {
		outcome Code
		prepare func(m *modelled)
		replies int
	}{
		"refused": {GeneratorRefused, func(m *modelled) { delete(m.model.SQL, "How many?") }, 1},
		"database": {DatabaseUnreachable, func(m *modelled) {
			m.fails["SELECT 1"] = &database.ConnectionError{Message: "down"}
		}, 1},
		"panic":     {Internal, func(m *modelled) { m.panics = true }, 1},
		"over-long": {GeneratorUnreachable, func(m *modelled) { m.model.Fail(generator.OpenAIReply("length", "…", "")) }, 0},
		"no answer": {GeneratorUnreachable, func(m *modelled) {
			m.model.Fail(generator.OpenAIReply("stop", "no JSON", ""), generator.OpenAIReply("stop", "none again", ""))
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := newModelled(t, &spending.Limits{PerDay: 1000, Now: at("2026-11-28T12:00:00Z")})
			test.prepare(&m)
			m.post(t, "How many?")
			line := decode(t, m.log.String())
			total, err := m.ledger.Total(t.Context(), "2026-11-28")
			if err != nil || line["outcome"] != string(test.outcome) || total == 0 || m.model.Used().Replies != test.replies {
				t.Errorf("%v; the ledger has %d, %v", line, total, err)
			}
			if cost, _ := line["cost_usd"].(float64); cost == 0 || int64(total) != int64(cost*1e9+0.5) {
				t.Errorf("the log has %v USD, the ledger %d", line["cost_usd"], total)
			}
		})
	}
}

func TestLongQuestionIsLimited(t *testing.T) {
	m := newModelled(t, &spending.Limits{PerDay: 1, Now: at("2026-11-28T12:00:00Z")})
	m.spend(t)
	l := long{m.Handler, &ids{}, m.log.String}
	l.Long = &answers.Service{Store: &memory.Store{}, Queue: l.queue}
	id := l.post(t)
	if err := l.work(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	got := l.request(t, http.MethodGet, "/answers/"+id, "jane", nil)
	if got.StatusCode != http.StatusTooManyRequests || got.Headers["retry-after"] != "Sun, 29 Nov 2026 00:00:00 GMT" ||
		got.fields["status"] != "failed" || got.fields["retry_at"] != "2026-11-29T00:00:00Z" {
		t.Errorf("got %+v", got)
	}
}

// unreadable is a ledger that cannot be read.
type unreadable struct{ spending.Memory }

func (*unreadable) Total(context.Context, string) (spending.Cost, error) {
	return 0, http.ErrServerClosed
}

func TestUnreadableCostIsAnswered503(t *testing.T) {
	m := newModelled(t, &spending.Limits{PerDay: 1})
	m.Spending.Ledger = &unreadable{}
	got := m.post(t, "How many?")
	line := decode(t, m.log.String())
	if got.StatusCode != http.StatusServiceUnavailable || got.fields["error_code"] != "spending_unavailable" || m.model.Used().Replies != 0 ||
		line["cause"] != http.ErrServerClosed.Error() || line["level"] != "ERROR" {
		t.Errorf("got %+v, logged %v", got, line)
	}
}

// TestRefusedPlanReturnsToTheGenerator has the first statement's plan cost too much.
func TestRefusedPlanReturnsToTheGenerator(t *testing.T) {
	plan := &database.StatementError{Code: "max_plan_cost", Message: "the statement was refused: its plan costs 9, and the limit is 5 (max_plan_cost)"}
	f := &fake{sql: []string{"A", "B"}, fails: map[string]error{"A": plan}, result: rows()}
	h, _ := newHandler(f)
	h.MaxPlanCost = 5
	if answer := decode(t, invoke(t, h, `{"question":"How many?"}`)); answer["ran_successfully"] != true || answer["query_generated"] != "B" {
		t.Errorf("got %v", answer)
	}
	if f.failures[0].Message != plan.Message || f.limits.PlanCost != 5 {
		t.Errorf("the generator got %+v, the database %+v", f.failures, f.limits)
	}

	f = &fake{sql: []string{"A", "A", "A", "A"}, fails: map[string]error{"A": plan}}
	h, log := newHandler(f)
	answer := decode(t, invoke(t, h, `{"question":"How many?"}`))
	line := decode(t, log.String())
	if answer["error_code"] != "statement_failed" || answer["error_message"] != plan.Message || line["sqlstate"] != "max_plan_cost" {
		t.Errorf("got %v, logged %v", answer, line)
	}
}
