package ask

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"defog-cdk/internal/history"
	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/caller"
	"defog-cdk/lambda/feedback"
	"defog-cdk/lambda/generate"
)

// ratings is a stand-in for the store of feedback.
type ratings struct {
	records map[string]history.Record // by request id and caller
	stored  []history.Feedback
	err     error
}

func (r *ratings) Find(_ context.Context, requestID, caller string) (history.Record, error) {
	record, ok := r.records[requestID+" "+caller]
	if !ok {
		return record, feedback.ErrNotFound
	}
	return record, nil
}

func (r *ratings) Store(_ context.Context, given history.Feedback) error {
	if r.err == nil {
		r.stored = append(r.stored, given)
	}
	return r.err
}

// rater records what the SQL generator gets.
type rater struct {
	got []generate.Rating
	err error
}

func (r *rater) Rate(_ context.Context, rating generate.Rating) error {
	r.got = append(r.got, rating)
	return r.err
}

// rated is a function that accepts feedback, with one answer of jane's and one failed.
type rated struct {
	*Handler
	ratings *ratings
	rater   *rater
	log     func() string
}

func newRated() rated {
	key := caller.NewKey("password")
	jane := key.Hash(caller.Caller{Kind: caller.JWT, Subject: "jane"})
	h, log := newHandler(&fake{})
	r := rated{h, &ratings{records: map[string]history.Record{
		"answered " + jane: {RequestID: "answered", Question: "How many?", SQL: "SELECT 1", Outcome: "ok", Caller: jane},
		"failed " + jane:   {RequestID: "failed", Question: "Why?", Outcome: "generator_refused", Caller: jane},
	}}, &rater{}, log.String}
	h.Ratings = r.ratings
	h.Open = func(context.Context) (Backend, error) { return Backend{CallerKey: key, Rater: r.rater}, nil }
	return r
}

