package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAFunctionOfOnesOwnHasDefaultsOfItsOwn(t *testing.T) {
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

// Problems of a function of one's own come with all others, and each says what
// would be right.
func TestContradictionsOfAFunctionOfOnesOwnAreFound(t *testing.T) {
	const own = `"function_source_dist_zip": "dist.zip", `
	for text, want := range map[string]string{
		own + `"generator": "bedrock"`:                                                                      "generator (-c): is for the query function, and function_source_dist_zip asks for a function of your own; remove one of them",
		own + `"connection_file": "c.json"`:                                                                 "connection_file (-c): is for the query function, and function_source_dist_zip asks for a function of your own; remove one of them",
		`"function_runtime": "python3.13"`:                                                                  "function_runtime (-c): is for a function of your own; give that with function_source_dist_zip, or with function_source_bucket and function_source_dist_key",
		own + `"function_runtime": "go1.x"`:                                                                 `function_runtime (-c): "go1.x" was deprecated by Lambda on 2024-01-08; valid: dotnet10, java8.al2, java11, java17, java21, java25, nodejs22.x, nodejs24.x, provided.al2023, python3.11, python3.12, python3.13, python3.14, ruby3.3, ruby3.4, ruby4.0`,
		own + `"function_handler": "handler"`:                                                               `function_handler (-c): "handler" is not valid; valid: ‹module›.‹function›, as handler.handler`,
		own + `"function_triggers": "eval,s3"`:                                                              `function_triggers (-c): "s3" is unknown; valid: eval, S3, APIGateway`,
		own + `"function_triggers": []`:                                                                     "function_triggers (-c): none; valid: one or more of eval, S3, APIGateway",
		own + `"function_source_dist_key": "k", "function_source_bucket": "geo"`:                            "function_source_dist_key (-c): names the same thing as function_source_dist_zip (-c); remove one of them",
		own + `"function_source_bucket": "geo-code"`:                                                        "function_source_bucket (-c): nothing is taken from it; give function_source_dist_key or function_source_dependencies_key, or remove it",
		own + `"function_source_dependencies_key": "deps.zip"`:                                              "function_source_dependencies_key (-c): is a key in function_source_bucket, which is missing",
		own + `"function_source_dist_version": "3"`:                                                         "function_source_dist_version (-c): is the version of function_source_dist_key, which is missing",
		`"function_source_bucket": "geo-code", "function_source_dependencies_key": "deps.zip"`:              "function_source_dist_key (default): missing; valid: the key of the code's zip in function_source_bucket, or the code from here with function_source_dist_zip",
		own + `"function_s3_input": "in/"`:                                                                  "function_s3_input (-c): goes with the trigger S3; add that to function_triggers (default), or remove this",
		own + `"function_api_endpoint": "run"`:                                                              "function_api_endpoint (-c): goes with the trigger APIGateway; add that to function_triggers (default), or remove this",
		own + `"function_triggers": "S3", "function_s3_output": "input/results"`:                            `function_s3_output (-c): "input/results/" overlaps with function_s3_input, "input/": what the function writes would trigger it again, for ever; valid: prefixes of which none starts with the other`,
		own + `"function_triggers": "S3", "function_s3_input": "data", "function_s3_output": "data/"`:       `function_s3_output (-c): "data/" overlaps with function_s3_input, "data/": what the function writes would trigger it again, for ever; valid: prefixes of which none starts with the other`,
		own + `"function_triggers": "S3", "function_s3_bucket": "geo-data", "function_s3_tags": {"a": "b"}`: "function_s3_tags (-c): is for the bucket that the stack makes, and function_s3_bucket names one of yours, which the stack leaves as it is; remove one of them",
		own + `"snap_start": true, "function_runtime": "nodejs24.x"`:                                        "snap_start (-c): Lambda takes no snapshots of nodejs24.x (-c); valid with Java from 11, Python from 3.12 and .NET",
		own + `"snap_start": true, "ephemeral_storage": 1024`:                                               "snap_start (-c): Lambda takes no snapshots with more than 512 MB of /tmp, and ephemeral_storage is 1024 (-c)",
		own + `"function_budget_amount": 10`:                                                                "function_budget_email (default): missing; function_budget_amount needs somebody to tell",
		own + `"function_budget_amount": 0.5, "function_budget_email": "a@example.com"`:                     "function_budget_amount (-c): 0.5 is not valid; valid: a number from 1",
		own + `"budget_action": true`:                                                                       "budget_action (-c): goes with function_budget_amount, which is missing",
		own + `"function_restrict_pipelines": "not a hash"`:                                                 `function_restrict_pipelines (-c): "not a hash" is not valid; valid: a list: a node's hash: 8 to 128 letters and digits`,
		own + `"environment_variables.S3_BUCKET_NAME": "x"`:                                                 "environment_variables.S3_BUCKET_NAME (-c): is set by the stack; use the setting function_s3_bucket instead",
		own + `"environment_variables.PODPAC_UNSAFE_EVAL": "x"`:                                             "environment_variables.PODPAC_UNSAFE_EVAL (-c): lets callers run code of theirs; say function_allow_unsafe_eval=true if that is meant, or remove it",
		own + `"environment_variables.SETTINGS": "[]"`:                                                      `environment_variables.SETTINGS (-c): is no JSON object; valid: podpac's settings, as {"DEFAULT_CACHE": ["ram"]}`,
		own + `"function_source_dependencies_zip": "deps.zip", "layers": [` + fiveLayers() + `]`:            "layers (-c): 5, and function_hydrate takes one of the 5 that a function may have; valid: up to 4",
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

func TestSecretsInPodpacsSettingsAreRefusedAndNotShown(t *testing.T) {
	_, err := Parse(map[string]any{"function_source_dist_zip": "dist.zip", "environment_variables.SETTINGS": `{"AWS_SECRET_ACCESS_KEY": "hunter2-s3cret", "S3_BUCKET_NAME": "x"}`})
	if err == nil || !strings.Contains(err.Error(), "AWS_SECRET_ACCESS_KEY looks like a secret") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

func TestBothFlowsOfPodpacAreUnderstood(t *testing.T) {
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
