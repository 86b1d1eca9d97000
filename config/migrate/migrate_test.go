package migrate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config"
)

// converted returns the settings as JSON, and the notes.
func converted(t *testing.T, text string) (settings string, notes string) {
	t.Helper()
	result, err := Read("old/config.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(result.Settings)
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range append(result.stages(), "dev", "other") {
		if problems := config.CheckFile("settings", result.Settings, stage); len(problems) > 0 {
			t.Errorf("%s: the settings are invalid for %s: %v", text, stage, problems)
		}
	}
	return string(data), strings.Join(result.Notes, "\n")
}

func TestReadMergesLevelsAsChalice(t *testing.T) {
	for name, test := range map[string]struct {
		old, want string
		notes     []string
	}{
		"function over stage": {
			`{"version": "2.0", "app_name": "orders", "stages": {"dev": {"environment_variables": {"MODE": "test"}, "tags": {"team": "data"}, "lambda_memory_size": 128,
				"lambda_functions": {"api_handler": {"environment_variables": {"BUCKET": "mine"}, "tags": {"cost": "7"}, "lambda_memory_size": 1024}}}}}`,
			`{"app_name": "orders", "stages": {"dev": {"environment_variables": {"MODE": "test", "BUCKET": "mine"}, "tags": {"team": "data", "cost": "7"}, "lambda_memory_size": 1024}}}`,
			nil,
		},
		"one name in both maps": {
			`{"app_name": "a", "tags": {"t": "top", "u": "top"}, "stages": {"dev": {"tags": {"t": "stage"}, "lambda_functions": {"api_handler": {"tags": {"t": "function"}}}}}}`,
			`{"app_name": "a", "tags": {"t": "top", "u": "top"}, "stages": {"dev": {"tags": {"t": "function"}}}}`,
			nil,
		},
		"stage over function at the top": {
			`{"app_name": "a", "lambda_memory_size": 256, "lambda_functions": {"api_handler": {"lambda_memory_size": 512, "xray": true, "tags": {"a": "b"}, "api_gateway_stage": "x"}}, "stages": {"dev": {"lambda_memory_size": 1024}}}`,
			`{"app_name": "a", "lambda_memory_size": 512, "xray": true, "stages": {"dev": {"lambda_memory_size": 1024}}}`,
			[]string{"lambda_functions.api_handler.tags: left out: Chalice ignores it here", "lambda_functions.api_handler.api_gateway_stage: left out: Chalice ignores it here"},
		},
		"null is not a value": {
			`{"app_name": "a", "lambda_memory_size": 256, "stages": {"dev": {"lambda_memory_size": null, "lambda_functions": {"api_handler": {"lambda_memory_size": null}}}}}`,
			`{"app_name": "a", "lambda_memory_size": 256, "stages": {"dev": {}}}`, nil,
		},
		"another function": {
			`{"app_name": "a", "stages": {"dev": {"lambda_functions": {"cron": {"lambda_memory_size": 512}}}}}`,
			`{"app_name": "a", "stages": {"dev": {}}}`,
			[]string{"stages.dev.lambda_functions.cron: left out"},
		},
		"timeouts": {
			`{"app_name": "a", "lambda_timeout": 20, "stages": {"slow": {"lambda_timeout": 60}, "quick": {"lambda_timeout": 10, "lambda_functions": {"api_handler": {"lambda_timeout": 30}}}}}`,
			`{"app_name": "a", "lambda_timeout": 20, "generator_timeout": 9, "statement_timeout": 10, "stages": {
				"slow": {"lambda_timeout": 29, "generator_timeout": 13, "statement_timeout": 15}, "quick": {"lambda_timeout": 30, "generator_timeout": 13, "statement_timeout": 15}}}`,
			[]string{"stages.slow.lambda_timeout: left out: 60 s is longer than the HTTP API's timeout, 30 s"},
		},
		"an app name in a stage": {
			`{"app_name": "a", "stages": {"dev": {"app_name": "b"}}}`, `{"app_name": "a", "stages": {"dev": {}}}`,
			[]string{"stages.dev.app_name: left out: Chalice reads it at the top level only"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			settings, notes := converted(t, test.old)
			compare(t, test.want, settings)
			for _, note := range test.notes {
				if !strings.Contains(notes, note) {
					t.Errorf("no note %q in\n%s", note, notes)
				}
			}
		})
	}
}

func TestReadFindsPolicyFilesAsChalice(t *testing.T) {
	const named, dev = `"autogen_policy": false, "iam_policy_file": "old/policy.json"`, `"autogen_policy": false, "iam_policy_file": "old/policy-dev.json"`
	for name, test := range map[string]struct{ old, want, note string }{
		"the top level names it": {
			`{"app_name": "orders", "iam_policy_file": "policy.json", "stages": {"dev": {"autogen_policy": false}}}`,
			`{"app_name": "orders", "stages": {"dev": {` + named + `}}}`, "stages.dev.iam_policy_file: old/policy.json, which Chalice reads, does not exist",
		},
		"the stage names it": {
			`{"app_name": "a", "autogen_policy": false, "iam_policy_file": "other.json", "stages": {"dev": {"iam_policy_file": "policy.json"}}}`,
			`{"app_name": "a", "stages": {"dev": {` + named + `}}}`, "",
		},
		"the function names it": {
			`{"app_name": "a", "stages": {"dev": {"autogen_policy": false, "iam_policy_file": "other.json", "lambda_functions": {"api_handler": {"iam_policy_file": "policy.json"}}}}}`,
			`{"app_name": "a", "stages": {"dev": {` + named + `}}}`, "",
		},
		"nothing names it":      {`{"app_name": "a", "stages": {"dev": {"autogen_policy": false}}}`, `{"app_name": "a", "stages": {"dev": {` + dev + `}}}`, ""},
		"without stages":        {`{"app_name": "a", "autogen_policy": false}`, `{"app_name": "a", "stages": {"dev": {` + dev + `}}}`, ""},
		"one for all stages":    {`{"app_name": "a", "autogen_policy": false, "iam_policy_file": "policy.json", "stages": {"prod": {}}}`, `{"app_name": "a", ` + named + `, "stages": {"prod": {}}}`, ""},
		"an old stage name":     {`{"app_name": "a", "stages": {"my_dev": {"autogen_policy": false}}}`, `{"app_name": "a", "stages": {"my-dev": {"autogen_policy": false, "iam_policy_file": "old/policy-my_dev.json"}}}`, ""},
		"an absolute path":      {`{"app_name": "a", "autogen_policy": false, "iam_policy_file": "/x/policy.json"}`, `{"app_name": "a", "autogen_policy": false, "iam_policy_file": "/x/policy.json"}`, ""},
		"not read":              {`{"app_name": "a", "iam_policy_file": "policy.json"}`, `{"app_name": "a"}`, "iam_policy_file: left out: Chalice ignores it unless autogen_policy is false"},
		"not with a role":       {`{"app_name": "a", "autogen_policy": false, "stages": {"dev": {"manage_iam_role": false, "iam_role_arn": "arn:aws:iam::123456789012:role/r"}}}`, `{"app_name": "a", "stages": {"dev": {"manage_iam_role": false, "iam_role_arn": "arn:aws:iam::123456789012:role/r"}}}`, ""},
		"a role in one stage":   {`{"app_name": "a", "manage_iam_role": false, "iam_role_arn": "arn:aws:iam::123456789012:role/r", "stages": {"prod": {"manage_iam_role": true}}}`, `{"app_name": "a", "stages": {"dev": {"manage_iam_role": false, "iam_role_arn": "arn:aws:iam::123456789012:role/r"}, "prod": {}}}`, ""},
		"a role without ARN":    {`{"app_name": "a", "manage_iam_role": false}`, `{"app_name": "a"}`, "manage_iam_role: left out: false without iam_role_arn"},
		"a role that is unused": {`{"app_name": "a", "iam_role_arn": "arn:aws:iam::123456789012:role/r"}`, `{"app_name": "a"}`, "iam_role_arn: left out: Chalice ignores it unless manage_iam_role is false"},
	} {
		t.Run(name, func(t *testing.T) {
			settings, notes := converted(t, test.old)
			compare(t, test.want, settings)
			if !strings.Contains(notes, test.note) {
				t.Errorf("no note %q in\n%s", test.note, notes)
			}
		})
	}
}

func TestReadNotesExistingPolicyFile(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "policy-dev.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	result, err := Read(filepath.Join(folder, "config.json"), []byte(`{"app_name": "a", "stages": {"dev": {"autogen_policy": false}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(result.Notes, "\n"); !strings.Contains(notes, "policy-dev.json, the file that Chalice reads") || strings.Contains(notes, "does not exist") {
		t.Errorf("got %s", notes)
	}
}

