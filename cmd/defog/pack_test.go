package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPack(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	writeFile(t, "requirements.txt", "# none\n")
	writeFile(t, "handler.py", "def handler(event, context):\n    return event\n")
	// make setup installs uv and Python there.
	t.Setenv("PATH", filepath.Join(root, ".venv", "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	code, stdout, stderr := defog(t, "pack", "--name", "shop", "--arch", "x86_64")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, want := range []string{"handler", "Removed symbols", "requirements-py3.12-x86_64.lock", "dist/shop_sbom.cdx.json", "SHA-256", "Deploy with -c function_source_dist_zip=dist/shop_dist.zip\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if _, err := os.Stat("dist/shop_dist.zip"); err != nil {
		t.Error(err)
	}
	if !strings.Contains(stderr, "Writing the zips") {
		t.Errorf("no progress in %s", stderr)
	}
}

func TestPackReportsAllInvalidOptions(t *testing.T) {
	t.Chdir(t.TempDir())
	code, stdout, stderr := defog(t, "pack", "--python", "2.7", "--keep", "everything")
	if code != 1 || stdout != "" {
		t.Errorf("exit code %d, %q", code, stdout)
	}
	for _, want := range []string{"--requirements", "--handler", "--python", `"everything" is not a rule; want one of: tests, stubs`} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %q in\n%s", want, stderr)
		}
	}
	if _, err := os.Stat("dist"); err == nil {
		t.Error("made a folder")
	}
}
