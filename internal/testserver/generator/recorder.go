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
	cached   map[string]bool // the beginnings of prompts
	used     Tokens
}

// Tokens counts the tokens of a model's replies.
type Tokens struct{ Replies, Input, Output, CacheRead, CacheWrite int }

func (t Tokens) prompt() int { return t.Input + t.CacheRead + t.CacheWrite }

// Used returns the tokens of all replies so far, without those of faults.
func (s *recorder) Used() Tokens {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// use counts the tokens of a reply, one for four bytes. shared is the beginning of
// the prompt that the model caches, "" for none.
func (s *recorder) use(shared, prompt, reply string) Tokens {
	s.mu.Lock()
	defer s.mu.Unlock()
	tokens := Tokens{Replies: 1, Input: len(prompt)/4 + 1, Output: len(reply)/4 + 1}
	size := len(shared) / 4
	if s.cached[shared] {
		tokens.CacheRead = size
	} else {
		tokens.CacheWrite = size
	}
	if s.cached == nil {
		s.cached = map[string]bool{}
	}
	s.cached[shared] = true
	s.used = Tokens{
		s.used.Replies + 1, s.used.Input + tokens.Input, s.used.Output + tokens.Output,
		s.used.CacheRead + tokens.CacheRead, s.used.CacheWrite + tokens.CacheWrite,
	}
	return tokens
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
