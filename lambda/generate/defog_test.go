package generate

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/testserver/generator"
)

const (
	key = "secret-key-0815"
	sql = "SELECT count(*) FROM orders"
)

// serve starts a test server with the SQL of one question, and returns it with a
// generator.
func serve(t *testing.T, dbType string) (*generator.Server, *Defog) {
	t.Helper()
	service := &generator.Server{
		SQL:    map[string]string{"How many orders?": sql},
		Fixes:  map[string]string{sql: "SELECT count(*) FROM sales"},
		APIKey: key,
	}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	d := NewDefog(DefogConfig{APIKey: key, DBType: dbType, BaseURL: server.URL + "/", Log: slog.New(slog.DiscardHandler)})
	d.transport.pause = 1 // no pause in tests
	return service, d
}

func newQuestion(text string) Question {
	return Question{Text: text, Options: DefaultOptions()}
}

func TestDefogSendsAllFields(t *testing.T) {
	service, d := serve(t, "databricks")
	question := newQuestion("How many orders?")
	question.HardFilters = json.RawMessage(`["region = 'EU'"]`)
	question.PreviousContext = json.RawMessage(`["earlier"]`)
	question.Options.Glossary = "An order is a sale."
	question.Options.Model = "big"
	question.Options.Dev = true

	query, err := d.Generate(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	checkAnswer(t, query)
	sent := []generator.Request{{Path: generator.GeneratePath, Body: map[string]any{
		"question": "How many orders?", "api_key": key, "previous_context": []any{"earlier"}, "db_type": "postgres",
		"glossary": "An order is a sale.", "hard_filters": []any{"region = 'EU'"}, "dev": true, "temp": false,
		"ignore_cache": false, "model": "big", "use_golden_queries": true, "subtable_pruning": false,
		"glossary_pruning": false, "prune_max_tokens": 2000.0, "prune_bm25_num_columns": 10.0,
		"prune_glossary_max_tokens": 1000.0, "prune_glossary_num_cos_sim_units": 10.0, "prune_glossary_bm25_units": 10.0,
	}}}
	if diff := cmp.Diff(sent, service.Requests(generator.GeneratePath)); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestDefogSendsDefaultsOfAbsentFields(t *testing.T) {
	service, d := serve(t, "postgres")
	if _, err := d.Generate(t.Context(), newQuestion("How many orders?")); err != nil {
		t.Fatal(err)
	}
	body := service.Requests(generator.GeneratePath)[0].Body
	if filters, sent := body["hard_filters"]; !sent || filters != nil {
		t.Errorf("hard_filters: got %v (sent: %t), want null", filters, sent)
	}
	if diff := cmp.Diff([]any{}, body["previous_context"]); diff != "" {
		t.Errorf("previous_context (-want +got):\n%s", diff)
	}
}

func TestDefogSendsQuestionToCustomURL(t *testing.T) {
	server := httptest.NewServer(generator.Text(`{"query_generated":"SELECT 1","ran_successfully":true}`))
	defer server.Close()
	d := NewDefog(DefogConfig{BaseURL: "http://127.0.0.1:1", GenerateURL: server.URL + "/custom/path"})
	query, err := d.Generate(t.Context(), newQuestion("?"))
	if err != nil || query.SQL != "SELECT 1" {
		t.Errorf("got %q, %v", query.SQL, err)
	}
}

func TestDefogRetrySendsFeedbackOnFirstFailure(t *testing.T) {
	service, d := serve(t, "postgres")
	question := newQuestion("How many orders?")
	question.Options.Temp = true

	for attempt, failed := range []Failure{
		{Attempt: 1, First: sql, SQL: sql, Message: "no table orders"},
		{Attempt: 2, First: sql, SQL: "SELECT 2", Message: "no table sales"},
	} {
		query, err := d.Retry(t.Context(), question, failed)
		if err != nil || query.SQL != better || query.Source != FromModel {
			t.Fatalf("attempt %d: got %q, %v", attempt+1, query.SQL, err)
		}
	}

	retries := []generator.Request{}
	for _, message := range []string{"no table orders", "no table sales"} {
		retries = append(retries, generator.Request{Path: generator.RetryPath, Body: map[string]any{
			"api_key": key, "previous_query": sql, "error": message, "db_type": "postgres", "hard_filters": nil,
			"question": "How many orders?", "dev": false, "temp": true,
		}})
	}
	if diff := cmp.Diff(retries, service.Requests(generator.RetryPath)); diff != "" {
		t.Errorf("retries (-want +got):\n%s", diff)
	}
	feedback := []generator.Request{{Path: generator.FeedbackPath, Body: map[string]any{
		"api_key": key, "feedback": "bad", "text": "no table orders", "db_type": "postgres",
		"question": "How many orders?", "query": sql, "dev": false, "temp": true,
	}}}
	if diff := cmp.Diff(feedback, service.Requests(generator.FeedbackPath)); diff != "" {
		t.Errorf("feedback (-want +got):\n%s", diff)
	}
}

func TestDefogRetriesTransientErrors(t *testing.T) {
	for name, faults := range map[string][]http.Handler{
		"429":       {generator.Status(429)},
		"502":       {generator.Status(502)},
		"503 twice": {generator.Status(503), generator.Status(503)},
		"reset":     {generator.Reset()},
	} {
		t.Run(name, func(t *testing.T) {
			service, d := serve(t, "postgres")
			service.Fail(faults...)
			query, err := d.Generate(t.Context(), newQuestion("How many orders?"))
			if err != nil || query.SQL != sql {
				t.Errorf("got %q, %v", query.SQL, err)
			}
			if got := len(service.Requests(generator.GeneratePath)); got != len(faults)+1 {
				t.Errorf("got %d requests, want %d", got, len(faults)+1)
			}
		})
	}
}

func TestDefogLimitsAttempts(t *testing.T) {
	service, d := serve(t, "postgres")
	for range 2 * attempts {
		service.Fail(generator.Status(503))
	}
	_, err := d.Generate(t.Context(), newQuestion("How many orders?"))
	checkError(t, err, Unreachable, "The generator answered with HTTP status 503.")
	if got := len(service.Requests(generator.GeneratePath)); got != attempts {
		t.Errorf("got %d requests, want %d", got, attempts)
	}
}

func TestDefogRejectsInvalidReplies(t *testing.T) {
	const notJSON = "The generator's reply is not the JSON that its protocol requires."
	tests := map[string]struct {
		fault   http.Handler
		kind    Kind
		message string
	}{
		"refusal":            {generator.Text(`{"ran_successfully":false,"error_message":"Too vague."}`), Refused, "Too vague."},
		"refusal, no reason": {generator.Text(`{"ran_successfully":false}`), Refused, "The generator has no query for this question."},
		"quotes the key":     {generator.Text(`{"ran_successfully":false,"error_message":"` + key + ` is over quota"}`), Refused, "… is over quota"},
		"500":                {generator.Status(500), Unreachable, "The generator answered with HTTP status 500."},
		"401":                {generator.Status(401), Unreachable, "The generator answered with HTTP status 401."},
		"HTML":               {generator.Text("<html>" + key + "</html>"), Unreachable, notJSON},
		"half JSON":          {generator.Text(`{"sql":"SELECT 1`), Unreachable, notJSON},
		"two replies":        {generator.Text(`{"sql":"SELECT 1"}{"sql":"SELECT 2"}`), Unreachable, notJSON},
		"wrong types":        {generator.Text(`{"sql":["SELECT 1"]}`), Unreachable, notJSON},
		"a list":             {generator.Text(`[]`), Unreachable, notJSON},
		"null":               {generator.Text(`null`), Unreachable, "The generator's reply holds no SQL."},
		"empty":              {generator.Text(``), Unreachable, notJSON},
		"success, no SQL":    {generator.Text(`{"ran_successfully":true,"sql":" "}`), Unreachable, "The generator's reply holds no SQL."},
		"100 MB":             {generator.Huge(100 << 20), Unreachable, "The generator's reply is longer than 1048576 bytes."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			service, d := serve(t, "postgres")
			service.Fail(test.fault)
			_, err := d.Generate(t.Context(), newQuestion("How many orders?"))
			checkError(t, err, test.kind, test.message)
		})
	}
}

func TestDefogFollowsNoRedirect(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the request, with its key, went to another host")
	}))
	defer other.Close()
	service, d := serve(t, "postgres")
	service.Fail(generator.Redirect(other.URL))
	_, err := d.Generate(t.Context(), newQuestion("How many orders?"))
	checkError(t, err, Unreachable, "The generator redirects to another URL (HTTP status 307), which is not followed; want the final URL in the settings.")
}

