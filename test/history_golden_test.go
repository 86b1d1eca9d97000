package test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"defog-cdk/lambda/catalog/check"
)

// TestFeedbackBecomesGolden follows one question: a wrong answer, its correction by the
// caller, the suggestion, its deployment, and the golden answer. The daily check then
// finds what a change of the database breaks.
func TestFeedbackBecomesGolden(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "judged", plainAWS)
	d.postgres.Query(t, `CREATE TABLE parcels (id int, state text); INSERT INTO parcels VALUES (1, 'lost'), (2, 'sent'), (3, 'lost')`)
	const question, wrong, right = "How many parcels are lost?", "SELECT count(*) AS n FROM parcels", "SELECT count(*) AS n FROM parcels WHERE state = 'lost'"
	d.generator.Teach(question, wrong)
	settings := []string{"-c", "history=true", "-c", "schema_check=daily"}
	d.deploy(t, settings...)

	first := askQuestion(t, d, question)
	if first.SQL != wrong || string(first.Data[0][0]) != "3" {
		t.Fatalf("got %+v", first)
	}
	feedback := *d
	feedback.url = d.url + "feedback"
	judgement, err := json.Marshal(map[string]string{"request_id": first.RequestID, "verdict": "wrong", "sql": right, "comment": "Only the lost ones."})
	if err != nil {
		t.Fatal(err)
	}
	if status, text := feedback.post(t, string(judgement)); status != http.StatusOK {
		t.Fatalf("feedback: status %d: %s", status, text)
	}

	dependencies := t.TempDir()
	golden := filepath.Join(dependencies, "golden.json")
	const old = "[\n  {\"question\": \"How many parcels are there?\", \"sql\": \"SELECT count(*) FROM parcels\"}\n]\n"
	if err := os.WriteFile(golden, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	settings = append(settings, "-c", "function_source_dependencies_zip="+dependencies)
	program := func(want int, args ...string) string {
		t.Helper()
		output, code := command(t, d.aws.Environ(os.Environ()), defog.get(t), d.settings(slices.Concat(args, settings)...)...)
		if code != want {
			t.Fatalf("%v: exit code %d: %s", args, code, output)
		}
		return output
	}
	output := program(0, "golden", "suggest", "--write", "-c", "generator=golden")
	for _, part := range []string{"1 judged answers: 1 new", "corrected by 1 caller, 1 row", "before    1 of 2 right", "after     2 of 2 right", "1 golden query added"} {
		if !strings.Contains(output, part) {
			t.Errorf("the output lacks %q:\n%s", part, output)
		}
	}
	written, err := os.ReadFile(golden)
	if want := "[\n  {\n    \"question\": \"" + question + "\",\n    \"sql\": \"" + right + "\"\n  },\n" + strings.TrimPrefix(old, "[\n"); err != nil || string(written) != want {
		t.Errorf("%v: golden.json has %s", err, written)
	}

	// The generator still has the wrong SQL.
	d.deploy(t, append(settings, "-c", "golden_first=true")...)
	if again := askQuestion(t, d, question); again.SQL != right || string(again.Data[0][0]) != "2" || again.Source != "golden" {
		t.Errorf("got %+v", again)
	}

	// The rule's event finds nothing, until the database changes.
	if rules := d.resources(t, "AWS::Events::Rule"); len(rules) != 1 {
		t.Errorf("got the rules %v", rules)
	}
	checked := func() (report check.Report) {
		t.Helper()
		text := d.invokeDirectly(t, `{"schema_check": {"stack": "`+d.stack()+`"}}`)
		if err := json.Unmarshal([]byte(text), &report); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		return report
	}
	if report := checked(); report.Pairs != 2 || len(report.Findings) > 0 {
		t.Errorf("got %+v", report)
	}
	d.postgres.Query(t, `ALTER TABLE parcels RENAME state TO status`)
	if report := checked(); len(report.Findings) != 1 || report.Findings[0].Kind != check.GoldenFailed || report.Findings[0].Question != question {
		t.Errorf("got %+v", report)
	}
	output = program(3, "schema", "--check", "--function", d.resources(t, "AWS::Lambda::Function")[0])
	if !strings.Contains(output, `broken  golden.json  pair 1  column "state" does not exist`) || !strings.Contains(output, question) {
		t.Errorf("got %s", output)
	}
	d.cdk(t, "destroy", "--force", d.stack())
}

// judgedAnswer is an answer with what feedback needs.
type judgedAnswer struct {
	answer
	RequestID string `json:"request_id"`
	Source    string `json:"source"`
}

func askQuestion(t *testing.T, d *deployment, question string) (got judgedAnswer) {
	t.Helper()
	status, text := d.post(t, `{"question": "`+question+`"}`)
	if err := json.Unmarshal(text, &got); err != nil || status != http.StatusOK || !got.RanSuccessfully {
		t.Fatalf("%s: status %d, %v: %s", question, status, err, text)
	}
	return got
}