// send sends a body as feedback of a caller.
func (r rated) send(t *testing.T, subject, body string) reply {
	t.Helper()
	payload := httpEvent(t, as(subject, func(e *events.APIGatewayV2HTTPRequest) {
		e.RouteKey, e.RawPath, e.Body = "POST /feedback", "/feedback", body
	}))
	out, err := (&FeedbackHandler{r.Handler}).Invoke(lambdaContext(t), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	checkExchange(t, payload, string(out))
	return decodeReply(t, out)
}

func TestFeedbackIsStoredWithItsRecord(t *testing.T) {
	r := newRated()
	got := r.send(t, "jane", `{"request_id":"answered","verdict":"wrong","sql":"SELECT 2","comment":"hunter2-password is wrong","other":null}`)
	if got.StatusCode != http.StatusBadRequest {
		t.Fatalf("unknown field: %v", got)
	}
	got = r.send(t, "jane", `{"request_id":"answered","verdict":"wrong","sql":"SELECT 2","comment":"hunter2-password is wrong"}`)
	if got.StatusCode != http.StatusOK || got.Body != `{"request_id":"answered","verdict":"wrong"}` || got.Headers["content-type"] != "application/json" {
		t.Fatalf("got %v; want 200", got)
	}
	want := []history.Feedback{{RequestID: "answered", Verdict: "wrong", SQL: "SELECT 2", Comment: "*** is wrong", Record: r.only()}}
	if diff := cmp.Diff(want, r.ratings.stored, cmpopts.IgnoreFields(history.Feedback{}, "Time")); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	sent := []generate.Rating{{Question: "How many?", SQL: "SELECT 1", Correction: "SELECT 2", Comment: "hunter2-password is wrong"}}
	if diff := cmp.Diff(sent, r.rater.got); diff != "" {
		t.Errorf("to the generator (-want +got):\n%s", diff)
	}
}

// only returns the record of the answer.
func (r rated) only() history.Record {
	for key, record := range r.ratings.records {
		if strings.HasPrefix(key, "answered ") {
			return record
		}
	}
	return history.Record{}
}

func TestFeedbackNamesAllProblems(t *testing.T) {
	for body, want := range map[string]string{
		``:                           `The body is empty; want a JSON object such as {"request_id": "…", "verdict": "right"}.`,
		`[]`:                         `The body is JSON but not an object; want a JSON object such as {"request_id": "…", "verdict": "right"}.`,
		`{}`:                         `request_id: missing; want the request_id of an answer; verdict: missing; want right or wrong`,
		`{"verdict":"Right"}`:        `request_id: missing; want the request_id of an answer; verdict: invalid; want right or wrong`,
		`{"request_id":7,"sql":[]}`:  `request_id: invalid; want text; sql: invalid; want text; verdict: missing; want right or wrong`,
		`{"request_id":"../secret"}`: `request_id: invalid; want the request_id of an answer; verdict: missing; want right or wrong`,
		`{"request_id":"a","verdict":"wrong","coment":"x"}`:                                  `coment: unknown field (did you mean comment?)`,
		`{"request_id":"a","verdict":"wrong","sql":"  "}`:                                    `sql: empty; want the SQL that answers the question, or no sql`,
		`{"request_id":"a","verdict":"right","sql":"x"}`:                                     `sql: not used with verdict right; want verdict wrong, or no sql`,
		`{"request_id":"a","verdict":"right","caller":{}}`:                                   `caller: only a direct invoke has this field; the API reads the caller from the request's authorization`,
		`{"request_id":"a","verdict":"right","comment":"` + strings.Repeat("ä", 4001) + `"}`: `comment: too long; want at most 4000 characters`,
		`{"request_id":"a","verdict":"wrong","sql":"` + strings.Repeat("x", 256_000) + `"}`:  `sql: invalid; want at most 256000 bytes`,
		`{"request_id":"failed","verdict":"right"}`:                                          `verdict: the question has no answer that is right; want wrong`,
	} {
		r := newRated()
		got := r.send(t, "jane", body)
		if got.StatusCode != http.StatusBadRequest || got.fields["error_message"] != want || got.fields["error_code"] != "bad_request" {
			t.Errorf("%.80s: %d %v; want %s", body, got.StatusCode, got.fields["error_message"], want)
		}
		if len(r.ratings.stored) != 0 {
			t.Errorf("%.80s: stored", body)
		}
	}
}

func TestFeedbackIsRefusedByCode(t *testing.T) {
	for name, test := range map[string]struct {
		subject string
		change  func(rated)
		body    string
		status  int
		code    string
	}{
		"another caller": {"joe", nil, `{"request_id":"answered","verdict":"right"}`, 404, "not_found"},
		"no caller":      {"", nil, `{"request_id":"answered","verdict":"right"}`, 404, "not_found"},
		"unknown answer": {"jane", nil, `{"request_id":"other","verdict":"right"}`, 404, "not_found"},
		"large body":     {"jane", nil, `{"request_id":"` + strings.Repeat("x", maxBody) + `"}`, 413, "request_too_large"},
		"store":          {"jane", func(r rated) { r.ratings.err = errors.New("s3") }, `{"request_id":"answered","verdict":"right"}`, 503, "history_unavailable"},
		"not ready": {"jane", func(r rated) {
			r.Open = func(context.Context) (Backend, error) { return Backend{}, errors.New("no secret") }
		}, `{"request_id":"answered","verdict":"right"}`, 503, "not_ready"},
		"panic": {"jane", func(r rated) { r.Ratings = nil }, `{"request_id":"answered","verdict":"right"}`, 500, "internal"},
		"policy": {"jane", func(r rated) {
			r.Policy = caller.Policy{Mode: "claims", Required: []string{"tenant"}}
		}, `{"request_id":"answered","verdict":"right"}`, 403, "caller_denied"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRated()
			if test.change != nil {
				test.change(r)
			}
			got := r.send(t, test.subject, test.body)
			if got.StatusCode != test.status || got.fields["error_code"] != test.code || got.fields["ran_successfully"] != false {
				t.Errorf("got %d %v; want %d %s", got.StatusCode, got.fields, test.status, test.code)
			}
		})
	}
}

func TestFeedbackIsStoredAlthoughTheGeneratorFails(t *testing.T) {
	r := newRated()
	r.rater.err = &generate.Error{Kind: generate.Unreachable, Message: "down", Cause: errors.New("refused")}
	if got := r.send(t, "jane", `{"request_id":"answered","verdict":"right"}`); got.StatusCode != http.StatusOK || len(r.ratings.stored) != 1 {
		t.Errorf("got %v, %d stored; want 200 and one", got, len(r.ratings.stored))
	}
	if !strings.Contains(r.log(), "the generator did not accept feedback") {
		t.Errorf("log %s; want the failure", r.log())
	}
}

