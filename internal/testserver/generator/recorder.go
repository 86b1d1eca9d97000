package generator

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
)

// Request is what a server was sent.
type Request struct {
	Path string
	Body map[string]any
}

// recorder records requests, and makes some of them fail.
type recorder struct {
	mu       sync.Mutex
	faults   []http.Handler
	requests []Request
}

// Fail makes the next requests for SQL end in the given faults, one each.
func (s *recorder) Fail(faults ...http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Requests returns the requests to path so far, in the order of arrival.
func (s *recorder) Requests(path string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.requests), func(r Request) bool { return r.Path != path })
}

// receive returns a request's body. If ok is false, it has answered the request:
// the request was invalid, or a fault was due.
func (s *recorder) receive(w http.ResponseWriter, r *http.Request) (body map[string]any, ok bool) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return nil, false
	}
	data, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(data, &body) != nil || r.Header.Get("Content-Type") != "application/json" {
		http.Error(w, "a JSON object is needed", http.StatusBadRequest)
		return nil, false
	}
	if fault := s.record(r.URL.Path, body); fault != nil {
		fault.ServeHTTP(w, r)
		return nil, false
	}
	return body, true
}

// record records a request and returns the next fault, if any. Feedback has no
// fault, because it is sent during a retry.
func (s *recorder) record(path string, body map[string]any) http.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{Path: path, Body: body})
	if len(s.faults) == 0 || path == FeedbackPath {
		return nil
	}
	fault := s.faults[0]
	s.faults = s.faults[1:]
	return fault
}
