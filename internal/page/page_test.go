package page

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"defog-cdk/internal/page/pagetest"
)

func newPage(t *testing.T, config Config) *Page {
	t.Helper()
	made, err := New(pagetest.Files(), config)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func get(t *testing.T, handler http.Handler, method, path string, header map[string]string) response {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1/", nil)
	request.URL.Path = path // also one that no client would send
	for name, value := range header {
		request.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return response{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
}

type response struct {
	status int
	header http.Header
	body   []byte
}

func TestFilesHaveTheirHeaders(t *testing.T) {
	page := newPage(t, Config{API: "./", Auth: AuthNone})
	for path, want := range map[string]struct{ contentType, cache string }{
		"/":                        {"text/html; charset=utf-8", "no-cache"},
		"/index.html":              {"text/html; charset=utf-8", "no-cache"},
		"/config.json":             {"application/json", "no-cache"},
		"/icon.svg":                {"image/svg+xml", "no-cache"},
		"/" + pagetest.ScriptFile:  {"text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		"/absent":                  {"text/plain; charset=utf-8", "no-cache"},
		"/assets/page-B1a2C3d4.ts": {"text/plain; charset=utf-8", "no-cache"},
	} {
		response := get(t, page, http.MethodGet, path, nil)
		for name, value := range map[string]string{
			"Content-Type": want.contentType, "Cache-Control": want.cache,
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
		} {
			if got := response.header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", path, name, got, value)
			}
		}
	}
}

func TestOnlyFilesOfThePageAreServed(t *testing.T) {
	page := newPage(t, Config{Auth: AuthNone})
	for _, path := range []string{
		"/.inputs", "/assets", "/assets/", "/assets/../index.html", "/../go.mod", "/..%2fgo.mod", "//index.html", "/index.html/", "/INDEX.HTML",
	} {
		if response := get(t, page, http.MethodGet, path, nil); response.status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, response.status)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace} {
		response := get(t, page, method, "/", nil)
		if response.status != http.StatusMethodNotAllowed || response.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, Allow %q", method, response.status, response.header.Get("Allow"))
		}
	}
}

func TestClientsGetTheEncodingThatTheyAccept(t *testing.T) {
	page := newPage(t, Config{Auth: AuthNone})
	for accepted, zipped := range map[string]bool{
		"": false, "identity": false, "gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "gzip; q=0.000, br": false, "gzip;q=x": false, "gzipped": false,
	} {
		response := get(t, page, http.MethodGet, "/"+pagetest.ScriptFile, map[string]string{"Accept-Encoding": accepted})
		body := response.body
		if got := response.header.Get("Content-Encoding") == "gzip"; got != zipped {
			t.Errorf("Accept-Encoding %q: gzip %v", accepted, got)
		}
		if response.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Vary %q", response.header.Get("Vary"))
		}
		if zipped {
			reader, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(reader); err != nil {
				t.Fatal(err)
			}
		}
		if string(body) != pagetest.Script {
			t.Errorf("Accept-Encoding %q: got %d bytes", accepted, len(body))
		}
	}
}

func TestCompressedFilesAreUsed(t *testing.T) {
	files := pagetest.Files()
	zipped, err := Compress([]byte(pagetest.Script))
	if err != nil {
		t.Fatal(err)
	}
	files[pagetest.ScriptFile+".gz"] = &fstest.MapFile{Data: zipped}
	page, err := New(files, Config{Auth: AuthNone})
	if err != nil {
		t.Fatal(err)
	}
	if page.Has(pagetest.ScriptFile + ".gz") {
		t.Error("a client can name the compressed file")
	}
	response := page.Respond(Request{Method: http.MethodGet, Name: pagetest.ScriptFile, AcceptEncoding: "gzip"})
	if !bytes.Equal(response.Body, zipped) {
		t.Errorf("got %d bytes, want %d", len(response.Body), len(zipped))
	}
}

func TestUnchangedFileHasNoBody(t *testing.T) {
	page := newPage(t, Config{Auth: AuthNone})
	first := get(t, page, http.MethodGet, "/", nil)
	second := get(t, page, http.MethodGet, "/", map[string]string{"If-None-Match": `"x", ` + first.header.Get("Etag")})
	if second.status != http.StatusNotModified || second.header.Get("Content-Security-Policy") == "" {
		t.Errorf("status %d, header %v", second.status, second.header)
	}
	head := get(t, page, http.MethodHead, "/", nil)
	if head.status != http.StatusOK || len(head.body) > 0 || head.header.Get("Content-Length") != first.header.Get("Content-Length") {
		t.Errorf("HEAD: status %d, %d bytes, header %v", head.status, len(head.body), head.header)
	}
}

func TestConfigIsServedAsJSON(t *testing.T) {
	config := Config{API: "./", App: "shop-dev", Auth: AuthConsole, Examples: []string{"How many?"}}
	files := pagetest.Files()
	files[ConfigFile] = &fstest.MapFile{Data: []byte("{}")}
	page, err := New(files, config)
	if err != nil {
		t.Fatal(err)
	}
	response := page.Respond(Request{Method: http.MethodGet, Name: ConfigFile})
	want := `{"api":"./","app":"shop-dev","auth":"console","examples":["How many?"]}`
	if string(response.Body) != want {
		t.Errorf("got %s, want %s", response.Body, want)
	}
}

func TestPolicyAllowsTheIssuer(t *testing.T) {
	const policy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
	for name, test := range map[string]struct {
		oidc *OIDC
		want string
	}{
		"one origin": {&OIDC{Issuer: "https://login.example.com/tenant/v2.0"}, policy + "; connect-src 'self' https://login.example.com"},
		"several": {&OIDC{Issuer: "https://cognito-idp.eu-west-1.amazonaws.com/p", Origins: []string{"https://shop.auth.eu-west-1.amazoncognito.com", "https://cognito-idp.eu-west-1.amazonaws.com"}},
			policy + "; connect-src 'self' https://cognito-idp.eu-west-1.amazonaws.com https://shop.auth.eu-west-1.amazoncognito.com"},
		"not a URL": {&OIDC{Issuer: "login"}, ""},
		"injection": {&OIDC{Issuer: "https://a", Origins: []string{"https://b;script-src"}}, ""},
	} {
		content, err := json.Marshal(Config{Auth: AuthOIDC, OIDC: test.oidc})
		if err != nil {
			t.Fatal(err)
		}
		files := pagetest.Files()
		files[ConfigFile] = &fstest.MapFile{Data: content}
		page, err := Open(files)
		switch {
		case test.want == "" && (err == nil || !strings.Contains(err.Error(), "is not a URL")):
			t.Errorf("%s: error %v", name, err)
		case test.want != "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.want != "":
			if got := page.Respond(Request{Method: http.MethodGet}).Header["Content-Security-Policy"]; got != test.want {
				t.Errorf("%s: got %s", name, got)
			}
		}
	}
}

func TestPageRequiresItsFiles(t *testing.T) {
	for want, files := range map[string]fstest.MapFS{
		"index.html: file does not exist":  {"icon.svg": {}},
		"page.wasm: unknown type; want":    {"index.html": {}, "page.wasm": {}},
		"config.json: file does not exist": nil,
		"config.json: unexpected end":      {ConfigFile: {}},
	} {
		_, err := New(files, Config{})
		if strings.HasPrefix(want, ConfigFile) {
			_, err = Open(files)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
