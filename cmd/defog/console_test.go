package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/internal/page"
	"defog-cdk/internal/page/pagetest"
)

// runningConsole is a console with a page.
type runningConsole struct {
	origin, token string
	output        string // until the page's URL and what it asks
	stderr        *bytes.Buffer
	end           func() (code int)
}

// startConsole starts defog console, in a checkout with a small page, and waits
// for its URL.
func startConsole(t *testing.T, args ...string) runningConsole {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	reader, stdout := io.Pipe()
	ended := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		code := run(ctx, append([]string{"console", "--no-open"}, args...), stdout, &stderr)
		stdout.Close()
		ended <- code
	}()
	end := func() int {
		interrupt()
		code := <-ended
		ended <- code
		return code
	}
	t.Cleanup(func() { end() })
	lines := bufio.NewScanner(reader)
	var printed []string
	for len(printed) < 3 && lines.Scan() {
		printed = append(printed, lines.Text())
	}
	if len(printed) < 3 {
		t.Fatalf("exit code %d, stderr %s", end(), stderr.String())
	}
	origin, token, ok := strings.Cut(printed[0], "/#token=")
	if !ok {
		t.Fatalf("printed %q", printed)
	}
	return runningConsole{origin, token, strings.Join(printed, "\n"), &stderr, end}
}

