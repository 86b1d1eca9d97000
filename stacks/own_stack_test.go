package stacks

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/config"
	"defog-cdk/internal/environ"
)

// ownSettings are those of a function of the user's own, of Python code and a
// package, with changes.
func ownSettings(t *testing.T, changes map[string]any) config.Config {
	t.Helper()
	context := map[string]any{
		"app_name":                         "podpac",
		"function_source_dist_zip":         folder(t, map[string]string{"handler.py": "def handler(event, context): pass"}),
		"function_source_dependencies_zip": folder(t, map[string]string{"shapes/__init__.py": "", "podpac-4.0.1.dist-info/METADATA": ""}),
	}
	maps.Copy(context, changes)
	for key, value := range changes {
		if value == nil {
			delete(context, key)
		}
	}
	conf, err := config.Load(context)
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

// ownInputs are the stack's, with a stand-in for the compiled hydrate.
func ownInputs(t *testing.T, conf config.Config, place Place) *Inputs {
	t.Helper()
	inputs, err := prepare(t, conf, place)
	if err != nil {
		t.Fatal(err)
	}
	return inputs
}

func prepare(t *testing.T, conf config.Config, place Place) (*Inputs, error) {
	t.Helper()
	inputs := &Inputs{Place: place, Config: conf, Own: &Own{front: frontOf(conf, place)}}
	t.Cleanup(func() {
		if err := inputs.Remove(); err != nil {
			t.Error(err)
		}
	})
	if inputs.Own.front != noFront {
		inputs.Code = &Code{directory: t.TempDir(), done: make(chan struct{})}
		close(inputs.Code.done)
		name := inputs.Own.front.program(conf).file
		if err := os.WriteFile(filepath.Join(inputs.Code.directory, name), []byte("hydrate"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if inputs.Policies, err = readPolicies(conf); err != nil {
		return nil, err
	}
	if err := errors.Join(inputs.takeSources(t.Context()), inputs.checkTriggerBucket(t.Context())); err != nil {
		return nil, err
	}
	inputs.Environment, err = ownEnvironment(inputs)
	return inputs, err
}

func ownTemplate(t *testing.T, changes map[string]any) assertions.Template {
	t.Helper()
	stack, err := newStack(t, ownInputs(t, ownSettings(t, changes), Place{}))
	if err != nil {
		t.Fatal(err)
	}
	return assertions.Template_FromStack(stack, nil)
}

func everyTrigger(changes map[string]any) map[string]any {
	return with(map[string]any{"function_triggers": "eval,S3,APIGateway"}, changes)
}

func TestGoldenTemplateOfAFunctionOfOnesOwn(t *testing.T) {
	goldenTemplate(t, "testdata/own_stack.json", ownTemplate(t, everyTrigger(nil)))
}

func TestAFunctionOfOnesOwnGetsWhatPodpacsHandlersRead(t *testing.T) {
	stack := ownTemplate(t, map[string]any{
		"function_triggers": "S3", "function_s3_bucket": "geo-data", "function_s3_input": "in", "function_restrict_pipelines": "0123456789abcdef",
		"environment_variables.SETTINGS": `{"DEFAULT_CACHE": ["ram"]}`,
	})
	variables := functionOf(t, stack).Environment.Variables
	var settings map[string]any
	if err := json.Unmarshal([]byte(variables[podpacSettings].(string)), &settings); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{podpacBucket: "geo-data", podpacInput: "in/", podpacOutput: "output/", "DEFAULT_CACHE": []any{"ram"}}
	if diff := cmp.Diff(want, settings); diff != "" {
		t.Errorf("SETTINGS -want +got:\n%s", diff)
	}
	for name, want := range map[string]any{
		podpacBucket: "geo-data", podpacInput: "in/", podpacOutput: "output/", podpacRestrict: `["0123456789abcdef"]`, podpacVersionName: "4.0.1",
		execWrapper: "/opt/hydrate", environ.DependenciesMaxMB: "512", environ.DependenciesLinks: "/tmp",
	} {
		if variables[name] != want {
			t.Errorf("%s = %v, want %v", name, variables[name], want)
		}
	}
	if _, found := variables[podpacUnsafe]; found {
		t.Error("callers may run code of theirs")
	}
	if !cmp.Equal(variables[podpacDependenciesKey], variables[environ.DependenciesKey]) || variables[environ.DependenciesKey] == nil {
		t.Errorf("dependencies at %v for hydrate, at %v for a handler", variables[environ.DependenciesKey], variables[podpacDependenciesKey])
	}
}

// functionOf decodes the user's function, which is not the only one: the CDK
// has some of its own.
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
			decode(t, (*resource)["Properties"], &function)
			return function
		}
	}
	t.Fatal("no function of the user's own")
	return function
}

func TestHydrateStandsWhereTheRuntimeLetsIt(t *testing.T) {
	bootstrap := folder(t, map[string]string{"bootstrap": "#!/bin/sh"})
	if err := os.Chmod(filepath.Join(bootstrap, "bootstrap"), 0o755); err != nil {
		t.Fatal(err)
	}
	bucket := map[string]any{"function_source_dist_zip": nil, "function_source_bucket": "geo-code", "function_source_dist_key": "v1/dist.zip"}
	provided := map[string]any{"function_runtime": "provided.al2023"}
	for name, test := range map[string]struct {
		changes   map[string]any
		place     Place
		runtime   string
		layers    int
		variables map[string]any
	}{
		"Python":               {nil, Place{}, "python3.12", 1, map[string]any{execWrapper: "/opt/hydrate"}},
		"Node in a bucket":     {with(bucket, map[string]any{"function_runtime": "nodejs24.x"}), Place{}, "nodejs24.x", 1, map[string]any{execWrapper: "/opt/hydrate"}},
		"own program":          {with(provided, map[string]any{"function_source_dist_zip": bootstrap}), Place{}, "provided.al2023", 0, nil},
		"program in a bucket":  {with(bucket, provided, map[string]any{"function_handler": "server"}), Place{}, "provided.al2023", 1, map[string]any{environ.FunctionCommand: `["/var/task/server"]`}},
		"Python, locally":      {nil, Place{Local: true}, "provided.al2023", 0, map[string]any{environ.FunctionCommand: `["python3","-m","awslambdaric","handler.handler"]`}},
		"own program, locally": {with(provided, map[string]any{"function_source_dist_zip": bootstrap}), Place{Local: true}, "provided.al2023", 0, nil},
		"switched off":         {map[string]any{"function_hydrate": false}, Place{}, "python3.12", 0, nil},
		"no dependencies":      {map[string]any{"function_source_dependencies_zip": nil}, Place{}, "python3.12", 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			stack, err := newStack(t, ownInputs(t, ownSettings(t, test.changes), test.place))
			if err != nil {
				t.Fatal(err)
			}
			function := functionOf(t, assertions.Template_FromStack(stack, nil))
			if function.Runtime != test.runtime || len(function.Layers) != test.layers {
				t.Errorf("runtime %s with %d layers, want %s with %d", function.Runtime, len(function.Layers), test.runtime, test.layers)
			}
			for _, name := range []string{execWrapper, environ.FunctionCommand} {
				if got := function.Environment.Variables[name]; got != test.variables[name] {
					t.Errorf("%s = %v, want %v", name, got, test.variables[name])
				}
			}
		})
	}
}