func TestReadReturnsValidSettings(t *testing.T) {
	long := strings.Repeat("x", 200)
	for name, test := range map[string]struct{ old, want, note string }{
		"underscores":       {`{"app_name": "my_app", "stages": {"my_stage": {}, "my-stage": {"xray": true}}}`, `{"app_name": "my-app", "stages": {"my-stage": {"xray": true}, "my-stage-2": {}}}`, `app_name: "my_app" is now my-app`},
		"a digit first":     {`{"app_name": "1st app!"}`, `{"app_name": "app-1st-app"}`, `"1st app!" is now app-1st-app`},
		"no valid letter":   {`{"app_name": "___"}`, `{"app_name": "app"}`, ""},
		"a long name":       {`{"app_name": "` + long + `"}`, `{"app_name": "` + long[:107] + `"}`, ""},
		"a stage in quotes": {`{"app_name": "a", "stages": {"…": {}}}`, `{"app_name": "a", "stages": {"stage": {}}}`, "stages.…: is now called stage"},
		"memory":            {`{"app_name": "a", "lambda_memory_size": 64, "stages": {"dev": {"lambda_memory_size": 99999}}}`, `{"app_name": "a", "stages": {"dev": {}}}`, "stages.dev.lambda_memory_size: left out: 99999 is invalid; want 128 to 10240"},
		"half a network":    {`{"app_name": "a", "stages": {"dev": {"subnet_ids": ["subnet-1"]}}}`, `{"app_name": "a", "stages": {"dev": {}}}`, "stages.dev.subnet_ids: left out: security_group_ids is missing"},
		"half a domain":     {`{"app_name": "a", "api_gateway_custom_domain": {"domain_name": "a.example.com"}}`, `{"app_name": "a"}`, "api_gateway_custom_domain: left out: missing; want arn:aws:acm"},
		"a variable":        {`{"app_name": "a", "environment_variables": {"1A": "x", "AWS_REGION": "y", "OK": {"a": 1}, "MODE": "z"}}`, `{"app_name": "a", "environment_variables": {"MODE": "z"}}`, "environment_variables.1A: left out: invalid name"},
		"a tag":             {`{"app_name": "a", "tags": {"aws:x": "y", "a<b": "c"}}`, `{"app_name": "a"}`, "tags.aws:x: left out: reserved by AWS"},
		"a retired runtime": {`{"function_runtime": "python3.7", "function_source_dist_zip": "x.zip"}`, `{"function_source_dist_zip": "x.zip"}`, `function_runtime: left out: "python3.7" was deprecated by Lambda`},
		"a budget alone":    {`{"AWS_BUDGET_AMOUNT": 10}`, `{"function_source_dist_zip": "podpac_dist.zip"}`, "function_budget_amount: left out: function_budget_email is missing"},
		"a bucket alone":    {`{"function_source_bucket": "geo-code", "function_source_dependencies_key": "deps.zip"}`, `{"function_source_dist_zip": "podpac_dist.zip"}`, "function_source_dependencies_key: left out: function_source_bucket is missing"},
		"a leading slash":   {`{"FUNCTION_S3_INPUT": "/in/", "function_triggers": ["S3"], "function_source_dist_zip": "x.zip"}`, `{"function_s3_input": "in/", "function_triggers": ["S3"], "function_source_dist_zip": "x.zip"}`, "function_s3_input: /in/ is now in/"},
		"a function name":   {`{"FUNCTION_NAME": "my function", "function_source_dist_zip": "x.zip"}`, `{"function_name": "my-function", "function_source_dist_zip": "x.zip"}`, "function_name: my function is now called my-function"},
	} {
		t.Run(name, func(t *testing.T) {
			settings, notes := converted(t, test.old)
			compare(t, test.want, settings)
			if !strings.Contains(notes, test.note) {
				t.Errorf("no note %q in\n%s", test.note, notes)
			}
		})
	}
}

