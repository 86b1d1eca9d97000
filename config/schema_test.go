package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaFile = "settings.schema.json"

func TestSchemaFileIsCurrent(t *testing.T) {
	golden(t, schemaFile, Schema())
}

// The schema and the loader agree, apart from contradictions between settings.
func TestSchemaAndLoaderAgree(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(Schema())))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler() // validates the schema itself too
	if err := compiler.AddResource(schemaFile, document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}

	tests := map[string]bool{
		`{}`: true,
		`{"lambda_memory_size": 512, "function_timeout": 29, "tags": {"team": "data", "tier": 2}, "tags.a": "b", "xray": true}`:                                        true,
		`{"layers": ["arn:aws:lambda:eu-west-1:123456789012:layer:x:1"], "reserved_concurrency": 0, "log_retention_in_days": 0}`:                                       true,
		`{"api_gateway_custom_domain": {"domain_name": "sql.example.com", "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/a", "tags": {"a": "b"}}}`: true,
		`{"stages": {"prod": {"lambda_memory_size": 512}}, "$schema": "./settings.schema.json"}`:                                                                       true,

		`{"lambda_memory_sise": 512}`:                       false,
		`{"lambda_memory_size": 64}`:                        false,
		`{"log_retention_in_days": 8}`:                      false,
		`{"generator": "golde"}`:                            false,
		`{"xray": "maybe"}`:                                 false,
		`{"layers": ["x"]}`:                                 false,
		`{"vpc_id": "x"}`:                                   false,
		`{"tags": {"team": ["data"]}}`:                      false,
		`{"stages": {"prod": {"lambda_memory_sise": 512}}}`: false,
		`{"stages": {"prod": {"stage": "dev"}}}`:            false,
		`{"stages": []}`:                                    false,
		`{"api_gateway_custom_domain": {"domain": "x"}}`:    false,
	}
	for text, good := range tests {
		for _, form := range []string{text, `{"app": "go run .", "context": {"@aws-cdk/core:x": true, "defog": ` + text + `}}`, `{"context": ` + text + `}`} {
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(form))
			if err != nil {
				t.Fatal(err)
			}
			if err := compiled.Validate(value); (err == nil) != good {
				t.Errorf("%s: schema: %v", form, err)
			}
		}
		t.Chdir(t.TempDir())
		write(t, "settings.json", text)
		if _, err := Parse(map[string]any{"settings_file": "settings.json"}); (err == nil) != good {
			t.Errorf("%s: loader: %v", text, err)
		}
	}
}

func TestSettingsInCDKJSONAreValid(t *testing.T) {
	data, err := os.ReadFile("../cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	var cdk struct{ Context map[string]any }
	if err := json.Unmarshal(data, &cdk); err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(cdk.Context); err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
