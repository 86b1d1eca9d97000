package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config"
	"defog-cdk/config/connection"
)

// creds returns an old DEFOG_CREDS_64.
func creds(database string) string {
	return base64.StdEncoding.EncodeToString([]byte(`{"api_key": "hunter2-key", "db_type": "postgres", "db_creds": {"host": "db", "port": 5432, "database": "` + database + `", "user": "reader", "password": "hunter2"}}`))
}

func TestMigrateChalice(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Chdir(t.TempDir())
	writeFile(t, ".chalice/config.json", `{
		"version": "2.0", "app_name": "shop", "lambda_timeout": 60, "autogen_policy": false, "minimum_compression_size": 1024, "colour": "red",
		"stages": {
			"dev": {"api_gateway_stage": "api", "environment_variables": {"DEFOG_CREDS_64": "`+creds("dev")+`", "REGION_NAME": "eu", "DB_PASSWORD": "hunter2"}},
			"prod": {"lambda_timeout": 20, "environment_variables": {"DEFOG_CREDS_64": "`+creds("prod")+`"}, "lambda_functions": {"api_handler": {"lambda_memory_size": 512}, "cron": {}}}
		}
	}`)
	code, stdout, stderr := defog(t, "migrate", ".chalice/config.json")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if text := stdout + stderr; strings.Contains(text, "hunter2") || strings.Contains(text, creds("dev")) {
		t.Errorf("printed a secret:\n%s", text)
	}
	want := `{"defog": {
		"app_name": "shop",
		"stages": {
			"dev": {"autogen_policy": false, "iam_policy_file": ".chalice/policy-dev.json", "api_gateway_stage": "api", "environment_variables": {"REGION_NAME": "eu"}},
			"prod": {"autogen_policy": false, "iam_policy_file": ".chalice/policy-prod.json", "connection_file": "~/.defog/connection-prod.json", "lambda_timeout": 20, "generator_timeout": 9, "statement_timeout": 10, "lambda_memory_size": 512}
		}
	}}`
	if diff := cmp.Diff(parseJSON(t, want), parseJSON(t, stdout)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, note := range []string{
		"version: left out", "lambda_timeout: left out: 60 s is longer than the HTTP API's timeout", "minimum_compression_size: left out: HTTP APIs do not compress",
		"colour: left out: there is no such setting", "stages.prod.lambda_timeout: is split into generator_timeout and statement_timeout",
		"stages.prod.lambda_functions.api_handler: is lifted one level up", "stages.prod.lambda_functions.cron: left out",
		"stages.dev.environment_variables.DB_PASSWORD: left out, because it looks like a secret", "stages.dev.environment_variables.DEFOG_CREDS_64: left out",
		"api_auth: the old API was open", home + "/.defog/connection.json: created", home + "/.defog/connection-prod.json: created",
	} {
		if !strings.Contains(stderr, note) {
			t.Errorf("no note %q in\n%s", note, stderr)
		}
	}
	for file, database := range map[string]string{"connection.json": "dev", "connection-prod.json": "prod"} {
		path := filepath.Join(home, ".defog", file)
		conn, err := connection.Read(path)
		if err != nil || conn.DBCreds.Text("database") != database || conn.DBCreds.Text("password") != "hunter2" {
			t.Errorf("%s: %v, %v", file, conn.DBCreds["database"], err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}

	// The output is valid in cdk.json.
	writeFile(t, "cdk.json", `{"context": `+stdout+`}`)
	writeFile(t, ".chalice/policy-prod.json", `{"Version": "2012-10-17", "Statement": []}`)
	context, err := config.ContextFile([]string{"stage=prod"})
	if err != nil {
		t.Fatal(err)
	}
	conf, err := config.Load(context)
	if err != nil || conf.MemorySize != 512 || conf.Connection.DBCreds.Text("database") != "prod" {
		t.Errorf("%+v, %v", conf.Settings, err)
	}

	if code, _, stderr := defog(t, "migrate", ".chalice/config.json"); code != 0 || !strings.Contains(stderr, "connection.json: exists, with the same credentials") {
		t.Errorf("a second run: exit code %d: %s", code, stderr)
	}
}

func TestMigratePodpac(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "settings.json", `{
		"AWS_ACCESS_KEY_ID": "hunter2", "AWS_SECRET_ACCESS_KEY": "hunter2", "AWS_REGION_NAME": "eu-west-1", "AWS_TAGS": {"team": "geo"},
		"AWS_BUDGET_AMOUNT": 10, "AWS_BUDGET_EMAIL": "a@example.com", "S3_BUCKET_NAME": null, "FUNCTION_S3_INPUT": "in/", "FUNCTION_NAME": "evaluate", "DEFAULT_CRS": "x", "function_timeout": 600, "function_memory": 2048,
		"function_env_variables": {"A1": "b"}
	}`)
	code, stdout, stderr := defog(t, "migrate", "settings.json")
	if code != 0 || strings.Contains(stdout+stderr, "hunter2") {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	want := `{"defog": {"tags": {"team": "geo"}, "function_name": "evaluate", "lambda_memory_size": 2048, "lambda_timeout": 600, "function_budget_amount": 10, "function_budget_email": "a@example.com", "function_source_dist_zip": "podpac_dist.zip", "environment_variables": {"A1": "b"}}}`
	if diff := cmp.Diff(parseJSON(t, want), parseJSON(t, stdout)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, note := range []string{
		"AWS_ACCESS_KEY_ID: left out", "AWS_REGION_NAME: left out: the CDK CLI reads the region", "function_s3_input: left out: not used without the trigger S3", "function_source_dist_zip: is missing", "DEFAULT_CRS: left out: it is for the podpac library",
		"function_timeout: is now called lambda_timeout", "function_memory: is now called lambda_memory_size", "function_tags: is now called tags",
	} {
		if !strings.Contains(stderr, note) {
			t.Errorf("no note %q in\n%s", note, stderr)
		}
	}
}

func TestMigrateErrorsChangeNoFile(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Chdir(t.TempDir())
	other := filepath.Join(home, "other.json")
	writeFile(t, other, `{"db_type": "sqlite", "db_creds": {}}`)
	tests := map[string]struct {
		old  string
		args []string
		want string
	}{
		"an existing connection file": {`{"app_name": "a", "environment_variables": {"DEFOG_CREDS_64": "` + creds("dev") + `"}}`, []string{"--connection", other}, "exists with another connection, and stays unchanged"},
		"broken credentials":          {`{"app_name": "a", "environment_variables": {"DEFOG_CREDS_64": "hunter2!"}}`, nil, "environment_variables.DEFOG_CREDS_64: credentials are not base64"},
		"no JSON":                     {`app_name: a`, nil, "old.json: line 1, column 1: invalid JSON"},
		"nothing":                     {`{}`, nil, "old.json: no settings; want Chalice's"},
	}
	for name, test := range tests {
		writeFile(t, "old.json", test.old)
		code, stdout, stderr := defog(t, append([]string{"migrate", "old.json"}, test.args...)...)
		if code != 1 || stdout != "" || !strings.Contains(stderr, test.want) || strings.Contains(stderr, "hunter2") {
			t.Errorf("%s: exit code %d:\n%s%s", name, code, stdout, stderr)
		}
	}
	if data, err := os.ReadFile(other); err != nil || !strings.Contains(string(data), "sqlite") {
		t.Errorf("changed the file: %s, %v", data, err)
	}
	if _, err := os.Stat(filepath.Join(home, ".defog")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("wrote a file: %v", err)
	}
}

func parseJSON(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}
