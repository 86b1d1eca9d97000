package custom_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/environ"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func everyTrigger(changes map[string]any) map[string]any {
	return settings.With(map[string]any{"function_triggers": "eval,S3,APIGateway"}, changes)
}

func TestGoldenTemplate(t *testing.T) {
	stacktest.Golden(t, "testdata/stack.json", stacktest.Custom(t, everyTrigger(nil)))
}

func TestFunctionReceivesPodpacVariables(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{
		"function_triggers": "S3", "function_s3_bucket": "geo-data", "function_s3_input": "in", "function_restrict_pipelines": "0123456789abcdef",
		"environment_variables.SETTINGS": `{"DEFAULT_CACHE": ["ram"]}`,
	})
	variables := functionOf(t, stack).Environment.Variables
	var settings map[string]any
	if err := json.Unmarshal([]byte(variables[artifact.PodpacSettings].(string)), &settings); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{artifact.PodpacBucket: "geo-data", "FUNCTION_S3_INPUT": "in/", "FUNCTION_S3_OUTPUT": "output/", "DEFAULT_CACHE": []any{"ram"}}
	if diff := cmp.Diff(want, settings); diff != "" {
		t.Errorf("SETTINGS -want +got:\n%s", diff)
	}
	for name, want := range map[string]any{
		artifact.PodpacBucket: "geo-data", "FUNCTION_S3_INPUT": "in/", "FUNCTION_S3_OUTPUT": "output/", "PODPAC_RESTRICT_PIPELINES": `["0123456789abcdef"]`, "PODPAC_VERSION": "4.0.1",
		artifact.ExecWrapper: "/opt/hydrate", environ.DependenciesMaxMB: "512", environ.DependenciesLinks: "/tmp",
	} {
		if variables[name] != want {
			t.Errorf("%s = %v, want %v", name, variables[name], want)
		}
	}
	if _, found := variables["PODPAC_UNSAFE_EVAL"]; found {
		t.Error("callers may run code")
	}
	if !cmp.Equal(variables[artifact.PodpacDependenciesKey], variables[environ.DependenciesKey]) || variables[environ.DependenciesKey] == nil {
		t.Errorf("dependencies at %v for hydrate, at %v for a handler", variables[environ.DependenciesKey], variables[artifact.PodpacDependenciesKey])
	}
}

// functionOf decodes the custom function; the stack has functions of the CDK,
// too.
func functionOf(t *testing.T, stack assertions.Template) (function struct {
	Runtime, Handler string
	Layers           []any
	Architectures    []string
	EphemeralStorage struct{ Size int }
	Code             map[string]any
	DeadLetterConfig map[string]any
	SnapStart        map[string]any
	Timeout          int
	MemorySize       int
	Environment      struct{ Variables map[string]any }
}) {
	t.Helper()
	for name, resource := range *stack.FindResources(jsii.String("AWS::Lambda::Function"), nil) {
		if strings.HasPrefix(name, "OwnFunction") {
			stacktest.Decode(t, (*resource)["Properties"], &function)
			return function
		}
	}
	t.Fatal("no custom function")
	return function
}

func TestHydrateStartsByRuntime(t *testing.T) {
	bootstrap := settings.Folder(t, map[string]string{"bootstrap": "#!/bin/sh"})
	if err := os.Chmod(filepath.Join(bootstrap, "bootstrap"), 0o755); err != nil {
		t.Fatal(err)
	}
	bucket := map[string]any{"function_source_dist_zip": nil, "function_source_bucket": "geo-code", "function_source_dist_key": "v1/dist.zip"}
	provided := map[string]any{"function_runtime": "provided.al2023"}
	for name, test := range map[string]struct {
		changes   map[string]any
		local     bool
		runtime   string
		layers    int
		variables map[string]any
	}{
		"Python":              {nil, false, "python3.12", 1, map[string]any{artifact.ExecWrapper: "/opt/hydrate"}},
		"Node in a bucket":    {settings.With(bucket, map[string]any{"function_runtime": "nodejs24.x"}), false, "nodejs24.x", 1, map[string]any{artifact.ExecWrapper: "/opt/hydrate"}},
		"code as bootstrap":   {settings.With(provided, map[string]any{"function_source_dist_zip": bootstrap}), false, "provided.al2023", 0, nil},
		"program in a bucket": {settings.With(bucket, provided, map[string]any{"function_handler": "server"}), false, "provided.al2023", 1, map[string]any{environ.FunctionCommand: `["/var/task/server"]`}},
		"Python, locally":     {nil, true, "provided.al2023", 0, map[string]any{environ.FunctionCommand: `["python3","-m","awslambdaric","handler.handler"]`}},
		"bootstrap, locally":  {settings.With(provided, map[string]any{"function_source_dist_zip": bootstrap}), true, "provided.al2023", 0, nil},
		"switched off":        {map[string]any{"function_hydrate": false}, false, "python3.12", 0, nil},
		"no dependencies":     {map[string]any{"function_source_dependencies_zip": nil}, false, "python3.12", 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			stack := stacktest.MustStack(t, settings.Custom(t, test.changes), stacktest.Setup{LocalAWS: test.local})
			function := functionOf(t, assertions.Template_FromStack(stack, nil))
			if function.Runtime != test.runtime || len(function.Layers) != test.layers {
				t.Errorf("runtime %s with %d layers, want %s with %d", function.Runtime, len(function.Layers), test.runtime, test.layers)
			}
			for _, name := range []string{artifact.ExecWrapper, environ.FunctionCommand} {
				if got := function.Environment.Variables[name]; got != test.variables[name] {
					t.Errorf("%s = %v, want %v", name, got, test.variables[name])
				}
			}
		})
	}
}

func TestMain(m *testing.M) { stacktest.Main(m) }
