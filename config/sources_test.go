package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const cdkJSON = `{
	"app": "go run .",
	"context": {
		"@aws-cdk/core:enablePartitionLiterals": true,
		"lambda_memory_size": 256, "max_rows": 11, "retries": 1, "app_name": "shop",
		"tags": {"team": "data", "from": "cdk.json"},
		"api_gateway_custom_domain": {"domain_name": "sql.example.com", "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/a", "url_prefix": "v1"},
		"defog": {"retries": 2, "throttle_rate": 5, "stages": {"prod": {"throttle_rate": 7, "throttle_burst": 70}}},
		"stages": {
			"prod": {"lambda_memory_size": 512, "log_retention_in_days": 365, "tags.from": "stage", "api_gateway_custom_domain.url_prefix": "v2", "max_rows": 12},
			"test": {"api_gateway_custom_domain": {"domain_name": "test.example.com", "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/b"}}
		}
	}
}`

const settingsFile = `{
	"$schema": "config/settings.schema.json",
	"max_rows": 13, "retries": 3, "tags": {"file": "yes"},
	"stages": {"prod": {"throttle_burst": 80}}
}`

func TestSourcesMergeByPrecedence(t *testing.T) {
	tests := map[string]struct {
		pairs []string
		want  map[string]string // value and origin
	}{
		"defaults and cdk.json": {nil, map[string]string{
			"app_name": "shop cdk.json", "lambda_memory_size": "256 cdk.json", "architecture": "arm64 default",
			"retries": "2 cdk.json, defog", "throttle_rate": "5 cdk.json, defog", "max_rows": "11 cdk.json", "vpc_id": " default",
			"tags.team": "data cdk.json", "tags.from": "cdk.json cdk.json", "api_gateway_custom_domain.url_prefix": "v1 cdk.json",
		}},
		"a stage": {[]string{"stage=prod"}, map[string]string{
			"stage": "prod -c", "lambda_memory_size": "512 cdk.json, stage prod", "max_rows": "12 cdk.json, stage prod", "retries": "2 cdk.json, defog",
			"throttle_rate": "7 cdk.json, defog, stage prod", "tags.team": "data cdk.json", "tags.from": "stage cdk.json, stage prod",
			"api_gateway_custom_domain.url_prefix":  "v2 cdk.json, stage prod",
			"api_gateway_custom_domain.domain_name": "sql.example.com cdk.json",
		}},
		"an object replaces": {[]string{"stage=test"}, map[string]string{
			"api_gateway_custom_domain.domain_name": "test.example.com cdk.json, stage test",
			"api_gateway_custom_domain.url_prefix":  " default",
			"api_gateway_custom_domain.tls_version": "TLS_1_2 default",
		}},
		"a settings file": {[]string{"stage=prod", "settings_file=apps/shop.json"}, map[string]string{
			"retries": "3 apps/shop.json", "max_rows": "12 cdk.json, stage prod", "tags.file": "yes apps/shop.json", "tags.team": "data cdk.json",
			"throttle_burst": "80 apps/shop.json, stage prod",
		}},
		"the command line": {[]string{"stage=prod", "lambda_memory_size=1024", "tags.team=ops", `tags={"more": 1}`, "throttle_rate=", "reserved_concurrency=0", "layers="}, map[string]string{
			"lambda_memory_size": "1024 -c", "tags.team": "ops -c", "tags.more": "1 -c", "tags.from": "stage cdk.json, stage prod",
			"reserved_concurrency": "0 -c", "layers": " default",
		}},
		"a file's value on the command line": {[]string{"stage=prod", "lambda_memory_size=256"}, map[string]string{
			"lambda_memory_size": "256 -c", // cdk.json has the number, -c the text
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inFolderWith(t, cdkJSON)
			context, err := ContextFile(test.pairs)
			if err != nil {
				t.Fatal(err)
			}
			values, err := Effective(context)
			if problems := flatten(err); err != nil && (len(problems) > 1 || !strings.HasPrefix(problems[0].Error(), "throttle_rate (-c)")) {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, v := range values {
				if _, asked := test.want[v.Key]; asked {
					got[v.Key] = v.String() + " " + v.Origin
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestProblemsNameTheirFile(t *testing.T) {
	inFolderWith(t, `{"context": {
		"acknowledged-issue-numbers": [1], "lambda_memory_size": 64, "settings_file": "apps/shop.json",
		"defog": {"acknowledged-issue-numbers": [1], "colour": "red"},
		"stages": {"prod": {"retries": 99, "settings_file": "x"}, "staging": {"retires": 1}, "odd": 3}
	}}`)
	write(t, "apps/shop.json", `{"lambda_functions": {"x": {}}, "@aws-cdk/x:y": true, "stages": []}`)
	context, err := ContextFile([]string{"stage=prd", "retries=-1"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse(context)
	want := strings.Join([]string{
		`stages.odd (cdk.json): not a map; want {"setting": value, …}`,
		`settings_file (cdk.json, stage prod): not allowed in a stage; want it beside stages, or as -c`,
		`stages (apps/shop.json): not a map; want {"stage": {"setting": value, …}, …}`,
		`stage: no "prd" in stages (did you mean prod?); want an existing stage, or an empty entry {} for a new one`,
		`lambda_memory_size (cdk.json): 64 is invalid; want 128 to 10240`,
		`acknowledged-issue-numbers (cdk.json, defog): unknown setting; want a key in docs/settings.md`,
		`colour (cdk.json, defog): unknown setting; want a key in docs/settings.md`,
		`@aws-cdk/x:y (apps/shop.json): unknown setting; want a key in docs/settings.md`,
		`lambda_functions (apps/shop.json): the stack has one function; want its settings beside app_name, or in its stage`,
		`retries (-c): "-1" is invalid; want 0 to 10`,
		`retries (cdk.json, stage prod): 99 is invalid; want 0 to 10`,
		`retires (cdk.json, stage staging): unknown setting (did you mean retries?); want a key in docs/settings.md`,
	}, "\n")
	if err == nil {
		t.Fatal("accepted")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestMissingSettingsFileIsRefused(t *testing.T) {
	_, err := Parse(map[string]any{"settings_file": "/nowhere/apps.json"})
	if want := "settings_file: open /nowhere/apps.json: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// inFolderWith changes to a folder with this cdk.json, and apps/shop.json.
func inFolderWith(t *testing.T, cdk string) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Chdir(t.TempDir())
	write(t, "cdk.json", cdk)
	write(t, "apps/shop.json", settingsFile)
}
