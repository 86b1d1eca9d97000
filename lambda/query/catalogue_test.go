package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/generator"
)

// TestBedrockAnswersWithoutSettings starts the function with a connection and nothing
// else: the default model gets the tables in the database's catalogue.
func TestBedrockAnswersWithoutSettings(t *testing.T) {
	service := &generator.Bedrock{ID: connection.DefaultModel, Model: generator.Model{
		SQL: map[string]string{"Which coffees are there?": "SELECT name FROM coffee ORDER BY price"}, Caches: true,
	}}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	credentials, err := connection.Connection{DBType: "sqlite", DBCreds: connection.Creds{"database": shop}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{
		environ.Credentials:                credentials,
		"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": server.URL,
		"AWS_REGION":                       "eu-central-1",
		"AWS_ACCESS_KEY_ID":                "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":            "example",
	}
	f := start(t, environment)
	for range 2 {
		if answer := f.invoke(t, `{"question":"Which coffees are there?"}`); !strings.Contains(answer, `"data":[["Löwen \"dark\""],["Zebra\\"]]`) {
			t.Errorf("got %s", answer)
		}
	}
	prompt, err := json.Marshal(service.Requests(generator.ConversePath(connection.DefaultModel))[0].Body["system"])
	if err != nil || !strings.Contains(string(prompt), "TABLE coffee") {
		t.Errorf("%v: the prompt lacks the table: %s", err, prompt)
	}
	log := f.stop()
	for _, part := range []string{`"cache_write_tokens":0`, `"cache_read_tokens":0`, `"input_tokens":`, `"output_tokens":`} {
		if strings.Count(log, part) == 0 {
			t.Errorf("the log lacks %s: %s", part, log)
		}
	}
}

func TestUnreadableCatalogueIsTheDatabasesFailure(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	credentials, err := connection.Connection{DBType: "postgres", DBCreds: connection.Creds{
		"host": "127.0.0.1", "port": 1, "database": "d", "user": "u", "password": "p", "sslmode": "disable",
	}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f := start(t, map[string]string{environ.Credentials: credentials, "AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-central-1"})
	if answer := f.invoke(t, `{"question":"?"}`); !strings.Contains(answer, `"error_code":"database_unreachable"`) {
		t.Errorf("got %s", answer)
	}
}
