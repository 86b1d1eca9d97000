package console

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/internal/page"
	"defog-cdk/internal/page/pagetest"
)

// api is a stand-in for the deployed API.
type api struct {
	sent     []client.Request
	response http.Response
	body     string
	err      error
}

func (a *api) Send(_ context.Context, request client.Request) (*http.Response, error) {
	a.sent = append(a.sent, request)
	response := a.response
	response.Body = io.NopCloser(strings.NewReader(a.body))
	return &response, a.err
}

const answer = `{"ran_successfully":true,"data":[[1]]}`

// start serves a console until the end of the test.
func start(t *testing.T, a *api) *Console {
	t.Helper()
	return startRevocable(t, a, func(address string) { t.Errorf("another token: %s", address) })
}

func startRevocable(t *testing.T, a *api, revoked func(url string)) *Console {
	t.Helper()
	if a.response.StatusCode == 0 {
		a.response.StatusCode = http.StatusOK
	}
	console, err := Listen(t.Context(), Options{
		Files: pagetest.Files(), App: t.Name(), Examples: []string{"How many?"}, Revoked: revoked,
		API: API{Send: a.Send, Explain: func(_ context.Context, _ *http.Response, body []byte) error {
			return errors.New("explained " + string(body))
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- console.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return console
}

// request is a request of the page, unless a field differs.
type request struct {
	method, path        string
	host, origin, token string // "none" for no origin or token
	body                string
}

func (r request) send(t *testing.T, c *Console) (status int, header http.Header, body string) {
	t.Helper()
	sent, err := http.NewRequestWithContext(t.Context(), r.method, c.origin()+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	sent.Host = r.host
	sent.Header.Set("Content-Type", "application/json")
	for name, values := range map[string][2]string{"Origin": {r.origin, c.origin()}, page.TokenHeader: {r.token, c.token}} {
		switch values[0] {
		case "none":
		case "":
			sent.Header.Set(name, values[1])
		default:
			sent.Header.Set(name, values[0])
		}
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(sent)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(content)
}

func TestConsoleForwardsRequestsOfThePage(t *testing.T) {
	a := &api{body: answer}
	a.response.Header = http.Header{"Content-Type": {"application/json"}, "Apigw-Requestid": {"id1"}, "Set-Cookie": {"a=b"}}
	console := start(t, a)
	for _, r := range []request{
		{method: "POST", path: "/", body: `{"question":"How many?"}`},
		{method: "POST", path: "/feedback", body: `{}`},
		{method: "GET", path: "/answers/QCBWW-_1?wait=20", origin: "none"},
		{method: "DELETE", path: "/answers/QCBWW"},
	} {
		status, header, body := r.send(t, console)
		if status != http.StatusOK || body != answer || header.Get("Apigw-Requestid") != "id1" || header.Get("Set-Cookie") != "" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %d %v %s", r.method, r.path, status, header, body)
		}
	}
	want := []client.Request{
		{Method: "POST", ContentType: "application/json", Body: []byte(`{"question":"How many?"}`)},
		{Method: "POST", Path: "feedback", ContentType: "application/json", Body: []byte(`{}`)},
		{Method: "GET", Path: "answers/QCBWW-_1?wait=20", ContentType: "application/json", Body: []byte{}},
		{Method: "DELETE", Path: "answers/QCBWW", ContentType: "application/json", Body: []byte{}},
	}
	if diff := cmp.Diff(want, a.sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// Only the page may use the credentials of the console's user.
func TestConsoleRefusesOtherRequests(t *testing.T) {
	a := &api{body: answer}
	console := start(t, a)
	_, port, _ := strings.Cut(console.host, ":")
	for name, test := range map[string]struct {
		request
		status int
	}{
		"no token":                {request{method: "POST", path: "/", token: "none"}, 403},
		"another token":           {request{method: "POST", path: "/", token: "x" + console.token[1:]}, 403},
		"a longer token":          {request{method: "POST", path: "/", token: console.token + "x"}, 403},
		"the code as token":       {request{method: "POST", path: "/", token: console.code}, 403},
		"another page":            {request{method: "POST", path: "/", origin: "https://evil.example"}, 403},
		"a page of another port":  {request{method: "POST", path: "/", origin: "http://127.0.0.1:1"}, 403},
		"a page in a sandbox":     {request{method: "POST", path: "/", origin: "null"}, 403},
		"another scheme":          {request{method: "POST", path: "/", origin: "https://" + console.host}, 403},
		"no page":                 {request{method: "POST", path: "/", origin: "none"}, 403},
		"another name":            {request{method: "POST", path: "/", host: "evil.example:" + port}, 403},
		"localhost":               {request{method: "POST", path: "/", host: "localhost:" + port}, 403},
		"preflight":               {request{method: "OPTIONS", path: "/", token: "none", origin: "https://evil.example"}, 403},
		"answer without token":    {request{method: "GET", path: "/answers/A", token: "none"}, 403},
		"configuration":           {request{method: "GET", path: "/config.json", token: "none"}, 403},
		"file under another name": {request{method: "GET", path: "/", host: "evil.example:" + port}, 403},
		"file for another page":   {request{method: "GET", path: "/", origin: "https://evil.example"}, 403},
		"unknown path":            {request{method: "POST", path: "/mcp"}, 404},
		"path of several parts":   {request{method: "GET", path: "/answers/a/b"}, 404},
		"encoded path":            {request{method: "GET", path: "/answers/..%2f..%2fx"}, 404},
		"method":                  {request{method: "PUT", path: "/"}, 404},
		"wrong one-time URL":      {request{method: "GET", path: "/open/" + console.token, token: "none"}, 403},
		"too large":               {request{method: "POST", path: "/", body: strings.Repeat(" ", maxBody+1)}, 413},
	} {
		status, header, body := test.send(t, console)
		if status != test.status || !strings.HasPrefix(body, `{"error_code":"console"`) || header.Get("Access-Control-Allow-Origin") != "" || strings.Contains(body, console.token) {
			t.Errorf("%s: %d %v %s", name, status, header, body)
		}
	}
	if len(a.sent) > 0 {
		t.Errorf("the API got %v", a.sent)
	}
}

func TestConsoleServesThePage(t *testing.T) {
	console := start(t, &api{})
	for path, want := range map[string]string{"/": "<!doctype html>", "/icon.svg": "<svg", "/" + pagetest.ScriptFile: "console.log"} {
		status, header, body := request{method: "GET", path: path, origin: "none", token: "none"}.send(t, console)
		if status != http.StatusOK || !strings.HasPrefix(body, want) || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'self'") {
			t.Errorf("%s: %d %v %s", path, status, header, body)
		}
	}
	const want = `{"api":"./","app":"TestConsoleServesThePage","auth":"console","examples":["How many?"]}`
	if status, _, body := (request{method: "GET", path: "/config.json", origin: "none"}).send(t, console); status != http.StatusOK || body != want {
		t.Errorf("config.json: %d %s", status, body)
	}
}

// Another page can neither show a file of the console nor run it, and so cannot find
// out whether one runs.
func TestOtherPagesCannotUseFiles(t *testing.T) {
	console := start(t, &api{})
	for _, path := range []string{"/", "/icon.svg", "/" + pagetest.ScriptFile, "/config.json", "/answers/A"} {
		if _, header, _ := (request{method: "GET", path: path, origin: "none", token: "none"}).send(t, console); header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, header)
		}
	}
}

// The second request with the code is that of another program, or the first one was.
func TestOneTimeURLOpensThePageOnce(t *testing.T) {
	reported := make(chan string, 10)
	console := startRevocable(t, &api{}, func(address string) { reported <- address })
	u, err := url.Parse(console.OneTimeURL())
	if err != nil {
		t.Fatal(err)
	}
	page := console.URL()
	open := request{method: "GET", path: u.Path, origin: "none", token: "none"}
	status, header, _ := open.send(t, console)
	if location := header.Get("Location"); status != http.StatusSeeOther || console.origin()+location != page || console.URL() != page {
		t.Errorf("%d, location %s, want the page %s", status, location, page)
	}
	_, old, _ := strings.Cut(page, "token=")
	for range 2 {
		status, header, body := open.send(t, console)
		if status != http.StatusForbidden || header.Get("Location") != "" || strings.Contains(body, console.current()) {
			t.Errorf("again: %d %v %s", status, header, body)
		}
		if status, _, body := (request{method: "POST", path: "/", token: old}).send(t, console); status != http.StatusForbidden {
			t.Errorf("the first page: %d %s", status, body)
		}
	}
	if len(reported) != 1 {
		t.Fatalf("the console reported %d new URLs, want 1", len(reported))
	}
	if address := <-reported; address == page || address != console.URL() {
		t.Errorf("the console reported %s, want %s", address, console.URL())
	}
	if status, _, body := (request{method: "POST", path: "/", token: console.current()}).send(t, console); status != http.StatusOK {
		t.Errorf("the new page: %d %s", status, body)
	}
}

func TestConsoleExplainsFailures(t *testing.T) {
	const failed = `{"ran_successfully":false,"error_code":"bad_request"}`
	for name, test := range map[string]struct {
		status int
		body   string
		err    error
		want   int
		text   string
	}{
		"the function's":  {status: 400, body: failed, want: 400, text: failed},
		"the gateway's":   {status: 403, body: `{"message":"Forbidden"}`, want: 403, text: `explained {\"message\":\"Forbidden\"}`},
		"no JSON":         {status: 502, body: "<html>", want: 502, text: "explained"},
		"no credentials":  {err: errors.New("no AWS credentials"), want: 502, text: `"error_message":"no AWS credentials"`},
		"still answering": {status: 202, body: `{"id":"A"}`, want: 202, text: `{"id":"A"}`},
	} {
		a := &api{body: test.body, err: test.err}
		a.response.StatusCode = test.status
		if status, _, body := (request{method: "POST", path: "/"}).send(t, start(t, a)); status != test.want || !strings.Contains(body, test.text) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

// The page's questions go to the API only, wherever its response points.
func TestConsoleDoesNotFollowRedirects(t *testing.T) {
	a := &api{}
	a.response.StatusCode, a.response.Header = http.StatusTemporaryRedirect, http.Header{"Location": {"https://evil.example/"}, "Refresh": {"0; url=https://evil.example/"}}
	status, header, _ := request{method: "POST", path: "/"}.send(t, start(t, a))
	if status != http.StatusTemporaryRedirect || header.Get("Location") != "" || header.Get("Refresh") != "" || len(a.sent) != 1 {
		t.Errorf("%d %v after %d requests", status, header, len(a.sent))
	}
}

func TestConsoleKeepsItsPort(t *testing.T) {
	listenFor := func(app string) *Console {
		console, err := Listen(t.Context(), Options{Files: pagetest.Files(), App: app})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { console.listener.Close() })
		return console
	}
	first := listenFor("shop")
	second := listenFor("shop")
	if first.host == second.host || first.token == second.token || first.code == second.code || first.token == first.code {
		t.Errorf("two consoles share %s or a secret", first.host)
	}
	if !strings.HasPrefix(first.host, "127.0.0.1:") || len(first.token) < 26 {
		t.Errorf("host %s, token of %d characters", first.host, len(first.token))
	}
	first.listener.Close()
	if _, err := Listen(t.Context(), Options{Files: pagetest.Files(), Port: port(t, second)}); err == nil || !strings.Contains(err.Error(), "--port: ") {
		t.Errorf("a used port: %v", err)
	}
}

func port(t *testing.T, c *Console) int {
	t.Helper()
	return c.listener.Addr().(*net.TCPAddr).Port
}