func (c runningConsole) do(t *testing.T, method, path, body string) (status int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.origin+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Origin", c.origin)
	request.Header.Set(page.TokenHeader, c.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func TestConsoleSignsQuestionsOfThePage(t *testing.T) {
	fake := newAWS(t)
	t.Chdir(pagetest.Checkout(t))
	golden := filepath.Join(t.TempDir(), "golden.json")
	if err := os.WriteFile(golden, []byte(`[{"question": "How many?", "sql": "SELECT 1"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(defaultDependencies, 0o750); err != nil {
		t.Fatal(err)
	}
	console := startConsole(t, "-c", "generator=golden", "-c", "function_source_dependencies_zip="+filepath.Dir(golden))
	if want := "The page asks local AWS at " + os.Getenv("AWS_ENDPOINT_URL") + " (https://abcd1234.execute-api.eu-central-1.amazonaws.com/), signed with your AWS credentials for eu-central-1."; !strings.Contains(console.output, want) {
		t.Errorf("printed %s, want %s", console.output, want)
	}
	const question = `{"question":"How many?"}`
	status, body := console.do(t, http.MethodPost, "/", question)
	if status != http.StatusOK || body != fake.answer || fake.body != question {
		t.Errorf("%d: %s; asked %s", status, body, fake.body)
	}
	if want := signature(t, fake.asked, fake.body, "eu-central-1"); fake.asked.Header.Get("Authorization") != want {
		t.Errorf("Authorization %s, want %s", fake.asked.Header.Get("Authorization"), want)
	}
	if fake.asked.Header.Get(page.TokenHeader) != "" || fake.asked.Header.Get("Origin") != "" {
		t.Errorf("the API got the console's headers: %v", fake.asked.Header)
	}
	const config = `{"api":"./","app":"defog-lambda-dev","auth":"console","examples":["How many?"]}`
	if status, body := console.do(t, http.MethodGet, "/config.json", ""); status != http.StatusOK || body != config {
		t.Errorf("config.json: %d %s", status, body)
	}
	fake.status, fake.answer = http.StatusForbidden, `{"message":"Forbidden"}`
	if status, body := console.do(t, http.MethodPost, "/", question); status != http.StatusForbidden || !strings.Contains(body, "the caller needs execute-api:Invoke on") {
		t.Errorf("without the right: %d %s", status, body)
	}
	if code := console.end(); code != 0 {
		t.Errorf("an interrupt gives exit code %d", code)
	}
	if got := console.stderr.String(); !strings.HasPrefix(got, "install the page's packages") || strings.Contains(got, secretKey) {
		t.Errorf("stderr %q", got)
	}
}

func TestConsolePassesOnLongQuestions(t *testing.T) {
	fake := newAWS(t)
	fake.outputs["LongQuestions"] = "https://sqs.example.com/queue"
	t.Chdir(pagetest.Checkout(t))
	console := startConsole(t)
	if status, body := console.do(t, http.MethodGet, "/config.json", ""); status != http.StatusOK || !strings.Contains(body, `"async":true`) {
		t.Errorf("config.json: %d %s", status, body)
	}
	fake.status, fake.answer = http.StatusAccepted, `{"id":"QC1","status":"running"}`
	if status, body := console.do(t, http.MethodGet, "/answers/QC1?wait=20", ""); status != http.StatusAccepted || body != fake.answer || fake.asked.URL.RequestURI() != "/answers/QC1?wait=20" {
		t.Errorf("%d %s; asked %s", status, body, fake.asked.URL)
	}
	if want := signature(t, fake.asked, fake.body, "eu-central-1"); fake.asked.Header.Get("Authorization") != want {
		t.Errorf("Authorization %s, want %s", fake.asked.Header.Get("Authorization"), want)
	}
	fake.status, fake.answer = http.StatusForbidden, `{"message":"Forbidden"}`
	if status, body := console.do(t, http.MethodDelete, "/answers/QC1", ""); status != http.StatusForbidden || !strings.Contains(body, "abcd1234/*/DELETE/*") {
		t.Errorf("without the right: %d %s", status, body)
	}
}

func TestConsolePassesOnFeedback(t *testing.T) {
	for name, isOn := range map[string]bool{"with history": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			fake := newAWS(t)
			if isOn {
				fake.outputs["HistoryBucket"] = "questions"
			}
			t.Chdir(pagetest.Checkout(t))
			console := startConsole(t)
			if status, body := console.do(t, http.MethodGet, "/config.json", ""); status != http.StatusOK || strings.Contains(body, `"feedback":true`) != isOn {
				t.Errorf("config.json: %d %s", status, body)
			}
			const sent = `{"request_id":"QC1","verdict":"right"}`
			fake.status, fake.answer = http.StatusNotFound, `{"ran_successfully":false,"error_message":"No such answer.","error_code":"not_found"}`
			if status, body := console.do(t, http.MethodPost, "/feedback", sent); status != http.StatusNotFound || body != fake.answer ||
				fake.asked.URL.Path != "/feedback" || fake.body != sent {
				t.Errorf("%d %s; asked %s %s", status, body, fake.asked.URL, fake.body)
			}
		})
	}
}

func TestConsoleFailures(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		change func(*testing.T, *fakeAWS)
		stderr string
	}{
		"stack not found": {[]string{"-c", "app_name=sales"}, nil, "stack sales-dev is not deployed"},
		"no credentials": {nil, func(t *testing.T, _ *fakeAWS) {
			t.Helper()
			t.Setenv("AWS_ACCESS_KEY_ID", "")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "")
		}, "no AWS credentials"},
		"no token": {nil, func(_ *testing.T, fake *fakeAWS) { fake.outputs["ApiAuth"] = "jwt" }, "DEFOG_TOKEN: missing"},
		"no npm": {nil, func(t *testing.T, _ *fakeAWS) {
			t.Helper()
			t.Setenv("PATH", t.TempDir())
		}, "npm: not found; want npm"},
		"no checkout": {nil, func(t *testing.T, _ *fakeAWS) {
			t.Helper()
			t.Chdir(t.TempDir())
		}, "want the folder web of the checkout"},
		"invalid URL": {[]string{"--url", "shop"}, nil, "--url"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newAWS(t)
			t.Chdir(pagetest.Checkout(t))
			if test.change != nil {
				test.change(t, fake)
			}
			code, _, stderr := defog(t, append([]string{"console", "--no-open"}, test.args...)...)
			if code != 1 || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d, stderr %s", code, stderr)
			}
		})
	}
}
