package ask

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
)

// fake is a generator and a database with a configured behaviour.
type fake struct {
	sql      []string // the generator's statements, in order
	err      error    // of the generator, after the last statement
	fails    map[string]error
	result   database.Result
	asked    []generate.Question
	failures []generate.Failure
	executed []string
	limits   database.Limits
	panics   bool // the database does
}

func (f *fake) next() (string, error) {
	if len(f.sql) == 0 {
		return "", f.err
	}
	sql := f.sql[0]
	f.sql = f.sql[1:]
	return sql, nil
}

func (f *fake) Generate(_ context.Context, question generate.Question) (generate.Query, error) {
	f.asked = append(f.asked, question)
	sql, err := f.next()
	return generate.Query{SQL: sql, Reason: json.RawMessage(`"why <not>"`), PreviousContext: json.RawMessage(`["c"]`)}, err
}

func (f *fake) Retry(_ context.Context, _ generate.Question, failed generate.Failure) (generate.Query, error) {
	f.failures = append(f.failures, failed)
	sql, err := f.next()
	return generate.Query{SQL: sql}, err
}

func (f *fake) Query(_ context.Context, sql string, limits database.Limits) (*database.Result, error) {
	f.executed, f.limits = append(f.executed, sql), limits
	if f.panics {
		panic("the database panics")
	}
	if err := f.fails[sql]; err != nil {
		return nil, err
	}
	result := f.result
	return &result, nil
}

func (f *fake) Close() error { return nil }

// newHandler returns a handler with f as its backend, and its log.
func newHandler(f *fake) (*Handler, *bytes.Buffer) {
	var log bytes.Buffer
	var secrets Secrets
	secrets.Add("hunter2-password")
	return &Handler{
		Open:             func(context.Context) (Backend, error) { return Backend{Generator: f, Database: f}, nil },
		Log:              NewLogger(&log, &secrets),
		Secrets:          &secrets,
		Retries:          3,
		MaxRows:          100,
		StatementTimeout: time.Minute,
	}, &log
}

func lambdaContext(t *testing.T) context.Context {
	return lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r-1"})
}

