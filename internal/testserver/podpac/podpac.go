// Package podpac finds the podpac that `make .build/podpac-client/installed` installs
// for tests.
package podpac

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/internal/testserver/daemon"
)

// Installation holds absolute paths.
type Installation struct {
	Checkout     string
	Python       string // the interpreter, which also runs the functions of local AWS
	Packages     string // a folder for PYTHONPATH, without the handler
	Dependencies string // a zip with the same packages
}

// Find returns the installation. It skips the test where podpac does not run.
func Find(t *testing.T) Installation {
	t.Helper()
	checkout, err := daemon.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(checkout, ".build", "podpac-client")
	if reason, err := os.ReadFile(filepath.Join(folder, "unavailable")); err == nil {
		t.Skip(strings.TrimSpace(string(reason)))
	}
	if _, err := os.Stat(filepath.Join(folder, "installed")); err != nil {
		t.Fatalf("find podpac: run `make .build/podpac-client/installed` in %s", checkout)
	}
	return Installation{
		Checkout:     checkout,
		Python:       filepath.Join(checkout, ".venv", "bin", "python3"),
		Packages:     filepath.Join(folder, "packages"),
		Dependencies: filepath.Join(folder, "podpac_deps.zip"),
	}
}

// Runtime returns Lambda's name for the interpreter's version, such as python3.12.
func (i Installation) Runtime(t *testing.T) string {
	t.Helper()
	name, err := exec.CommandContext(t.Context(), i.Python, "-c", `import sys; print("python%d.%d" % sys.version_info[:2], end="")`).Output()
	if err != nil {
		t.Fatalf("find the version of Python: %v", err)
	}
	return string(name)
}

// Environ returns an environment for Python programs with podpac and the handler. They
// keep their files in a folder of the test.
func (i Installation) Environ(t *testing.T) []string {
	t.Helper()
	folder := t.TempDir()
	handler := filepath.Join(i.Checkout, "examples", "podpac", "function")
	return append(os.Environ(), "PYTHONPATH="+i.Packages+string(filepath.ListSeparator)+handler,
		"PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore", "HOME="+folder, "TMPDIR="+folder)
}