func TestHydratedCodeKeepsTheCodeAndItsBootstrap(t *testing.T) {
	source := folder(t, map[string]string{"bootstrap": "#!/bin/sh", "data/a": "1"})
	if err := os.Chmod(filepath.Join(source, "bootstrap"), 0o755); err != nil {
		t.Fatal(err)
	}
	inputs := ownInputs(t, ownSettings(t, map[string]any{"function_runtime": "provided.al2023", "function_source_dist_zip": source}), Place{})
	var zips [2][]byte
	for i := range zips {
		made, err := inputs.hydratedCode()
		if err != nil {
			t.Fatal(err)
		}
		if zips[i], err = os.ReadFile(made.Path); err != nil {
			t.Fatal(err)
		}
	}
	if string(zips[0]) != string(zips[1]) {
		t.Error("the same code gives two zips")
	}
	archive, err := zip.NewReader(strings.NewReader(string(zips[0])), int64(len(zips[0])))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, member := range archive.File {
		got[member.Name] = content(t, member)
		if strings.HasPrefix(member.Name, "bootstrap") && member.Mode().Perm() != 0o755 {
			t.Errorf("%s has the mode %v", member.Name, member.Mode())
		}
	}
	if diff := cmp.Diff(map[string]string{"bootstrap": "hydrate", "bootstrap.original": "#!/bin/sh", "data/a": "1"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCDKNagFindsNothingInAFunctionOfOnesOwn(t *testing.T) {
	bucket := map[string]any{
		"function_source_dist_zip": nil, "function_source_dependencies_zip": nil, "function_source_bucket": "geo-code",
		"function_source_dist_key": "v1/dist.zip", "function_source_dependencies_key": "v1/deps.zip", "function_source_dependencies_version": "3",
	}
	for name, changes := range map[string]map[string]any{
		"direct invokes": nil,
		"every trigger":  everyTrigger(nil),
		"production":     everyTrigger(map[string]any{"stage": "prod", "canary": "linear", "alarm_email": "ops@example.com", "function_s3_expiration_in_days": 30}),
		"a bucket":       with(bucket, map[string]any{"function_triggers": "S3", "function_s3_bucket": "geo-data"}),
		"a budget":       {"function_budget_amount": 10, "function_budget_email": "ops@example.com", "budget_action": true},
		"a snapshot":     {"snap_start": true, "xray": true, "kms_key_arn": ownKey},
		"open, network":  with(inSubnets(), map[string]any{"function_triggers": "APIGateway", "api_auth": "none"}),
	} {
		t.Run(name, func(t *testing.T) { checkNag(t, ownInputs(t, ownSettings(t, changes), Place{})) })
	}
}
