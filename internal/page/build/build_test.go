package build

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"defog-cdk/internal/page/pagetest"
)

// builds returns how often the page was built.
func builds(t *testing.T, checkout string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(checkout, "builds"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(content), "built")
}

func TestPageIsBuiltOnceForItsSource(t *testing.T) {
	checkout := pagetest.Checkout(t)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if folder, err := Page(t.Context(), checkout, &bytes.Buffer{}); err != nil || folder != filepath.Join(checkout, "web", "dist") {
				t.Errorf("%s: %v", folder, err)
			}
		})
	}
	all.Wait()
	if n := builds(t, checkout); n != 1 {
		t.Fatalf("%d builds of one source", n)
	}

	icon := filepath.Join(checkout, "web", "public", "icon.svg")
	if err := os.WriteFile(icon, []byte("<svg/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	folder, err := Page(t.Context(), checkout, &log)
	if err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(filepath.Join(folder, "icon.svg")); err != nil || string(content) != "<svg/>" {
		t.Errorf("the built file has %q: %v", content, err)
	}
	if n := builds(t, checkout); n != 2 || log.String() != "build the page (npm run build) …\n" {
		t.Errorf("%d builds after a change; log %q", n, log.String())
	}
}

func TestBuildErrorsNameTheRemedy(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		prepare func(checkout string) error
		path    string
		ctx     context.Context
		want    string
	}{
		"no source": {prepare: func(checkout string) error { return os.RemoveAll(filepath.Join(checkout, "web")) }, want: "want the folder web of the checkout"},
		"no npm":    {path: t.TempDir(), want: "npm: not found; want npm, which comes with Node"},
		"a failed build": {prepare: func(checkout string) error {
			return os.WriteFile(filepath.Join(checkout, "web", "package.json"), []byte(`{"name": "page", "version": "1.0.0", "scripts": {"build": "echo broken source; exit 3"}}`), 0o600)
		}, want: "broken source"},
		"interrupted": {ctx: canceled, want: context.Canceled.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			checkout := pagetest.Checkout(t)
			if test.prepare != nil {
				if err := test.prepare(checkout); err != nil {
					t.Fatal(err)
				}
			}
			if test.path != "" {
				t.Setenv("PATH", test.path)
			}
			ctx := test.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			_, err := Page(ctx, checkout, &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if _, err := os.Stat(filepath.Join(checkout, "web", "dist", stamp)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the failed build has a stamp: %v", err)
			}
		})
	}
}
