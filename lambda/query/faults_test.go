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

// TestFaults breaks what the function depends on, one after another. Each
// question gets the right status before Lambda would end the function, and the
// next one is answered.
func TestFaults(t *testing.T) {
	stand, url := newGenerator(t)
	stand.Teach("Which number?", "SELECT 42 AS number")
	server := postgres.Start(t)
	credentials, err := connection.Connection{APIKey: apiKey, DBType: "postgres", DBCreds: server.Creds(), BaseURL: url}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f := startWithin(t, 6*time.Second, map[string]string{environ.Credentials: credentials})
	asked := func(t *testing.T) (status int, code string) {
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
	var strayed atomic.Int32 // requests to a host that the generator named
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	t.Cleanup(elsewhere.Close)
	must := func(step func() error) func() {
		return func() {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
	}
	fail := func(faults ...http.Handler) func() { return func() { stand.Fail(faults...) } }
	nothing := func() {}

	for _, test := range []struct {
		name       string
		harm, heal func()
		status     int
		code       string
	}{
		{"nothing", nothing, nothing, 200, ""},
		{"database stopped", must(server.Stop), must(server.StartAgain), 502, "database_unreachable"},
		{"database killed", must(server.Kill), must(server.StartAgain), 502, "database_unreachable"},
		{"database restarted", must(server.Restart), nothing, 200, ""},
		{"database paused", must(server.Pause), server.Resume, 504, "database_timeout"},
		{"generator's status 500", fail(generator.Status(500)), nothing, 502, "generator_unreachable"},
		{"generator overloaded for a moment", fail(generator.Status(503), generator.Status(429)), nothing, 200, ""},
		{"generator breaks off, for a moment", fail(generator.Reset()), nothing, 200, ""},
		{"generator hangs", fail(generator.Hang()), nothing, 504, "generator_timeout"},
		{"generator sends HTML", fail(generator.Text("<html><body>Welcome</body></html>")), nothing, 502, "generator_unreachable"},
		{"generator sends half an object", fail(generator.Text(`{"sql": "SELECT 1`)), nothing, 502, "generator_unreachable"},
		{"generator sends an object without SQL", fail(generator.Text(`{}`)), nothing, 502, "generator_unreachable"},
		{"generator sends 100 MB", fail(generator.Huge(100 << 20)), nothing, 502, "generator_unreachable"},
		{"generator redirects", fail(generator.Redirect(elsewhere.URL)), nothing, 502, "generator_unreachable"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.harm()
			status, code := asked(t)
			test.heal()
			if status != test.status || code != test.code {
				t.Errorf("got %d %s, want %d %s", status, code, test.status, test.code)
			}
			if status, code := asked(t); status != http.StatusOK {
				t.Errorf("the next question: got %d %s", status, code)
			}
		})
	}
	if n := strayed.Load(); n > 0 {
		t.Errorf("%d requests went to the host of a redirect", n)
	}
}
