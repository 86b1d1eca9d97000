package ask

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"defog-cdk/lambda/caller"
)

// samples is the folder of the events that AWS publishes with its library for Go.
var samples = sync.OnceValues(func() (string, error) {
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	return filepath.Join(strings.TrimSpace(string(folder)), "events", "testdata"), err
})

// sample returns one of AWS's events with changes.
func sample(t *testing.T, name, changes string) string {
	t.Helper()
	folder, err := samples()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	event := decode(t, string(data))
	patch(event, decode(t, changes))
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// patch adds changes to an object, at any depth.
func patch(object, changes map[string]any) {
	for key, value := range changes {
		inner, isObject := value.(map[string]any)
		if old, wasObject := object[key].(map[string]any); isObject && wasObject {
			patch(old, inner)
			continue
		}
		object[key] = value
	}
}

// TestSampleEventsOfAPIGatewayAreAnswered sends AWS's events of an HTTP API, with a
// question for their body.
func TestSampleEventsOfAPIGatewayAreAnswered(t *testing.T) {
	key := caller.NewKey("password")
	const question = `{"routeKey": "POST /", "requestContext": {"http": {"method": "POST"}}, "body": "{\"question\": \"How many?\"}"}`
	const subject = `{"routeKey": "POST /", "requestContext": {"http": {"method": "POST"}, "authorizer": {"jwt": {"claims": {"sub": "jane"}}}}, "body": "{\"question\": \"How many?\"}"}`
	for name, test := range map[string]struct {
		changes string
		want    caller.Caller
	}{
		"apigw-v2-request-iam.json":               {question, caller.Caller{Kind: caller.IAM, Subject: "us-east-1:3f291106-8703-466b-8f2b-3ecee1ca56ce"}},
		"apigw-v2-request-jwt-authorizer.json":    {subject, caller.Caller{Kind: caller.JWT, Subject: "jane"}},
		"apigw-v2-request-lambda-authorizer.json": {question, caller.Caller{}},
		"apigw-v2-request-no-authorizer.json":     {question, caller.Caller{}},
	} {
		t.Run(name, func(t *testing.T) {
			h, log := withKey(&fake{sql: []string{"SELECT 1"}, result: rows()}, key)
			h.Prepare(t.Context())
			r := decodeReply(t, []byte(invoke(t, h, sample(t, name, test.changes))))
			if r.StatusCode != 200 || r.fields["ran_successfully"] != true {
				t.Errorf("got %+v", r)
			}
			if hash, _ := decode(t, log())["caller"].(string); hash != key.Hash(test.want) {
				t.Errorf("the caller is not %+v: %s", test.want, log())
			}
		})
	}
}

// TestUnchangedSampleEventsAreRejected sends AWS's events unchanged. Their methods and
// bodies are not those of a question, and they do not pass as direct invokes.
func TestUnchangedSampleEventsAreRejected(t *testing.T) {
	for _, name := range []string{"apigw-v2-request-iam.json", "apigw-v2-request-no-authorizer.json"} {
		h, _ := newHandler(&fake{sql: []string{"SELECT 1"}, result: rows()})
		h.Prepare(t.Context())
		out, err := h.Invoke(lambdaContext(t), []byte(sample(t, name, "{}")))
		if err != nil {
			t.Fatal(err)
		}
		if r := decodeReply(t, out); r.StatusCode < 400 || r.StatusCode > 499 {
			t.Errorf("%s: got %+v, want a client error", name, r)
		}
	}
}

// TestSampleEventOfSQSRunsQuestion sends AWS's event of a queue with the message of a
// question.
func TestSampleEventOfSQSRunsQuestion(t *testing.T) {
	l := newLong(&fake{sql: []string{"SELECT 1"}, result: rows()})
	l.Prepare(t.Context())
	id := l.post(t)
	body, err := Message(id)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	event := strings.Replace(sample(t, "sqs-event.json", "{}"), `"Message Body"`, string(quoted), 1)
	if _, err := (&WorkHandler{Questions: l.Handler}).Invoke(lambdaContext(t), []byte(event)); err != nil {
		t.Fatal(err)
	}
	if got := l.request(t, "GET", "/answers/"+id, "jane", nil); got.fields["status"] != "done" {
		t.Errorf("got %+v", got)
	}
}
