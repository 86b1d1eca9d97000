package test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// TestContract lets schemathesis try the contract, docs/openapi.yaml, on a deployed API
// with all its routes. The API requires tokens.
func TestContract(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "contract", plainAWS)
	d.generator.Teach("How many customers are there?", "SELECT 1000")
	home := newIssuer(t)
	d.deploy(t, "-c", "api_auth=jwt", "-c", "jwt_issuer="+home.url, "-c", "jwt_audience=defog",
		"-c", "async_questions=true", "-c", "mcp=true", "-c", "page=true", "-c", "page_client_id=defog", "-c", "history=true")

	program, err := filepath.Abs(filepath.Join(checkout, ".build", "contract", "bin", "schemathesis"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v; make test-e2e installs schemathesis", err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.aws.Direct(request)
	files, err := filepath.Abs(checkout)
	if err != nil {
		t.Fatal(err)
	}
	trial := exec.CommandContext(t.Context(), program, "--no-color", "--config-file", filepath.Join(files, "test", "contract", "schemathesis.toml"),
		"run", filepath.Join(files, "docs", "openapi.yaml"),
		"--url", request.URL.String(), "--header", "Host: "+request.Host,
		"--header", "Authorization: Bearer "+home.token(t, "defog", time.Now().Add(time.Hour)))
	trial.Dir = t.TempDir() // it keeps failures there
	output, err := trial.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	tested := regexp.MustCompile(`Test cases:\s+(\d+) generated`).FindSubmatch(output)
	if tested == nil {
		t.Fatalf("no number of test cases in\n%s", output)
	}
	if count, err := strconv.Atoi(string(tested[1])); err != nil || count < 300 {
		t.Errorf("%d test cases, want 300 or more\n%s", count, output)
	}
	t.Logf("%s test cases", tested[1])
}
