package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/internal/testserver/postgres"
)

// TestFaultsAreReportedInTime breaks the services of the function one by one.
// Each question gets the right status before Lambda's timeout, and the next
// question succeeds.
func TestFaultsAreReportedInTime(t *testing.T) {
	service, url := newGenerator(t)
	service.Teach("Which number?", "SELECT 42 AS number")
	server := postgres.Start(t)
	credentials, err := connection.Connection{APIKey: apiKey, DBType: "postgres", DBCreds: server.ReaderCreds(), BaseURL: url}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f := startWithin(t, 6*time.Second, map[string]string{environ.Credentials: credentials})
	question := func(t *testing.T) (status int, code string) {
		t.Helper()
		var response struct {
			StatusCode int
			Body       string
		}
		var answer struct {
			Code string `json:"error_code"`
		}
		text := f.invoke(t, `{"requestContext":{"http":{"method":"POST"}},"body":"{\"question\":\"Which number?\"}"}`)
		if err := json.Unmarshal([]byte(text), &response); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(response.Body), &answer); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, answer.Code
	}
	var redirected atomic.Int32 // requests to the target of a redirect
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { redirected.Add(1) }))
	t.Cleanup(target.Close)
	must := func(step func() error) func() {
		return func() {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
	}
	fail := func(faults ...http.Handler) func() { return func() { service.Fail(faults...) } }
	none := func() {}

	for _, test := range []struct {
		name           string
		damage, repair func()
		status         int
		code           string
	}{
		{"no fault", none, none, 200, ""},
		{"database stopped", must(server.Stop), must(server.StartAgain), 502, "database_unreachable"},
		{"database killed", must(server.Kill), must(server.StartAgain), 502, "database_unreachable"},
		{"database restarted", must(server.Restart), none, 200, ""},
		{"database paused", must(server.Pause), server.Resume, 504, "database_timeout"},
		{"generator's status 500", fail(generator.Status(500)), none, 502, "generator_unreachable"},
		{"generator overloaded twice", fail(generator.Status(503), generator.Status(429)), none, 200, ""},
		{"generator resets one connection", fail(generator.Reset()), none, 200, ""},
		{"generator hangs", fail(generator.Hang()), none, 504, "generator_timeout"},
		{"generator sends HTML", fail(generator.Text("<html><body>Welcome</body></html>")), none, 502, "generator_unreachable"},
		{"generator sends half an object", fail(generator.Text(`{"sql": "SELECT 1`)), none, 502, "generator_unreachable"},
		{"generator sends an object without SQL", fail(generator.Text(`{}`)), none, 502, "generator_unreachable"},
		{"generator sends 100 MB", fail(generator.Huge(100 << 20)), none, 502, "generator_unreachable"},
		{"generator redirects", fail(generator.Redirect(target.URL)), none, 502, "generator_unreachable"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.damage()
			status, code := question(t)
			test.repair()
			if status != test.status || code != test.code {
				t.Errorf("got %d %s, want %d %s", status, code, test.status, test.code)
			}
			if status, code := question(t); status != http.StatusOK {
				t.Errorf("the next question: got %d %s", status, code)
			}
		})
	}
	if n := redirected.Load(); n > 0 {
		t.Errorf("%d requests followed a redirect", n)
	}
}
