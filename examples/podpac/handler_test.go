// Package podpac_test runs the handler's tests, which are in Python, with a fake of
// podpac. `make demo-podpac` runs them with podpac.
package podpac_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestHandlerPassesItsPythonTests(t *testing.T) {
	events, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}/events/testdata", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	tests := exec.CommandContext(t.Context(), "python3", "-m", "unittest", "discover", "--buffer")
	tests.Env = append(os.Environ(), "PYTHONPATH=function:standin", "PYTHONDONTWRITEBYTECODE=1",
		"SAMPLE_S3_EVENT="+strings.TrimSpace(string(events))+"/s3-event.json") // one of those that AWS publishes
	out, err := tests.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// unittest also succeeds without tests.
	if strings.Contains(string(out), "Ran 0 tests") || strings.Contains(string(out), "NO TESTS") {
		t.Errorf("unittest ran no test:\n%s", out)
	}
}
