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

	"defog-cdk/local"
)

// testRollback has an update fail that has already changed the function. That
// the stack is not stuck then, the update of the next step shows.
func testRollback(t *testing.T, w *world) {
	const question = "SELECT id FROM orders ORDER BY id"
	before := w.ask(t, question)

	assembly := filepath.Join(t.TempDir(), "cdk.out")
	args := w.settings("cdk", "synth", "--quiet", "-o", assembly, "-c", "max_rows=5", "-c", "architecture="+local.Architecture())
	if output, code := command(t, w.aws.Environ(os.Environ()), "npx", args...); code != 0 {
		t.Fatal(output)
	}
	function := doom(t, filepath.Join(assembly, stackName+".template.json"))
	var output strings.Builder
	if err := w.aws.Deploy(t.Context(), &output, "--app", assembly); err == nil {
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
	got := events(t, w, map[string]string{stackName: "the stack", function: "the function"})
	if diff := cmp.Diff(want, got[max(0, len(got)-len(want)):]); diff != "" {
		t.Errorf("what happened: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(before, w.ask(t, question)); diff != "" {
		t.Errorf("the function is not the old one: -before +after:\n%s", diff)
	}
}

// events lists what happened to the resources of these logical ids, the oldest
// first.
func events(t *testing.T, w *world, names map[string]string) (happened []string) {
	t.Helper()
	said, err := cloudformation.NewFromConfig(w.config(root())).DescribeStackEvents(t.Context(),
		&cloudformation.DescribeStackEventsInput{StackName: aws.String(stackName)})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range slices.Backward(said.StackEvents) {
		if name, ok := names[aws.ToString(event.LogicalResourceId)]; ok {
			happened = append(happened, fmt.Sprintf("%s %s", name, event.ResourceStatus))
		}
	}
	return happened
}

// doom adds to a template a wait for a signal that nobody sends, after the
// function, and returns the function's logical id.
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
