package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/cmd/defog/evaluate"
	"defog-cdk/internal/testserver/generator"
)

const (
	counted   = "How many coffees are there?"
	ambiguous = "Which one is better?"
)

// coffeeSQL is the model's reply to each question, and coffeeSet the questions.
var (
	coffeeSQL = map[string]string{
		counted:                         "SELECT count(id) FROM coffee",
		"Which roasts are there?":       "SELECT roast, 'x' AS more FROM coffee ORDER BY 1 DESC",
		"Which coffees are dark?":       "SELECT id FROM coffee WHERE roast = 'light'",
		"Which ids are there?":          "SELECT ids FROM coffee",
		"Which teas are there?":         "SELECT * FROM tea",
		"Which roast has the first id?": "SELECT roast FROM coffee ORDER BY id LIMIT 1",
	}
	coffeeFixes = map[string]string{"SELECT ids FROM coffee": "SELECT id FROM coffee"}
	coffeeSet   = `[
		{"question": "How many coffees are there?", "sql": "SELECT count(*) AS n FROM coffee", "category": "count"},
		{"question": "Which roasts are there?", "sql": ["SELECT id FROM coffee", "SELECT roast FROM coffee"], "category": "list"},
		{"question": "Which coffees are dark?", "sql": "SELECT id FROM coffee WHERE roast = 'dark'", "category": "list"},
		{"question": "Which ids are there?", "sql": "SELECT id FROM coffee ORDER BY roast", "category": "list"},
		{"question": "Which teas are there?", "sql": "SELECT 1", "category": "list"},
		{"question": "Which roast has the first id?", "sql": "SELECT roast FROM nowhere", "category": "list"},
		{"question": "Which one is better?", "sql": "SELECT 1", "category": "count"}
	]`
)

var coffeeOutcomes = map[string]string{
	counted: evaluate.Right, "Which roasts are there?": evaluate.Right, "Which coffees are dark?": evaluate.WrongRows,
	"Which ids are there?": evaluate.Right, "Which teas are there?": evaluate.StatementFailed,
	"Which roast has the first id?": evaluate.ReferenceFailed, ambiguous: evaluate.Refused,
}

// newCoffee changes to a folder with the shop, the questions, and settings for a
// stand-in of a model.
func newCoffee(t *testing.T) (*generator.OpenAI, []string) {
	t.Helper()
	newShop(t)
	service := &generator.OpenAI{Name: "m", APIKey: secretKey, Model: generator.Model{SQL: coffeeSQL, Fixes: coffeeFixes, Caches: true}}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	writeFile(t, "questions.json", coffeeSet)
	writeFile(t, "lambda/query/dependencies/rds-ca.pem", "")
	writeFile(t, "deps/golden.json", `[{"question": "How many coffees are there?", "sql": "SELECT count(*) FROM coffee"}, {"question": "How many roasts are there?", "sql": "SELECT 2"}]`)
	return service, []string{
		"evaluate", "questions.json", "-c", "connection_file=connection.json", "-c", "function_source_dependencies_zip=deps", "-c", "generator=openai",
		"-c", "generator_model=m", "-c", "generator_base_url=" + server.URL, "-c", `generator_price={"input": 2, "output": 10, "cache_read": 0.5}`,
	}
}

func TestEvaluateNeedsASessionForBedrock(t *testing.T) {
	for name, test := range map[string]struct{ variable, want string }{
		"no credentials": {"AWS_ACCESS_KEY_ID", "no AWS credentials: sign in"},
		"no region":      {"AWS_REGION", "no AWS region: set AWS_REGION"},
	} {
		t.Run(name, func(t *testing.T) {
			newAWS(t)
			newCoffee(t)
			t.Setenv(test.variable, "")
			code, stdout, stderr := defog(t, "evaluate", "questions.json", "-c", "connection_file=connection.json", "-c", "generator=bedrock")
			if code != 1 || !strings.Contains(stderr, test.want) || stdout != "" {
				t.Errorf("exit code %d, stdout %q, stderr %q; want %q", code, stdout, stderr, test.want)
			}
		})
	}
}

