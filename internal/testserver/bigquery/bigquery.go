// Package bigquery is a stand-in for BigQuery, which tests cannot reach. It
// implements the service's REST API and Google's token endpoint: jobs, dry runs,
// cancellation, timeouts, paged results and errors. The test defines the results of
// statements.
// https://cloud.google.com/bigquery/docs/reference/rest/v2
package bigquery

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver"
)

const (
	project  = "shop-project"
	account  = "reader@shop-project.iam.gserviceaccount.com"
	location = "europe-west3"
)

// Server is the service. Its fields must not change after the first request.
type Server struct {
	testserver.Faults // of all requests except for tokens

	// Answer returns what a statement does.
	Answer func(sql string) Statement
	// Routines holds the functions that a project has, as the API describes
	// them, by dataset.function.
	Routines map[string]string
	// MayCreate lets the account make datasets and tables.
	MayCreate bool

	http   *httptest.Server
	mu     sync.Mutex
	key    *rsa.PrivateKey
	tokens map[string]bool
	jobs   []*job
}

// Statement is the service's result for a statement.
type Statement struct {
	Type     string             // SELECT, INSERT, …; "" with a Fault
	Bytes    int64              // to read
	Routines []string           // dataset.function that it calls
	Schema   string             // JSON of the columns' list
	Rows     int                // how many there are
	Row      func(i int) string // JSON of one, from 0
	Endless  bool               // runs until it is stopped
	Fault    *Fault             // error of a dry run
	Failure  *Fault             // error of a job
}

// Fault is an error of the API's form.
type Fault struct {
	Status          int
	Reason, Message string
}

// Start starts the service on this machine.
func Start() (*Server, error) {
	key, err := firstKey()
	if err != nil {
		return nil, err
	}
	s := &Server{key: key, tokens: map[string]bool{}}
	s.http = httptest.NewServer(s)
	return s, nil
}

// firstKey is the first key of every service, because generating one is slow.
var firstKey = sync.OnceValues(newKey)

func newKey() (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make the account's key: %w", err)
	}
	return key, nil
}

// Close stops the service.
func (s *Server) Close() error {
	s.mu.Lock()
	for _, job := range s.jobs {
		job.stop("stopped", "the service goes down")
	}
	s.mu.Unlock()
	s.http.Close()
	return nil
}

// Rotate replaces the account's key. The old key and its tokens become invalid.
func (s *Server) Rotate() error {
	key, err := newKey()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = key
	clear(s.tokens)
	return nil
}

// Revoke makes issued tokens invalid.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// KeyFile returns the account's key file.
func (s *Server) KeyFile() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		return nil, fmt.Errorf("encode the account's key: %w", err)
	}
	return json.Marshal(map[string]string{
		"type": "service_account", "project_id": project, "client_email": account, "private_key_id": "k1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"token_uri":   s.http.URL + "/token",
	})
}

// Creds returns db_creds for the account.
func (s *Server) Creds() (connection.Creds, error) {
	file, err := s.KeyFile()
	if err != nil {
		return nil, err
	}
	creds := connection.Creds{"endpoint": s.http.URL, "dataset": "shop"}
	return creds, json.Unmarshal(file, &creds)
}

// Job is the state of a statement that ran.
type Job struct{ SQL, Type, State string } // running, done or stopped

// Jobs returns the jobs that ran, in order, without dry runs.
func (s *Server) Jobs() []Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	jobs := make([]Job, len(s.jobs))
	for i, j := range s.jobs {
		jobs[i] = Job{j.sql, j.Type, j.state()}
	}
	return jobs
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		s.giveToken(w, r)
		return
	}
	s.Respond(w, r, s.Serve)
}

// Serve answers a request without a fault.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	known := s.tokens[r.Header.Get("Authorization")]
	s.mu.Unlock()
	if !known {
		refuse(w, Fault{http.StatusUnauthorized, "authError", "Request had invalid authentication credentials."})
		return
	}
	s.route(w, r)
}

func refuse(w http.ResponseWriter, fault Fault) {
	reply(w, fault.Status, map[string]any{"error": map[string]any{
		"code": fault.Status, "message": fault.Message,
		"errors": []any{map[string]any{"message": fault.Message, "domain": "global", "reason": fault.Reason}},
	}})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
