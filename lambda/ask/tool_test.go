package ask

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"defog-cdk/lambda/caller"
	"defog-cdk/lambda/database"
)

func newToolHandler(f *fake) (*Handler, func() string) {
	h, log := newHandler(f)
	h.ToolRows, h.AgentSQL = 7, true
	h.Tools = map[string]Tool{
		"describe_database": func(_ context.Context, arguments json.RawMessage) (any, error) {
			switch string(arguments) {
			case `{"word":"wrong"}`:
				return nil, &ArgumentError{errors.New("word: invalid")}
			case `{"word":"absent"}`:
				return nil, &NotReadyError{errors.New("schema.json: missing")}
			case `{"word":"broken"}`:
				return nil, errors.New("open /tmp/secret-path")
			case `{"word":"panic"}`:
				panic("out of range")
			}
			return map[string]string{"given": string(arguments), "password": "hunter2-password"}, nil
		},
	}
	return h, log.String
}

func TestDirectInvokeCallsTools(t *testing.T) {
	f := &fake{sql: []string{"SELECT 1"}, result: rows()}
	h, log := newToolHandler(f)
	if got := invoke(t, h, `{"tool": "ask", "arguments": {"question": "How many?", "previous_context": ["x"]}}`); got != success {
		t.Errorf("ask: %s", got)
	}
	if f.limits.Rows != 7 || f.limits.Bytes != maxToolBytes {
		t.Errorf("limits %+v", f.limits)
	}
	if got := decode(t, invoke(t, h, `{"tool": "query", "arguments": {"sql": "SELECT 2"}}`)); got["query_generated"] != "SELECT 2" || got["row_count"] != 2.0 {
		t.Errorf("query: %v", got)
	}
	if len(f.asked) != 1 || f.executed[1] != "SELECT 2" {
		t.Errorf("the generator got %d questions, the database %v", len(f.asked), f.executed)
	}
	if got := decode(t, invoke(t, h, `{"tool": "describe_database"}`)); got["given"] != "{}" || got["password"] != redacted {
		t.Errorf("describe_database: %v", got)
	}
	for _, want := range []string{`"tool":"ask"`, `"tool":"query"`, `"tool":"describe_database"`} {
		if strings.Count(log(), want) != 1 {
			t.Errorf("no single line with %s in the log:\n%s", want, log())
		}
	}
}

func TestToolsReportFailures(t *testing.T) {
	for _, test := range []struct {
		call string
		code Code
		text string
	}{
		{`{"tool": "ask"}`, BadRequest, "question: missing"},
		{`{"tool": "ask", "arguments": {"question": "x", "sql_only": true}}`, BadRequest, "sql_only: unknown field"},
		{`{"tool": "ask", "arguments": {"question": "x", "caller": {"sub": "jane"}}}`, BadRequest, "caller: "},
		{`{"tool": "ask", "arguments": {"question": "x", "sql": "SELECT 1"}}`, BadRequest, "sql: unknown field"},
		{`{"tool": "ask", "arguments": [1]}`, BadRequest, "not an object"},
		{`{"tool": "ask", "arguments": {"question": "x"}, "caller": "jane"}`, BadRequest, "caller: invalid"},
		{`{"tool": "query"}`, BadRequest, "sql: missing"},
		{`{"tool": "query", "arguments": {"sql": 1}}`, BadRequest, "sql: invalid"},
		{`{"tool": "query", "arguments": {"sql": "SELECT 1", "question": "x"}}`, BadRequest, "question: unknown field"},
		{`{"tool": "query", "arguments": {"sql": "DELETE"}}`, StatementFailed, "refused"},
		{`{"tool": "drop"}`, BadRequest, "tool: unknown"},
		{`{"tool": "describe_database", "arguments": {"word":"wrong"}}`, BadRequest, "word: invalid"},
		{`{"tool": "describe_database", "arguments": {"word":"absent"}}`, NotReady, "its log has the cause"},
		{`{"tool": "describe_database", "arguments": {"word":"broken"}}`, Internal, "Internal error"},
		{`{"tool": "describe_database", "arguments": {"word":"panic"}}`, Internal, "Internal error"},
	} {
		f := &fake{sql: []string{"SELECT 1"}, result: rows(), fails: map[string]error{"DELETE": &database.StatementError{Message: "refused"}}}
		h, _ := newToolHandler(f)
		got := decode(t, invoke(t, h, test.call))
		if got["error_code"] != string(test.code) || got["ran_successfully"] != false || !strings.Contains(got["error_message"].(string), test.text) || strings.Contains(got["error_message"].(string), "/tmp") {
			t.Errorf("%s: %v", test.call, got)
		}
		if len(f.failures) > 0 {
			t.Errorf("%s: the generator got a failed statement", test.call)
		}
	}
}

func TestQueryNeedsSetting(t *testing.T) {
	f := &fake{result: rows()}
	h, _ := newToolHandler(f)
	h.AgentSQL = false
	if got := decode(t, invoke(t, h, `{"tool": "query", "arguments": {"sql": "SELECT 2"}}`)); got["error_code"] != string(BadRequest) || len(f.executed) > 0 {
		t.Errorf("%v, and the database ran %v", got, f.executed)
	}
	// The API's questions have no SQL, whatever the setting.
	h.AgentSQL = true
	event := httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) {
		e.Body = `{"tool": "query", "arguments": {"sql": "SELECT 2"}}`
	})
	if got := invoke(t, h, event); !strings.Contains(got, `"statusCode":400`) || len(f.executed) > 0 {
		t.Errorf("%s, and the database ran %v", got, f.executed)
	}
}

func TestCallHasCallerOfEvent(t *testing.T) {
	f := &fake{sql: []string{"SELECT 1", "SELECT 1"}, result: rows()}
	h, log := newToolHandler(f)
	key := caller.NewKey("a secret")
	h.Open = func(context.Context) (Backend, error) { return Backend{Generator: f, Database: f, CallerKey: key}, nil }
	event := httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) {
		e.Body = `{"jsonrpc": "2.0"}`
		e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{"sub": "jane", "iss": "https://issuer.example.com"}},
		}
	})
	got, err := h.Call(lambdaContext(t), []byte(event), AskTool, json.RawMessage(`{"question": "How many?"}`))
	if err != nil || string(got) != success {
		t.Errorf("%s, %v", got, err)
	}
	jane := caller.Caller{Kind: caller.JWT, Subject: "jane", Claims: caller.Claims{"sub": "jane", "iss": "https://issuer.example.com"}}
	if want := `"caller":"` + key.Hash(jane) + `"`; !strings.Contains(log(), want) {
		t.Errorf("no %s in the log:\n%s", want, log())
	}
	if _, err := h.Call(lambdaContext(t), []byte(`{"question": "a direct invoke"}`), AskTool, json.RawMessage(`{"question": "How many?"}`)); err == nil {
		t.Error("Call accepts a payload that is not an event")
	}
}

func TestLogHoldsAgentSQLOnlyWithLogQuestions(t *testing.T) {
	for _, logs := range []bool{true, false} {
		h, log := newToolHandler(&fake{result: rows()})
		h.LogQuestions = logs
		invoke(t, h, `{"tool": "query", "arguments": {"sql": "SELECT 'agent'"}}`)
		if strings.Contains(log(), "agent") != logs {
			t.Errorf("with log_questions=%v:\n%s", logs, log())
		}
	}
}
