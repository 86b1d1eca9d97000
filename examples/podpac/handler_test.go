// Package podpac_test runs the tests of the handler for PODPAC, which are in
// Python: with a stand-in for podpac here, and with the real one in
// `make demo-podpac`.
package podpac_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestHandler(t *testing.T) {
	tests := exec.CommandContext(t.Context(), "python3", "-m", "unittest", "discover", "--buffer")
	tests.Env = append(os.Environ(), "PYTHONPATH=standin", "PYTHONDONTWRITEBYTECODE=1")
	out, err := tests.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// Python says OK of no tests, too.
	if strings.Contains(string(out), "Ran 0 tests") || strings.Contains(string(out), "NO TESTS") {
		t.Errorf("no test ran:\n%s", out)
	}
}
