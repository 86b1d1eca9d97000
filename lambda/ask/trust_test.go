package ask

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
)

// scripted is a generator with answers in order, for a question and for its failures.
type scripted struct {
	answers []generate.Query
}

func (s *scripted) next() (generate.Query, error) {
	query := s.answers[0]
	s.answers = s.answers[1:]
	return query, nil
}

func (s *scripted) Generate(context.Context, generate.Question) (generate.Query, error) {
	return s.next()
}

func (s *scripted) Retry(context.Context, generate.Question, generate.Failure) (generate.Query, error) {
	return s.next()
}

// answerOf asks a question and returns the decoded answer and the log.
func answerOf(t *testing.T, g generate.Generator, f *fake) (map[string]any, string) {
	t.Helper()
	h, log := newHandler(f)
	h.Open = func(context.Context) (Backend, error) { return Backend{Generator: g, Database: f}, nil }
	var got map[string]any
	if err := json.Unmarshal([]byte(invoke(t, h, `{"question":"How many?"}`)), &got); err != nil {
		t.Fatal(err)
	}
	return got, log.String()
}

func TestAnswerShowsWhatItRestsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := generate.Query{SQL: "SELECT 1", Source: generate.FromGolden}
		model := generate.Query{
			SQL: "SELECT 2", Source: generate.FromModel, SchemaRead: time.Now().Add(-90 * time.Minute),
			Assumptions: []string{"Last year is 2025.", "hunter2-password is a name."}, Filters: []string{"status is 'paid'"},
		}
		f := &fake{fails: map[string]error{"SELECT 1": &database.StatementError{Message: "no"}}, result: rows()}
		f.result.Tables = []string{"orders", "shop.customers"}
		got, log := answerOf(t, &scripted{answers: []generate.Query{first, model}}, f)
		want := map[string]any{
			"source": "model", "schema_age": 5400.0, "tables": []any{"orders", "shop.customers"},
			"assumptions": []any{"Last year is 2025.", "*** is a name."}, "filters": []any{"status is 'paid'"},
		}
		for name, value := range want {
			if diff := cmp.Diff(value, got[name]); diff != "" {
				t.Errorf("%s: -want +got:\n%s", name, diff)
			}
		}
		if !strings.Contains(log, `"source":"model"`) || strings.Contains(log, "2025") {
			t.Errorf("got log %s", log)
		}
	})
}

func TestAnswerHasNoFieldOfWhatIsUnknown(t *testing.T) {
	f := &fake{sql: []string{"SELECT 1"}, result: rows()}
	got, log := answerOf(t, f, f)
	for _, name := range []string{"source", "tables", "assumptions", "filters", "schema_age"} {
		if value, ok := got[name]; ok {
			t.Errorf("%s: got %v", name, value)
		}
	}
	if strings.Contains(log, "source") {
		t.Errorf("got log %s", log)
	}
}

func TestReplacedGoldenQueryExplainsNothing(t *testing.T) {
	golden := generate.Query{SQL: "SELECT 1", Source: generate.FromGolden, Reason: json.RawMessage(`"This is the golden query."`)}
	for reason, want := range map[string]any{`"Counts orders."`: "Counts orders.", "null": nil} {
		f := &fake{fails: map[string]error{"SELECT 1": &database.StatementError{Message: "no"}}, result: rows()}
		model := generate.Query{SQL: "SELECT 2", Source: generate.FromModel, Reason: json.RawMessage(reason)}
		if got, _ := answerOf(t, &scripted{answers: []generate.Query{golden, model}}, f); got["reason_for_query"] != want || got["source"] != "model" {
			t.Errorf("%q: got %v, %v", reason, got["reason_for_query"], got["source"])
		}
	}
}
