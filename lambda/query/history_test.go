package main

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/history"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/internal/testserver/runtimeapi"
)

// historyBucket is a stand-in for S3 with one bucket.
type historyBucket struct {
	url    string
	stored chan string // keys, as they are written

	mu      sync.Mutex
	objects map[string]string
	refuse  bool
	held    chan struct{} // writes wait for its end; nil for none
}

func newHistoryBucket(t *testing.T) *historyBucket {
	t.Helper()
	b := &historyBucket{objects: map[string]string{}, stored: make(chan string, 1)}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *historyBucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	key, ours := strings.CutPrefix(r.URL.Path, "/questions/")
	b.mu.Lock()
	held, refuse := b.held, b.refuse
	content, found := b.objects[key]
	b.mu.Unlock()
	switch {
	case err != nil || !ours || refuse, r.Method == http.MethodGet && !found: // as for a role without the right to list
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodGet:
		_, _ = io.WriteString(w, content) // fails only if the client has disconnected
	case r.Method == http.MethodPut:
		if held != nil {
			select {
			case <-held:
			case <-r.Context().Done():
				return
			}
		}
		b.mu.Lock()
		b.objects[key] = string(body)
		b.mu.Unlock()
		select {
		case b.stored <- key:
		default: // the test reads none
		}
	}
}

func (b *historyBucket) hold(held chan struct{}, refuse bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held, b.refuse = held, refuse
}

// keys returns the keys of all objects.
func (b *historyBucket) keys() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.objects))
}

