// Package podpac_test runs the handler's tests, which are in Python: with a fake of
// podpac, and with podpac.
package podpac_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/internal/testserver/podpac"
)

func TestHandlerPassesItsPythonTests(t *testing.T) {
	events, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}/events/testdata", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	unittest(t, "python3", append(os.Environ(), "PYTHONPATH=function:standin", "PYTHONDONTWRITEBYTECODE=1",
		"SAMPLE_S3_EVENT="+strings.TrimSpace(string(events))+"/s3-event.json")) // one of those that AWS publishes
}

func TestHandlerPassesItsPythonTestsWithPodpac(t *testing.T) {
	if testing.Short() {
		t.Skip("needs podpac: make test")
	}
	installed := podpac.Find(t)
	unittest(t, installed.Python, installed.Environ(t), "--pattern", "test_podpac*.py")
}

// unittest runs the tests in Python. unittest also succeeds without tests, and if it
// skips all of them.
func unittest(t *testing.T, python string, environ []string, arguments ...string) {
	t.Helper()
	// go test runs again when a file has changed that a test has looked at.
	if err := filepath.WalkDir(".", func(string, fs.DirEntry, error) error { return nil }); err != nil {
		t.Fatal(err)
	}
	tests := exec.CommandContext(t.Context(), python, append([]string{"-m", "unittest", "discover", "--buffer"}, arguments...)...)
	tests.Env = environ
	out, err := tests.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, nothing := range []string{"Ran 0 tests", "Ran 1 test in", "NO TESTS"} {
		if strings.Contains(string(out), nothing) {
			t.Errorf("unittest ran no test:\n%s", out)
		}
	}
}