func TestReadRefusesOtherFiles(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "old.json: no settings; want Chalice's .chalice/config.json or PODPAC's settings.json",
		`{"name": "x", "version": "1.0.0", "scripts": {}}`:             "old.json: not a configuration of Chalice or PODPAC; want Chalice's",
		`{"app": "go run .", "context": {"defog": {"app_name": "a"}}}`: "old.json: not a configuration of Chalice or PODPAC",
		`{"dev": {"app_function": "x", "s3_bucket": "zappa"}}`:         "old.json: not a configuration of Chalice or PODPAC",
		`{"NODE_ENV": "x"}`:  "old.json: not a configuration of Chalice or PODPAC",
		`[]`:                 "old.json: a JSON array; want a JSON object",
		`{"app_name": "a",}`: "old.json: line 1, column 18: a comma before the closing bracket",
		`app_name: a`:        "old.json: line 1, column 1: invalid JSON",
	} {
		if _, err := Read("old.json", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"app_name": "my_app", "stages": {"a b": {"tags": {"x": 1}}, "dev": 5}}`)
	f.Add(`{"app_name": 7, "stages": [], "lambda_functions": {"api_handler": {"iam_policy_file": 3, "autogen_policy": false}}}`)
	f.Add(`{"FUNCTION_NAME": "x", "function_triggers": "S3", "function_s3_expiration_in_days": -1, "function_budget_amount": "1"}`)
	f.Add(`{"app_name": "a", "manage_iam_role": false, "iam_role_arn": 5, "api_gateway_custom_domain": {"tags": {"": 1}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		result, err := Read("old.json", []byte(text))
		if err != nil {
			if strings.Contains(err.Error(), "the settings are invalid") {
				t.Errorf("%s: %v", text, err)
			}
			return
		}
		for _, stage := range append(result.stages(), "dev") {
			if problems := config.CheckFile("settings", result.Settings, stage); len(problems) > 0 {
				t.Errorf("%s: invalid for %s: %v", text, stage, problems)
			}
		}
	})
}

func compare(t *testing.T, want, got string) {
	t.Helper()
	var a, b any
	for text, into := range map[string]*any{want: &a, got: &b} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
