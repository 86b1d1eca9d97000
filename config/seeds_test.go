package config

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const refusedKey = "refused"

// seeds lists every key of Chalice's configuration and every attribute of
// PODPAC's Lambda node, with the setting that has its value, or refusedKey.
var seeds = []struct{ key, value, became string }{
	// Chalice, per function
	{"autogen_policy", `false`, "autogen_policy"},
	{"environment_variables", `{"A1": "b"}`, "environment_variables.A1"},
	{"iam_policy_file", `"policy.json"`, "iam_policy_file"},
	{"iam_role_arn", `"arn:aws:iam::123456789012:role/mine"`, "iam_role_arn"},
	{"lambda_memory_size", `512`, "lambda_memory_size"},
	{"lambda_timeout", `30`, "lambda_timeout"},
	{"layers", `["arn:aws:lambda:eu-west-1:123456789012:layer:x:1"]`, "layers"},
	{"manage_iam_role", `false`, "manage_iam_role"},
	{"reserved_concurrency", `5`, "reserved_concurrency"},
	{"security_group_ids", `["sg-1"]`, "security_group_ids"},
	{"subnet_ids", `["subnet-1"]`, "subnet_ids"},
	{"tags", `{"a": "b"}`, "tags.a"},
	{"log_retention_in_days", `7`, "log_retention_in_days"},
	// Chalice, per stage
	{"api_gateway_stage", `"api"`, "api_gateway_stage"},
	{"api_gateway_endpoint_type", `"EDGE"`, refusedKey},
	{"api_gateway_endpoint_vpce", `"vpce-1"`, refusedKey},
	{"api_gateway_policy_file", `"p.json"`, refusedKey},
	{"api_gateway_custom_domain", `{"domain_name": "sql.example.com"}`, "api_gateway_custom_domain.domain_name"},
	{"minimum_compression_size", `1024`, refusedKey},
	{"xray", `true`, "xray"},
	{"automatic_layer", `true`, refusedKey},
	{"lambda_functions", `{"api_handler": {}}`, refusedKey},
	{"app_name", `"shop"`, "app_name"},
	{"version", `"1.0"`, refusedKey},
	{"websocket_api_custom_domain", `{}`, refusedKey},
	{"stages", `{"dev": {"log_level": "WARN"}}`, "log_level"},
	// PODPAC
	{"function_name", `"podpac-lambda-autogen"`, "function_name"},
	{"function_handler", `"handler.handler"`, "function_handler"},
	{"function_runtime", `"python3.12"`, "function_runtime"},
	{"function_timeout", `30`, "lambda_timeout"},
	{"function_memory", `2048`, "lambda_memory_size"},
	{"function_description", `"d"`, "function_description"},
	{"function_env_variables", `{"B1": "c"}`, "environment_variables.B1"},
	{"function_tags", `{"c": "d"}`, "tags.c"},
	{"function_source_dist_zip", `"dist.zip"`, "function_source_dist_zip"},
	{"function_source_bucket", `"podpac-dist"`, "function_source_bucket"},
	{"function_source_dist_key", `"k"`, "function_source_dist_key"},
	{"function_source_dependencies_zip", `"deps.zip"`, "function_source_dependencies_zip"},
	{"function_source_dependencies_key", `"k"`, "function_source_dependencies_key"},
	{"function_s3_dependencies_key", `"k"`, refusedKey},
	{"function_triggers", `["eval", "S3", "APIGateway"]`, "function_triggers"},
	{"function_s3_input", `"input/"`, "function_s3_input"},
	{"function_s3_output", `"output/"`, "function_s3_output"},
	{"function_s3_bucket", `"shop-bucket"`, "function_s3_bucket"},
	{"function_s3_tags", `{"i": "j"}`, "function_s3_tags.i"},
	{"function_role_name", `"r"`, "function_role_name"},
	{"function_role_description", `"d"`, "function_role_description"},
	{"function_role_policy_document", `{"Version": "2012-10-17"}`, "function_role_policy_document"},
	{"function_role_policy_arns", `["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]`, "function_role_policy_arns"},
	{"function_role_assume_policy_document", `{"Version": "2012-10-17", "Statement": []}`, "function_role_assume_policy_document"},
	{"function_role_tags", `{"e": "f"}`, "function_role_tags.e"},
	{"function_api_endpoint", `"eval"`, "function_api_endpoint"},
	{"function_api_name", `"n"`, "function_api_name"},
	{"function_api_description", `"d"`, "function_api_description"},
	{"function_api_version", `"1"`, "function_api_version"},
	{"function_api_stage", `"prod"`, "api_gateway_stage"},
	{"function_api_tags", `{"g": "h"}`, "function_api_tags.g"},
	{"function_budget_amount", `10`, "function_budget_amount"},
	{"function_budget_currency", `"USD"`, "function_budget_currency"},
	{"function_budget_name", `"b"`, "function_budget_name"},
	{"function_budget_email", `"a@example.com"`, "function_budget_email"},
	{"function_restrict_pipelines", `["5e6ba34cd5bd3cf3"]`, "function_restrict_pipelines"},
	{"function_allow_unsafe_eval", `false`, "function_allow_unsafe_eval"},
}

