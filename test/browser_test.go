package test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/local/demo/shop"
)

// TestPageInBrowser asks the demo's question in Chromium: in the deployed page after
// a sign-in, and in the console's page. Both show the table, the chart and the SQL.
// They ask it as a long question, since the stack answers those.
func TestPageInBrowser(t *testing.T) {
	t.Parallel()
	d := &deployment{app: "browser", aws: sharedAWS(t, plainAWS)}
	d.connectionFile = writeConnection(t, connection.Connection{DBType: "sqlite", DBCreds: connection.Creds{"database": shop.Database}})
	dependencies := t.TempDir()
	if err := shop.Write(t.Context(), dependencies); err != nil {
		t.Fatal(err)
	}
	home := newIssuer(t)
	d.deploy(t, "-c", "generator=golden", "-c", "function_source_dependencies_zip="+dependencies,
		"-c", "api_auth=jwt", "-c", "jwt_issuer="+home.url, "-c", "jwt_audience=page", "-c", "page=true", "-c", "page_client_id=page",
		"-c", "async_questions=true")

	t.Run("deployed page", func(t *testing.T) {
		address := browserURL(t, d)
		home.signIn(t, address, "page")
		shown := ask(t, address, home.url)
		if !shown.SignedIn || shown.URL != address {
			t.Errorf("signed in %v at %s, want %s", shown.SignedIn, shown.URL, address)
		}
	})
	t.Run("console", func(t *testing.T) {
		c := startConsole(t, d, "DEFOG_TOKEN="+home.token(t, "page", time.Now().Add(time.Hour)))
		defer c.end(t)
		shown := ask(t, c.origin+"/#token="+c.token)
		if shown.SignedIn || shown.URL != c.origin+"/" {
			t.Errorf("signed in %v at %s: the token stays in the URL", shown.SignedIn, shown.URL)
		}
	})
}

// browserURL returns the page's URL on this machine. Browsers resolve names below
// localhost to it.
func browserURL(t *testing.T, d *deployment) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.aws.Direct(request)
	return request.URL.Scheme + "://" + request.Host + ":" + request.URL.Port() + request.URL.Path
}

// answerInBrowser is what web/browser/deployed.ts prints.
type answerInBrowser struct {
	SignedIn bool
	IsLong   bool // whether the page asked a long question
	URL      string
	Title    string
	Rows     [][]string
	Chart    []string // its texts
	SQL      string
	Problems []string // violations of the policy, requests to other hosts, findings of axe
}

// ask asks the demo's question in the page at an address. The page may also send
// requests to the origins.
func ask(t *testing.T, address string, origins ...string) (shown answerInBrowser) {
	t.Helper()
	const question = "What is the best-selling product in every country?"
	program, err := filepath.Abs(filepath.Join(checkout, "node_modules", ".bin", "node"))
	if err != nil {
		t.Fatal(err)
	}
	browser := exec.CommandContext(t.Context(), program, append([]string{"web/browser/deployed.ts", address, question}, origins...)...)
	browser.Dir = checkout
	browser.Stderr = os.Stderr
	output, err := browser.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if err := json.Unmarshal(output, &shown); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	rows := [][]string{
		{"Spain", "Harbour Blend", "1034"}, {"Portugal", "Night Watch Espresso", "741"}, {"France", "Harbour Blend", "406"},
		{"Germany", "Harbour Blend", "405"}, {"Belgium", "Night Watch Espresso", "217"},
	}
	if diff := cmp.Diff(rows, shown.Rows); diff != "" {
		t.Errorf("table -want +got:\n%s", diff)
	}
	for _, country := range []string{"Spain", "Portugal", "France", "Germany", "Belgium"} {
		if !slices.Contains(shown.Chart, country) {
			t.Errorf("the chart lacks %s: %q", country, shown.Chart)
		}
	}
	if !strings.Contains(shown.SQL, "FROM order_items") || shown.Title != "browser-dev" {
		t.Errorf("title %s, SQL %s", shown.Title, shown.SQL)
	}
	if !shown.IsLong {
		t.Error("the page asked no long question")
	}
	if len(shown.Problems) > 0 {
		t.Errorf("problems: %q", shown.Problems)
	}
	return shown
}

// signIn makes the issuer an OpenID provider of a page: every visitor is ann. It
// verifies the redirect URI, and by PKCE that who redeems the code asked for it.
func (i *issuer) signIn(t *testing.T, page, client string) {
	t.Helper()
	const code = "code-of-ann"
	var challenge, nonce string
	i.document["authorization_endpoint"], i.document["token_endpoint"] = i.url+"/authorize", i.url+"/token"
	i.mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		values := r.URL.Query()
		if values.Get("redirect_uri") != page || values.Get("client_id") != client || values.Get("response_type") != "code" || values.Get("code_challenge_method") != "S256" {
			http.Error(w, "not the page's request: "+r.URL.RawQuery, http.StatusBadRequest)
			return
		}
		challenge, nonce = values.Get("code_challenge"), values.Get("nonce")
		http.Redirect(w, r, page+"?"+url.Values{"code": {code}, "state": {values.Get("state")}}.Encode(), http.StatusFound)
	})
	i.mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Content-Type", "application/json")
		verifier := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if r.FormValue("code") != code || r.FormValue("redirect_uri") != page || base64.RawURLEncoding.EncodeToString(verifier[:]) != challenge {
			http.Error(w, `{"error": "invalid_grant"}`, http.StatusBadRequest)
			return
		}
		token := i.tokenWith(t, client, time.Now().Add(time.Hour), map[string]any{"nonce": nonce})
		if err := json.NewEncoder(w).Encode(map[string]any{"access_token": token, "id_token": token, "token_type": "Bearer", "expires_in": 3600}); err != nil {
			t.Error(err)
		}
	})
}
