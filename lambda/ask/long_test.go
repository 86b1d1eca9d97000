package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/answers/memory"
	"defog-cdk/lambda/database"
)

// ids is a queue without a worker.
type ids struct {
	sent []string
	err  error
}

func (q *ids) Send(_ context.Context, id string) error {
	q.sent = append(q.sent, id)
	return q.err
}

// long is a function with long questions.
type long struct {
	*Handler
	queue *ids
	log   func() string
}

func newLong(f *fake) long {
	h, log := newHandler(f)
	queue := &ids{}
	h.Long = &answers.Service{Store: &memory.Store{}, Queue: queue}
	return long{h, queue, log.String}
}

// reply is a response for an HTTP API.
type reply struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`

	fields map[string]any // of Body
}

func decodeReply(t *testing.T, out []byte) (r reply) {
	t.Helper()
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	r.fields = decode(t, r.Body)
	return r
}

// as makes the subject of a token the caller of an event.
func as(subject string, change func(*events.APIGatewayV2HTTPRequest)) func(*events.APIGatewayV2HTTPRequest) {
	return func(e *events.APIGatewayV2HTTPRequest) {
		if subject != "" {
			e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
				JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{"sub": subject}},
			}
		}
		change(e)
	}
}

// post sends a question of jane's with async.
func (l long) post(t *testing.T) (id string) {
	t.Helper()
	got := decodeReply(t, []byte(invoke(t, l.Handler, httpEvent(t, as("jane", func(e *events.APIGatewayV2HTTPRequest) {
		e.Body = `{"question":"How many?","async":true}`
	})))))
	id, _ = got.fields["id"].(string)
	if got.StatusCode != 202 || id == "" {
		t.Fatalf("got %+v", got)
	}
	return id
}

func (l long) request(t *testing.T, method, path, subject string, query map[string]string) reply {
	t.Helper()
	handler := &AnswersHandler{Long: l.Long, Log: l.Log}
	payload := httpEvent(t, as(subject, func(e *events.APIGatewayV2HTTPRequest) {
		e.RouteKey, e.RawPath, e.Body, e.QueryStringParameters = method+" /answers/{id}", path, "", query
		e.RequestContext.HTTP.Method = method
	}))
	out, err := handler.Invoke(lambdaContext(t), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	checkExchange(t, payload, string(out))
	return decodeReply(t, out)
}

// work delivers an id to the function.
func (l long) work(ctx context.Context, id string) error {
	payload := fmt.Sprintf(`{"Records":[{"messageId":"m","eventSource":"aws:sqs","body":"{\"id\":\"%s\"}"}]}`, id)
	_, err := (&WorkHandler{Questions: l.Handler}).Invoke(ctx, []byte(payload))
	return err
}

func TestLongQuestionIsAcceptedAndQueued(t *testing.T) {
	for name, test := range map[string]struct {
		change   func(*events.APIGatewayV2HTTPRequest)
		location string
	}{
		"field":        {func(e *events.APIGatewayV2HTTPRequest) { e.Body = `{"question":"How many?","async":true}` }, "/answers/"},
		"header":       {func(e *events.APIGatewayV2HTTPRequest) { e.Headers["prefer"] = "wait=5, Respond-Async" }, "/answers/"},
		"stage in URL": {func(e *events.APIGatewayV2HTTPRequest) { e.Headers["prefer"], e.RawPath = "respond-async", "/prod/" }, "/prod/answers/"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{sql: []string{"SELECT 1"}, result: rows()}
			l := newLong(f)
			got := decodeReply(t, []byte(invoke(t, l.Handler, httpEvent(t, test.change))))
			id, _ := got.fields["id"].(string)
			if got.StatusCode != 202 || got.fields["status"] != "queued" || got.Headers["location"] != test.location+id {
				t.Errorf("got %+v", got)
			}
			if len(l.queue.sent) != 1 || l.queue.sent[0] != id || len(f.asked) > 0 {
				t.Errorf("queue %v, generator %v", l.queue.sent, f.asked)
			}
			if !strings.Contains(l.log(), `"outcome":"accepted","status":202`) {
				t.Errorf("log: %s", l.log())
			}
		})
	}
}

func TestQuestionsWithoutAsyncAreAnsweredAtOnce(t *testing.T) {
	l := newLong(&fake{sql: []string{"SELECT 1"}, result: rows()})
	got := decodeReply(t, []byte(invoke(t, l.Handler, httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) { e.Body = `{"question":"How many?","async":false}` }))))
	if got.Body != success || len(l.queue.sent) > 0 {
		t.Errorf("got %s", got.Body)
	}
}

func TestAsyncIsRefusedWhereItCannotWork(t *testing.T) {
	with := func(l long) long { return l }
	without := func(l long) long { l.Long = nil; return l }
	broken := func(l long) long { l.queue.err = errors.New("no queue"); return l }
	http := httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) { e.Body = `{"question":"How many?","async":true}` })
	for name, test := range map[string]struct {
		change  func(long) long
		payload string
		code    Code
		message string
	}{
		"direct invoke": {with, `{"question":"How many?","async":true}`, BadRequest, "async: a direct invoke answers at once"},
		"no table":      {without, http, BadRequest, "async: the function answers no long questions; want the setting async_questions=true"},
		"invalid":       {with, httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) { e.Body = `{"async":true}` }), BadRequest, "question: missing"},
		"no queue":      {broken, http, AnswersUnavailable, "Long questions cannot be stored"},
		"large body": {with, httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) {
			filler := strings.Repeat("x", 200<<10)
			e.Body = fmt.Sprintf(`{"question":"How many?","async":true,"glossary":%q,"hard_filters":%q}`, filler, filler)
		}), RequestTooLarge, "want at most 307200 with async"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{sql: []string{"SELECT 1"}, result: rows()}
			l := test.change(newLong(f))
			out := invoke(t, l.Handler, test.payload)
			if strings.Contains(out, "statusCode") {
				out = decodeReply(t, []byte(out)).Body
			}
			got := decode(t, out)
			if message, _ := got["error_message"].(string); got["error_code"] != string(test.code) || !strings.Contains(message, test.message) || len(f.asked) > 0 {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestPreferenceIsIgnoredWithoutLongQuestions(t *testing.T) {
	h, _ := newHandler(&fake{sql: []string{"SELECT 1"}, result: rows()})
	got := decodeReply(t, []byte(invoke(t, h, httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) { e.Headers["prefer"] = "respond-async" }))))
	if got.Body != success {
		t.Errorf("got %s", got.Body)
	}
}

func TestLongQuestionHasTheAnswerOfAnyOther(t *testing.T) {
	l := newLong(&fake{sql: []string{"SELECT 1"}, result: rows()})
	id := l.post(t)
	if got := l.request(t, "GET", "/prod/answers/"+id, "jane", nil); got.StatusCode != 202 || got.fields["status"] != "queued" || got.fields["id"] != id {
		t.Errorf("before: %+v", got)
	}
	if err := l.work(lambdaContext(t), id); err != nil {
		t.Fatal(err)
	}
	got := l.request(t, "GET", "/answers/"+id, "jane", nil)
	want := strings.TrimSuffix(success, "}") + `,"id":"` + id + `","status":"done"}`
	if got.StatusCode != 200 || got.Body != want {
		t.Errorf("got %s, want %s", got.Body, want)
	}
}

func TestFailedLongQuestionKeepsItsCode(t *testing.T) {
	f := &fake{sql: []string{"SELECT 1"}, fails: map[string]error{"SELECT 1": &database.ConnectionError{Message: "The database refused the login.", Cause: errors.New("x")}}}
	l := newLong(f)
	id := l.post(t)
	if err := l.work(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	got := l.request(t, "GET", "/answers/"+id, "jane", nil)
	if got.StatusCode != 502 || got.fields["error_code"] != "database_unreachable" || got.fields["status"] != "failed" || got.fields["id"] != id {
		t.Errorf("got %+v", got)
	}
}

// pausing is a database whose statement ends with its context.
type pausing struct {
	*fake
	started chan struct{}
}

func (p pausing) Query(ctx context.Context, _ string, _ database.Limits) (*database.Result, error) {
	close(p.started)
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestRunningLongQuestionShowsSQLAndCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{sql: []string{"SELECT 'hunter2-password'"}}
		l := newLong(f)
		db := pausing{f, make(chan struct{})}
		l.Open = func(context.Context) (Backend, error) { return Backend{Generator: f, Database: db}, nil }
		id := l.post(t)
		done := make(chan error)
		go func() { done <- l.work(t.Context(), id) }()
		<-db.started
		time.Sleep(12 * time.Second)
		got := l.request(t, "GET", "/answers/"+id, "jane", nil)
		if got.StatusCode != 202 || got.fields["status"] != "running" || got.fields["query_generated"] != "SELECT '***'" || got.fields["seconds"] != json.Number("12") && got.fields["seconds"] != 12.0 {
			t.Errorf("got %+v", got)
		}
		if got := l.request(t, "DELETE", "/answers/"+id, "joe", nil); got.StatusCode != 404 {
			t.Errorf("foreign caller: %+v", got)
		}
		cancelled := l.request(t, "DELETE", "/answers/"+id, "jane", nil)
		if cancelled.StatusCode != 200 || cancelled.fields["status"] != "cancelled" || cancelled.fields["error_code"] != "cancelled" || cancelled.fields["ran_successfully"] != false {
			t.Errorf("got %+v", cancelled)
		}
		start := time.Now()
		if err := <-done; err != nil || time.Since(start) > 2*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		if got := l.request(t, "GET", "/answers/"+id, "jane", nil); got.fields["status"] != "cancelled" {
			t.Errorf("got %+v", got)
		}
		if !strings.Contains(l.log(), `"outcome":"cancelled"`) {
			t.Errorf("log: %s", l.log())
		}
	})
}

func TestEventWithoutAnEndIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLong(&fake{sql: []string{"SELECT 1"}, result: rows()})
		id := l.post(t)
		time.Sleep(answers.QueueTime)
		got := l.request(t, "GET", "/answers/"+id, "jane", nil)
		if got.StatusCode != 504 || got.fields["error_code"] != "not_started" || got.fields["status"] != "failed" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestReaderWaitsWithinTheAPIsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLong(&fake{})
		id, start := l.post(t), time.Now()
		got := l.request(t, "GET", "/answers/"+id, "jane", map[string]string{"wait": "25"})
		if got.StatusCode != 202 || time.Since(start) != 25*time.Second {
			t.Errorf("%+v after %s", got, time.Since(start))
		}
		for _, wait := range []string{"26", "-1", "", "1.5", "x", "99999999999999999999"} {
			if got := l.request(t, "GET", "/answers/"+id, "jane", map[string]string{"wait": wait}); got.StatusCode != 400 || got.fields["error_code"] != "bad_request" {
				t.Errorf("wait=%s: %+v", wait, got)
			}
		}
	})
}

func TestOtherCallersAndPathsFindNothing(t *testing.T) {
	l := newLong(&fake{})
	id := l.post(t)
	for _, test := range []struct{ path, subject string }{
		{"/answers/" + id, "joe"}, {"/answers/" + id, ""}, {"/answers/" + strings.Repeat("A", 26), "jane"},
		{"/answers/" + strings.ToLower(id), "jane"}, {"/answers/", "jane"}, {"/answers/" + id + "A", "jane"}, {"", "jane"},
	} {
		for _, method := range []string{"GET", "DELETE"} {
			if got := l.request(t, method, test.path, test.subject, nil); got.StatusCode != 404 || got.fields["error_code"] != "not_found" || got.fields["status"] != nil {
				t.Errorf("%s %s as %q: %+v", method, test.path, test.subject, got)
			}
		}
	}
	if got := l.request(t, "GET", "/answers/"+id, "jane", nil); got.StatusCode != 202 {
		t.Errorf("owner: %+v", got)
	}
	if got := l.request(t, "POST", "/answers/"+id, "jane", nil); got.StatusCode != 405 || got.Headers["allow"] != "GET, DELETE" {
		t.Errorf("POST: %+v", got)
	}
}

func TestMessagesWithoutQuestionAreDiscarded(t *testing.T) {
	l := newLong(&fake{})
	for _, id := range []string{"x", strings.Repeat("A", 26)} {
		if err := l.work(t.Context(), id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestStoredCallerAsksTheLongQuestion(t *testing.T) {
	r := &recorder{fake: &fake{sql: []string{"SELECT 1"}, result: rows()}}
	l := newLong(r.fake)
	l.Open = func(context.Context) (Backend, error) { return Backend{Generator: r, Database: r}, nil }
	if err := l.work(t.Context(), l.post(t)); err != nil {
		t.Fatal(err)
	}
	if len(r.callers) != 1 || r.callers[0].Subject != "jane" {
		t.Errorf("the generator got %v", r.callers)
	}
}

func TestLongQuestionShowsWhyTheFunctionIsNotReady(t *testing.T) {
	l := newLong(&fake{})
	l.ShowCauses = true
	l.Open = func(context.Context) (Backend, error) { return Backend{}, errors.New("shop.db-wal: holds changes") }
	id := l.post(t)
	if err := l.work(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	got := l.request(t, "GET", "/answers/"+id, "jane", nil)
	if got.StatusCode != 503 || !strings.Contains(got.Body, "shop.db-wal: holds changes") {
		t.Errorf("got %+v", got)
	}
}
