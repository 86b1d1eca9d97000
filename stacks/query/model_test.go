package query_test

import (
	"encoding/json"
	"strings"
	"testing"

	"defog-cdk/internal/environ"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func TestRoleInvokesOneModel(t *testing.T) {
	tests := map[string]struct {
		region string
		want   []string // parts of each statement's resource
	}{
		"anthropic.claude-sonnet-4-v1:0":    {"", []string{`::foundation-model/anthropic.claude-sonnet-4-v1:0"`}},
		"amazon.nova-pro-v1:0":              {"eu-west-1", []string{`:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0"`}},
		"eu.anthropic.claude-sonnet-4-v1:0": {"eu-west-1", []string{`:inference-profile/eu.anthropic.claude-sonnet-4-v1:0"`, `:bedrock:*::foundation-model/anthropic.claude-sonnet-4-v1:0"`}},
		"arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc":         {"", []string{`"arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc"`, `:bedrock:*::foundation-model/*"`}},
		"arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0": {"", []string{`:inference-profile/eu.amazon.nova-pro-v1:0"`, `:bedrock:*::foundation-model/amazon.nova-pro-v1:0"`}},
		"arn:aws:bedrock:eu-west-1:123456789012:provisioned-model/abc":                     {"", []string{`"arn:aws:bedrock:eu-west-1:123456789012:provisioned-model/abc"`}},
	}
	for model, test := range tests {
		changes := map[string]any{"generator": "bedrock", "generator_model": model, "function_source_dependencies_zip": settings.Folder(t, map[string]string{"schema.json": settings.Schema})}
		if test.region != "" {
			changes["generator_region"] = test.region
		}
		stack := stacktest.Query(t, changes)
		if got := stacktest.Variables(t, stack)[environ.GeneratorModel]; got != model {
			t.Errorf("%s: the function asks %v", model, got)
		}
		var found []string
		for _, statement := range stacktest.Statements(t, stack) {
			if stacktest.List(statement["Action"])[0] != "bedrock:InvokeModel" {
				continue
			}
			resource, err := json.Marshal(statement["Resource"])
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, string(resource))
			if strings.Contains(string(resource), ":bedrock:*") && statement["Condition"] == nil {
				t.Errorf("%s: any region, and not through the profile alone", model)
			}
		}
		if len(found) != len(test.want) {
			t.Fatalf("%s: statements on %v", model, found)
		}
		for i, want := range test.want {
			if !strings.Contains(found[i], want) {
				t.Errorf("%s: statement %d is on %s, want %s", model, i, found[i], want)
			}
		}
	}
}
