package test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/history"
	"defog-cdk/internal/history/bucket"
	"defog-cdk/internal/testserver/generator"
)

// historyAPI is a deployment with history, as one caller has it.
type historyAPI struct {
	*deployedFunction
	caller  aws.Credentials
	objects bucket.Bucket // as the account's root user has it
}

// findHistory returns a deployment with history. Its caller may send all requests.
func findHistory(t *testing.T, d *deployment, caller string) *historyAPI {
	t.Helper()
	f := findFunction(t, d)
	h := &historyAPI{deployedFunction: f, objects: bucket.Bucket{
		Client: s3.NewFromConfig(f.config(root()), func(o *s3.Options) { o.UsePathStyle = true }), Name: f.variables[environ.HistoryBucket],
	}}
	return h.as(t, caller)
}

// as returns the deployment as a new user has it.
func (h *historyAPI) as(t *testing.T, name string) *historyAPI {
	t.Helper()
	u, err := url.Parse(h.url)
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(u.Hostname(), ".")
	other := *h
	other.caller = createUser(t, h.deployment, name, allow("execute-api:Invoke", "arn:aws:execute-api:"+region+":000000000000:"+id+"/*/POST/*"))
	return &other
}

// postTo sends a signed body to a path of the API.
func (h *historyAPI) postTo(t *testing.T, path, body string) (status int, fields map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimSuffix(h.url, "/")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	h.aws.Direct(request)
	if err := signRequest(t.Context(), h.caller, request, body); err != nil {
		t.Fatal(err)
	}
	response, err := h.aws.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatalf("status %d: %s: %v", response.StatusCode, text, err)
	}
	return response.StatusCode, fields
}

