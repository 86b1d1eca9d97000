package query_test

import (
	"encoding/json"
	"strings"
	"testing"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

// TestRoleWithoutAPIKeyInvokesDefaultModel checks the environment and the role
// without a setting: one inference profile, and its model through that profile alone.
func TestRoleWithoutAPIKeyInvokesDefaultModel(t *testing.T) {
	folder := settings.Folder(t, map[string]string{"c.json": `{"db_type": "postgres", "db_creds": {"host": "h", "port": 5432, "database": "d", "user": "u", "password": "p"}}`})
	stack := stacktest.Query(t, map[string]any{"connection_file": folder + "/c.json"})
	variables := stacktest.Variables(t, stack)
	if variables[environ.Generator] != "bedrock" || variables[environ.GeneratorModel] != connection.DefaultModel || variables[environ.SchemaTTL] != nil ||
		variables[environ.Samples] != nil || variables[environ.AllowClarification] != nil || variables[environ.StateAssumptions] != nil || variables[environ.GoldenFirst] != nil {
		t.Errorf("got %v", variables)
	}
	var found []string
	for _, statement := range stacktest.Statements(t, stack) {
		if stacktest.List(statement["Action"])[0] == "bedrock:InvokeModel" {
			text, err := json.Marshal(statement)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, string(text))
		}
	}
	if len(found) != 2 {
		t.Fatalf("got %s", found)
	}
	profile, model := found[0], found[1]
	if !strings.Contains(profile, ":inference-profile/"+connection.DefaultModel+`"`) || strings.Contains(profile, "Condition") ||
		!strings.Contains(model, `::foundation-model/anthropic.claude-sonnet-4-6"`) || !strings.Contains(model, "bedrock:InferenceProfileArn") {
		t.Errorf("got %s", found)
	}
	changed := stacktest.Variables(t, stacktest.Query(t, map[string]any{"connection_file": folder + "/c.json", "schema_ttl": 60, "generator_model": "amazon.nova-pro-v1:0",
		"samples": 3, "allow_clarification": true, "state_assumptions": true}))
	if changed[environ.SchemaTTL] != "60" || changed[environ.GeneratorModel] != "amazon.nova-pro-v1:0" ||
		changed[environ.Samples] != "3" || changed[environ.AllowClarification] != "true" || changed[environ.StateAssumptions] != "true" {
		t.Errorf("got %v", changed)
	}
}
