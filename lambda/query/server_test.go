package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/page/pagetest"
)

// serveLocally runs the server as -listen does, and returns its URL.
func serveLocally(t *testing.T, s *server, environment map[string]string) string {
	t.Helper()
	s.address = ":0"
	if s.dependencies == "" {
		s.dependencies = t.TempDir()
	}
	listener, err := s.listen(t.Context(), func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewUnstartedServer(s.guard(listener.Addr()))
	listening.Listener.Close()
	listening.Listener = listener
	listening.Start()
	t.Cleanup(listening.Close)
	return listening.URL
}

func newShopServer(t *testing.T) (url string) {
	t.Helper()
	_, generator := newGenerator(t)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	return serveLocally(t, new(server), map[string]string{environ.Credentials: encode(t, shop, generator)})
}

func TestServerAnswersRequests(t *testing.T) {
	url := newShopServer(t)
	for name, test := range map[string]struct {
		method, contentType, body string
		header, host              string // of a page in a browser
		status                    int
		want                      string // part of the response
	}{
		"question":     {method: "POST", contentType: "application/json", body: `{"question":"Which teas are there?"}`, status: 200, want: `"data":[]`},
		"usage":        {method: "GET", status: 200, want: url + "/\n"},
		"bad request":  {method: "POST", contentType: "application/json", body: `{}`, status: 400, want: `"error_code":"bad_request"`},
		"form":         {method: "POST", contentType: "text/plain", body: `{"question":"Which teas are there?"}`, status: 415, want: "unsupported_media_type"},
		"other method": {method: "PUT", status: 405, want: "method_not_allowed"},
		"large":        {method: "POST", contentType: "application/json", body: strings.Repeat(" ", 2<<20), status: 413, want: "request_too_large"},
		"huge":         {method: "POST", contentType: "application/json", body: strings.Repeat(" ", maxBody+1), status: 413},
		"other origin": {method: "POST", contentType: "application/json", body: `{"question":"Which teas are there?"}`, header: "https://evil.example", status: 403},
		"rebound name": {method: "POST", contentType: "application/json", body: `{"question":"Which teas are there?"}`, host: "evil.example", status: 421},
		"localhost":    {method: "GET", host: "localhost", status: 200, want: url + "/\n"},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), test.method, url, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", test.contentType)
			if test.header != "" {
				request.Header.Set("Origin", test.header)
			}
			request.Host = test.host
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.status || !strings.Contains(string(body), test.want) {
				t.Errorf("got %d: %s", response.StatusCode, body)
			}
		})
	}
}