func TestDefogReportsUnreachableServer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	d := NewDefog(DefogConfig{APIKey: key, BaseURL: server.URL})
	d.transport.pause = 1
	_, err := d.Generate(t.Context(), newQuestion("?"))
	checkError(t, err, Unreachable, "The generator is unreachable.")
}

func TestDefogVerifiesCertificates(t *testing.T) {
	server := httptest.NewTLSServer(generator.Text(`{"sql":"SELECT 1"}`))
	defer server.Close()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	d := NewDefog(DefogConfig{APIKey: key, BaseURL: server.URL})
	_, err := d.Generate(t.Context(), newQuestion("?"))
	checkError(t, err, Unreachable, "The generator is unreachable.")
}

func TestDefogStopsWithContext(t *testing.T) {
	service, d := serve(t, "postgres")
	ctx, cancel := context.WithCancel(t.Context())
	service.Fail(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	_, err := d.Generate(ctx, newQuestion("How many orders?"))
	checkError(t, err, Timeout, "The generator did not answer in time.")
}

// checkAnswer checks the test servers' answer to their question with the previous
// context "earlier".
func checkAnswer(t *testing.T, got Query) {
	t.Helper()
	want := Query{
		SQL:             sql,
		Reason:          json.RawMessage(`"The test defines this answer."`),
		PreviousContext: json.RawMessage(`["earlier","How many orders?","SELECT count(*) FROM orders"]`),
		Source:          FromModel,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
}

// checkError checks the caller's message, and that the cause does not hold the
// key.
func checkError(t *testing.T, err error, kind Kind, message string) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got %v, want an *Error", err)
	}
	if e.Kind != kind || e.Message != message {
		t.Errorf("got kind %d, %q; want kind %d, %q", e.Kind, e.Message, kind, message)
	}
	if e.Cause != nil && strings.Contains(e.Cause.Error(), key) {
		t.Errorf("the cause holds the API key: %v", e.Cause)
	}
}
