package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/internal/testserver/postgres"
)

// trusted is a function with a scripted model and a PostgreSQL server.
type trusted struct {
	running
	model *generator.OpenAI
}

func startTrusted(t *testing.T, environment map[string]string) trusted {
	t.Helper()
	model := &generator.OpenAI{Name: "m", APIKey: apiKey, Model: generator.Model{
		SQL:         map[string]string{"Which orders are open?": "SELECT id FROM orders WHERE status = 'open'", "Who buys?": "SELECT 'Ada' AS who"},
		Fixes:       map[string]string{"SELECT lost FROM orders": "SELECT count(*) AS n FROM orders"},
		Assumptions: map[string][]string{"Which orders are open?": {"Late orders are open, too."}},
		Filters:     map[string][]string{"Which orders are open?": {"status is open"}},
		Clarifications: map[string]generator.Clarification{
			"Who buys?": {Question: "Buys what?", Options: []string{"Who buys coffee?", "Who buys tea?"}},
		},
	}}
	endpoint, hash := serveS3(t, map[string][]byte{
		"schema.json": []byte(`{"db_type": "postgres", "read_at": "2024-02-29T12:00:00Z", "tables": [{"name": "orders", "columns": [{"name": "id", "type": "bigint"}]}]}`),
		"golden.json": []byte(`[{"question": "How many orders?", "sql": "SELECT count(*) AS orders FROM orders"}]`),
	})
	server := postgres.Start(t)
	server.Query(t, "CREATE TABLE orders (id bigint, status text); INSERT INTO orders VALUES (1, 'open'), (2, 'open'), (3, 'paid'); GRANT SELECT ON orders TO PUBLIC")
	credentials, err := connection.Connection{APIKey: apiKey, DBType: "postgres", DBCreds: server.ReaderCreds(), BaseURL: serveGenerator(t, model)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{
		environ.Credentials: credentials, environ.Generator: openai, environ.GeneratorModel: "m",
		environ.DependenciesBucket: "assets", environ.DependenciesKey: "deps.zip", environ.DependenciesHash: hash,
		"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
	}
	maps.Copy(variables, environment)
	return trusted{start(t, variables), model}
}

// ask returns the fields of the answer to a request.
func (f trusted) ask(t *testing.T, request string) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(f.invoke(t, request)), &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

// pick returns some fields of an answer.
func pick(fields map[string]any, names ...string) map[string]any {
	picked := map[string]any{}
	for _, name := range names {
		if value, ok := fields[name]; ok {
			picked[name] = value
		}
	}
	return picked
}

func TestSamplesAreComparedByTheirRows(t *testing.T) {
	f := startTrusted(t, map[string]string{environ.Samples: "3", environ.StatementTimeout: "2", environ.AllowClarification: "true"})
	sql := func(sql string) http.Handler {
		text, err := json.Marshal(map[string]string{"reason": "r", "sql": sql})
		if err != nil {
			t.Fatal(err)
		}
		return generator.OpenAIReply("stop", string(text), "")
	}
	asks := generator.OpenAIReply("stop", `{"reason": "", "clarification": "Which?", "options": ["This?", "That?"], "sql": ""}`, "")
	open := sql("SELECT id, status FROM orders WHERE status = 'open' ORDER BY id")
	for _, test := range []struct {
		name    string
		replies []http.Handler
		want    map[string]any
	}{
		{
			"all agree",
			[]http.Handler{open, sql("WITH o AS (SELECT * FROM orders) SELECT status AS s, id AS i FROM o WHERE status <> 'paid' ORDER BY id DESC"), sql("SELECT o.id, o.status FROM orders o WHERE o.id < 3")},
			map[string]any{"confidence": 1.0, "samples": 3.0, "row_count": 2.0, "source": "model", "tables": []any{"orders"}},
		},
		{
			"two agree", []http.Handler{sql("SELECT count(*) FROM orders"), sql("SELECT 2"), sql("SELECT 3 AS n")},
			map[string]any{"confidence": 0.67, "samples": 3.0, "data": []any{[]any{3.0}}},
		},
		{
			"only one runs", []http.Handler{sql("SELECT lost FROM orders"), sql("DELETE FROM orders"), sql("SELECT 7")},
			map[string]any{"confidence": 0.33, "samples": 3.0, "data": []any{[]any{7.0}}},
		},
		{
			"one is slow, one is over-long", []http.Handler{sql("SELECT pg_sleep(60)"), generator.OpenAIReply("length", "SELECT", ""), sql("SELECT 8")},
			map[string]any{"confidence": 0.33, "samples": 3.0, "data": []any{[]any{8.0}}},
		},
		{
			"none runs, and a retry does", []http.Handler{sql("SELECT lost FROM orders"), sql("SELECT lost FROM orders"), generator.OpenAIReply("length", "", "")},
			map[string]any{"confidence": 0.0, "samples": 3.0, "data": []any{[]any{3.0}}},
		},
		{
			"one statement runs once", []http.Handler{sql("SELECT random() AS n"), sql("SELECT random() AS n"), sql("SELECT random() AS n")},
			map[string]any{"confidence": 1.0, "samples": 3.0},
		},
		{
			"most ask back", []http.Handler{asks, sql("SELECT 1"), asks},
			map[string]any{"error_code": "clarification_needed", "clarification": map[string]any{"question": "Which?", "options": []any{"This?", "That?"}}},
		},
		{
			"one asks back", []http.Handler{sql("SELECT 1"), asks, sql("SELECT 1")},
			map[string]any{"confidence": 0.67, "samples": 3.0, "data": []any{[]any{1.0}}},
		},
		{
			"none has SQL", []http.Handler{generator.OpenAIReply("length", "", ""), generator.OpenAIReply("length", "", ""), generator.OpenAIReply("length", "", "")},
			map[string]any{"error_code": "generator_unreachable"},
		},
	} {
		f.model.Fail(test.replies...)
		got := f.ask(t, `{"question": "Is it so?"}`)
		names := []string{"error_code", "clarification", "confidence", "samples"}
		for name := range test.want {
			names = append(names, name)
		}
		if diff := cmp.Diff(test.want, pick(got, names...)); diff != "" {
			t.Errorf("%s: %v: -want +got:\n%s", test.name, got["error_message"], diff)
		}
	}
	before := len(f.model.Requests(generator.CompletionsPath))
	if got := f.ask(t, `{"question": "Which orders are open?", "sql_only": true}`); got["confidence"] != nil || len(f.model.Requests(generator.CompletionsPath)) != before+1 {
		t.Errorf("SQL only: got %v", got)
	}
	log := f.stop()
	// Each reply of the script has one token in and one out.
	if !strings.Contains(log, `"samples":3,"confidence":1,"input_tokens":3,"output_tokens":3,`) || !strings.Contains(log, `"outcome":"clarification_needed","status":200`) {
		t.Errorf("got log\n%s", log)
	}
}

func TestAnswerHoldsWhatItRestsOn(t *testing.T) {
	f := startTrusted(t, map[string]string{environ.GoldenFirst: "true", environ.AllowClarification: "true", environ.StateAssumptions: "true", environ.Samples: "2"})
	got := f.ask(t, `{"question": "how many orders"}`)
	want := map[string]any{"data": []any{[]any{3.0}}, "source": "golden", "tables": []any{"orders"}, "reason_for_query": "This is the golden query for: How many orders?"}
	trust := []string{"data", "source", "tables", "assumptions", "filters", "confidence", "samples", "schema_age", "reason_for_query"}
	if diff := cmp.Diff(want, pick(got, trust...)); diff != "" || len(f.model.Requests(generator.CompletionsPath)) != 0 {
		t.Errorf("golden: -want +got:\n%s", diff)
	}

	got = f.ask(t, `{"question": "Which orders are open?"}`)
	if age, _ := got["schema_age"].(float64); age < 60*86400 {
		t.Errorf("schema_age: got %v", got["schema_age"])
	}
	delete(got, "schema_age")
	want = map[string]any{
		"data": []any{[]any{1.0}, []any{2.0}}, "source": "model", "tables": []any{"orders"}, "confidence": 1.0, "samples": 2.0,
		"assumptions": []any{"Late orders are open, too."}, "filters": []any{"status is open"}, "reason_for_query": "The test defines this answer.",
	}
	if diff := cmp.Diff(want, pick(got, trust...)); diff != "" {
		t.Errorf("model: -want +got:\n%s", diff)
	}

	got = f.ask(t, `{"question": "Who buys?"}`)
	want = map[string]any{
		"ran_successfully": false, "error_code": "clarification_needed", "error_message": "Buys what?",
		"clarification": map[string]any{"question": "Buys what?", "options": []any{"Who buys coffee?", "Who buys tea?"}}, "request_id": "r-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clarification: -want +got:\n%s", diff)
	}
	if got = f.ask(t, `{"question": "Who buys?", "allow_clarification": false}`); got["row_count"] != 1.0 {
		t.Errorf("no clarification: got %v", got)
	}
	if got = f.ask(t, `{"question": "Who buys?", "allow_clarification": "no"}`); got["error_message"] != "allow_clarification: invalid; want true or false" {
		t.Errorf("an invalid field: got %v", got)
	}
	if log := f.stop(); strings.Count(log, `"source":"golden"`) != 1 || strings.Contains(log, "open, too") {
		t.Errorf("got log\n%s", log)
	}
}
