package config

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite README's settings table")

func TestDefaultsAreTheSeeds(t *testing.T) {
	conf, err := Load(map[string]any{"connection_file": connectionFile(t)})
	if err != nil {
		t.Fatal(err)
	}
	if conf.StackName() != "defog-lambda-dev" || conf.MemorySize != 128 || conf.Retries != 3 || conf.APIAuth != "iam" || conf.Architecture != "arm64" {
		t.Errorf("got %+v", conf.Settings)
	}
	if conf.Retain() {
		t.Error("the stage dev keeps its logs")
	}
	if conf.Connection.DBCreds.Text("database") != "shop" {
		t.Errorf("connection not read: %+v", conf.Connection)
	}
}

func TestValuesComeAsTextAndTyped(t *testing.T) {
	for _, context := range []string{
		`{"lambda_memory_size": "512", "log_questions": "true", "tags": "{\"team\":\"data\",\"tier\":2}", "retries": "0"}`,
		`{"lambda_memory_size": 512, "log_questions": true, "tags": {"team": "data", "tier": 2}, "retries": 0}`,
		`{"function_memory": 512, "log_questions": true, "tags.team": "data", "tags": {"tier": 2, "team": "other"}, "retries": 0}`,
	} {
		settings, problems := decode(parse(t, context))
		if len(problems) > 0 {
			t.Fatalf("%s: %v", context, problems)
		}
		want := map[string]string{"team": "data", "tier": "2"}
		if settings.MemorySize != 512 || !settings.LogQuestions || settings.Retries != 0 || !maps.Equal(settings.Tags, want) {
			t.Errorf("%s: got %+v", context, settings)
		}
	}
}

func TestProblemsComeAllAtOnce(t *testing.T) {
	_, err := Load(parse(t, `{
		"@aws-cdk/core:enablePartitionLiterals": true, "availability-zones:account=1:region=x": [], "acknowledged-issue-numbers": [1],
		"lambda_memory_sise": "512", "lambda-timeout": "9", "colour": "red",
		"lambda_memory_size": "64", "retries": "many", "log_questions": "yes", "generator": "golde", "stage": "a b",
		"architecture": 3, "tags": [1], "lambda_timeout": 5, "function_timeout": 6, "log_retention_in_days": 8,
		"environment_variables": {"AWS_REGION": "x", "DEFOG_X": "x", "1": "x"}, "connection_file": "/nowhere/c.json"
	}`))
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		`stage: "a b" cannot end a stack's name; valid: letters, digits and hyphens`,
		`generator: "golde" is unknown (did you mean golden?); valid: defog, golden`,
		`architecture: 3 is not text; valid: arm64, x86_64`,
		`lambda_memory_size: "64" is not valid; valid: 128 to 10240`,
		`lambda_timeout: is 5, and its alias function_timeout is 6; give one of them`,
		`retries: "many" is not valid; valid: 0 to 10`,
		`log_questions: "yes" is not valid; valid: true, false`,
		`tags: is not a map; valid: {"name": "value", …}, or single entries as key.name=value`,
		`colour: unknown setting; README lists all`,
		`lambda-timeout: unknown setting (did you mean lambda_timeout?); README lists all`,
		`lambda_memory_sise: unknown setting (did you mean lambda_memory_size?); README lists all`,
		`log_retention_in_days: 8 is not offered by CloudWatch Logs; valid: 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653`,
		`environment_variables.1: is no variable's name; valid: a letter, then letters, digits and underscores`,
		`environment_variables.AWS_REGION: is reserved by Lambda; choose a name without that prefix`,
		`environment_variables.DEFOG_X: is set by the stack; use the setting instead`,
		`connection file /nowhere/c.json: not found; create it (README shows its form) or name another one with -c connection_file=PATH`,
	}
	var got []string
	for _, problem := range flatten(err) {
		got = append(got, problem.Error())
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if text := Explain(err); !strings.HasPrefix(text, "defog-cdk: 16 problems:\n  - ") || strings.Count(text, "\n") != 17 {
		t.Errorf("Explain:\n%s", text)
	}
}

