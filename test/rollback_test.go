package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/localaws"
)

// testRollback lets an update fail after it has changed the function. The update
// of the next step shows that the stack is not stuck.
func testRollback(t *testing.T, d *deployment) {
	const question = "SELECT id FROM orders ORDER BY id"
	before := d.ask(t, question)

	assembly := filepath.Join(t.TempDir(), "cdk.out")
	args := d.settings("cdk", "synth", "--quiet", "-o", assembly, "-c", "max_rows=5", "-c", "architecture="+localaws.Architecture())
	if output, code := command(t, d.aws.Environ(os.Environ()), "npx", args...); code != 0 {
		t.Fatal(output)
	}
	function := doom(t, filepath.Join(assembly, d.stack()+".template.json"))
	var output strings.Builder
	if err := d.aws.Deploy(t.Context(), &output, "--app", assembly); err == nil {
		t.Fatalf("the update did not fail:\n%s", output.String())
	}

	want := []string{
		"the stack UPDATE_IN_PROGRESS",
		"the function UPDATE_IN_PROGRESS",
		"the function UPDATE_COMPLETE",
		"the stack UPDATE_ROLLBACK_IN_PROGRESS",
		"the function UPDATE_IN_PROGRESS",
		"the function UPDATE_COMPLETE",
		"the stack UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
		"the stack UPDATE_ROLLBACK_COMPLETE",
	}
	got := events(t, d, map[string]string{d.stack(): "the stack", function: "the function"})
	if diff := cmp.Diff(want, got[max(0, len(got)-len(want)):]); diff != "" {
		t.Errorf("events: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(before, d.ask(t, question)); diff != "" {
		t.Errorf("the function has changed: -before +after:\n%s", diff)
	}
}

// events lists the states of the resources with these logical ids, the oldest
// first. Names holds how to name each.
func events(t *testing.T, d *deployment, names map[string]string) (states []string) {
	t.Helper()
	described, err := cloudformation.NewFromConfig(d.config(root())).DescribeStackEvents(t.Context(),
		&cloudformation.DescribeStackEventsInput{StackName: aws.String(d.stack())})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range slices.Backward(described.StackEvents) {
		if name, ok := names[aws.ToString(event.LogicalResourceId)]; ok {
			states = append(states, fmt.Sprintf("%s %s", name, event.ResourceStatus))
		}
	}
	return states
}

// doom adds a resource that fails after the function: a wait for a signal that is
// never sent. It returns the function's logical id.
func doom(t *testing.T, path string) (function string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var template map[string]any
	if err := json.Unmarshal(data, &template); err != nil {
		t.Fatal(err)
	}
	resources := template["Resources"].(map[string]any)
	for id, resource := range resources {
		if resource.(map[string]any)["Type"] == "AWS::Lambda::Function" {
			function = id
		}
	}
	resources["DoomHandle"] = map[string]any{"Type": "AWS::CloudFormation::WaitConditionHandle"}
	resources["Doom"] = map[string]any{
		"Type":       "AWS::CloudFormation::WaitCondition",
		"DependsOn":  function,
		"Properties": map[string]any{"Handle": map[string]any{"Ref": "DoomHandle"}, "Timeout": "1"},
	}
	if data, err = json.Marshal(template); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return function
}