func invoke(t *testing.T, h *Handler, payload string) string {
	t.Helper()
	out, err := h.Invoke(lambdaContext(t), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	checkExchange(t, payload, string(out))
	return string(out)
}

// httpEvent returns the event of an HTTP API.
func httpEvent(t *testing.T, change func(*events.APIGatewayV2HTTPRequest)) string {
	t.Helper()
	event := events.APIGatewayV2HTTPRequest{
		Version:  "2.0",
		RouteKey: "POST /",
		Headers:  map[string]string{"content-type": "application/json; charset=utf-8"},
		Body:     `{"question":"How many?"}`,
	}
	event.RequestContext.HTTP.Method = "POST"
	change(&event)
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return string(payload)
}

func rows() database.Result {
	return database.Result{Columns: []string{"n", "n"}, Data: json.RawMessage(`[[1,"a\"b"],[null,"<ü>"]]`), RowCount: 2}
}

const success = `{"columns":["n","n"],"data":[[1,"a\"b"],[null,"<ü>"]],"query_generated":"SELECT 1","ran_successfully":true,` +
	`"reason_for_query":"why <not>","previous_context":["c"],"truncated":false,"row_count":2,"request_id":"r-1"}`

func TestInvokeAnswersDirectInvoke(t *testing.T) {
	f := &fake{sql: []string{"SELECT 1"}, result: rows()}
	h, _ := newHandler(f)
	if diff := cmp.Diff(success, invoke(t, h, `{"question":"How many?"}`)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	want := database.Limits{Rows: 100, Bytes: maxResponse, Time: time.Minute}
	if diff := cmp.Diff(want, f.limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
}

func TestInvokeAnswersHTTPEvent(t *testing.T) {
	for name, change := range map[string]func(*events.APIGatewayV2HTTPRequest){
		"plain":           func(*events.APIGatewayV2HTTPRequest) {},
		"no content type": func(e *events.APIGatewayV2HTTPRequest) { e.Headers = nil },
		"json dialect": func(e *events.APIGatewayV2HTTPRequest) {
			e.Headers = map[string]string{"Content-Type": "application/vnd.api+json"}
		},
		"base64": func(e *events.APIGatewayV2HTTPRequest) {
			e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(e.Body)), true
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{sql: []string{"SELECT 1"}, result: rows()}
			h, _ := newHandler(f)
			var response events.APIGatewayV2HTTPResponse
			if err := json.Unmarshal([]byte(invoke(t, h, httpEvent(t, change))), &response); err != nil {
				t.Fatal(err)
			}
			want := events.APIGatewayV2HTTPResponse{
				StatusCode: 200,
				Headers:    map[string]string{"content-type": "application/json", "cache-control": "no-store"},
				Body:       success,
			}
			if diff := cmp.Diff(want, response); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestInvokeRejectsInvalidHTTPRequests(t *testing.T) {
	tests := map[string]struct {
		change func(*events.APIGatewayV2HTTPRequest)
		status int
		body   string
	}{
		"content type": {
			func(e *events.APIGatewayV2HTTPRequest) { e.Headers["content-type"] = "text/plain" }, 415,
			`{"ran_successfully":false,"error_message":"The content type is \"text/plain\"; want application/json.","error_code":"unsupported_media_type","request_id":"r-1"}`,
		},
		"GET": {
			func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.Method, e.Body = "GET", "" }, 405,
			`{"ran_successfully":false,"error_message":"The HTTP method is not allowed; want POST with a JSON object in the body.","error_code":"method_not_allowed","request_id":"r-1"}`,
		},
		"bad base64": {
			func(e *events.APIGatewayV2HTTPRequest) { e.IsBase64Encoded = true }, 400,
			`{"ran_successfully":false,"error_message":"The body is not valid base64, which isBase64Encoded requires.","error_code":"bad_request","request_id":"r-1"}`,
		},
		"empty": {
			func(e *events.APIGatewayV2HTTPRequest) { e.Body = " " }, 400,
			`{"ran_successfully":false,"error_message":"The body is empty; want a JSON object such as {\"question\": \"…\"}.","error_code":"bad_request","request_id":"r-1"}`,
		},
		"too large": {
			func(e *events.APIGatewayV2HTTPRequest) { e.Body = strings.Repeat(" ", maxBody+1) }, 413,
			`{"ran_successfully":false,"error_message":"The body has 1048577 bytes; want at most 1048576.","error_code":"request_too_large","request_id":"r-1"}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h, _ := newHandler(&fake{})
			var response events.APIGatewayV2HTTPResponse
			if err := json.Unmarshal([]byte(invoke(t, h, httpEvent(t, test.change))), &response); err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.status {
				t.Errorf("got status %d, want %d", response.StatusCode, test.status)
			}
			if diff := cmp.Diff(test.body, response.Body); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if allow := response.Headers["allow"]; (allow == "POST") != (test.status == 405) {
				t.Errorf("got allow: %q", allow)
			}
		})
	}
}

func TestInvokeRetriesUntilStatementRuns(t *testing.T) {
	refused := func(message string) error { return &database.StatementError{Code: "42P01", Message: message} }
	f := &fake{
		sql:    []string{"A", "B", "C"},
		fails:  map[string]error{"A": refused("no a"), "B": refused("no b")},
		result: rows(),
	}
	h, log := newHandler(f)
	got := decode(t, invoke(t, h, `{"question":"How many?"}`))
	if got["query_generated"] != "C" || got["ran_successfully"] != true {
		t.Errorf("got %v", got)
	}
	want := []generate.Failure{
		{Attempt: 1, First: "A", SQL: "A", Message: "no a"},
		{Attempt: 2, First: "A", SQL: "B", Message: "no b"},
	}
	if diff := cmp.Diff(want, f.failures); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	if line := decode(t, log.String()); line["retries"] != 2.0 || line["outcome"] != "ok" {
		t.Errorf("log: %v", line)
	}
}

func TestInvokeReportsFailures(t *testing.T) {
	refused := &database.StatementError{Code: "42P01", Message: "no such table"}
	unreachable := &generate.Error{Kind: generate.Unreachable, Message: "No generator.", Cause: errors.New("dial generator.internal")}
	tests := map[string]struct {
		fake     *fake
		code     Code
		message  string
		sql      any // nil: absent
		executed []string
	}{
		"every retry fails": {
			&fake{sql: []string{"A", "B", "C", "D", "E"}, fails: map[string]error{
				"A": refused, "B": &database.StatementError{Message: "b"}, "C": &database.StatementError{Message: "c"}, "D": &database.StatementError{Message: "d"},
			}},
			StatementFailed, "no such table", "A", []string{"A", "B", "C", "D"},
		},
		"retry's generator down": {
			&fake{sql: []string{"A"}, fails: map[string]error{"A": refused}, err: unreachable},
			StatementFailed, "no such table", "A", []string{"A"},
		},
		"database down": {
			&fake{sql: []string{"A", "B"}, fails: map[string]error{"A": &database.ConnectionError{Message: "No connection.", Cause: errors.New("dial db.internal")}}},
			DatabaseUnreachable, "No connection.", "A", []string{"A"},
		},
		"database down after a retry": {
			&fake{sql: []string{"A", "B"}, fails: map[string]error{"A": refused, "B": &database.ConnectionError{Message: "No connection."}}},
			DatabaseUnreachable, "No connection.", "A", []string{"A", "B"},
		},
		"database's unknown error": {
			&fake{sql: []string{"A"}, fails: map[string]error{"A": errors.New("db.internal is odd")}},
			Internal, "Internal error in the query; the function's log has details under request_id.", "A", []string{"A"},
		},
		"generator refuses": {
			&fake{err: &generate.Error{Kind: generate.Refused, Message: "Too vague."}}, GeneratorRefused, "Too vague.", nil, nil,
		},
		"generator down": {&fake{err: unreachable}, GeneratorUnreachable, "No generator.", nil, nil},
		"generator slow": {
			&fake{err: &generate.Error{Kind: generate.Timeout}}, GeneratorTimeout, "The generator did not answer in time.", nil, nil,
		},
		"generator's unknown error": {
			&fake{err: errors.New("generator.internal is odd")},
			Internal, "Internal error in the generator; the function's log has details under request_id.", nil, nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h, log := newHandler(test.fake)
			got := decode(t, invoke(t, h, `{"question":"How many?"}`))
			want := map[string]any{"ran_successfully": false, "error_message": test.message, "error_code": string(test.code), "request_id": "r-1"}
			if test.sql != nil {
				want["query_generated"] = test.sql
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.executed, test.fake.executed); diff != "" {
				t.Errorf("executed (-want +got):\n%s", diff)
			}
			if line := decode(t, log.String()); line["outcome"] != string(test.code) || line["status"] != float64(test.code.Status()) {
				t.Errorf("log: %v", line)
			}
			if test.code == StatementFailed && strings.Contains(log.String(), "no such table") {
				t.Errorf("the log holds the database's message, which can quote rows: %s", log)
			}
		})
	}
}

// hanging is a database whose query returns only when its context ends.
type hanging struct{ fake }

func (h *hanging) Query(ctx context.Context, _ string, _ database.Limits) (*database.Result, error) {
	<-ctx.Done()
	return nil, &database.ConnectionError{Message: "gone", Cause: ctx.Err()}
}

func TestInvokeAnswersBeforeLambdaTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{sql: []string{"A"}}
		h, _ := newHandler(f)
		h.Open = func(context.Context) (Backend, error) { return Backend{Generator: f, Database: &hanging{}}, nil }
		ctx, cancel := context.WithTimeout(lambdaContext(t), 20*time.Second)
		defer cancel()
		out, err := h.Invoke(ctx, []byte(`{"question":"How many?"}`))
		if err != nil {
			t.Fatal(err)
		}
		if ctx.Err() != nil {
			t.Error("the answer came after Lambda's timeout")
		}
		if got := decode(t, string(out)); got["error_code"] != string(DatabaseTimeout) || got["query_generated"] != "A" {
			t.Errorf("got %v", got)
		}
	})
}

func TestInvokeReturnsSQLWithoutRunningIt(t *testing.T) {
	const want = `{"query_generated":"A","ran_successfully":true,"reason_for_query":"why <not>","previous_context":["c"],"request_id":"r-1"}`
	backend := &fake{sql: []string{"A"}}
	h, _ := newHandler(backend)
	if diff := cmp.Diff(want, invoke(t, h, `{"question":"How many?","sql_only":true}`)); diff != "" {
		t.Errorf("sql_only (-want +got):\n%s", diff)
	}
	if len(backend.executed) != 0 {
		t.Errorf("executed %q", backend.executed)
	}
	h, _ = newHandler(nil)
	h.Open = func(context.Context) (Backend, error) { return Backend{Generator: &fake{sql: []string{"A"}}}, nil }
	if diff := cmp.Diff(want, invoke(t, h, `{"question":"How many?"}`)); diff != "" {
		t.Errorf("no database (-want +got):\n%s", diff)
	}
}

func TestProfileAddsDurations(t *testing.T) {
	h, _ := newHandler(&fake{sql: []string{"SELECT 1"}, result: rows()})
	got := decode(t, invoke(t, h, `{"question":"How many?","profile":true}`))
	for _, key := range []string{"execution_time_taken", "generation_time_taken"} {
		if _, isNumber := got[key].(float64); !isNumber {
			t.Errorf("%s: got %v", key, got[key])
		}
	}
}

func TestPanicFailsOneQuestionOnly(t *testing.T) {
	f := &fake{result: rows()}
	h, log := newHandler(f)
	broken := true
	h.Open = func(context.Context) (Backend, error) {
		if broken {
			panic("at db.internal with hunter2-password")
		}
		return Backend{Generator: f, Database: f}, nil
	}
	got := invoke(t, h, `{"question":"How many?"}`)
	want := `{"ran_successfully":false,"error_message":"Internal error; the function's log has details under request_id.","error_code":"internal","request_id":"r-1"}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	line := decode(t, log.String())
	if cause, _ := line["cause"].(string); !strings.Contains(cause, "panic: at db.internal with ***") || !strings.Contains(cause, "handler_test.go") {
		t.Errorf("log: %v", line)
	}
	broken, f.sql = false, []string{"SELECT 1"}
	if diff := cmp.Diff(success, invoke(t, h, `{"question":"How many?"}`)); diff != "" {
		t.Errorf("next question (-want +got):\n%s", diff)
	}
}

func TestInvokeRetriesOpenUntilReady(t *testing.T) {
	f := &fake{sql: []string{"SELECT 1"}, result: rows()}
	h, log := newHandler(f)
	opened := 0
	h.Open = func(context.Context) (Backend, error) {
		if opened++; opened < 3 {
			return Backend{}, errors.New("no access to bucket with hunter2-password")
		}
		return Backend{Generator: f, Database: f}, nil
	}
	h.Prepare(t.Context())
	got := decode(t, invoke(t, h, `{"question":"How many?"}`))
	if got["error_code"] != string(NotReady) || strings.Contains(got["error_message"].(string), "bucket") {
		t.Errorf("got %v", got)
	}
	if strings.Contains(log.String(), "hunter2") || strings.Count(log.String(), "no access to bucket with ***") != 2 {
		t.Errorf("log: %s", log)
	}
	f.sql = []string{"SELECT 1", "SELECT 1"}
	for range 2 {
		if diff := cmp.Diff(success, invoke(t, h, `{"question":"How many?"}`)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	if opened != 3 {
		t.Errorf("opened %d times, want 3", opened)
	}
}

func TestLogHoldsQuestionOnlyWithLogQuestions(t *testing.T) {
	for _, enabled := range []bool{false, true} {
		f := &fake{sql: []string{"SELECT 1"}, result: rows()}
		h, log := newHandler(f)
		h.LogQuestions = enabled
		invoke(t, h, `{"question":"How many?"}`)
		line := decode(t, log.String())
		if got := line["question"] == "How many?"; got != enabled {
			t.Errorf("LogQuestions %t, log: %v", enabled, line)
		}
		for _, key := range []string{"timestamp", "level", "msg", "generation_ms", "database_ms", "total_ms", "question"} {
			delete(line, key) // varies, or is checked above
		}
		want := map[string]any{
			"request_id": "r-1", "outcome": "ok", "status": 200.0, "bytes": float64(len(success)),
			"retries": 0.0, "cold_start": true, "rows": 2.0, "truncated": false,
		}
		if diff := cmp.Diff(want, line); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestLoggerRedactsSecrets(t *testing.T) {
	var log bytes.Buffer
	var secrets Secrets
	logger := NewLogger(&log, &secrets)
	secrets.Add("p@ss word", "ab") // after the logger's creation
	secrets.Add("p@ss word and more")
	logger.Info("msg p@ss word", "url", "x://u:p%40ss+word@h", "err", errors.New("p@ss word and more"), slog.Group("g", "in", "p@ss word"), "ab", "ab")
	line := decode(t, log.String())
	delete(line, "timestamp")
	want := map[string]any{"level": "INFO", "msg": "msg ***", "url": "x://u:***@h", "err": "***", "g": map[string]any{"in": "***"}, "ab": "ab"}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDeadlineCountsFromAPITime(t *testing.T) {
	now := time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct{ received, want time.Duration }{
		"just now":       {0, apiTime},
		"before a start": {-3 * time.Second, apiTime - 3*time.Second},
		"long ago":       {-time.Hour, apiTime},
		"in the future":  {time.Hour, apiTime},
	} {
		var e event
		e.RequestContext.TimeEpoch = now.Add(test.received).UnixMilli()
		if got := e.deadline(now).Sub(now); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// decode decodes text, which must be one JSON object.
func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return object
}
