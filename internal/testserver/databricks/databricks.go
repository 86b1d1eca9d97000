// Package databricks is a stand-in for a Databricks warehouse, which tests cannot
// reach. It implements Spark's Thrift protocol over HTTP with Databricks'
// extensions, and answers most statements with recorded answers of Spark 4.3.
package databricks

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver"
	"defog-cdk/lambda/database/databricks/hive"
)

// Path is the warehouse's http_path.
const Path = "/sql/1.0/warehouses/w1"

//go:embed recorded.json
var recordedJSON []byte

// recorded is read once.
var recorded = sync.OnceValues(func() (map[string]Recorded, error) {
	var all map[string]Recorded
	err := json.Unmarshal(recordedJSON, &all)
	return all, err
})

// Server is the warehouse. Its fields must not change after the first request.
type Server struct {
	testserver.Faults

	// Answer returns the table of a statement that is not recorded, and false for
	// an unknown one; nil for none.
	Answer func(sql string) (Table, bool)
	// Plain makes it a server of Spark, which does not report whether rows follow.
	Plain bool
	// Rights are the user's write privileges in the catalog; nil for no such
	// catalog.
	Rights []string

	http       *httptest.Server
	recorded   map[string]Recorded
	mu         sync.Mutex
	token      string
	sessions   map[string]bool
	operations []*operation
}

// Start starts the warehouse on this machine.
func Start() (*Server, error) {
	all, err := recorded()
	if err != nil {
		return nil, fmt.Errorf("read what was recorded: %w", err)
	}
	s := &Server{recorded: maps.Clone(all), token: "dapi-first", sessions: map[string]bool{}}
	s.http = httptest.NewServer(s)
	return s, nil
}

// Respell adds other spellings of the recorded statements: those that a driver
// sends. The function returns "" for a statement without one.
func (s *Server) Respell(spelling func(sql string) string) {
	for sql, record := range maps.Clone(s.recorded) {
		if other := spelling(sql); other != "" {
			s.recorded[other] = record
		}
	}
}

// Close stops the warehouse.
func (s *Server) Close() error {
	s.EndSessions()
	s.http.Close()
	return nil
}

// Creds returns db_creds for the warehouse.
func (s *Server) Creds() connection.Creds {
	s.mu.Lock()
	defer s.mu.Unlock()
	return connection.Creds{"server_hostname": "127.0.0.1", "endpoint": s.http.URL, "http_path": Path, "access_token": s.token}
}

// Rotate replaces the valid token.
func (s *Server) Rotate(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// EndSessions ends all sessions and their operations.
func (s *Server) EndSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
	for _, o := range s.operations {
		o.end(stateCanceled)
	}
}

// Operation is the state of a statement.
type Operation struct{ SQL, State string } // running, done or stopped

// Operations returns the statements that ran, in order, with descriptions.
func (s *Server) Operations() []Operation {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Operation, len(s.operations))
	for i, o := range s.operations {
		list[i] = Operation{o.sql, o.word()}
	}
	return list
}

// Sessions returns the number of sessions.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Respond(w, r, s.Serve)
}

// Serve answers a request without a fault.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	known := r.Header.Get("Authorization") == "Bearer "+s.token
	s.mu.Unlock()
	switch {
	case !known:
		http.Error(w, `{"error_code": "403", "message": "Invalid access token."}`, http.StatusForbidden)
		return
	case r.URL.Path != Path:
		http.Error(w, `{"error_code": "RESOURCE_DOES_NOT_EXIST"}`, http.StatusNotFound)
		return
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-thrift":
		http.Error(w, "no Thrift", http.StatusBadRequest)
		return
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	method, kind, content, err := hive.Decode(text)
	if err != nil || kind != hive.Call {
		http.Error(w, "no message", http.StatusBadRequest)
		return
	}
	reply, err := hive.Encode(method, hive.Reply, hive.Struct{0: s.answer(method, content.Struct(1))})
	if err != nil {
		panic(err) // the response is valid Thrift
	}
	w.Header().Set("Content-Type", "application/x-thrift")
	_, _ = w.Write(reply) // the client may be gone
}