// object returns the only object.
func (b *historyBucket) object(t *testing.T) (key, content string) {
	t.Helper()
	keys := b.keys()
	if len(keys) != 1 {
		t.Fatalf("objects %v; want one", keys)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return keys[0], b.objects[keys[0]]
}

// record returns the only record.
func (b *historyBucket) record(t *testing.T) history.Record {
	t.Helper()
	key, content := b.object(t)
	records, err := history.Decode[history.Record]([]byte(content))
	if err != nil || len(records) != 1 || records[0].Key() != key {
		t.Fatalf("%s: %v, %v; want one record with this key", key, records, err)
	}
	return records[0]
}

// startRecording runs the function with history, on a Lambda with extensions.
func startRecording(t *testing.T, endpoint string, change func(*runtimeapi.Config)) (running, *generator.Server) {
	t.Helper()
	service, url := newGenerator(t)
	service.Teach("Which fruit?", "SELECT 'fruit-that-stays-secret' AS name WHERE 1 = 1")
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	config := runtimeapi.Config{
		Command: []string{bootstrap}, Extensions: true,
		Environment: map[string]string{
			"TMPDIR": t.TempDir(), environ.Credentials: encode(t, shop, url), environ.HistoryBucket: "questions", environ.Stack: "shop-dev",
			"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example-secret-key",
		},
	}
	if change != nil {
		change(&config)
	}
	return startConfigured(t, config), service
}

func freeze(t *testing.T, f running) {
	t.Helper()
	if err := f.Freeze(); err != nil {
		t.Fatal(err)
	}
}

const coffees = `{"question":"Which coffees are there?","caller":{"sub":"jane"}}`

func TestHistoryIsWrittenBeforeLambdaFreezesTheProcess(t *testing.T) {
	bucket := newHistoryBucket(t)
	f, _ := startRecording(t, bucket.url, nil)
	if answer := f.invoke(t, coffees); !strings.Contains(answer, `"row_count":2`) {
		t.Fatalf("answer %s; want two rows", answer)
	}
	freeze(t, f)
	record := bucket.record(t)
	if record.Question != "Which coffees are there?" || !strings.Contains(record.SQL, "FROM coffee") || record.Outcome != "ok" ||
		record.RequestID != runtimeapi.RequestID || record.Source != "model" || len(record.Caller) != 32 || record.TotalMS <= 0 {
		t.Errorf("record %+v; want the question with its SQL and its caller's hash", record)
	}
	if answer := f.invoke(t, `{"question":"Which milk?"}`); !strings.Contains(answer, "generator_refused") {
		t.Fatalf("answer %s; want a refusal", answer)
	}
	freeze(t, f)
	if record := bucket.record(t); record.Question != "Which milk?" || record.Outcome != "generator_refused" || record.SQL != "" || record.Caller != "" {
		t.Errorf("record %+v; want that of the second question, whose key is the same", record)
	}
	if log := f.stop(); strings.Contains(log, "background") || strings.Contains(log, "not written") {
		t.Errorf("want neither failure in the log")
	}
}

func TestHistoryHoldsNeitherRowsNorCredentials(t *testing.T) {
	bucket := newHistoryBucket(t)
	f, service := startRecording(t, bucket.url, nil)
	service.Teach("Is "+apiKey+" a coffee?", "SELECT name FROM coffee WHERE name = '"+apiKey+"'")
	for _, question := range []string{"Which coffees are there?", "Is " + apiKey + " a coffee?", "Which teas are there?"} {
		f.invoke(t, `{"question":"`+question+`","caller":{"sub":"jane"}}`)
		freeze(t, f)
		_, record := bucket.object(t)
		for _, secret := range []string{apiKey, "example-secret-key", "Löwen", "Zebra", "jane"} {
			if strings.Contains(record, secret) {
				t.Errorf("%s: the record holds %q: %s", question, secret, record)
			}
		}
	}
}

func TestSlowS3DelaysNoAnswer(t *testing.T) {
	bucket := newHistoryBucket(t)
	held := make(chan struct{})
	bucket.hold(held, false)
	f, _ := startRecording(t, bucket.url, nil)
	for range 2 { // the second answer comes although the first record waits
		if answer := f.invoke(t, coffees); !strings.Contains(answer, `"row_count":2`) {
			t.Fatalf("answer %s; want two rows", answer)
		}
	}
	freeze(t, f)
	if keys := bucket.keys(); len(keys) != 0 {
		t.Errorf("objects %v; want none before S3 answers", keys)
	}
	bucket.hold(nil, false)
	close(held)
	for len(bucket.keys()) == 0 { // after the pause of the recorder
		f.invoke(t, coffees)
		freeze(t, f)
	}
	if record := bucket.record(t); record.Question != "Which coffees are there?" {
		t.Errorf("record %+v; want one that waited", record)
	}
	checkFailureInLog(t, f.stop())
}

// checkFailureInLog checks the log of a function that could not write history.
func checkFailureInLog(t *testing.T, log string) {
	t.Helper()
	for line := range strings.Lines(log) {
		var failed struct {
			Message         string `json:"msg"`
			Level           string `json:"level"`
			Cause           string `json:"cause"`
			Waiting         int    `json:"waiting"`
			Stack           string
			HistoryFailures int
			Metrics         json.RawMessage `json:"_aws"`
		}
		if json.Unmarshal([]byte(line), &failed) != nil || failed.Message != "history not written" {
			continue
		}
		if failed.Level != "ERROR" || !strings.Contains(failed.Cause, "s3://questions/history/day=") || failed.Waiting == 0 ||
			failed.Stack != "shop-dev" || failed.HistoryFailures != 1 || !strings.Contains(string(failed.Metrics), `"Name":"HistoryFailures"`) {
			t.Errorf("log line %s; want an error with its cause and the metric", line)
		}
		return
	}
	t.Error("no line of the failure in the log")
}

func TestRefusingOrUnreachableS3FailsNoAnswer(t *testing.T) {
	refusing := newHistoryBucket(t)
	refusing.hold(nil, true)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, endpoint := range map[string]string{"refusing": refusing.url, "unreachable": gone.URL} {
		t.Run(name, func(t *testing.T) {
			f, _ := startRecording(t, endpoint, nil)
			for range 3 {
				if answer := f.invoke(t, coffees); !strings.Contains(answer, `"row_count":2`) {
					t.Fatalf("answer %s; want two rows", answer)
				}
				freeze(t, f)
			}
			checkFailureInLog(t, f.stop())
		})
	}
}

// Local AWS has no Extensions API.
func TestHistoryIsWrittenInTheBackgroundWithoutExtensions(t *testing.T) {
	bucket := newHistoryBucket(t)
	f, _ := startRecording(t, bucket.url, func(c *runtimeapi.Config) { c.Extensions = false })
	f.invoke(t, coffees)
	<-bucket.stored
	if record := bucket.record(t); record.Question != "Which coffees are there?" {
		t.Errorf("record %+v; want that of the question", record)
	}
	if log := f.stop(); !strings.Contains(log, "written in the background") {
		t.Error("want the reason in the log")
	}
}

// A statement that does not stop has the process start its program anew, which must not
// wait for the events of the earlier program's extension.
func TestExtensionOutlivesTheRestartOfTheProgram(t *testing.T) {
	bucket := newHistoryBucket(t)
	f, service := startRecording(t, bucket.url, func(c *runtimeapi.Config) { c.Environment[environ.StatementTimeout] = "1" })
	service.Teach("Endless?", "SELECT instr(printf('%.*c', 8000000, 'a'), printf('%.*c', 4000000, 'a') || 'b')")
	f.invoke(t, `{"question":"Endless?"}`)
	freeze(t, f)
	if record := bucket.record(t); record.Outcome != "statement_failed" {
		t.Errorf("record %+v; want that of the failed statement", record)
	}
	f.invoke(t, coffees)
	freeze(t, f)
	if record := bucket.record(t); record.Outcome != "ok" {
		t.Errorf("record %+v; want that of the next question", record)
	}
	if log := f.stop(); strings.Count(log, "the process restarts") != 1 || strings.Contains(log, "background") {
		t.Error("want one restart, with the extension of the first program")
	}
}

// rate sends feedback of a caller as the API does.
func (r running) rate(t *testing.T, subject, body string) (status int, answer string) {
	t.Helper()
	event := map[string]any{
		"routeKey": "POST /feedback", "rawPath": "/feedback", "body": body,
		"requestContext": map[string]any{
			"http":       map[string]any{"method": "POST"},
			"authorizer": map[string]any{"jwt": map[string]any{"claims": map[string]any{"sub": subject, "iss": "i"}}},
		},
	}
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	var response struct {
		StatusCode int
		Body       string
	}
	if err := json.Unmarshal([]byte(r.invoke(t, string(payload))), &response); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Body
}

// askAs asks a question as the API does, and returns when its record is written.
func (r running) askAs(t *testing.T, subject, question string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"question": question})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(map[string]any{
		"routeKey": "POST /", "rawPath": "/", "body": string(body),
		"requestContext": map[string]any{
			"http":       map[string]any{"method": "POST"},
			"authorizer": map[string]any{"jwt": map[string]any{"claims": map[string]any{"sub": subject, "iss": "i"}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.invoke(t, string(payload))
	freeze(t, r)
}

func TestFeedbackIsStoredBesideTheRecordAndSentToDefog(t *testing.T) {
	bucket := newHistoryBucket(t)
	f, service := startRecording(t, bucket.url, nil)
	f.askAs(t, "jane", "Which coffees are there?")
	sql := "SELECT name FROM coffee WHERE name <> '" + apiKey + "'"
	for _, body := range []string{
		`{"request_id":"r-1","verdict":"right"}`,
		`{"request_id":"r-1","verdict":"wrong","sql":"` + sql + `","comment":"Names only."}`,
	} {
		status, answer := f.rate(t, "jane", body)
		if status != http.StatusOK || !strings.Contains(answer, `"request_id":"r-1"`) {
			t.Fatalf("%d %s; want 200", status, answer)
		}
	}
	keys := bucket.keys()
	if len(keys) != 2 || !strings.HasPrefix(keys[0], "feedback/day=") || !strings.HasPrefix(keys[1], "history/day=") {
		t.Fatalf("objects %v; want one feedback and one record", keys)
	}
	ratings, err := history.Decode[history.Feedback]([]byte(bucket.objects[keys[0]]))
	if err != nil || len(ratings) != 1 {
		t.Fatalf("%v, %v; want one feedback", ratings, err)
	}
	got := ratings[0]
	if got.Verdict != history.Wrong || got.SQL != "SELECT name FROM coffee WHERE name <> '***'" || got.Comment != "Names only." ||
		got.Record.Question != "Which coffees are there?" || got.Record.Outcome != "ok" || time.Since(got.Time) > time.Hour {
		t.Errorf("feedback %+v; want the last verdict without the API key, with the record", got)
	}
	sent := service.Requests(generator.FeedbackPath)
	if len(sent) != 2 || sent[0].Body["feedback"] != "good" || sent[1].Body["feedback"] != "bad" ||
		sent[1].Body["question"] != "Which coffees are there?" || !strings.HasPrefix(sent[1].Body["text"].(string), "Names only.\n\nCorrect SQL:\nSELECT name") {
		t.Errorf("Defog got %v; want both verdicts", sent)
	}
	if log := f.stop(); strings.Contains(log, "Names only") || strings.Contains(log, "SELECT") || strings.Count(log, `"rated_request_id":"r-1"`) != 2 {
		t.Error("want both verdicts in the log, without comment and SQL")
	}
}

func TestFeedbackOfOthersAndOnUnknownAnswersIsTheSame(t *testing.T) {
	bucket := newHistoryBucket(t)
	f, service := startRecording(t, bucket.url, nil)
	f.askAs(t, "jane", "Which coffees are there?")
	_, unknown := f.rate(t, "jane", `{"request_id":"r-2","verdict":"right"}`)
	status, others := f.rate(t, "joe", `{"request_id":"r-1","verdict":"right"}`)
	if status != http.StatusNotFound || others != unknown || !strings.Contains(others, `"error_code":"not_found"`) {
		t.Errorf("%d %s; want 404, as for an unknown answer: %s", status, others, unknown)
	}
	if keys := bucket.keys(); len(keys) != 1 || len(service.Requests(generator.FeedbackPath)) != 0 {
		t.Errorf("objects %v; want the record only", keys)
	}
}

func TestFeedbackWithoutS3IsUnavailable(t *testing.T) {
	bucket := newHistoryBucket(t)
	f, _ := startRecording(t, bucket.url, func(c *runtimeapi.Config) { c.Environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1" })
	status, answer := f.rate(t, "jane", `{"request_id":"r-1","verdict":"right"}`)
	if status != http.StatusServiceUnavailable || !strings.Contains(answer, `"error_code":"history_unavailable"`) {
		t.Errorf("%d %s; want 503", status, answer)
	}
}

func TestFeedbackHasNoRouteWithoutHistory(t *testing.T) {
	_, url := newGenerator(t)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	f := start(t, map[string]string{environ.Credentials: encode(t, shop, url)})
	if status, answer := f.rate(t, "jane", `{"request_id":"r-1","verdict":"right"}`); status != http.StatusBadRequest || !strings.Contains(answer, "question: missing") {
		t.Errorf("%d %s; want the handler of questions", status, answer)
	}
}
