package test

import (
	"encoding/json"
	"io"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"defog-cdk/internal/page"
)

// TestPage deploys the page with APIs that browsers can call.
func TestPage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"page of an open API":      testOpenPage,
		"page whose users sign in": testSignInPage,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

func testOpenPage(t *testing.T) {
	d := newDeployment(t, "open-page", plainAWS)
	d.deploy(t, "-c", "api_auth=none", "-c", "page=true")
	d.generator.Teach("How many?", "SELECT 1")
	testFiles(t, d, page.Config{API: "./", App: d.stack(), Auth: page.AuthNone}, "'none'; object-src 'none'")
	if status, body := d.postWith(t, "", `{"question": "How many?"}`); status != http.StatusOK || !decode(t, body).RanSuccessfully {
		t.Errorf("a question: %d: %s", status, body)
	}
}

// The files of the page need no token, and questions do. The API's stage is in its
// URL.
func testSignInPage(t *testing.T) {
	d := newDeployment(t, "page", plainAWS)
	home := newIssuer(t)
	d.deploy(t, "-c", "api_auth=jwt", "-c", "jwt_issuer="+home.url, "-c", "jwt_audience=defog", "-c", "api_gateway_stage=v1",
		"-c", "page=true", "-c", "page_client_id=defog", "-c", `page_examples=["How many?"]`)
	d.generator.Teach("How many?", "SELECT 1")
	testFiles(t, d, page.Config{
		API: "./", App: d.stack(), Auth: page.AuthOIDC, Examples: []string{"How many?"},
		OIDC: &page.OIDC{Issuer: home.url, ClientID: "defog", Scopes: "openid"},
	}, "connect-src 'self' "+home.url)
	const question = `{"question": "How many?"}`
	if status, body := d.postWith(t, "", question); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d: %s", status, body)
	}
	if status, body := d.postWith(t, home.token(t, "defog", time.Now().Add(time.Hour)), question); status != http.StatusOK || !decode(t, body).RanSuccessfully {
		t.Errorf("with a token: %d: %s", status, body)
	}
}

// testFiles reads the page as a browser does, without authorization.
func testFiles(t *testing.T, d *deployment, want page.Config, policy string) {
	t.Helper()
	index := d.get(t, "", http.StatusOK)
	if got := index.header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'self'; ") || !strings.HasSuffix(got, policy) {
		t.Errorf("Content-Security-Policy: %s", got)
	}
	if got := index.header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control of the index: %s", got)
	}
	names := regexp.MustCompile(`"\./(assets/[^"]+)"`).FindAllStringSubmatch(index.body, -1)
	if len(names) < 2 {
		t.Fatalf("the index names no script and style sheet: %s", index.body)
	}
	for _, name := range names {
		asset := d.get(t, name[1], http.StatusOK)
		types := map[string]string{".js": "text/javascript", ".css": "text/css"}
		if got := asset.header.Get("Content-Type"); !strings.HasPrefix(got, types[path.Ext(name[1])]) || !strings.Contains(asset.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %v", name[1], asset.header)
		}
		if !asset.compressed || len(asset.body) < 1000 {
			t.Errorf("%s: %d bytes, compressed %v", name[1], len(asset.body), asset.compressed)
		}
	}
	config, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.get(t, page.ConfigFile, http.StatusOK); got.body != string(config) {
		t.Errorf("config.json is %s, want %s", got.body, config)
	}
	d.get(t, page.Icon, http.StatusOK)
	d.get(t, "assets/absent.js", http.StatusNotFound)
	d.get(t, "assets/..%2f..%2fbootstrap", http.StatusNotFound)
	d.get(t, "bootstrap", http.StatusNotFound)
}

type document struct {
	header     http.Header
	body       string
	compressed bool
}

// get reads a file of the page, and expects a status. Go's transport accepts and
// removes compression.
func (d *deployment) get(t *testing.T, name string, status int) document {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := d.aws.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != status {
		t.Fatalf("%s: status %d, want %d: %s", name, response.StatusCode, status, body)
	}
	return document{response.Header, string(body), response.Uncompressed}
}