func TestAgentsSendFeedback(t *testing.T) {
	r := newRated()
	r.ratings.records = map[string]history.Record{"answered ": {RequestID: "answered", Question: "How many?", Outcome: "ok"}}
	if got := invoke(t, r.Handler, `{"tool":"feedback","arguments":{"request_id":"answered","verdict":"right"}}`); got != `{"request_id":"answered","verdict":"right"}` || len(r.ratings.stored) != 1 {
		t.Errorf("got %s, %d stored", got, len(r.ratings.stored))
	}
	if got := invoke(t, r.Handler, `{"tool":"feedback","arguments":{"request_id":"answered"}}`); !strings.Contains(got, "verdict: missing") {
		t.Errorf("got %s; want the problem", got)
	}
	r.Ratings = nil
	if got := invoke(t, r.Handler, `{"tool":"feedback","arguments":{"request_id":"answered","verdict":"right"}}`); !strings.Contains(got, "tool: unknown") {
		t.Errorf("got %s; want no such tool without history", got)
	}
}

// recording returns a handler with the records that it keeps.
func recording(f *fake) (*Handler, *[]history.Record) {
	h, _ := newHandler(f)
	var kept []history.Record
	h.Record = func(record history.Record) { kept = append(kept, record) }
	return h, &kept
}

func TestRecordDescribesTheQuestion(t *testing.T) {
	f := &fake{sql: []string{"SELECT 1"}, result: rows()}
	h, kept := recording(f)
	invoke(t, h, `{"question":"How many hunter2-password?","previous_context":["q"],"hard_filters":"x","glossary":"y"}`)
	want := []history.Record{{
		RequestID: "r-1", Question: "How many ***?", SQL: "SELECT 1", Outcome: "ok", IsFollowUp: true, HasFilters: true, HasGlossary: true,
	}}
	if diff := cmp.Diff(want, *kept, cmpopts.IgnoreFields(history.Record{}, "Time", "GenerationMS", "DatabaseMS", "TotalMS")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRecordHoldsOutcomeOfAFailedQuestion(t *testing.T) {
	f := &fake{err: &generate.Error{Kind: generate.Refused, Message: "no"}}
	h, kept := recording(f)
	invoke(t, h, `{"question":"How many?","previous_context":[],"hard_filters":null}`)
	want := []history.Record{{RequestID: "r-1", Question: "How many?", Outcome: "generator_refused"}}
	if diff := cmp.Diff(want, *kept, cmpopts.IgnoreFields(history.Record{}, "Time", "GenerationMS", "DatabaseMS", "TotalMS")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestInvalidAndAcceptedRequestsHaveNoRecord(t *testing.T) {
	h, kept := recording(&fake{})
	for _, invalid := range []string{
		`{"quest":"How many?"}`, `{"question":"How many?","quest":1}`, `{"question":"` + strings.Repeat("x", maxQuestion+1) + `"}`, `{"question":"How many?","async":true}`,
	} {
		invoke(t, h, invalid)
	}
	invoke(t, h, httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) { e.Body = "{" }))
	l := newLong(&fake{sql: []string{"SELECT 1"}, result: rows()})
	l.Record = h.Record
	id := l.post(t)
	if len(*kept) != 0 {
		t.Fatalf("records %v; want none", *kept)
	}
	question, err := l.Long.Store.Get(t.Context(), answers.State{ID: id}, answers.QuestionPart)
	if err != nil || len(question) == 0 {
		t.Fatalf("%s, %v", question, err)
	}
	message, err := Message(id)
	if err != nil {
		t.Fatal(err)
	}
	batch := `{"Records":[{"eventSource":"aws:sqs","body":` + string(mustMarshal(t, message)) + `}]}`
	if _, err := (&WorkHandler{l.Handler}).Invoke(lambdaContext(t), []byte(batch)); err != nil {
		t.Fatal(err)
	}
	if len(*kept) != 1 || (*kept)[0].ID != id || (*kept)[0].Outcome != "ok" {
		t.Errorf("records %+v; want that of the long question", *kept)
	}
}

func mustMarshal(t *testing.T, value any) []byte {
	t.Helper()
	text, err := marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
