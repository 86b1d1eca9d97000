package ask

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/rowsecurity"
	"defog-cdk/lambda/caller"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
)

// withKey returns a handler whose log holds hashes of callers.
func withKey(f *fake, key caller.Key) (*Handler, func() string) {
	h, log := newHandler(f)
	h.Open = func(context.Context) (Backend, error) {
		return Backend{Generator: f, Database: f, CallerKey: key}, nil
	}
	return h, log.String
}

func TestLogHoldsHashOfCaller(t *testing.T) {
	key := caller.NewKey("password")
	for name, test := range map[string]struct {
		payload string
		want    caller.Caller
	}{
		"token": {
			httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) {
				e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
					JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{"sub": "jane", "iss": "i"}},
				}
			}),
			caller.Caller{Kind: caller.JWT, Subject: "jane", Claims: caller.Claims{"iss": "i"}},
		},
		"signature": {
			httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) {
				e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
					IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{UserARN: "arn:aws:iam::111111111111:user/jane"},
				}
			}),
			caller.Caller{Kind: caller.IAM, Subject: "arn:aws:iam::111111111111:user/jane"},
		},
		"invalid question": {
			httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) {
				e.Body = "{}"
				e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
					JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{"sub": "jane"}},
				}
			}),
			caller.Caller{Kind: caller.JWT, Subject: "jane"},
		},
		"direct invoke":                {`{"question":"How many?","caller":{"sub":"jane"}}`, caller.Caller{Kind: caller.Invoke, Subject: "jane"}},
		"direct invoke without caller": {`{"question":"How many?"}`, caller.Caller{}},
		"no authorizer":                {httpEvent(t, func(*events.APIGatewayV2HTTPRequest) {}), caller.Caller{}},
	} {
		t.Run(name, func(t *testing.T) {
			h, log := withKey(&fake{sql: []string{"SELECT 1"}, result: rows()}, key)
			h.Prepare(t.Context())
			invoke(t, h, test.payload)
			hash, _ := decode(t, log())["caller"].(string)
			if want := key.Hash(test.want); hash != want {
				t.Errorf("got %q, want %q: %s", hash, want, log())
			}
			if strings.Contains(log(), "jane") {
				t.Errorf("the log holds the name: %s", log())
			}
		})
	}
}

func TestBodyNamesNoCaller(t *testing.T) {
	f := &fake{sql: []string{"SELECT 1"}, result: rows()}
	h, log := withKey(f, caller.NewKey("password"))
	h.Prepare(t.Context())
	got := invoke(t, h, httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) {
		e.Body = `{"question":"How many?","caller":{"sub":"jane"}}`
	}))
	if !strings.Contains(got, `"statusCode":400`) || !strings.Contains(got, "caller: only a direct invoke has this field") {
		t.Errorf("got %s", got)
	}
	if _, logged := decode(t, log())["caller"]; logged || len(f.asked) > 0 {
		t.Errorf("asked %v, log %s", f.asked, log())
	}
}

