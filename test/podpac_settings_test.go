package test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/internal/testserver/podpac"
)

// podpacClient is what PODPAC's client finds by its settings: see podpac/validate.py.
type podpacClient struct {
	Valid                 bool
	Function              string
	RoleOfFunction        string `json:"role_of_function"`
	Role                  string
	Bucket, Input, Output string
	Description           string
}

// The two forms of `defog describe --podpac`.
const (
	asPython = "python"
	asJSON   = "json"
)

// testPodpacClient gives the settings that `defog describe --podpac` prints to PODPAC's
// unmodified client, and expects that it finds the function. Valid is what validate()
// returns.
func testPodpacClient(t *testing.T, c *customDeployment, form string, valid bool) {
	installation := podpac.Find(t)
	script, err := filepath.Abs("podpac/validate.py")
	if err != nil {
		t.Fatal(err)
	}
	environ := c.aws.Environ(installation.Environ(t))
	folder, arguments := t.TempDir(), []string{script}
	describe := exec.CommandContext(t.Context(), defog.get(t), "describe", "--podpac", "-c", "app_name="+c.app)
	file := filepath.Join(folder, "settings.json")
	if form == asJSON {
		describe.Args = append(describe.Args, "--json")
	} else {
		file = filepath.Join(folder, "settings.py")
		arguments = append(arguments, file)
	}
	describe.Dir, describe.Env = folder, environ
	settings, err := describe.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, settings)
	}
	if err := os.WriteFile(file, settings, 0o600); err != nil {
		t.Fatal(err)
	}

	client := exec.CommandContext(t.Context(), installation.Python, arguments...)
	client.Dir, client.Env = folder, environ
	var failure strings.Builder
	client.Stderr = &failure
	output, err := client.Output()
	if err != nil {
		t.Fatalf("PODPAC's client: %v\n%s\n%s", err, failure.String(), settings)
	}
	var got podpacClient
	if err := json.Unmarshal(output, &got); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	if got.Valid != valid || got.Function != c.outputs["FunctionName"]+":live" || got.Role == "" || got.Role != got.RoleOfFunction {
		t.Errorf("PODPAC's client found %+v\n%s\nby\n%s", got, failure.String(), settings)
	}
	if bucket := c.outputs["BucketName"]; bucket != "" && (got.Bucket != bucket || got.Input != c.outputs["InputPrefix"] || got.Output != c.outputs["OutputPrefix"]) {
		t.Errorf("bucket %s, prefixes %s and %s; want %v", got.Bucket, got.Input, got.Output, c.outputs)
	}
	status := "(staged)"
	if valid {
		status = "(built)"
	}
	for _, part := range []string{status, got.Function, got.Role, got.Bucket, "handler.handler"} {
		if !strings.Contains(got.Description, part) {
			t.Errorf("describe() has no %s in\n%s", part, got.Description)
		}
	}
}
