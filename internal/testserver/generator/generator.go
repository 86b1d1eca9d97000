// Package generator stands in for who writes SQL, whom tests cannot reach:
// Defog's hosted API, OpenAI's and Amazon Bedrock's. Each is an HTTP handler
// that implements the real protocol, records requests, and can fail like a real
// server.
package generator

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// Paths of the protocol, below the base URL.
const (
	GeneratePath = "/generate_query_chat"
	RetryPath    = "/retry_query_after_error"
	FeedbackPath = "/feedback"
)

// Server is Defog's API. It answers questions from a list. Its fields must not change once it
// serves, but by Teach and TeachFix; its methods may be called at any time.
type Server struct {
	// SQL holds the statements by question.
	SQL map[string]string
	// Fixes holds the next statement by the failed one.
	// The key is the previous_query of the request: the question's first SQL.
	Fixes map[string]string
	// APIKey, when set, is the key that requests must carry.
	APIKey string

	recorder
}

// Teach adds the statement that answers a question.
func (s *Server) Teach(question, sql string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.SQL[question] = sql
}

// TeachFix adds the statement that Retry gives after one that failed.
func (s *Server) TeachFix(failed, sql string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Fixes[failed] = sql
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := s.receive(w, r)
	if !ok {
		return
	}
	if s.APIKey != "" && body["api_key"] != s.APIKey {
		http.Error(w, "wrong api_key", http.StatusUnauthorized)
		return
	}
	switch r.URL.Path {
	case GeneratePath:
		s.generate(w, body)
	case RetryPath:
		s.retry(w, body)
	case FeedbackPath:
		reply(w, map[string]any{"status": "received"})
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) generate(w http.ResponseWriter, body map[string]any) {
	question, _ := body["question"].(string)
	s.mu.Lock()
	sql, ok := s.SQL[question]
	s.mu.Unlock()
	if !ok {
		reply(w, map[string]any{"ran_successfully": false, "error_message": "The stand-in has no SQL for this question."})
		return
	}
	history, _ := body["previous_context"].([]any)
	reply(w, map[string]any{
		"sql":              sql,
		"ran_successfully": true,
		"error_message":    nil,
		"reason_for_query": "The test defines this answer.",
		"previous_context": append(history, question, sql),
	})
}

func (s *Server) retry(w http.ResponseWriter, body map[string]any) {
	previous, _ := body["previous_query"].(string)
	s.mu.Lock()
	sql, ok := s.Fixes[previous]
	s.mu.Unlock()
	if !ok {
		reply(w, map[string]any{"ran_successfully": false, "error_message": "The stand-in has no better SQL."})
		return
	}
	reply(w, map[string]any{"new_query": sql})
}

func reply(w http.ResponseWriter, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
}

// Status fails with an HTTP status and an HTML page.
func Status(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "<html><body>"+http.StatusText(code)+"</body></html>")
	})
}

// Text answers 200 with text, whatever it is: HTML, half a JSON object, a
// reply of another form.
func Text(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

// Huge answers 200 with a JSON text that takes size bytes, and stops when the
// client does.
func Huge(size int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.WriteString(w, `{"sql":"`)
		chunk := strings.Repeat("x", 1<<16)
		for sent := 0; sent < size && err == nil; sent += len(chunk) {
			_, err = io.WriteString(w, chunk)
		}
		_, _ = io.WriteString(w, `"}`)
	})
}

// Redirect sends the client to another address, with a status that makes it
// repeat the request's body there.
func Redirect(url string) http.Handler {
	return http.RedirectHandler(url, http.StatusTemporaryRedirect)
}

// Reset breaks the connection off.
func Reset() http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// Hang never answers: it waits until the client gives up.
func Hang() http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}