func TestEachOldKeyIsASettingOrRefused(t *testing.T) {
	for _, seed := range seeds {
		t.Run(seed.key, func(t *testing.T) {
			inFolderWith(t, `{"context": {"`+seed.key+`": `+seed.value+`}}`)
			context, err := ContextFile(nil)
			if err != nil {
				t.Fatal(err)
			}
			values, err := Effective(context)
			if seed.became == refusedKey {
				if err == nil || !strings.HasPrefix(err.Error(), seed.key+" (cdk.json): ") {
					t.Errorf("not refused: %v", err)
				}
				return
			}
			// Another setting may be missing; this one must be known.
			if err != nil && strings.Contains(err.Error(), "unknown") {
				t.Error(err)
			}
			i := slices.IndexFunc(values, func(v Value) bool { return v.Key == seed.became })
			if i < 0 || !strings.HasPrefix(values[i].Origin, "cdk.json") || !strings.Contains(seed.value, values[i].String()) && !sameJSON(t, seed.value, values[i].Value) {
				t.Errorf("%s did not become %s: %+v", seed.key, seed.became, values[max(i, 0)])
			}
		})
	}
}

func TestAllOldKeysTogetherAreSettingsOrRefused(t *testing.T) {
	document := map[string]json.RawMessage{}
	var want []string
	for _, seed := range seeds {
		if slices.Contains([]string{"function_timeout", "function_memory", "function_api_stage", "function_env_variables", "function_tags", "manage_iam_role", "iam_role_arn",
			"function_source_bucket", "function_source_dist_key", "function_source_dependencies_key", "function_s3_tags"}, seed.key) {
			continue // they duplicate or contradict others
		}
		document[seed.key] = json.RawMessage(seed.value)
		if seed.became == refusedKey {
			want = append(want, seed.key)
		}
	}
	document["api_gateway_custom_domain"] = json.RawMessage(`{"domain_name": "sql.example.com", "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/a"}`)
	data, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	write(t, "all.json", string(data))
	_, err = Parse(map[string]any{"settings_file": "all.json"})
	var got []string
	for _, problem := range flatten(err) {
		key, _, _ := strings.Cut(problem.Error(), " (all.json): ")
		got = append(got, key)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refused keys: -want +got:\n%s", diff)
	}
}

func TestOldKeysWithoutEffectAreAccepted(t *testing.T) {
	values := map[string]any{"version": "2.0", "api_gateway_endpoint_type": "REGIONAL", "automatic_layer": false, "function_s3_input": nil}
	if _, err := Parse(values); err != nil {
		t.Error(err)
	}
}

func sameJSON(t *testing.T, text string, value any) bool {
	t.Helper()
	var want any
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	return cmp.Equal(want, plain(value))
}