func readReport(t *testing.T, path string) evaluate.Report {
	t.Helper()
	report, err := evaluate.ReadReport(path)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func outcomes(report evaluate.Report) map[string]string {
	found := map[string]string{}
	for _, result := range report.Results {
		found[result.Question] = result.Outcome
	}
	return found
}

func TestEvaluateReportsEachQuestion(t *testing.T) {
	service, args := newCoffee(t)
	code, stdout, stderr := defog(t, append(args, "--json", "a.json", "--junit", "a.xml", "--markdown", "a.md", "--record", "replies.jsonl", "--seed", "7")...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	report := readReport(t, "a.json")
	if diff := cmp.Diff(coffeeOutcomes, outcomes(report)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s := report.Summary; s.Right != 3 || s.First != 2 || s.Questions != 7 || len(report.Categories) != 2 {
		t.Errorf("got %+v", report.Summary)
	}
	used := service.Used()
	usage := report.Usage
	if usage.Replies != used.Replies || usage.Output != used.Output || usage.CacheRead != used.CacheRead || usage.Input != used.Input+used.CacheWrite || usage.CacheRead == 0 {
		t.Errorf("got %+v, the model counted %+v", usage, used)
	}
	if want := (2*float64(usage.Input) + 10*float64(usage.Output) + 0.5*float64(usage.CacheRead)) / 1e6; math.Abs(*report.Cost-want) > 1e-12 {
		t.Errorf("got a cost of %v, want %v", *report.Cost, want)
	}
	for _, part := range []string{"wrong_rows  Which coffees are dark?", "SELECT id FROM coffee WHERE roast = 'dark'", "missing    1", "unexpected 2", "42.9 %", "7 of 7 questions, 3 right"} {
		if !strings.Contains(stdout+stderr, part) {
			t.Errorf("the output lacks %q:\n%s%s", part, stdout, stderr)
		}
	}
	var junit struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
	}
	if err := xml.Unmarshal([]byte(readFile(t, "a.xml")), &junit); err != nil || junit.Tests != 7 || junit.Failures != 4 {
		t.Errorf("%v: got %+v", err, junit)
	}
	if text := readFile(t, "a.md"); !strings.Contains(text, "| all | 7 | 3 | 42.9 % |") {
		t.Errorf("got %s", text)
	}

	// A golden query is not in its own prompt, and another is.
	for _, request := range service.Requests(generator.CompletionsPath) {
		text, err := json.Marshal(request.Body)
		if err != nil {
			t.Fatal(err)
		}
		isCount := strings.Contains(string(text), `\u003cquestion\u003e\n`+counted)
		if isCount && (strings.Contains(string(text), "SELECT count(*) FROM coffee") || !strings.Contains(string(text), "How many roasts")) || request.Body["seed"] != 7.0 {
			t.Errorf("got the prompt %s", text)
		}
	}

	// The replies give the same report without a model, each time.
	before := len(service.Requests(generator.CompletionsPath))
	for _, name := range []string{"b.json", "c.json"} {
		if code, _, stderr := defog(t, append(args, "--json", name, "--replay", "replies.jsonl", "--concurrency", "1")...); code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		if diff := cmp.Diff(readFile(t, "a.json"), readFile(t, name)); diff != "" {
			t.Errorf("%s: -recorded +replayed:\n%s", name, diff)
		}
	}
	if after := len(service.Requests(generator.CompletionsPath)); after != before {
		t.Errorf("a replay sent %d requests", after-before)
	}
}

func TestEvaluateComparesWithABaseline(t *testing.T) {
	_, args := newCoffee(t)
	if code, _, stderr := defog(t, append(args, "--json", "old.json")...); code != 0 {
		t.Fatal(stderr)
	}
	old := readReport(t, "old.json")
	for i := range old.Results {
		old.Results[i].Outcome = evaluate.Right
		if old.Results[i].Question == counted {
			old.Results[i].Outcome = evaluate.WrongRows
		}
	}
	var text strings.Builder
	if err := old.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	writeFile(t, "old.json", text.String())
	code, stdout, stderr := defog(t, append(args, "--baseline", "old.json", "--json", "new.json", "--min-accuracy", "0.5")...)
	if code != 1 || !strings.Contains(stderr, "the accuracy is 0.429; want at least 0.500 (--min-accuracy)") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	change := readReport(t, "new.json").Baseline
	if len(change.Better) != 1 || len(change.Worse) != 4 || change.Real || math.Abs(change.P-0.375) > 1e-9 || !strings.Contains(stdout, "1 better, 4 worse of 7 questions: the change can be chance (p = 0.3750)") {
		t.Errorf("got %+v\n%s", change, stdout)
	}
	if code, _, _ := defog(t, append(args, "--min-accuracy", "0.42")...); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestEvaluateContinuesAnInterruptedRun(t *testing.T) {
	service, args := newCoffee(t)
	args = append(args, "--resume", "state.jsonl", "--concurrency", "1", "--json", "a.json")
	if code, _, stderr := defog(t, append(args, "--replay", "none.jsonl")...); code != 1 || !strings.Contains(stderr, "none.jsonl") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if code, _, stderr := defog(t, append(args, "--record", "all.jsonl")...); code != 0 {
		t.Fatal(stderr)
	}
	whole := readFile(t, "a.json")
	if _, err := os.Stat("state.jsonl"); err == nil {
		t.Error("a complete run leaves its state")
	}
	// A recording of three questions ends the run at the fourth.
	lines := strings.SplitAfter(readFile(t, "all.jsonl"), "\n")
	writeFile(t, "some.jsonl", strings.Join(lines[:3], ""))
	if code, _, stderr := defog(t, append(args, "--replay", "some.jsonl")...); code != 1 || !strings.Contains(stderr, "no reply to") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	kept := readFile(t, "state.jsonl")
	if n := strings.Count(kept, "\n"); n != 4 {
		t.Errorf("%d lines: %s", n, kept)
	}
	writeFile(t, "state.jsonl", kept+`{"id": "4", "ques`) // an interrupted line
	before := len(service.Requests(generator.CompletionsPath))
	code, _, stderr := defog(t, append(args, "--replay", "all.jsonl")...)
	if code != 0 || before != len(service.Requests(generator.CompletionsPath)) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if diff := cmp.Diff(whole, readFile(t, "a.json")); diff != "" {
		t.Errorf("-whole +continued:\n%s", diff)
	}

	writeFile(t, "state.jsonl", kept)
	if code, _, stderr := defog(t, append(slices.Clone(args), "--columns", "exact")...); code != 1 || !strings.Contains(stderr, "other questions or settings") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func TestEvaluateThroughAnAPI(t *testing.T) {
	_, args := newCoffee(t)
	var asked []map[string]any
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		asked = append(asked, body)
		if body["question"] == counted {
			fmt.Fprint(w, `{"columns":["n"],"data":[[2]],"query_generated":"SELECT 2","ran_successfully":true,"truncated":false}`)
			return
		}
		fmt.Fprint(w, `{"ran_successfully":false,"error_message":"no","error_code":"generator_refused","request_id":"r"}`)
	}))
	t.Cleanup(api.Close)
	code, _, stderr := defog(t, append(args, "--url", api.URL, "--auth", "none", "--concurrency", "1", "--json", "a.json")...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	report := readReport(t, "a.json")
	if report.Outcomes[evaluate.Right] != 1 || report.Outcomes[evaluate.Refused] != 6 || report.Results[0].Retries != -1 {
		t.Errorf("got %+v", report.Outcomes)
	}
	for _, body := range asked {
		if held := body["use_golden_queries"] == false; held != (body["question"] == counted) {
			t.Errorf("got %v", body)
		}
	}
}

// TestEvaluateStopsAtTheDayOfAnAPI has the API answer one question, and continues on
// the next day.
func TestEvaluateStopsAtTheDayOfAnAPI(t *testing.T) {
	_, args := newCoffee(t)
	var spent atomic.Bool
	var answered atomic.Int32
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if spent.Load() {
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, `{"ran_successfully":false,"error_message":"Ask again from 2026-11-29 00:00 UTC.","error_code":"cost_limit","request_id":"r"}`)
			return
		}
		spent.Store(answered.Add(1) == 1)
		fmt.Fprint(w, `{"columns":["n"],"data":[[2]],"query_generated":"SELECT 2","ran_successfully":true,"truncated":false}`)
	}))
	t.Cleanup(api.Close)
	args = append(args, "--url", api.URL, "--auth", "none", "--concurrency", "1", "--resume", "state.jsonl", "--json", "a.json")
	code, _, stderr := defog(t, args...)
	if code != 1 || !strings.Contains(stderr, "Ask again from 2026-11-29 00:00 UTC.") || !strings.Contains(stderr, "--resume") || answered.Load() != 1 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	spent.Store(false)
	if code, _, stderr := defog(t, args...); code != 0 || answered.Load() != 7 {
		t.Errorf("exit code %d after %d answers: %s", code, answered.Load(), stderr)
	}
	if n := len(readReport(t, "a.json").Results); n != 7 {
		t.Errorf("%d results", n)
	}
}