// A browser gets the page, and other clients the usage.
func TestServerShowsThePageToBrowsers(t *testing.T) {
	folder := t.TempDir()
	writeShop(t, filepath.Join(folder, "shop.sqlite"))
	if err := os.WriteFile(filepath.Join(folder, "golden.json"), []byte(`[{"question": "How many?", "sql": "SELECT 1"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	url := serveLocally(t, &server{dependencies: folder, pageFolder: pagetest.Folder(t)}, map[string]string{
		environ.Credentials: encode(t, "shop.sqlite", ""), environ.Generator: golden,
	})
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for name, test := range map[string]struct {
		method, path, accept, host string
		status                     int
		want, policy               string
	}{
		"browser":        {"GET", "/", browser, "", 200, "<!doctype html>", "default-src 'self'"},
		"curl":           {"GET", "/", "*/*", "", 200, "Ask a question with POST", ""},
		"configuration":  {"GET", "/config.json", "*/*", "", 200, `"auth":"none","examples":["How many?"]`, "default-src 'self'"},
		"script":         {"GET", "/" + pagetest.ScriptFile, "*/*", "", 200, "console.log", "default-src 'self'"},
		"other path":     {"GET", "/golden.json", browser, "", 200, "Ask a question with POST", ""},
		"question":       {"POST", "/", browser, "", 400, "bad_request", ""},
		"rebound name":   {"GET", "/", browser, "evil.example", 421, "not allowed", ""},
		"rebound config": {"GET", "/config.json", browser, "evil.example", 421, "not allowed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), test.method, url+test.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Host = test.host
			request.Header.Set("Accept", test.accept)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.status || !strings.Contains(string(body), test.want) || !strings.HasPrefix(response.Header.Get("Content-Security-Policy"), test.policy) {
				t.Errorf("got %d, %v: %s", response.StatusCode, response.Header, body)
			}
		})
	}
}

func TestServerPrintsItsSettingsAndEndsWithTheContext(t *testing.T) {
	folder := t.TempDir()
	writeShop(t, filepath.Join(folder, "shop.sqlite"))
	if err := os.WriteFile(filepath.Join(folder, "golden.json"), []byte(`[{"question": "How many?", "sql": "SELECT 1"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{environ.Credentials: encode(t, "shop.sqlite", ""), environ.Generator: golden}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	reader, stderr := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := (&server{address: ":0", dependencies: folder}).run(ctx, func(name string) string { return environment[name] }, stderr)
		stderr.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(reader)
	lines.Scan()
	if want := "The SQL generator is golden (DEFOG_GENERATOR), and the dependencies are in " + folder + "."; !strings.Contains(lines.Text(), want) {
		t.Errorf("got %q, want %s", lines.Text(), want)
	}
	interrupt()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestServerSerializesRequests(t *testing.T) {
	url := newShopServer(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			response, err := http.Post(url, "application/json", strings.NewReader(`{"question":"Which coffees are there?"}`))
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			if body, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(body), `"row_count":2`) {
				t.Errorf("got %v: %s", err, body)
			}
		})
	}
	all.Wait()
}

func TestServerReadsConnectionFile(t *testing.T) {
	_, generator := newGenerator(t)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	file := filepath.Join(t.TempDir(), "connection.json")
	content := marshal(t, connection.Connection{
		APIKey: apiKey, DBType: "sqlite", DBCreds: connection.Creds{"database": shop}, BaseURL: generator,
	})
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	url := serveLocally(t, &server{connection: file}, nil)
	response, err := http.Post(url, "application/json", strings.NewReader(`{"question":"Which coffees are there?","sql_only":true}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("got status %d", response.StatusCode)
	}
}

func TestServerReportsInvalidConfiguration(t *testing.T) {
	folder := t.TempDir()
	writeShop(t, filepath.Join(folder, "shop.sqlite"))
	for name, test := range map[string]struct {
		server      *server
		environment map[string]string
		want        string
	}{
		"address":            {&server{address: "8080"}, nil, "-listen: address 8080: missing port in address; want an address such as 127.0.0.1:8080"},
		"no connection file": {&server{address: ":0", connection: "missing.json"}, nil, "missing.json: not found"},
		"environment":        {&server{address: ":0"}, map[string]string{environ.Credentials: "{}"}, environ.Credentials},
		"no SQLite file":     {&server{address: ":0", dependencies: folder}, map[string]string{environ.Credentials: encode(t, "none.sqlite", "")}, "want a SQLite file in the folder of -dependencies (make serve DEPENDENCIES=folder)"},
		"page":               {&server{address: ":0", pageFolder: "missing", dependencies: folder}, map[string]string{environ.Credentials: encode(t, "shop.sqlite", "")}, "-page: read the page"},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.server.run(t.Context(), func(name string) string { return test.environment[name] }, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestServerListensOnLoopbackByDefault(t *testing.T) {
	s := server{address: ":0", dependencies: t.TempDir()}
	writeShop(t, filepath.Join(s.dependencies, "shop.sqlite"))
	environment := map[string]string{environ.Credentials: encode(t, "shop.sqlite", "")}
	listener, err := s.listen(t.Context(), func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	host, _, _ := strings.Cut(listener.Addr().String(), ":")
	if host != "127.0.0.1" {
		t.Errorf("got host %s", host)
	}
}

func TestServerReportsAddressInUse(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	s := server{address: taken.Listener.Addr().String(), dependencies: t.TempDir()}
	writeShop(t, filepath.Join(s.dependencies, "shop.sqlite"))
	environment := map[string]string{environ.Credentials: encode(t, "shop.sqlite", "")}
	_, err := s.listen(t.Context(), func(name string) string { return environment[name] })
	if err == nil || !strings.Contains(err.Error(), "make serve LISTEN=") {
		t.Errorf("got %v", err)
	}
}

// The operator reads the answers of a local server, so they hold the cause.
func TestServerShowsWhyItIsNotReady(t *testing.T) {
	directory := t.TempDir()
	writeShop(t, filepath.Join(directory, "shop.db"))
	for name, content := range map[string]string{
		"golden.json": `[{"question": "How many?", "sql": "SELECT count(*) FROM coffee"}]`,
		"shop.db-wal": strings.Repeat("x", 100),
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url := serveLocally(t, &server{dependencies: directory}, map[string]string{
		environ.Credentials: encode(t, "shop.db", ""), environ.Generator: golden,
	})
	response, err := http.Post(url, "application/json", strings.NewReader(`{"question":"How many?"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "shop.db-wal: holds changes") {
		t.Errorf("got %d: %s", response.StatusCode, body)
	}
}

// The server refuses what synth refuses, before the first question.
func TestServerRequiresTheFilesOfTheFunction(t *testing.T) {
	folder := t.TempDir()
	writeShop(t, filepath.Join(folder, "shop.sqlite"))
	for name, test := range map[string]struct {
		folder, generator, database string
		keyless, bare               bool // no api_key, no db_creds
		want                        []string
	}{
		"no folder":       {folder: "none", database: "shop.sqlite", want: []string{"-dependencies: no folder", "none"}},
		"no golden.json":  {generator: golden, database: "shop.sqlite", want: []string{"golden.json"}},
		"no schema.json":  {generator: bedrock, bare: true, want: []string{"schema.json"}},
		"no SQLite file":  {database: "other.sqlite", want: []string{"db_creds.database: no file", "other.sqlite"}},
		"no API key":      {generator: defog, database: "shop.sqlite", keyless: true, want: []string{"api_key: missing"}},
		"two, both named": {generator: defog, database: "other.sqlite", keyless: true, want: []string{"api_key: missing", "other.sqlite"}},
	} {
		t.Run(name, func(t *testing.T) {
			conn := connection.Connection{APIKey: apiKey, DBType: "sqlite", DBCreds: connection.Creds{"database": test.database}}
			if test.keyless {
				conn.APIKey = ""
			}
			if test.bare {
				conn.DBCreds = nil
			}
			credentials, err := conn.Encode()
			if err != nil {
				t.Fatal(err)
			}
			environment := map[string]string{environ.Credentials: credentials, environ.Generator: test.generator, environ.GeneratorModel: "m"}
			s := server{address: ":0", dependencies: folder}
			if test.folder != "" {
				s.dependencies = test.folder
			}
			listener, err := s.listen(t.Context(), func(name string) string { return environment[name] })
			if err == nil {
				listener.Close()
			}
			for _, part := range test.want {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("the error lacks %q: %v", part, err)
				}
			}
		})
	}
}
