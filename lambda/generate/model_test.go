package generate

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"

	"defog-cdk/internal/testserver/generator"
)

const (
	openAIModel  = "stand-in-large"
	bedrockModel = "eu.anthropic.claude-sonnet-4-20250514-v1:0"
	question     = "How many orders?"
	better       = "SELECT count(*) FROM sales"
)

func newModel() generator.Model {
	return generator.Model{SQL: map[string]string{question: sql}, Fixes: map[string]string{sql: better}, Caches: true}
}

// served is a generator and the test server of its model.
type served struct {
	Generator
	writer  *writer
	url     string
	service interface {
		http.Handler
		Fail(faults ...http.Handler)
		Requests(path string) []generator.Request
		Used() generator.Tokens
	}
	path string
}

func (s served) requests() int { return len(s.service.Requests(s.path)) }

func serveOpenAI(t *testing.T, model generator.Model) served {
	service := &generator.OpenAI{Model: model, Name: openAIModel, APIKey: key}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	o := NewOpenAI(OpenAIConfig{DBType: "postgres", Knowledge: openKnowledge(t), Model: openAIModel, BaseURL: server.URL + "/", APIKey: key})
	o.model.(*openAI).transport.pause = 1 // no pause in tests
	return served{Generator: o, writer: &o.writer, url: server.URL, service: service, path: generator.CompletionsPath}
}

func serveBedrock(t *testing.T, model generator.Model) served {
	service := &generator.Bedrock{Model: model, ID: bedrockModel}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	b := NewBedrock(BedrockConfig{
		DBType: "postgres", Knowledge: openKnowledge(t), Model: bedrockModel, Region: "eu-central-1",
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", key, ""), Endpoint: &server.URL,
	})
	client := &b.model.(*bedrock).client
	*client = bedrockruntime.New((*client).Options(), func(o *bedrockruntime.Options) { o.Retryer = retryer(1) }) // no pause in tests
	return served{Generator: b, writer: &b.writer, url: server.URL, service: service, path: generator.ConversePath(bedrockModel)}
}

// models runs a test with each kind of model.
func models(t *testing.T, test func(t *testing.T, serve func(*testing.T, generator.Model) served)) {
	t.Run("openai", func(t *testing.T) { test(t, serveOpenAI) })
	t.Run("bedrock", func(t *testing.T) { test(t, serveBedrock) })
}

func TestModelReturnsQuery(t *testing.T) {
	models(t, func(t *testing.T, serve func(*testing.T, generator.Model) served) {
		for name, plain := range map[string]bool{"form enforced": false, "form not supported": true} {
			t.Run(name, func(t *testing.T) {
				model := newModel()
				model.Plain = plain
				g := serve(t, model)
				q := newQuestion(question)
				q.PreviousContext = json.RawMessage(`["earlier"]`)
				query, err := g.Generate(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				checkAnswer(t, query)
				fixed, err := g.Retry(t.Context(), newQuestion(question), Failure{Attempt: 1, First: sql, SQL: sql, Message: "no table orders"})
				if err != nil || fixed.SQL != better || fixed.Source != FromModel {
					t.Errorf("retry: got %+v, %v", fixed, err)
				}
				// An API without support is requested to enforce the form once.
				if want := map[bool]int{false: 2, true: 3}[plain]; g.requests() != want {
					t.Errorf("got %d requests, want %d", g.requests(), want)
				}
			})
		}
	})
}

func TestModelReturnsRefusal(t *testing.T) {
	models(t, func(t *testing.T, serve func(*testing.T, generator.Model) served) {
		g := serve(t, newModel())
		_, err := g.Generate(t.Context(), newQuestion("What is love?"))
		checkError(t, err, Refused, "The stand-in has no SQL for this question.")
		_, err = g.Retry(t.Context(), newQuestion(question), Failure{Attempt: 1, First: "SELECT 1", SQL: "SELECT 1", Message: "no"})
		checkError(t, err, Refused, "The stand-in has no SQL for this question.")
	})
}

const notTheObject = `it is not the JSON object {"reason": "…", "sql": "…"}.`

func TestModelRepeatsRequestAfterInvalidReply(t *testing.T) {
	reply := map[string]func(text string) http.Handler{
		"openai": func(text string) http.Handler { return generator.OpenAIReply("stop", text, "") },
		"bedrock": func(text string) http.Handler {
			return generator.BedrockReply("end_turn", map[string]any{"text": text})
		},
	}
	models(t, func(t *testing.T, serve func(*testing.T, generator.Model) served) {
		_, api, _ := strings.Cut(t.Name(), "/")
		for _, text := range []string{"I am not sure what you mean.", ""} {
			const problem = notTheObject
			g := serve(t, newModel())
			g.service.Fail(reply[api](text))
			query, err := g.Generate(t.Context(), newQuestion(question))
			if err != nil || query.SQL != sql {
				t.Errorf("%q: got %q, %v", text, query.SQL, err)
			}
			second, err := json.Marshal(g.service.Requests(g.path)[1].Body["messages"])
			want, wantErr := json.Marshal("Your last reply is invalid: " + problem)
			if err != nil || wantErr != nil || !strings.Contains(string(second), string(want[1:len(want)-1])) {
				t.Errorf("%q: the second request lacks %s: %s", text, want, second)
			}

			g.service.Fail(reply[api](text), reply[api](text))
			_, err = g.Generate(t.Context(), newQuestion(question))
			checkError(t, err, Unreachable, "The generator's reply is invalid: "+problem)
		}
	})
}

func TestModelFollowsNoRedirect(t *testing.T) {
	models(t, func(t *testing.T, serve func(*testing.T, generator.Model) served) {
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			t.Error("the request went to another host")
		}))
		defer other.Close()
		g := serve(t, newModel())
		g.service.Fail(generator.Redirect(other.URL))
		if _, err := g.Generate(t.Context(), newQuestion(question)); err == nil {
			t.Error("no error after a redirect")
		}
	})
}