func TestEvaluateLimitsTokensOfAQuestion(t *testing.T) {
	service, args := newCoffee(t)
	if code, _, stderr := defog(t, append(args, "-c", "max_tokens_per_question=10", "--json", "a.json")...); code != 0 {
		t.Fatal(stderr)
	}
	report := readReport(t, "a.json")
	if report.Outcomes[evaluate.TokenLimit] != 7 || service.Used().Replies != 0 || report.Usage.Tokens() != 0 {
		t.Errorf("got %+v after %+v", report.Outcomes, service.Used())
	}
	if code, _, stderr := defog(t, append(args, "--json", "b.json")...); code != 0 {
		t.Fatal(stderr)
	}
	// One reply of each question is within this limit; a second one is not.
	usage := readReport(t, "b.json").Usage
	limit := usage.Tokens() / usage.Replies * 3 / 2
	if code, _, stderr := defog(t, append(args, "-c", fmt.Sprintf("max_tokens_per_question=%d", limit), "--json", "c.json")...); code != 0 {
		t.Fatal(stderr)
	}
	got := outcomes(readReport(t, "c.json"))
	if got["Which ids are there?"] != evaluate.TokenLimit || got[counted] != evaluate.Right {
		t.Errorf("got %v after %+v", got, service.Used())
	}
}

