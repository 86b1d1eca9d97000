package extension

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve serves the Extensions API by a handler, and returns its address.
func serve(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestExtensionFollowsTheProtocol(t *testing.T) {
	var requests []string
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests = append(requests, r.Method+" "+r.URL.Path+" "+r.Header.Get(nameHeader)+r.Header.Get(idHeader)+string(body))
		w.Header().Set(idHeader, "e-1")
		_, _ = io.WriteString(w, `{"eventType":"INVOKE","requestId":"r-1","deadlineMs":1700000000000,"tracing":{}}`)
	})
	registered, err := Register(t.Context(), address, "x")
	if err != nil || registered.ID != "e-1" {
		t.Fatalf("%+v, %v", registered, err)
	}
	for _, e := range []*Extension{registered, Resume(address, "e-1")} {
		if event, err := e.Next(t.Context()); err != nil || event.RequestID != "r-1" || !event.Deadline.Equal(time.UnixMilli(1700000000000)) {
			t.Errorf("%+v, %v", event, err)
		}
	}
	want := []string{
		`POST /2020-01-01/extension/register x{"events":["INVOKE"]}`,
		`GET /2020-01-01/extension/event/next e-1`, `GET /2020-01-01/extension/event/next e-1`,
	}
	if strings.Join(requests, "\n") != strings.Join(want, "\n") {
		t.Errorf("requests %q; want %q", requests, want)
	}
}

func TestExtensionReportsRefusals(t *testing.T) {
	for name, handle := range map[string]http.HandlerFunc{
		"status": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "too late", http.StatusForbidden) },
		"no id":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") },
	} {
		if _, err := Register(t.Context(), serve(t, handle), "x"); err == nil {
			t.Errorf("%s: registered", name)
		}
	}
	if _, err := Resume(serve(t, http.NotFound), "e-1").Next(t.Context()); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("error %v; want the status", err)
	}
}