// askRecorded asks a question, and returns the answer's request id and its record, once
// that is written.
func (h *historyAPI) askRecorded(t *testing.T, question string) (id string, record history.Record) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"question": question})
	if err != nil {
		t.Fatal(err)
	}
	status, answer := h.postTo(t, "/", string(body))
	id, _ = answer["request_id"].(string)
	if status != http.StatusOK || !history.IsID(id) {
		t.Fatalf("%s: status %d: %v", question, status, answer)
	}
	for { // until the test's timeout
		records, err := history.Records(t.Context(), h.objects, time.Now().Add(-time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if at := slices.IndexFunc(records, func(r history.Record) bool { return r.RequestID == id }); at >= 0 {
			return id, records[at]
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// rate sends feedback on an answer, and returns the status and the code of a failure.
func (h *historyAPI) rate(t *testing.T, feedback map[string]string) (status int, code string) {
	t.Helper()
	body, err := json.Marshal(feedback)
	if err != nil {
		t.Fatal(err)
	}
	status, answer := h.postTo(t, "/feedback", string(body))
	code, _ = answer["error_code"].(string)
	return status, code
}

// TestHistory deploys with history to a local AWS that enforces IAM.
func TestHistory(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "history", enforcingAWS)
	d.deploy(t, append(d.createSecret(t), "-c", "history=true")...)
	const question, wrong, right = "Who is first?", "SELECT 'row-of-the-' || 'database' AS name", "SELECT 'Ada' AS name"
	d.generator.Teach(question, wrong)
	h := findHistory(t, d, "history-jane")
	h.restart(t)

	id, record := h.askRecorded(t, question)
	if record.Question != question || record.SQL == "" || record.Source != "model" || record.Outcome != "ok" || len(record.Caller) != 32 {
		t.Errorf("record %+v; want question, SQL, source, outcome and the caller's hash", record)
	}
	t.Run("caller corrects its answer", func(t *testing.T) {
		for _, verdict := range []map[string]string{
			{"request_id": id, "verdict": "right"},
			{"request_id": id, "verdict": "wrong", "sql": right, "comment": "The first is Ada."},
		} {
			if status, code := h.rate(t, verdict); status != http.StatusOK {
				t.Fatalf("%v: status %d %s", verdict, status, code)
			}
		}
		ratings, err := history.Ratings(t.Context(), h.objects, time.Now().Add(-time.Hour))
		if err != nil || len(ratings) != 1 {
			t.Fatalf("feedback %+v, %v; want one", ratings, err)
		}
		if got := ratings[0]; got.Verdict != history.Wrong || got.SQL != right || got.Comment != "The first is Ada." || got.Record.Question != question {
			t.Errorf("feedback %+v; want the last one", got)
		}
		if sent := d.generator.Requests(generator.FeedbackPath); len(sent) != 2 {
			t.Errorf("Defog got %d times feedback; want both", len(sent))
		}
	})
	t.Run("other callers find no answer", func(t *testing.T) {
		joe := h.as(t, "history-joe")
		for _, given := range []map[string]string{{"request_id": id, "verdict": "right"}, {"request_id": "unknown", "verdict": "right"}} {
			if status, code := joe.rate(t, given); status != http.StatusNotFound || code != "not_found" {
				t.Errorf("%v: status %d %s; want 404", given, status, code)
			}
		}
	})
	t.Run("objects hold neither rows nor credentials", func(t *testing.T) {
		keys, err := h.objects.List(t.Context(), "", "")
		if err != nil || len(keys) < 2 {
			t.Fatalf("objects %v, %v", keys, err)
		}
		for _, key := range keys {
			content, err := h.objects.Read(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"row-of-the-database", apiKey, d.postgres.ReaderCreds().Text("password"), "history-jane", h.caller.SecretAccessKey} {
				if secret == "" || strings.Contains(string(content), secret) {
					t.Errorf("%s holds %q: %s", key, secret, content)
				}
			}
		}
	})
	t.Run("role allows nothing else in the bucket", func(t *testing.T) { h.testRights(t, id) })
	t.Run("answers need no right to the bucket", func(t *testing.T) { h.testWithout(t, question, id) })
}

// testRights tries with the role's credentials what the function does not do.
func (h *historyAPI) testRights(t *testing.T, id string) {
	granted := bucket.Bucket{Name: h.objects.Name, Client: s3.NewFromConfig(h.asRole, func(o *s3.Options) { o.UsePathStyle = true })}
	ctx, today := t.Context(), history.Day(time.Now())
	for what, try := range map[string]func() error{
		"list the bucket": func() error { _, err := granted.List(ctx, "", ""); return err },
		"read feedback":   func() error { _, err := granted.Read(ctx, "feedback/day="+today+"/"+id+".jsonl"); return err },
		"write elsewhere": func() error { return granted.Write(ctx, "other/x.jsonl", []byte("{}")) },
		"delete a record": func() error {
			_, err := granted.Client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &granted.Name, Key: aws.String(history.RecordKey(today, id))})
			return err
		},
	} {
		if err := try(); !bucket.IsDenied(err) {
			t.Errorf("%s: %v; want a refusal", what, err)
		}
	}
}

// testWithout removes the rights to the bucket from the role: questions are answered as
// before, and the log has the cause.
func (h *historyAPI) testWithout(t *testing.T, question, id string) {
	name, with := h.policy(t)
	without := with
	without.Statement = slices.DeleteFunc(slices.Clone(with.Statement), func(statement map[string]any) bool {
		resource, _ := statement["Resource"].(string)
		return strings.Contains(resource, h.objects.Name)
	})
	if len(without.Statement) != len(with.Statement)-2 {
		t.Fatalf("policy %v; want two statements on %s", with, h.objects.Name)
	}
	h.setPolicy(t, name, without)
	h.restart(t)
	body, err := json.Marshal(map[string]string{"question": question})
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := h.postTo(t, "/", string(body)); status != http.StatusOK || answer["ran_successfully"] != true {
		t.Errorf("without the rights: status %d: %v; want the answer", status, answer)
	}
	if status, code := h.rate(t, map[string]string{"request_id": id, "verdict": "right"}); status != http.StatusNotFound {
		t.Errorf("feedback without the rights: status %d %s", status, code)
	}
	for { // until the test's timeout
		log, err := readLog(t, h.config(root()), h.logGroup)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(log, "history not written") && strings.Contains(log, "s3:PutObject") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.setPolicy(t, name, with)
	h.restart(t)
	if _, record := h.askRecorded(t, question); record.Outcome != "ok" {
		t.Errorf("with the rights again: %+v", record)
	}
}
