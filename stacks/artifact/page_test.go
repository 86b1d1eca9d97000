package artifact

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/config"
	"defog-cdk/internal/page"
	"defog-cdk/internal/page/pagetest"
)

// The function serves the files as they were packed.
func TestPageFunctionHasTheFiles(t *testing.T) {
	compiled, directory := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(compiled, bootstrap), []byte("program"), 0o700); err != nil {
		t.Fatal(err)
	}
	public := page.Config{API: "./", App: "shop-dev", Auth: page.AuthNone}
	if err := assemblePage(directory, compiled, pagetest.Folder(t), public); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(directory, bootstrap))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the program: %v, %v", info, err)
	}
	files := filepath.Join(directory, page.Folder)
	if _, err := os.Stat(filepath.Join(files, ".inputs")); err == nil {
		t.Error("a hidden file is in the code")
	}
	zipped, err := os.ReadFile(filepath.Join(files, filepath.FromSlash(pagetest.ScriptFile)) + page.Compressed)
	if err != nil {
		t.Fatal(err)
	}
	served, err := page.Open(os.DirFS(files))
	if err != nil {
		t.Fatal(err)
	}
	script := served.Respond(page.Request{Method: http.MethodGet, Name: pagetest.ScriptFile, AcceptEncoding: "gzip"})
	if script.Status != http.StatusOK || string(script.Body) != string(zipped) {
		t.Errorf("%d: %d bytes", script.Status, len(script.Body))
	}
	configuration := served.Respond(page.Request{Method: http.MethodGet, Name: page.ConfigFile})
	if want := `{"api":"./","app":"shop-dev","auth":"none"}`; string(configuration.Body) != want {
		t.Errorf("got %s, want %s", configuration.Body, want)
	}
}

func TestPageHasOnlyFilesWithRoutes(t *testing.T) {
	compiled, files := t.TempDir(), pagetest.Folder(t)
	for _, path := range []string{filepath.Join(compiled, bootstrap), filepath.Join(files, "robots.txt")} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := assemblePage(t.TempDir(), compiled, files, page.Config{})
	if err == nil || !strings.Contains(err.Error(), "robots.txt has no route in the API") {
		t.Errorf("got %v", err)
	}
}

// Visitors without authorization can read the configuration.
func TestPageConfigurationHoldsNoGoldenQuestions(t *testing.T) {
	golden := t.TempDir()
	if err := os.WriteFile(filepath.Join(golden, "golden.json"), []byte(`[{"question": "confidential", "sql": "SELECT 1"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	got := pageConfigOf(config.Settings{
		AppName: "shop", Stage: "prod", APIAuth: "jwt", JWTIssuer: "https://login.example.com", PageClientID: "c", PageScopes: "openid email",
		PageOrigins: []string{"https://auth.example.com"}, PageExamples: []string{"How many?"}, Generator: "golden", Dependencies: golden,
		AsyncQuestions: true, History: true,
	})
	if got.App != "shop-prod" || got.Auth != page.AuthOIDC || got.OIDC == nil || got.OIDC.Scopes != "openid email" || len(got.OIDC.Origins) != 1 ||
		len(got.Examples) != 1 || got.Examples[0] != "How many?" || !got.Async || !got.Feedback {
		t.Errorf("got %+v", got)
	}
	if open := pageConfigOf(config.Settings{APIAuth: "none"}); open.OIDC != nil || open.Auth != page.AuthNone || open.Examples != nil || open.Async || open.Feedback {
		t.Errorf("got %+v", open)
	}
}

func TestPageErrorNamesNpm(t *testing.T) {
	t.Chdir(pagetest.Checkout(t))
	t.Setenv("PATH", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	made := newPreparer("").page(ctx, "arm64", page.Config{})
	if _, err := made.Directory(); err == nil || !strings.Contains(err.Error(), "page: build the page: npm: not found; want npm") {
		t.Errorf("got %v", err)
	}
	if err := made.Remove(); err != nil {
		t.Error(err)
	}
}
