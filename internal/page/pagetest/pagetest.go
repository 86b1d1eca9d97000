// Package pagetest has a small page for tests of what serves the page.
package pagetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// Script is the content of the page's script.
var Script = strings.Repeat("console.log('a script that is worth compressing');\n", 100)

// ScriptFile is the script's name.
const ScriptFile = "assets/page-B1a2C3d4.js"

// Files returns the page's files.
func Files() fstest.MapFS {
	return fstest.MapFS{
		"index.html": {Data: []byte(`<!doctype html><title>Ask</title><script type="module" src="./` + ScriptFile + `"></script>`)},
		"icon.svg":   {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
		ScriptFile:   {Data: []byte(Script)},
		".inputs":    {Data: []byte("hash")},
	}
}

// Folder writes the page's files to a folder.
func Folder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, Files()); err != nil {
		t.Fatal(err)
	}
	return folder
}

// Checkout makes a checkout whose page is built by copying.
func Checkout(t *testing.T) string {
	t.Helper()
	checkout := t.TempDir()
	web := filepath.Join(checkout, "web")
	if err := os.CopyFS(filepath.Join(web, "public"), Files()); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"package.json":      `{"name": "page", "version": "1.0.0", "scripts": {"build": "rm -rf dist && cp -r public dist && rm -f dist/.inputs && echo built >> ../builds"}}`,
		"package-lock.json": `{"name": "page", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "page", "version": "1.0.0"}}}`,
	} {
		if err := os.WriteFile(filepath.Join(web, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return checkout
}