func TestModelRetriesTransientErrors(t *testing.T) {
	models(t, func(t *testing.T, serve func(*testing.T, generator.Model) served) {
		g := serve(t, newModel())
		g.service.Fail(generator.Status(503), generator.Reset())
		query, err := g.Generate(t.Context(), newQuestion(question))
		if err != nil || query.SQL != sql || g.requests() != 3 {
			t.Errorf("got %q, %v after %d requests", query.SQL, err, g.requests())
		}
	})
}

func TestModelStopsAtTimeout(t *testing.T) {
	models(t, func(t *testing.T, serve func(*testing.T, generator.Model) served) {
		g := serve(t, newModel())
		ctx, cancel := context.WithCancel(t.Context())
		g.service.Fail(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		}))
		_, err := g.Generate(ctx, newQuestion(question))
		checkError(t, err, Timeout, "The generator did not answer in time.")

		g = serve(t, newModel())
		g.writer.timeout = 1 // ends before the request
		g.service.Fail(generator.Hang())
		_, err = g.Generate(t.Context(), newQuestion(question))
		checkError(t, err, Timeout, "The generator did not answer in time.")
	})
}

func TestModelReportsUnreachableServer(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	o := NewOpenAI(OpenAIConfig{Knowledge: openKnowledge(t), BaseURL: gone.URL})
	o.model.(*openAI).transport.pause = 1
	_, err := o.Generate(t.Context(), newQuestion(question))
	checkError(t, err, Unreachable, "The generator is unreachable.")

	b := NewBedrock(BedrockConfig{Knowledge: openKnowledge(t), Region: "eu-central-1", Endpoint: &gone.URL,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", key, "")})
	_, err = b.Generate(t.Context(), newQuestion(question))
	checkError(t, err, Unreachable, "The generator is unreachable.")
}

func TestOpenAIClassifiesErrors(t *testing.T) {
	const notJSON = "The generator's reply is not the JSON that its protocol requires."
	for name, test := range map[string]struct {
		fault   http.Handler
		kind    Kind
		message string
	}{
		"refusal":         {generator.OpenAIReply("stop", "", "I can't help with that."), Refused, "I can't help with that."},
		"content filter":  {generator.OpenAIReply("content_filter", "", ""), Refused, "The generator's content filter blocked the answer."},
		"cut":             {generator.OpenAIReply("length", `{"sql": "SELECT 1`, ""), Unreachable, "The generator's reply exceeds the model's limit of tokens."},
		"no choice":       {generator.Reply(200, `{"error": {"message": "No."}}`), Unreachable, "The generator's reply holds no SQL."},
		"HTML":            {generator.Text("<html>"), Unreachable, notJSON},
		"half JSON":       {generator.Text(`{"choices": [`), Unreachable, notJSON},
		"unknown model":   {generator.Reply(404, `{"error": {"code": "model_not_found"}}`), Unreachable, "The generator answered with HTTP status 404 (model_not_found)."},
		"message as code": {generator.Reply(404, `{"error": {"code": "no model for `+key+`"}}`), Unreachable, "The generator answered with HTTP status 404."},
	} {
		t.Run(name, func(t *testing.T) {
			g := serveOpenAI(t, newModel())
			g.service.Fail(test.fault)
			_, err := g.Generate(t.Context(), newQuestion(question))
			checkError(t, err, test.kind, test.message)
		})
	}
}

// Only OpenAI is tested with long replies. The AWS SDK closes a request's body at
// the start of the reply, which resets the connection to a fast test server. Both
// generators use the same HTTP client.
func TestOpenAIRejectsLongReplies(t *testing.T) {
	g := serveOpenAI(t, newModel())
	g.service.Fail(generator.Huge(100 << 20))
	_, err := g.Generate(t.Context(), newQuestion(question))
	checkError(t, err, Unreachable, "The generator's reply is longer than 1048576 bytes.")

	long := generator.OpenAIReply("stop", "SELECT '"+strings.Repeat("x", maxSQL)+"'", "")
	g.service.Fail(long, long)
	_, err = g.Generate(t.Context(), newQuestion(question))
	checkError(t, err, Unreachable, "The generator's reply is invalid: the statement is longer than 64000 bytes.")
}

func TestOpenAIReportsInvalidKey(t *testing.T) {
	g := serveOpenAI(t, newModel())
	o := NewOpenAI(OpenAIConfig{Knowledge: openKnowledge(t), Model: openAIModel, BaseURL: g.url, APIKey: "another"})
	_, err := o.Generate(t.Context(), newQuestion(question))
	checkError(t, err, Unreachable, "The generator answered with HTTP status 401 (invalid_api_key).")
}

func TestOpenAISendsNoEmptyKey(t *testing.T) {
	server := httptest.NewServer(&generator.OpenAI{Model: newModel(), Name: openAIModel})
	defer server.Close()
	o := NewOpenAI(OpenAIConfig{Knowledge: openKnowledge(t), Model: openAIModel, BaseURL: server.URL})
	if query, err := o.Generate(t.Context(), newQuestion(question)); err != nil || query.SQL != sql {
		t.Errorf("got %q, %v", query.SQL, err)
	}
}

// TestOpenAIFollowsRetryAfter also checks that a pause beyond the deadline ends
// the request at once.
func TestOpenAIFollowsRetryAfter(t *testing.T) {
	limited := func(after string) http.Handler {
		return generator.Reply(429, `{"error": {"code": "rate_limit_exceeded"}}`, "Retry-After", after)
	}
	g := serveOpenAI(t, newModel())
	g.service.Fail(limited("1"))
	begin := time.Now()
	query, err := g.Generate(t.Context(), newQuestion(question))
	if took := time.Since(begin); err != nil || query.SQL != sql || took < time.Second {
		t.Errorf("got %q, %v after %s", query.SQL, err, took)
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	g.service.Fail(limited("3601"))
	_, err = g.Generate(ctx, newQuestion(question))
	checkError(t, err, Unreachable, "The generator answered with HTTP status 429 (rate_limit_exceeded).")
}

func TestOpenAIVerifiesCertificates(t *testing.T) {
	server := httptest.NewTLSServer(&generator.OpenAI{Model: newModel(), Name: openAIModel})
	defer server.Close()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	o := NewOpenAI(OpenAIConfig{Knowledge: openKnowledge(t), Model: openAIModel, BaseURL: server.URL})
	_, err := o.Generate(t.Context(), newQuestion(question))
	checkError(t, err, Unreachable, "The generator is unreachable.")
}

func TestBedrockClassifiesErrors(t *testing.T) {
	for name, test := range map[string]struct {
		fault   http.Handler
		kind    Kind
		message string
	}{
		"content filter": {generator.BedrockReply("content_filtered"), Refused, "The generator's content filter blocked the answer."},
		"guardrail":      {generator.BedrockReply("guardrail_intervened", map[string]any{"text": "Blocked."}), Refused, "The generator's content filter blocked the answer."},
		"cut":            {generator.BedrockReply("max_tokens", map[string]any{"text": "{"}), Unreachable, "The generator's reply exceeds the model's limit of tokens."},
		"no access":      {generator.BedrockError(403, "AccessDeniedException"), Unreachable, "The generator answered with AccessDeniedException."},
		"no model":       {generator.BedrockError(404, "ResourceNotFoundException"), Unreachable, "The generator answered with ResourceNotFoundException."},
		"model too slow": {generator.BedrockError(408, "ModelTimeoutException"), Timeout, "The generator did not answer in time."},
		"not JSON":       {generator.Text("<html>"), Unreachable, "The generator's reply is not the JSON that its protocol requires."},
		"no message":     {generator.Reply(200, `{"stopReason": "end_turn"}`), Unreachable, "The generator's reply holds no SQL."},
	} {
		t.Run(name, func(t *testing.T) {
			g := serveBedrock(t, newModel())
			g.service.Fail(test.fault)
			_, err := g.Generate(t.Context(), newQuestion(question))
			checkError(t, err, test.kind, test.message)
		})
	}
}

func TestBedrockRetriesThrottledRequests(t *testing.T) {
	throttled := generator.BedrockError(429, "ThrottlingException")
	g := serveBedrock(t, newModel())
	g.service.Fail(throttled)
	if query, err := g.Generate(t.Context(), newQuestion(question)); err != nil || query.SQL != sql {
		t.Errorf("got %q, %v", query.SQL, err)
	}
	before := g.requests()
	g.service.Fail(throttled, throttled, throttled, throttled)
	_, err := g.Generate(t.Context(), newQuestion(question))
	checkError(t, err, Unreachable, "The generator answered with ThrottlingException.")
	if got := g.requests() - before; got != attempts {
		t.Errorf("got %d requests, want %d", got, attempts)
	}
}

func TestBedrockIgnoresOtherTools(t *testing.T) {
	g := serveBedrock(t, newModel())
	g.service.Fail(generator.BedrockReply("tool_use",
		map[string]any{"toolUse": map[string]any{"toolUseId": "1", "name": "other", "input": map[string]any{"sql": "SELECT 2"}}},
		map[string]any{"text": `{"sql": "SELECT 1"}`}))
	if query, err := g.Generate(t.Context(), newQuestion(question)); err != nil || query.SQL != "SELECT 1" {
		t.Errorf("got %q, %v", query.SQL, err)
	}
}
