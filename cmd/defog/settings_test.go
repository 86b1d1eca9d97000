package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config"
)

func TestSettingsPrintsTheSourceOfEachValue(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	writeFile(t, "cdk.json", `{"context": {"lambda_memory_size": 256, "stages": {"prod": {"max_rows": 5, "tags": {"team": "data"}}}}}`)

	code, stdout, stderr := defog(t, "settings", "-c", "stage=prod", "--json")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	var values []config.Value
	if err := json.Unmarshal([]byte(stdout), &values); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, value := range values {
		if value.Origin != "default" {
			got[value.Key] = value.String() + " " + value.Origin
		}
	}
	want := map[string]string{
		"stage": "prod -c", "lambda_memory_size": "256 cdk.json", "max_rows": "5 cdk.json, stage prod", "tags.team": "data cdk.json, stage prod",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	code, stdout, _ = defog(t, "settings", "-c", "stage=prod")
	if code != 0 || !strings.Contains(stdout, "│ lambda_memory_size ") || !strings.Contains(stdout, "│ cdk.json, stage prod │") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
}

func TestSettingsPrintsErrorsWithoutSecrets(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	code, stdout, stderr := defog(t, "settings", "-c", "environment_variables.DB_PASSWORD=hunter2", "-c", "lambda_memory_sise=5", "-c", "function_description=https://a:hunter2@b")
	if code != 1 || strings.Contains(stdout+stderr, "hunter2") {
		t.Errorf("exit code %d:\n%s%s", code, stdout, stderr)
	}
	for _, want := range []string{"environment_variables.DB_PASSWORD (-c): looks like a secret", "did you mean lambda_memory_size?", "function_description (-c): looks like a secret"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q is not in\n%s", want, stderr)
		}
	}
	if strings.Count(stdout, "••••") != 2 {
		t.Errorf("secrets are in clear text:\n%s", stdout)
	}
}
