package doctor_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/lambda/doctor"
	"defog-cdk/lambda/generate"
)

// failing is a generator that returns an error.
type failing struct{ err error }

func (f failing) Generate(context.Context, generate.Question) (generate.Query, error) {
	return generate.Query{}, f.err
}

func (f failing) Retry(context.Context, generate.Question, generate.Failure) (generate.Query, error) {
	return generate.Query{}, f.err
}

// TestExamineAsksTheGenerator checks that the doctor distinguishes a dead address, a
// refused key and SQL that the guard refuses.
func TestExamineAsksTheGenerator(t *testing.T) {
	const asked = "What is the current date?"
	for name, test := range map[string]struct {
		fault  http.Handler
		sql    string
		err    error // of the generator; nil for the stand-in's answer
		status doctor.Status
		detail string
	}{
		"SQL":           {sql: "SELECT current_date", status: "ok", detail: "is one statement that reads"},
		"refusal":       {status: "warning", detail: "without SQL"},
		"unsafe SQL":    {sql: "DELETE FROM orders", status: "warning", detail: "is refused"},
		"404":           {fault: generator.Status(404), status: "failed", detail: "has no such API"},
		"410":           {fault: generator.Status(410), status: "failed", detail: "has no such API"},
		"a web page":    {fault: generator.Text("<!DOCTYPE html><html><body>Sold</body></html>"), status: "failed", detail: "has no such API"},
		"403 by a page": {fault: generator.Status(403), status: "failed", detail: "has no such API"},
		"401":           {fault: generator.Reply(401, `{"error": "no"}`), status: "failed", detail: "refuses the key"},
		"no such host":  {err: &generate.Error{Message: "The generator is unreachable.", Cause: &net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}}, status: "failed", detail: "name does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			service := &generator.Server{SQL: map[string]string{}, APIKey: "key"}
			if test.sql != "" {
				service.Teach(asked, test.sql)
			}
			if test.fault != nil {
				service.Fail(test.fault)
			}
			server := httptest.NewServer(service)
			t.Cleanup(server.Close)
			target := newTarget(connection.Connection{APIKey: "key", DBType: "postgres", BaseURL: serve(t, 200, time.Now)})
			target.Generator = generate.TypeDefog
			target.NewGenerator = func(_ context.Context, conn connection.Connection, _ string) (generate.Generator, error) {
				conn.BaseURL = server.URL
				return generate.Open(generate.Config{Type: generate.TypeDefog, Connection: conn})
			}
			if test.err != nil {
				target.NewGenerator = func(context.Context, connection.Connection, string) (generate.Generator, error) {
					return failing{test.err}, nil
				}
			}
			for _, f := range doctor.Examine(t.Context(), target).Findings {
				if f.Check != "answer" {
					continue
				}
				dead := strings.Contains(test.detail, "API") || strings.Contains(test.detail, "name")
				if f.Status != test.status || !strings.Contains(f.Detail, test.detail) || dead != strings.Contains(f.Advice, "generator=bedrock") {
					t.Errorf("got %+v", f)
				}
				return
			}
			t.Error("no finding")
		})
	}
}