func TestDirectInvokeRejectsInvalidCaller(t *testing.T) {
	for _, text := range []string{`"jane"`, `{}`, `{"sub":["jane"]}`, `[]`} {
		f := &fake{sql: []string{"SELECT 1"}, result: rows()}
		h, _ := newHandler(f)
		got := decode(t, invoke(t, h, `{"question":"How many?","caller":`+text+`}`))
		if message, _ := got["error_message"].(string); got["error_code"] != string(BadRequest) || !strings.HasPrefix(message, "caller: invalid") || len(f.asked) > 0 {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

func TestUnknownAuthorizerIsInternalError(t *testing.T) {
	f := &fake{sql: []string{"SELECT 1"}, result: rows()}
	h, log := newHandler(f)
	var event map[string]any
	if err := json.Unmarshal([]byte(httpEvent(t, func(*events.APIGatewayV2HTTPRequest) {})), &event); err != nil {
		t.Fatal(err)
	}
	event["requestContext"].(map[string]any)["authorizer"] = map[string]any{"jwt": map[string]any{"claims": 5}}
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	if got := invoke(t, h, string(payload)); !strings.Contains(got, `"statusCode":500`) || len(f.asked) > 0 {
		t.Errorf("got %s", got)
	}
	if cause, _ := decode(t, log.String())["cause"].(string); !strings.Contains(cause, "requestContext.authorizer") {
		t.Errorf("log: %s", log)
	}
}

func TestLogHoldsSubjectWithLogCallers(t *testing.T) {
	h, log := withKey(&fake{sql: []string{"SELECT 1"}, result: rows()}, caller.NewKey("password"))
	h.LogCallers = true
	invoke(t, h, `{"question":"How many?","caller":{"sub":"jane"}}`)
	if got := decode(t, log())["caller"]; got != "jane" {
		t.Errorf("got %v", got)
	}
}

func TestRowSecurityDeniesBeforeGenerator(t *testing.T) {
	for name, payload := range map[string]string{
		"direct invoke without caller": `{"question":"How many?"}`,
		"claim missing":                `{"question":"How many?","caller":{"sub":"jane","role":"tenant_a"}}`,
		"role missing":                 `{"question":"How many?","caller":{"sub":"jane","tenant":"a"}}`,
		"role not allowed":             `{"question":"How many?","caller":{"sub":"jane","tenant":"a","role":"auditor"}}`,
		"SQL only":                     `{"question":"How many?","sql_only":true}`,
		"later answer":                 `{"question":"How many?","async":true}`,
		"body": httpEvent(t, func(e *events.APIGatewayV2HTTPRequest) {
			e.Headers["authorization"] = "Bearer x"
		}),
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{sql: []string{"SELECT 1"}, result: rows()}
			h := secured(f)
			got := invoke(t, h, payload)
			if !strings.Contains(got, "caller_denied") || len(f.asked) > 0 || len(f.executed) > 0 {
				t.Errorf("asked %v, ran %v: %s", f.asked, f.executed, got)
			}
			if isHTTP := name == "body"; isHTTP != strings.Contains(got, `"statusCode":403`) {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestRowSecurityPassesCallerToDatabase(t *testing.T) {
	f := &fake{sql: []string{"SELECT 1"}, result: rows()}
	invoke(t, secured(f), `{"question":"How many?","caller":{"tenant":"a","role":"tenant_a","sub":"jane"}}`)
	want := &database.Identity{Claims: `{"role":"tenant_a","sub":"jane","tenant":"a"}`, Role: "tenant_a"}
	if diff := cmp.Diff(want, f.limits.Identity); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// recorder is a generator that records the callers of its questions.
type recorder struct {
	*fake
	callers []caller.Caller
}

func (r *recorder) Generate(ctx context.Context, question generate.Question) (generate.Query, error) {
	r.callers = append(r.callers, caller.From(ctx))
	return r.fake.Generate(ctx, question)
}

func TestGeneratorAndToolsGetCaller(t *testing.T) {
	r := &recorder{fake: &fake{sql: []string{"SELECT 1"}, result: rows()}}
	h, _ := newToolHandler(r.fake)
	h.Open = func(context.Context) (Backend, error) { return Backend{Generator: r, Database: r}, nil }
	h.Tools["record"] = func(ctx context.Context, _ json.RawMessage) (any, error) {
		r.callers = append(r.callers, caller.From(ctx))
		return "done", nil
	}
	for _, payload := range []string{`{"question":"How many?","caller":{"sub":"jane"}}`, `{"tool":"record","caller":{"sub":"jane"}}`} {
		invoke(t, h, payload)
	}
	if len(r.callers) != 2 || r.callers[0].Subject != "jane" || r.callers[1].Subject != "jane" {
		t.Errorf("got %v", r.callers)
	}
}

func TestToolsDenyCallers(t *testing.T) {
	h := secured(&fake{result: rows()})
	h.AgentSQL = true
	h.Tools = map[string]Tool{"describe_database": func(context.Context, json.RawMessage) (any, error) { return "tables", nil }}
	for _, payload := range []string{`{"tool":"describe_database"}`, `{"tool":"query","arguments":{"sql":"SELECT 1"}}`, `{"tool":"ask","arguments":{"question":"x"},"caller":{"sub":"jane"}}`} {
		if got := invoke(t, h, payload); !strings.Contains(got, "caller_denied") {
			t.Errorf("%s: got %s", payload, got)
		}
	}
}

// secured returns a handler with row security by role.
func secured(f *fake) *Handler {
	h, _ := newHandler(f)
	h.Policy = caller.Policy{Mode: rowsecurity.Role, Required: []string{"tenant"}, RoleClaim: "role", Roles: []string{"tenant_a"}}
	return h
}
