package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"defog-cdk/internal/environ"
)

// secretStore is a test server for Secrets Manager.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
type secretStore struct {
	url string

	mu      sync.Mutex
	secrets map[string]string
	reads   int
}

func serveSecrets(t *testing.T) *secretStore {
	t.Helper()
	store := &secretStore{secrets: map[string]string{}}
	server := httptest.NewServer(store)
	t.Cleanup(server.Close)
	store.url = server.URL
	return store
}

// environment returns the environment of a function with credentials in secret.
func (s *secretStore) environment(secret string) map[string]string {
	return map[string]string{
		environ.CredentialsSecret: secret,
		"AWS_ENDPOINT_URL":        s.url,
		"AWS_REGION":              "eu-central-1",
		"AWS_ACCESS_KEY_ID":       "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":   "example",
	}
}

func (s *secretStore) put(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[name] = value
}

// countReads returns the number of reads since the last call.
func (s *secretStore) countReads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	reads := s.reads
	s.reads = 0
	return reads
}

func (s *secretStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var request struct{ SecretId string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" {
		http.Error(w, "not GetSecretValue", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	value := s.secrets[request.SecretId]
	s.reads++
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	answer := map[string]string{"Name": request.SecretId, "SecretString": value}
	if value == "" {
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]string{"__type": "ResourceNotFoundException", "message": "Secrets Manager can't find the specified secret."}
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		panic(http.ErrAbortHandler) // the client has disconnected
	}
}
