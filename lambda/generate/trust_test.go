package generate

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/schema"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/lambda/caller"
)

const ambiguous = "Who are our best customers?"

func trusting() generator.Model {
	model := newModel()
	model.SQL[ambiguous] = "SELECT 1"
	model.Assumptions = map[string][]string{question: {"Open orders count, too."}}
	model.Filters = map[string][]string{question: {"orders of 2025"}}
	model.Clarifications = map[string]generator.Clarification{ambiguous: {
		Question: "What makes a customer good?", Options: []string{"Which customers spent most?", "Which customers ordered most often?"},
	}}
	return model
}

func TestModelStatesAssumptionsOnRequest(t *testing.T) {
	models(t, func(t *testing.T, serve func(*testing.T, generator.Model) served) {
		for _, plain := range []bool{false, true} {
			model := trusting()
			model.Plain = plain
			g := serve(t, model)
			query, err := g.Generate(t.Context(), newQuestion(question))
			if err != nil || query.Assumptions != nil || query.Filters != nil {
				t.Errorf("off: got %+v, %v", query, err)
			}
			g.writer.form.Assumptions = true
			query, err = g.Generate(t.Context(), newQuestion(question))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([][]string{{"Open orders count, too."}, {"orders of 2025"}}, [][]string{query.Assumptions, query.Filters}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		}
	})
}

func TestModelAsksBackOnlyIfAllowed(t *testing.T) {
	models(t, func(t *testing.T, serve func(*testing.T, generator.Model) served) {
		for _, test := range []struct {
			name    string
			setting bool
			request *bool
			asks    bool
		}{
			{"off", false, nil, false},
			{"by the setting", true, nil, true},
			{"by the request", false, new(true), true},
			{"not by the request", true, new(false), false},
		} {
			g := serve(t, trusting())
			g.writer.form.Clarification = test.setting
			q := newQuestion(ambiguous)
			q.AllowClarification = test.request
			query, err := g.Generate(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			var want *Clarification
			sql := "SELECT 1"
			if test.asks {
				want = &Clarification{Question: "What makes a customer good?", Options: []string{"Which customers spent most?", "Which customers ordered most often?"}}
				sql = ""
			}
			if diff := cmp.Diff(want, query.Clarification); diff != "" || query.SQL != sql {
				t.Errorf("%s: got %q: -want +got:\n%s", test.name, query.SQL, diff)
			}
		}
	})
}

// TestRefusedClarificationKeepsTheCachedPrefix compares the instructions of a question
// that allows a clarification with those of one that does not.
func TestRefusedClarificationKeepsTheCachedPrefix(t *testing.T) {
	a := newAuthor("postgres", openKnowledge(t), Form{Clarification: true})
	allowed, err := a.prompt(t.Context(), newQuestion(ambiguous))
	if err != nil {
		t.Fatal(err)
	}
	q := newQuestion(ambiguous)
	q.AllowClarification = new(false)
	refused, err := a.prompt(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if allowed.shared != refused.shared || allowed.form != refused.form || !strings.HasSuffix(refused.turns[0].text, strings.TrimSpace(decide)) {
		t.Errorf("got %q and %q", allowed.shared, refused.shared)
	}
}

// openAIReplies makes the stand-in reply with texts, in order.
func openAIReplies(texts ...string) (replies []http.Handler) {
	for _, text := range texts {
		replies = append(replies, generator.OpenAIReply("stop", text, ""))
	}
	return replies
}

func TestModelThatInsistsOnAClarificationIsRefused(t *testing.T) {
	const asks = `{"reason": "", "clarification": "Which year?", "options": ["2024?", "2025?"], "sql": ""}`
	g := serveOpenAI(t, trusting())
	g.writer.form.Clarification = true
	q := newQuestion(question)
	q.AllowClarification = new(false)
	g.service.Fail(openAIReplies(asks, asks)...)
	_, err := g.Generate(t.Context(), q)
	checkError(t, err, Refused, "Which year?")
	g.service.Fail(openAIReplies(asks)...)
	if query, err := g.Generate(t.Context(), q); err != nil || query.SQL != sql {
		t.Errorf("after one clarification: got %+v, %v", query, err)
	}
	// A failed statement is replaced, or not.
	g.service.Fail(openAIReplies(asks, asks)...)
	_, err = g.Retry(t.Context(), newQuestion(question), Failure{Attempt: 1, First: sql, SQL: sql, Message: "no"})
	checkError(t, err, Refused, "Which year?")
	// A prompt without clarifications.
	g.writer.form.Clarification = false
	g.service.Fail(openAIReplies(asks)...)
	_, err = g.Generate(t.Context(), newQuestion(question))
	checkError(t, err, Refused, "Which year?")
}

func TestReadBoundsWhatModelsState(t *testing.T) {
	long := strings.Repeat("x", maxText+1)
	many := make([]string, 30)
	for i := range many {
		many[i] = strings.Repeat("a", i+1)
	}
	list := func(texts ...string) string {
		text, err := json.Marshal(texts)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for reply, want := range map[string]answer{
		`{"sql": "SELECT 1", "assumptions": ["a", " a ", "", "None.", "b\n c"], "filters": "x = 1"}`:                                        {SQL: "SELECT 1", Assumptions: []string{"a", "b c"}, Filters: []string{"x = 1"}},
		`{"sql": "SELECT 1", "assumptions": null, "filters": {"x": 1}, "clarification": null}`:                                              {SQL: "SELECT 1"},
		`{"sql": "SELECT 1", "assumptions": ` + list(long, "b") + `, "filters": [1, ["c"], {"d": "e"}, "f"]}`:                               {SQL: "SELECT 1", Assumptions: []string{"b"}, Filters: []string{"f"}},
		`{"sql": "SELECT 1", "assumptions": ` + list(many...) + `}`:                                                                         {SQL: "SELECT 1", Assumptions: many[:maxStated]},
		`{"sql": "", "clarification": "Which?", "options": ` + list(many...) + `}`:                                                          {Clarification: "Which?", Options: many[:maxOptions]},
		`{"sql": null, "clarification": "Which?", "options": []}`:                                                                           {Clarification: "Which?"},
		`{"clarification": {"question": "Which?", "options": ["a?", "b?"]}}`:                                                                {Clarification: "Which?", Options: []string{"a?", "b?"}},
		"Here:\n```json\n{clarification: 'Which?', options: ['a?', 'b?',], sql: '',}\n```":                                                  {Clarification: "Which?", Options: []string{"a?", "b?"}},
		`{"tool": "answer", "input": {"reason": "r", "sql": "", "clarification": "Which?", "options": ["a?"]}}`:                             {Reason: "r", Clarification: "Which?", Options: []string{"a?"}},
		`{"reason": "one", "assumptions": ["what the query assumes"], "filters": ["a condition"], "sql": "SELECT 1", "clarification": "…"}`: {Reason: "one", SQL: "SELECT 1"},
		`{"sql": "", "clarification": "` + long + `", "options": ["a?"]}`:                                                                   {Clarification: long[:maxText-3] + "…", Options: []string{"a?"}},
		`{"clarification": "not needed", "arguments": {"sql": "SELECT 1"}}`:                                                                 {SQL: "SELECT 1"},
		`{"clarification": "Which?", "options": [{"question": "a?", "sql": "SELECT 1"}]}`:                                                   {Clarification: "Which?"},
		`{"clarification": "Which?", "details": {"reason": "r", "sql": ""}}`:                                                                {Clarification: "Which?"},
	} {
		got, problem := newReader().read(reply)
		if diff := cmp.Diff(want, got); diff != "" || problem != "" {
			t.Errorf("%.200s: %s: -want +got:\n%s", reply, problem, diff)
		}
	}
}

// openFirst returns a generator with golden_first, its model's stand-in, and pairs in
// its golden.json.
func openFirst(t *testing.T, pairs string) (Generator, *generator.OpenAI) {
	t.Helper()
	directory := t.TempDir()
	for name, content := range map[string]string{
		"golden.json": pairs, schema.File: `{"db_type": "postgres", "tables": [{"name": "orders", "columns": [{"name": "id"}]}]}`,
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	service := &generator.OpenAI{Model: newModel(), Name: openAIModel, APIKey: key}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	g, err := Open(Config{
		Type: TypeOpenAI, Model: openAIModel, Directory: directory, GoldenFirst: true, BaseURL: server.URL,
		Connection: connection.Connection{APIKey: key, DBType: "postgres"},
		Source:     func() (Source, error) { return OpenKnowledge(directory) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return g, service
}

func TestGoldenFirstAnswersTheSameQuestionWithoutTheModel(t *testing.T) {
	g, service := openFirst(t, `[{"question": "how many  ORDERS", "sql": "SELECT 7"}]`)
	for _, text := range []string{question, "How many orders", " how many orders?! "} {
		query, err := g.Generate(t.Context(), newQuestion(text))
		want := Query{
			SQL: "SELECT 7", Source: FromGolden, Reason: json.RawMessage(`"This is the golden query for: how many  ORDERS"`),
		}
		next, _ := json.Marshal([]string{text, "SELECT 7"})
		want.PreviousContext = next
		if diff := cmp.Diff(want, query); diff != "" || err != nil {
			t.Errorf("%q: %v: -want +got:\n%s", text, err, diff)
		}
	}
	if n := len(service.Requests(generator.CompletionsPath)); n != 0 {
		t.Errorf("%d requests to the model", n)
	}
	// The model replaces a golden query that the database rejects.
	service.Fixes["SELECT 7"] = better
	query, err := g.Retry(t.Context(), newQuestion(question), Failure{Attempt: 1, First: "SELECT 7", SQL: "SELECT 7", Message: "no"})
	if err != nil || query.SQL != better || query.Source != FromModel {
		t.Errorf("got %+v, %v", query, err)
	}
}

func TestGoldenFirstLeavesOtherQuestionsToTheModel(t *testing.T) {
	g, service := openFirst(t, `[{"question": "How many orders?", "sql": "SELECT 7"}, {"question": "How many?", "sql": "SELECT 8", "callers": {"tenant": "a"}}]`)
	service.SQL["How many?"] = sql
	for name, change := range map[string]func(*Question){
		"hold out":                func(q *Question) { q.HoldOut = true },
		"without golden queries":  func(q *Question) { q.Options.UseGoldenQueries = false },
		"with hard filters":       func(q *Question) { q.HardFilters = json.RawMessage(`"tenant = 1"`) },
		"with a glossary":         func(q *Question) { q.Options.Glossary = "An order is a sale." },
		"with a previous context": func(q *Question) { q.PreviousContext = json.RawMessage(`["before", "SELECT 1"]`) },
		"of another caller":       func(q *Question) { q.Text = "How many?" },
	} {
		q := newQuestion(question)
		change(&q)
		if query, err := g.Generate(t.Context(), q); err != nil || query.SQL != sql || query.Source != FromModel {
			t.Errorf("%s: got %+v, %v", name, query, err)
		}
	}
	q := newQuestion("how many")
	tenant := caller.With(t.Context(), caller.Caller{Claims: caller.Claims{"tenant": "a"}})
	if query, err := g.Generate(tenant, q); err != nil || query.SQL != "SELECT 8" {
		t.Errorf("the caller's query: got %+v, %v", query, err)
	}
	// Empty conditions are none.
	q = newQuestion(question)
	q.HardFilters, q.PreviousContext = json.RawMessage("null"), json.RawMessage("[ ]")
	if query, err := g.Generate(t.Context(), q); err != nil || query.SQL != "SELECT 7" {
		t.Errorf("empty conditions: got %+v, %v", query, err)
	}
}

func TestGoldenFirstKeepsTheRater(t *testing.T) {
	d := NewDefog(DefogConfig{APIKey: key})
	if got := RaterOf(newGoldenFirst(d, nil)); got != Rater(d) {
		t.Errorf("got %v", got)
	}
	if got := RaterOf(&Golden{}); got != nil {
		t.Errorf("golden queries: got %v", got)
	}
}