// TestEvaluateNeedsNoDatabaseWithResults runs as in a pipeline: the set has its rows,
// and there is neither a connection nor a folder of settings.
func TestEvaluateNeedsNoDatabaseWithResults(t *testing.T) {
	_, args := newCoffee(t)
	writeFile(t, "questions.json", `[
		{"question": "How many coffees are there?", "sql": "SELECT count(*) AS n, 1.50 AS price, 'x' AS text FROM coffee"},
		{"question": "Which roasts are there?", "sql": ["SELECT id FROM coffee", "SELECT roast FROM coffee ORDER BY roast"]}
	]`)
	if code, stdout, stderr := defog(t, append(args, "--save-results", "saved.json")...); code != 0 || !strings.Contains(stdout, "saved.json: 2 questions with results") {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	saved := readFile(t, "saved.json")
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		columns, rows := `["a"]`, `["dark"],["light"]`
		if body["question"] == counted {
			rows = `[2,"1.5","x"]`
			columns = `["a","b","c"]`
		}
		fmt.Fprintf(w, `{"columns":%s,"data":[%s],"query_generated":"SELECT","ran_successfully":true,"truncated":false}`, columns, rows)
	}))
	t.Cleanup(api.Close)
	t.Chdir(t.TempDir())
	writeFile(t, "saved.json", saved)
	check := []string{"evaluate", "saved.json", "--url", api.URL, "--auth", "none", "--min-accuracy", "1"}
	if code, stdout, stderr := defog(t, check...); code != 0 {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	writeFile(t, "saved.json", strings.Replace(saved, `"light"`, `"white"`, 1))
	if code, _, stderr := defog(t, check...); code != 1 || !strings.Contains(stderr, "the accuracy is 0.500") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func TestEvaluateRefusesInvalidFlags(t *testing.T) {
	_, args := newCoffee(t)
	for flag, want := range map[string]string{
		"--columns=some":       `--columns: "some" is unknown; want exact or superset`,
		"--min-accuracy=80":    "--min-accuracy: 80 is invalid; want a number from 0 to 1",
		"--concurrency=0":      "--concurrency: 0 is invalid; want at least 1",
		"--max-rows=0":         "--max-rows: 0 is invalid; want at least 1",
		"--timeout=-1s":        "--timeout: -1s is invalid; want a duration above 0, such as 30s",
		"--baseline=none.json": "none.json",
		"--replay=none.jsonl":  "--replay: ",
	} {
		if code, _, stderr := defog(t, append(slices.Clone(args), flag)...); code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d: %s", flag, code, stderr)
		}
	}
}
