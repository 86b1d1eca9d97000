package test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"defog-cdk/internal/page"
)

// console is a running defog console.
type console struct {
	origin, token string
	process       *exec.Cmd
	stderr        bytes.Buffer
}

// startConsole starts defog console for a deployment, with more variables, and waits
// for the page's URL.
func startConsole(t *testing.T, d *deployment, variables ...string) *console {
	t.Helper()
	c := &console{process: exec.CommandContext(t.Context(), defog.get(t), "console", "--no-open", "-c", "app_name="+d.app)}
	c.process.Dir, c.process.Env, c.process.Stderr = checkout, append(d.aws.Environ(os.Environ()), variables...), &c.stderr
	stdout, err := c.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.process.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	origin, token, ok := strings.Cut(strings.TrimSpace(line), "/#token=")
	if err != nil || !ok {
		t.Fatalf("printed %q: %v, %v\n%s", line, err, c.process.Wait(), c.stderr.String())
	}
	c.origin, c.token = origin, token
	return c
}

// end interrupts the console as Ctrl-C does.
func (c *console) end(t *testing.T) {
	t.Helper()
	if err := c.process.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := c.process.Wait(); err != nil {
		t.Errorf("defog console: %v\n%s", err, c.stderr.String())
	}
}

// send sends a request as the page does, after a change.
func (c *console) send(t *testing.T, method, path, body string, change func(*http.Request)) (status int, answer []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.origin+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Origin", c.origin)
	request.Header.Set(page.TokenHeader, c.token)
	change(request)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

// testConsole asks an API that requires signatures through the console's page.
func testConsole(t *testing.T, d *deployment) {
	d.generator.Teach("How many?", "SELECT 1 AS n")
	c := startConsole(t, d)
	defer c.end(t)
	const question = `{"question": "How many?"}`
	unchanged := func(*http.Request) {}
	if status, body := c.send(t, http.MethodPost, "/", question, unchanged); status != http.StatusOK || string(decode(t, body).Data[0][0]) != "1" {
		t.Errorf("the page's question: %d: %s", status, body)
	}
	if status, body := c.send(t, http.MethodGet, "/", "", unchanged); status != http.StatusOK || !strings.Contains(string(body), "<script") {
		t.Errorf("the page: %d: %s", status, body)
	}
	u, err := url.Parse(c.origin)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*http.Request){
		"another origin":           func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"another port's origin":    func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") },
		"no origin":                func(r *http.Request) { r.Header.Del("Origin") },
		"another host":             func(r *http.Request) { r.Host = "evil.example:" + u.Port() },
		"localhost":                func(r *http.Request) { r.Host = "localhost:" + u.Port() },
		"no token":                 func(r *http.Request) { r.Header.Del(page.TokenHeader) },
		"the token of another run": func(r *http.Request) { r.Header.Set(page.TokenHeader, strings.Repeat("A", len(c.token))) },
	} {
		if status, body := c.send(t, http.MethodPost, "/", question, change); status != http.StatusForbidden {
			t.Errorf("%s: %d: %s", name, status, body)
		}
	}
}

// testLongQuestionInConsole asks as the page does if config.json holds async.
func testLongQuestionInConsole(t *testing.T, d *deployment) {
	d.generator.Teach("How long?", "SELECT 2 AS n")
	c := startConsole(t, d)
	defer c.end(t)
	unchanged := func(*http.Request) {}
	if status, body := c.send(t, http.MethodGet, "/config.json", "", unchanged); status != http.StatusOK || !strings.Contains(string(body), `"async":true`) {
		t.Errorf("config.json: %d: %s", status, body)
	}
	var accepted struct{ ID string }
	status, body := c.send(t, http.MethodPost, "/", `{"question": "How long?", "async": true}`, unchanged)
	if err := json.Unmarshal(body, &accepted); err != nil || status != http.StatusAccepted || accepted.ID == "" {
		t.Fatalf("%d: %s: %v", status, body, err)
	}
	for status = http.StatusAccepted; status == http.StatusAccepted; {
		status, body = c.send(t, http.MethodGet, "/answers/"+accepted.ID+"?wait=20", "", unchanged)
	}
	if status != http.StatusOK || string(decode(t, body).Data[0][0]) != "2" {
		t.Errorf("the answer: %d: %s", status, body)
	}
	if status, body := c.send(t, http.MethodGet, "/answers/"+accepted.ID, "", func(r *http.Request) { r.Header.Del(page.TokenHeader) }); status != http.StatusForbidden {
		t.Errorf("without the token: %d: %s", status, body)
	}
}
