package table

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/awsenv"
)

// server stands in for DynamoDB, S3 and SQS: it records requests and sends the next
// response.
type server struct {
	mu        sync.Mutex
	responses []response
	requests  []request
}

type response struct {
	status int
	body   string
}

type request struct {
	target string // the operation, or method and path
	body   map[string]any
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, _ := io.ReadAll(r.Body)
	got := request{target: r.Method + " " + r.URL.Path}
	if operation := r.Header.Get("X-Amz-Target"); operation != "" {
		_, got.target, _ = strings.Cut(operation, ".")
		_ = json.Unmarshal(data, &got.body) // a test reads what it expects
	}
	s.requests = append(s.requests, got)
	next := response{http.StatusOK, "{}"}
	if len(s.responses) > 0 {
		next, s.responses = s.responses[0], s.responses[1:]
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(next.status)
	_, _ = io.WriteString(w, next.body)
}

func (s *server) targets() (all []string) {
	for _, r := range s.requests {
		all = append(all, r.target)
	}
	return all
}

func start(t *testing.T, responses ...response) (*server, *Store, *Queue) {
	t.Helper()
	s := &server{responses: responses}
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	settings := awsenv.Settings{Region: "eu-west-1", AccessKey: "AKIDEXAMPLE", SecretKey: "secret", Endpoint: listening.URL}
	return s, New(settings, "table", "bucket"), NewQueue(settings, listening.URL+"/1/queue")
}

const (
	throttled = `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}`
	conflict  = `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}`
	running   = `{"id":{"S":"Q"},"part":{"S":"state"},"status":{"S":"running"},"owner":{"S":"o"},"worker":{"S":"w"},` +
		`"created":{"N":"1000"},"deadline":{"N":"2500"},"expires":{"N":"86400"}}`
)

var change = answers.Change{
	From: []answers.Status{answers.WritingSQL, answers.Running}, Now: time.UnixMilli(2000), To: answers.Running, Worker: "w", Deadline: time.UnixMilli(2500),
}

func TestThrottledRequestsAreRepeated(t *testing.T) {
	s, store, _ := start(t, response{400, throttled}, response{400, throttled}, response{200, `{"Attributes":` + running + `}`})
	state, err := store.Change(t.Context(), "Q", change)
	want := answers.State{
		ID: "Q", Owner: "o", Status: answers.Running, Worker: "w", Created: time.UnixMilli(1000), Deadline: time.UnixMilli(2500), Expires: time.Unix(86400, 0),
	}
	if err != nil || state != want || len(s.requests) != 3 {
		t.Errorf("%+v, %v after %d requests", state, err, len(s.requests))
	}
}

func TestChangeIsConditional(t *testing.T) {
	s, store, _ := start(t, response{400, conflict})
	if _, err := store.Change(t.Context(), "Q", change); !errors.Is(err, answers.ErrConflict) {
		t.Errorf("got %v", err)
	}
	lapsed := change
	lapsed.Lapsed = true
	s.responses = []response{{200, `{"Attributes":` + running + `}`}}
	if _, err := store.Change(t.Context(), "Q", lapsed); err != nil {
		t.Error(err)
	}
	for i, want := range []string{"#status IN (:from0, :from1) AND #deadline > :now", "#status IN (:from0, :from1) AND #deadline <= :now"} {
		if got := s.requests[i].body["ConditionExpression"]; got != want {
			t.Errorf("condition %v, want %s", got, want)
		}
	}
}

func TestMissingItemsAreNotFound(t *testing.T) {
	s, store, _ := start(t)
	if _, err := store.Read(t.Context(), "Q"); !errors.Is(err, answers.ErrNotFound) {
		t.Errorf("state: %v", err)
	}
	if _, err := store.Get(t.Context(), answers.State{ID: "Q"}, answers.AnswerPart); !errors.Is(err, answers.ErrNotFound) {
		t.Errorf("answer: %v", err)
	}
	for _, r := range s.requests {
		if r.target != "GetItem" || r.body["ConsistentRead"] != true {
			t.Errorf("request %+v", r)
		}
	}
}

func TestIncompleteStateIsReported(t *testing.T) {
	_, store, _ := start(t, response{200, `{"Item":{"id":{"S":"Q"},"status":{"S":"queued"}}}`})
	if _, err := store.Read(t.Context(), "Q"); err == nil || !strings.Contains(err.Error(), "has no number") {
		t.Errorf("got %v", err)
	}
}

func TestContentSurvivesStorage(t *testing.T) {
	s, store, _ := start(t)
	state := answers.State{ID: "Q", Expires: time.Unix(86400, 0)}
	content := []byte(`{"statusCode":200,"body":"` + strings.Repeat("x", 4<<20) + `"}`)
	if err := store.Put(t.Context(), state, answers.AnswerPart, content); err != nil {
		t.Fatal(err)
	}
	item, err := json.Marshal(map[string]any{"Item": s.requests[0].body["Item"]})
	if err != nil {
		t.Fatal(err)
	}
	s.responses = []response{{200, string(item)}}
	got, err := store.Get(t.Context(), state, answers.AnswerPart)
	if err != nil || string(got) != string(content) || !slices.Equal(s.targets(), []string{"PutItem", "GetItem"}) {
		t.Errorf("%d bytes, %v; requests %v", len(got), err, s.targets())
	}
}

func TestLargeContentGoesToTheOwnersKey(t *testing.T) {
	s, store, _ := start(t)
	state := answers.State{ID: "Q", Owner: answers.OwnerOf("jane"), Expires: time.Unix(86400, 0)}
	content := make([]byte, maxContent+1)
	for i, seed := 0, uint32(1); i < len(content); i++ { // does not compress
		seed = seed*1664525 + 1013904223
		content[i] = byte(seed >> 24)
	}
	if err := store.Put(t.Context(), state, answers.AnswerPart, content); err != nil {
		t.Fatal(err)
	}
	if want := []string{"PUT /bucket/answers/" + state.Owner + "/Q/answer", "PutItem"}; !slices.Equal(s.targets(), want) {
		t.Errorf("requests %v, want %v", s.targets(), want)
	}
	if item, _ := s.requests[1].body["Item"].(map[string]any); item["content"] != nil || item["object"] == nil || item["expires"] == nil {
		t.Errorf("item %v", item)
	}
}

func TestQueueSendsTheID(t *testing.T) {
	s, _, queue := start(t)
	if err := queue.Send(t.Context(), "Q"); err != nil {
		t.Fatal(err)
	}
	if got := s.requests[0]; got.target != "SendMessage" || got.body["MessageBody"] != `{"id":"Q"}` || !strings.HasSuffix(got.body["QueueUrl"].(string), "/1/queue") {
		t.Errorf("got %+v", got)
	}
}
