package main

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const (
	queued      = `{"id":"ABC","status":"queued","seconds":0}`
	runningLong = `{"id":"ABC","status":"running","seconds":61.5,"query_generated":"SELECT\u001b[2J 1"}`
	doneLong    = `{"columns":["n"],"data":[[1]],"query_generated":"SELECT 1","ran_successfully":true,"truncated":false,"id":"ABC","status":"done"}`
	unavailable = `{"ran_successfully":false,"error_message":"try again","error_code":"answers_unavailable","request_id":"r"}`
)

// reply is a response of the API.
type reply struct {
	status int
	body   string
}

// replies makes the API send one response after the other. It returns the requests
// so far.
func (f *fakeAWS) replies(all ...reply) (requests func() []string) {
	var asked []string
	f.next = func(r *http.Request) (int, string) {
		asked = append(asked, r.Method+" "+r.URL.RequestURI())
		next := all[0]
		if len(all) > 1 {
			all = all[1:]
		}
		return next.status, next.body
	}
	return func() []string { return asked }
}

func TestAskAsyncShowsProgressAndAnswer(t *testing.T) {
	fake := newAWS(t)
	requests := fake.replies(reply{202, queued}, reply{202, queued}, reply{503, unavailable}, reply{202, runningLong}, reply{200, doneLong})
	code, stdout, stderr := defog(t, "ask", "--async", "How many?")
	if code != 0 || !strings.Contains(stdout, "SELECT 1") || !strings.Contains(stdout, "1 row") {
		t.Errorf("exit code %d, stdout %s, stderr %s", code, stdout, stderr)
	}
	want := "Question ABC; Ctrl-C cancels it.\n  0.0 s  waits for its turn\n 61.5 s  the database runs SELECT\\x1b[2J 1\n"
	if stderr != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
	if want := []string{"POST /", "GET /answers/ABC?wait=1", "GET /answers/ABC?wait=2", "GET /answers/ABC?wait=4", "GET /answers/ABC?wait=8"}; !slices.Equal(requests(), want) {
		t.Errorf("requests %v, want %v", requests(), want)
	}
}

func TestAskAsyncPrintsAnErrorAtOnce(t *testing.T) {
	fake := newAWS(t)
	fake.replies(reply{400, `{"ran_successfully":false,"error_message":"async: the function answers no long questions","error_code":"bad_request"}`})
	if code, _, stderr := defog(t, "ask", "--async", "q"); code != 1 || !strings.Contains(stderr, "async: the function answers no long questions (400)") {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
}

func TestInterruptedAskAsyncCancelsTheQuestion(t *testing.T) {
	fake := newAWS(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var asked []string
	fake.next = func(r *http.Request) (int, string) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		switch r.Method {
		case http.MethodGet:
			interrupt()
			return 202, queued
		case http.MethodDelete:
			return 200, `{"ran_successfully":false,"error_message":"The question was cancelled.","error_code":"cancelled","id":"ABC","status":"cancelled"}`
		}
		return 202, queued
	}
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"ask", "--async", "q"}, &stdout, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "cancelled\ndefog: interrupted") || asked[len(asked)-1] != "DELETE /answers/ABC" {
		t.Errorf("exit code %d, stderr %s, requests %v", code, stderr.String(), asked)
	}
}

func TestAskDetachPrintsTheID(t *testing.T) {
	fake := newAWS(t)
	requests := fake.replies(reply{202, queued})
	if code, stdout, stderr := defog(t, "ask", "--detach", "q"); code != 0 || stdout != "ABC\n" || stderr != "" || len(requests()) != 1 {
		t.Errorf("exit code %d, stdout %q, stderr %q, requests %v", code, stdout, stderr, requests())
	}
	if want := `{"async":true,"question":"q"}`; fake.body != want {
		t.Errorf("asked %s, want %s", fake.body, want)
	}
}

func TestAnswerPrintsOrCancels(t *testing.T) {
	notFound := reply{404, `{"ran_successfully":false,"error_message":"No such question","error_code":"not_found"}`}
	for name, test := range map[string]struct {
		args           []string
		reply          reply
		code           int
		stdout, stderr string // parts
	}{
		"answer":             {nil, reply{200, doneLong}, 0, "1 row", ""},
		"JSON":               {[]string{"--json"}, reply{200, doneLong}, 0, doneLong, ""},
		"unknown":            {nil, notFound, 1, "", "No such question (404)"},
		"failed":             {nil, reply{500, `{"ran_successfully":false,"error_message":"crashed","error_code":"interrupted","status":"failed"}`}, 1, "", "crashed (500)"},
		"cancel":             {[]string{"--cancel"}, reply{200, `{"ran_successfully":false,"error_message":"cancelled","status":"cancelled"}`}, 0, "", "cancelled"},
		"cancel of an ended": {[]string{"--cancel"}, reply{200, doneLong}, 1, "", "the question has ended before: done"},
		"cancel of unknown":  {[]string{"--cancel"}, notFound, 1, "", "No such question"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newAWS(t)
			fake.replies(test.reply)
			code, stdout, stderr := defog(t, append([]string{"answer", "ABC"}, test.args...)...)
			if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d, stdout %s, stderr %s", code, stdout, stderr)
			}
		})
	}
}

func TestAnswerOutOfTimeNamesTheWayBack(t *testing.T) {
	fake := newAWS(t)
	fake.replies(reply{202, queued})
	if code, _, stderr := defog(t, "answer", "--timeout", "1ms", "ABC"); code != 1 || !strings.Contains(stderr, "the question runs on: defog answer ABC") {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
}
