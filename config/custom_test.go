package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCustomFunctionHasItsDefaults(t *testing.T) {
	zip := t.TempDir()
	conf, err := Load(map[string]any{"function_source_dist_zip": zip, "connection_file": nil})
	if err != nil {
		t.Fatal(err)
	}
	if !conf.CustomFunction() || conf.Timeout != 600 || conf.MemorySize != 2048 || conf.Architecture != "x86_64" || conf.APIStage != "prod" {
		t.Errorf("got %+v", conf.Settings)
	}
	if conf.Runtime != "python3.12" || conf.Handler != "handler.handler" || !conf.TriggeredBy("eval") || conf.TriggeredBy("S3") || !conf.Hydrate {
		t.Errorf("got %+v", conf.Settings)
	}
	conf, err = Load(map[string]any{"function_source_dist_zip": zip, "function_timeout": 60, "architecture": "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	if conf.Timeout != 60 || conf.Architecture != "arm64" || !conf.Given("lambda_timeout") || conf.Given("lambda_memory_size") {
		t.Errorf("got %+v", conf.Settings)
	}
}

func TestCustomFunctionContradictionsAreRefused(t *testing.T) {
	const custom = `"function_source_dist_zip": "dist.zip", `
	for text, want := range map[string]string{
		custom + `"generator": "bedrock"`:                                                                      "generator (-c): applies to the query function only, but function_source_dist_zip deploys a custom function; want one of them",
		custom + `"connection_file": "c.json"`:                                                                 "connection_file (-c): applies to the query function only, but function_source_dist_zip deploys a custom function; want one of them",
		`"function_runtime": "python3.13"`:                                                                     "function_runtime (-c): applies to a custom function only; want function_source_dist_zip, or function_source_bucket and function_source_dist_key",
		custom + `"function_runtime": "go1.x"`:                                                                 `function_runtime (-c): "go1.x" was deprecated by Lambda on 2024-01-08; want dotnet10, java8.al2, java11, java17, java21, java25, nodejs22.x, nodejs24.x, provided.al2023, python3.11, python3.12, python3.13, python3.14, ruby3.3, ruby3.4, ruby4.0`,
		custom + `"function_handler": "handler"`:                                                               `function_handler (-c): "handler" is invalid; want ‹module›.‹function› such as handler.handler`,
		custom + `"function_triggers": "eval,s3"`:                                                              `function_triggers (-c): "s3" is unknown; want eval, S3, APIGateway`,
		custom + `"function_triggers": []`:                                                                     "function_triggers (-c): empty; want one or more of eval, S3, APIGateway",
		custom + `"function_source_dist_key": "k", "function_source_bucket": "geo"`:                            "function_source_dist_key (-c): contradicts function_source_dist_zip (-c); want one of them",
		custom + `"function_source_bucket": "geo-code"`:                                                        "function_source_bucket (-c): not used; want function_source_dist_key or function_source_dependencies_key with it",
		custom + `"function_source_dependencies_key": "deps.zip"`:                                              "function_source_dependencies_key (-c): function_source_bucket is missing; want the bucket of this key",
		custom + `"function_source_dist_version": "3"`:                                                         "function_source_dist_version (-c): not used without function_source_dist_key; want both or neither",
		`"function_source_bucket": "geo-code", "function_source_dependencies_key": "deps.zip"`:                 "function_source_dist_key (default): missing; want the key of the code's zip in function_source_bucket, or function_source_dist_zip",
		custom + `"function_s3_input": "in/"`:                                                                  "function_s3_input (-c): not used without the trigger S3; want it in function_triggers (default)",
		custom + `"function_s3_bucket": "geo-data"`:                                                            "function_s3_bucket (-c): not used without the trigger S3; want it in function_triggers (default), or fan_out=true",
		custom + `"fan_out": true, "function_s3_input": "in/"`:                                                 "function_s3_input (-c): not used without the trigger S3; want it in function_triggers (default)",
		custom + `"fan_out": true, "function_s3_output": "runs/results"`:                                       `function_s3_output (-c): "runs/results/" overlaps with "runs/", which fan_out uses; want another prefix`,
		custom + `"fan_out": true, "function_triggers": "S3", "function_s3_input": "runs/in"`:                  `function_s3_input (-c): "runs/in/" overlaps with "runs/", which fan_out uses; want another prefix`,
		custom + `"cache_prefix": "cache/"`:                                                                    "cache_prefix (-c): not used without the trigger S3; want it in function_triggers (default), or fan_out=true",
		custom + `"fan_out": true, "cache_expiration_in_days": 3`:                                              "cache_expiration_in_days (-c): not used without cache_prefix",
		custom + `"fan_out": true, "cache_prefix": "output/cache"`:                                             `cache_prefix (-c): "output/cache/" overlaps with "output/" of function_s3_output; want another prefix`,
		custom + `"fan_out": true, "cache_prefix": "runs"`:                                                     `cache_prefix (-c): "runs/" overlaps with "runs/" of fan_out; want another prefix`,
		`"connection_file": "c.json", "fan_out": true`:                                                         "fan_out (-c): applies to a custom function only; want function_source_dist_zip, or function_source_bucket and function_source_dist_key",
		custom + `"function_api_endpoint": "run"`:                                                              "function_api_endpoint (-c): not used without the trigger APIGateway; want it in function_triggers (default)",
		custom + `"function_triggers": "S3", "function_s3_output": "input/results"`:                            `function_s3_output (-c): "input/results/" overlaps with function_s3_input, "input/", so that results trigger the function again; want prefixes that do not overlap`,
		custom + `"function_triggers": "S3", "function_s3_input": "data", "function_s3_output": "data/"`:       `function_s3_output (-c): "data/" overlaps with function_s3_input, "data/", so that results trigger the function again; want prefixes that do not overlap`,
		custom + `"function_triggers": "S3", "function_s3_bucket": "geo-data", "function_s3_tags": {"a": "b"}`: "function_s3_tags (-c): applies to a bucket of the stack, but function_s3_bucket names an existing one; want one of them",
		custom + `"snap_start": true, "function_runtime": "nodejs24.x"`:                                        "snap_start (-c): not supported by nodejs24.x (-c); want Java from 11, Python from 3.12, or .NET",
		custom + `"snap_start": true, "ephemeral_storage": 1024`:                                               "snap_start (-c): not supported with ephemeral_storage=1024 (-c); want 512",
		custom + `"function_budget_amount": 10`:                                                                "function_budget_email (default): missing; want an email address, which function_budget_amount requires",
		custom + `"function_budget_amount": 0.5, "function_budget_email": "a@example.com"`:                     "function_budget_amount (-c): 0.5 is invalid; want a number from 1",
		custom + `"budget_action": true`:                                                                       "budget_action (-c): not used without function_budget_amount; want both or neither",
		custom + `"function_restrict_pipelines": "not a hash"`:                                                 `function_restrict_pipelines (-c): "not a hash" is invalid; want a list of node hashes: 8 to 128 letters and digits`,
		custom + `"environment_variables.S3_BUCKET_NAME": "x"`:                                                 "environment_variables.S3_BUCKET_NAME (-c): reserved for the stack; want the setting function_s3_bucket",
		custom + `"environment_variables.PODPAC_UNSAFE_EVAL": "x"`:                                             "environment_variables.PODPAC_UNSAFE_EVAL (-c): allows callers to run code; want function_allow_unsafe_eval=true with it",
		custom + `"environment_variables.SETTINGS": "[]"`:                                                      `environment_variables.SETTINGS (-c): not a JSON object; want podpac's settings such as {"DEFAULT_CACHE": ["ram"]}`,
		custom + `"function_source_dependencies_zip": "deps.zip", "layers": [` + fiveLayers() + `]`:            "layers (-c): 5 layers, and function_hydrate adds one; want up to 4",
	} {
		_, err := Parse(parse(t, "{"+text+"}"))
		if err == nil {
			t.Errorf("%s: accepted", text)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", text, diff)
		}
	}
}

func fiveLayers() string {
	var arns []string
	for _, name := range strings.Split("abcde", "") {
		arns = append(arns, `"arn:aws:lambda:eu-west-1:123456789012:layer:`+name+`:1"`)
	}
	return strings.Join(arns, ", ")
}

func TestSecretsInPodpacSettingsAreRefusedAndHidden(t *testing.T) {
	_, err := Parse(map[string]any{"function_source_dist_zip": "dist.zip", "environment_variables.SETTINGS": `{"AWS_SECRET_ACCESS_KEY": "hunter2-s3cret", "S3_BUCKET_NAME": "x"}`})
	if err == nil || !strings.Contains(err.Error(), "AWS_SECRET_ACCESS_KEY looks like a secret") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

func TestPodpacSettingsAreAccepted(t *testing.T) {
	for _, context := range []string{
		`{"app_name": "podpac", "function_source_dist_zip": "dist/podpac_dist.zip", "function_source_dependencies_zip": "dist/podpac_deps.zip"}`,
		`{"app_name": "podpac", "function_source_bucket": "my-bucket", "function_source_dist_key": "directory/podpac_dist.zip", "function_source_dependencies_key": "directory/podpac_deps.zip"}`,
		`{"app_name": "podpac", "function_source_dist_zip": "dist.zip", "function_source_bucket": "my-bucket", "function_source_dependencies_key": "deps.zip", "function_budget_amount": "10.50", "function_budget_email": "a@example.com"}`,
	} {
		if _, err := Parse(parse(t, context)); err != nil {
			t.Errorf("%s: %v", context, err)
		}
	}
}
