package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestSmokeAcceptsOnlyTheExpectedAnswer(t *testing.T) {
	const rows = `{"columns":["n","name"],"data":[[1,"Ada"],[42,"12.50"],[null,true]],"query_generated":"SELECT n","ran_successfully":true}`
	tests := map[string]struct {
		answer string
		status int
		args   []string
		code   int
		want   string
	}{
		"a number":         {rows, http.StatusOK, []string{"--expect", "42"}, 0, "answered as expected: 3 rows\nSELECT n\n"},
		"a text":           {rows, http.StatusOK, []string{"--expect", "Ada"}, 0, "answered"},
		"a decimal":        {rows, http.StatusOK, []string{"--expect", "12.50"}, 0, "answered"},
		"null":             {rows, http.StatusOK, []string{"--expect", "null"}, 0, "answered"},
		"anything":         {rows, http.StatusOK, nil, 0, "answered"},
		"a part of a text": {rows, http.StatusOK, []string{"--expect", "Ad"}, 1, "defog: wrong answer: none of its cells is Ad (3 rows); SQL: SELECT n\n"},
		"no rows":          {`{"data":[],"query_generated":"SELECT 0","ran_successfully":true}`, http.StatusOK, nil, 1, "the answer has no rows; SQL: SELECT 0"},
		"failed SQL":       {`{"ran_successfully":false,"error_message":"no such table","query_generated":"SELECT x"}`, http.StatusOK, nil, 1, "no answer: no such table (200); SQL: SELECT x"},
		"refused":          {`{"message":"Forbidden"}`, http.StatusForbidden, nil, 1, "the API rejected the caller (403: Forbidden)"},
		"too late":         {`{"message":"Service Unavailable"}`, http.StatusServiceUnavailable, nil, 1, "failed or exceeded its timeout (503"},
		"another auth":     {rows, http.StatusOK, []string{"--auth", "basic"}, 1, `--auth: "basic" is unknown; want iam, jwt or none`},
		"no question":      {rows, http.StatusOK, []string{"--question", ""}, 1, "--question: is empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fake := newAWS(t)
			fake.answer, fake.status = test.answer, test.status
			args := append([]string{"smoke", "--url", fake.outputs["QueryUrl"], "--question", "How many?"}, test.args...)
			code, stdout, stderr := defog(t, args...)
			if code != test.code || !strings.Contains(stdout+stderr, test.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
			if strings.Contains(stdout+stderr, "12.50") && name != "a decimal" {
				t.Errorf("printed a row: %s%s", stdout, stderr)
			}
		})
	}
}

func TestSmokeEndsAtItsTimeout(t *testing.T) {
	fake := newAWS(t)
	fake.hang = true
	code, _, stderr := defog(t, "smoke", "--url", fake.outputs["QueryUrl"], "--question", "q", "--timeout", "100ms")
	if code != 1 || stderr != "defog: no answer within 100ms (--timeout)\n" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

// TestSmokeFindsTheStackAsAskDoes omits --url.
func TestSmokeFindsTheStackAsAskDoes(t *testing.T) {
	fake := newAWS(t)
	fake.stack = "sales-prod"
	code, stdout, stderr := defog(t, "smoke", "-c", "app_name=sales", "-c", "stage=prod", "--question", "q")
	if code != 0 || !strings.Contains(stdout, "answered as expected") || fake.asked.Header.Get("Authorization") == "" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	for _, command := range [][]string{{"smoke", "--question", "q"}, {"ask", "q"}} {
		code, _, stderr := defog(t, append(command, "-c", "app_name=other")...)
		if code != 1 || !strings.Contains(stderr, "stack other-dev is not deployed in region eu-central-1; deploy it with npx cdk deploy") {
			t.Errorf("%v: exit code %d, stderr %q", command, code, stderr)
		}
	}
}