func TestContradictionsAreFound(t *testing.T) {
	file := connectionFile(t)
	tests := map[string]string{
		`{"statement_timeout": 29}`:                                     "statement_timeout: 29 s leaves no time of lambda_timeout's 29 s",
		`{"generator": "golden"}`:                                       "function_source_dependencies_zip: missing; generator golden reads golden.json",
		`{"function_source_dependencies_zip": "/nowhere"}`:              "function_source_dependencies_zip: stat /nowhere",
		`{"db_type": "mysql"}`:                                          "db_type: goes with credentials_secret only",
		`{"credentials_secret": "prod/defog"}`:                          `db_type: "" is not the secret's db_type; valid: bigquery`,
		`{"credentials_secret": "arn:aws:s3:::x", "db_type": "sqlite"}`: `credentials_secret: "arn:aws:s3:::x" is not a secret's ARN`,
		`{"credentials_secret": "a b", "db_type": "sqlite"}`:            "credentials_secret: is not a secret's name",
		`{"tags": {"aws:x": "y"}}`:                                      "tags.aws:x: is reserved by AWS",
		`{"tags": {"x": "<y>"}}`:                                        "tags.x: has characters that tags cannot have",
		`{"app_name": "1st"}`:                                           `app_name: "1st" cannot begin a stack's name`,
		`{"app_name": "` + strings.Repeat("x", 128) + `"}`:              "app_name: the stack's name",
	}
	for text, want := range tests {
		context := parse(t, text)
		context["connection_file"] = file
		if _, err := Load(context); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestAGeneratorThatNeedsAKeyAsksForIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(file, []byte(`{"db_type": "sqlite", "db_creds": {"database": "x"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(map[string]any{"connection_file": file})
	if want := "connection file " + file + ": api_key: missing; generator defog needs it"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := Load(map[string]any{"connection_file": file, "generator": "golden", "function_source_dependencies_zip": t.TempDir()}); err != nil {
		t.Error(err)
	}
}

func TestWithASecretNoConnectionFileIsRead(t *testing.T) {
	for _, secret := range []string{"prod/defog", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/defog-AbCdEf"} {
		conf, err := Load(map[string]any{"credentials_secret": secret, "db_type": "postgres", "connection_file": "/nowhere"})
		if err != nil {
			t.Fatal(err)
		}
		if conf.Connection.DBType != "postgres" || conf.Connection.DBCreds != nil {
			t.Errorf("got %+v", conf.Connection)
		}
	}
}

func TestProductionKeepsItsLogs(t *testing.T) {
	for stage, want := range map[string]bool{"dev": false, "prod": true, "production": true, "preprod": false} {
		if got := (Settings{Stage: stage}).Retain(); got != want {
			t.Errorf("stage %s: Retain() = %v", stage, got)
		}
	}
	if (Settings{Stage: "prod", RemovalPolicy: "destroy"}).Retain() {
		t.Error("removal_policy does not win over the stage")
	}
}

func TestContextReadsWhatTheCLIHandsOver(t *testing.T) {
	overflow := filepath.Join(t.TempDir(), "context.json")
	if err := os.WriteFile(overflow, []byte(`{"b": 2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"CDK_CONTEXT_JSON": `{"a": 1000000}`, "CONTEXT_OVERFLOW_LOCATION": overflow}
	context, err := Context(func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(context); got != "map[a:1000000 b:2]" {
		t.Errorf("got %s", got)
	}
	if _, err := Context(func(string) string { return "{" }); err == nil {
		t.Error("broken context accepted")
	}
}

func TestREADMEListsTheSettings(t *testing.T) {
	const path, begin, end = "../README.md", "<!-- settings: made by go test ./config -update -->\n", "<!-- end of settings -->"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), begin)
	table, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the settings table", path)
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+Table()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(Table(), table); diff != "" {
		t.Errorf("README's settings table is stale; run go test ./config -update\n-want +got:\n%s", diff)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"lambda_memory_size": "512", "tags.team": "data", "tags": "{}"}`)
	f.Add(`{"environment_variables": {"A": null}, "stage": 1e9}`)
	f.Fuzz(func(t *testing.T, text string) {
		var context map[string]any
		if unmarshal([]byte(text), &context) != nil {
			return
		}
		settings, problems := decode(context)
		if len(append(problems, settings.check()...)) > 0 {
			return
		}
		if settings.MemorySize < 128 || settings.MemorySize > 10240 || settings.StatementTimeout >= settings.Timeout || len(settings.StackName()) > 128 {
			t.Errorf("accepted %+v", settings)
		}
	})
}

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var context map[string]any
	if err := unmarshal([]byte(text), &context); err != nil {
		t.Fatal(err)
	}
	return context
}

func connectionFile(t *testing.T) string {
	t.Helper()
	data, err := json.Marshal(map[string]any{"api_key": "k", "db_type": "postgres", "db_creds": map[string]any{
		"host": "db", "port": 5432, "database": "shop", "user": "reader", "password": "p"}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "connection.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
