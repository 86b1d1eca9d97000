package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFeedbackSendsTheVerdict(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want map[string]any
	}{
		"right": {[]string{"--right", "ABC"}, map[string]any{"request_id": "ABC", "verdict": "right"}},
		"wrong": {
			[]string{"--wrong", "--sql", "SELECT 1", "--comment", "One.", "ABC"},
			map[string]any{"request_id": "ABC", "verdict": "wrong", "sql": "SELECT 1", "comment": "One."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newAWS(t)
			requests := fake.replies(reply{200, `{"request_id":"ABC","verdict":"` + name + `"}`})
			code, stdout, stderr := defog(t, append([]string{"feedback"}, test.args...)...)
			if code != 0 || stdout != "stored: "+name+"\n" || !slices.Equal(requests(), []string{"POST /feedback"}) {
				t.Errorf("exit code %d, requests %v, stdout %s, stderr %s", code, requests(), stdout, stderr)
			}
			var got map[string]any
			if err := json.Unmarshal([]byte(fake.body), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestFeedbackReportsRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		reply
		want string
	}{
		"another caller":  {[]string{"--right", "ABC"}, reply{404, `{"ran_successfully":false,"error_message":"No such answer.","error_code":"not_found"}`}, "No such answer. (404)"},
		"no history":      {[]string{"--right", "ABC"}, reply{404, `{"message":"Not Found"}`}, "want a stack with the setting history=true"},
		"another program": {[]string{"--right", "ABC"}, reply{200, `{"ok":true}`}, "is not a query function"},
		"no verdict":      {[]string{"ABC"}, reply{}, "at least one of the flags"},
		"not wrong":       {[]string{"--wrong=false", "ABC"}, reply{}, "--right, --wrong: both are false; want one of them"},
		"two verdicts":    {[]string{"--right", "--wrong", "ABC"}, reply{}, "none of the others can be"},
		"right with SQL":  {[]string{"--right", "--sql", "SELECT 1", "ABC"}, reply{}, "none of the others can be"},
		"id":              {[]string{"--right", "../x"}, reply{}, "REQUEST-ID: invalid; want the request_id of an answer"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newAWS(t)
			fake.replies(test.reply)
			if code, _, stderr := defog(t, append([]string{"feedback"}, test.args...)...); code != 1 || !strings.Contains(stderr, test.want) {
				t.Errorf("exit code %d, stderr %s; want %s", code, stderr, test.want)
			}
		})
	}
}
