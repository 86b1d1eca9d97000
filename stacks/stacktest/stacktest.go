// Package stacktest synthesizes stacks for tests, without a compiler, and reads
// their templates. Each test binary has one jsii kernel, so such tests do not run
// in parallel; TestMain ends the kernel.
package stacktest

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/config"
	"defog-cdk/internal/release"
	"defog-cdk/stacks"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/stacktest/settings"
)

var update = flag.Bool("update", false, "rewrite the golden templates")

// Main runs a package's tests and ends the jsii kernel.
func Main(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// checkout returns the checkout's root.
func checkout(t *testing.T) string {
	t.Helper()
	for root := "."; ; root = filepath.Join("..", root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return root
		}
		if len(root) > 100 {
			t.Fatal("no go.mod above the test")
		}
	}
}

// Setup is what a synthesis takes besides settings.
type Setup struct {
	Environment artifact.Environment
	LocalAWS    bool
	Context     map[string]any // besides the feature flags of cdk.json
}

// Artifacts prepares the artifacts of settings, with files in place of compiled
// programs.
func Artifacts(t *testing.T, conf config.Config, environment artifact.Environment) *artifact.Artifacts {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // starts no compiler
	artifacts, err := artifact.Prepare(ctx, conf, environment, filepath.Join(checkout(t), "lambda/query/dependencies"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := artifacts.Remove(); err != nil {
			t.Error(err)
		}
	})
	if artifacts.Stage != nil {
		replacePrograms(t, artifacts.Stage)
		return artifacts
	}
	for _, wave := range artifacts.Pipeline.Waves {
		for _, stage := range wave.Regions {
			replacePrograms(t, stage)
		}
	}
	return artifacts
}

func replacePrograms(t *testing.T, stage *artifact.Stage) {
	t.Helper()
	if stage.Query != nil && stage.Query.Page != nil {
		if err := stage.Query.Page.Remove(); err != nil {
			t.Fatal(err)
		}
		code := t.TempDir()
		if err := os.WriteFile(filepath.Join(code, "bootstrap"), []byte("page"), 0o755); err != nil {
			t.Fatal(err)
		}
		stage.Query.Page = artifact.PageIn(code)
	}
	program := &stage.Query
	switch {
	case *program != nil:
		(*program).Program = replace(t, (*program).Program, "bootstrap")
	case stage.Custom.Hydration == artifact.WrappedRuntime:
		stage.Custom.Program = replace(t, stage.Custom.Program, "hydrate")
	case stage.Custom.Program != nil:
		stage.Custom.Program = replace(t, stage.Custom.Program, "bootstrap")
	}
}

func replace(t *testing.T, program *artifact.Program, name string) *artifact.Program {
	t.Helper()
	if err := program.Remove(); err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, name), []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	return artifact.ProgramIn(directory)
}

// App makes an app with the feature flags of cdk.json.
func App(t *testing.T, context map[string]any) awscdk.App {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(checkout(t), "cdk.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cdk struct{ Context map[string]any }
	if err := json.Unmarshal(data, &cdk); err != nil {
		t.Fatal(err)
	}
	maps.Copy(cdk.Context, context)
	return awscdk.NewApp(&awscdk.AppProps{Context: &cdk.Context, Outdir: jsii.String(t.TempDir())})
}

// Stack makes the stack of a stage in a new app.
func Stack(t *testing.T, conf config.Config, setup Setup) (awscdk.Stack, error) {
	t.Helper()
	artifacts := Artifacts(t, conf, setup.Environment)
	return stacks.NewStage(t.Context(), App(t, setup.Context), artifacts.Stage, nil, stacks.Options{LocalAWS: setup.LocalAWS})
}

// MustStack is Stack for settings that are valid.
func MustStack(t *testing.T, conf config.Config, setup Setup) awscdk.Stack {
	t.Helper()
	stack, err := Stack(t, conf, setup)
	if err != nil {
		t.Fatal(err)
	}
	return stack
}

// Query returns the template of the query stack, with changed settings.
func Query(t *testing.T, changes map[string]any) assertions.Template {
	t.Helper()
	return assertions.Template_FromStack(MustStack(t, settings.Query(t, changes), Setup{}), nil)
}

// Custom returns the template of a custom function's stack, with changed settings.
func Custom(t *testing.T, changes map[string]any) assertions.Template {
	t.Helper()
	return assertions.Template_FromStack(MustStack(t, settings.Custom(t, changes), Setup{}), nil)
}

// Golden compares a template with a golden file. Hashes and this app's version do not
// count. The flag -update rewrites the file.
func Golden(t *testing.T, path string, template assertions.Template) {
	t.Helper()
	text, err := json.MarshalIndent(template.ToJSON(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	masked := regexp.MustCompile(`[0-9a-f]{64}|[0-9a-f]{32}\b`).ReplaceAllString(string(text)+"\n", "‹hash›")
	CompareGolden(t, path, strings.ReplaceAll(masked, `"`+release.Version+`"`, `"‹version›"`))
}

// CompareGolden compares a text with a golden file, or rewrites the file.
func CompareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("run make golden if this change is intended\n-want +got:\n%s", diff)
	}
}

// Warnings returns the ids of a stack's warnings.
func Warnings(stack awscdk.Stack) (ids []string) {
	for _, message := range *assertions.Annotations_FromStack(stack).FindWarning(jsii.String("*"), assertions.Match_AnyValue()) {
		id := regexp.MustCompile(`\[ack: (.*)\]`).FindStringSubmatch(message.Entry.Data.(string))
		ids = append(ids, id[1])
	}
	return ids
}

// Decode decodes a part of a template.
func Decode(t *testing.T, part, into any) {
	t.Helper()
	data, err := json.Marshal(part)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Properties decodes the properties of the only resource of a type.
func Properties(t *testing.T, template assertions.Template, resourceType string, into any) {
	t.Helper()
	id := OnlyID(t, template, resourceType)
	Decode(t, (*(*template.FindResources(jsii.String(resourceType), nil))[id])["Properties"], into)
}

// OnlyID returns the logical id of the only resource of a type.
func OnlyID(t *testing.T, template assertions.Template, resourceType string) (id string) {
	t.Helper()
	resources := *template.FindResources(jsii.String(resourceType), nil)
	if len(resources) != 1 {
		t.Fatalf("%d resources of type %s", len(resources), resourceType)
	}
	for id = range resources {
	}
	return id
}

// Variables returns the environment of the only function.
func Variables(t *testing.T, template assertions.Template) map[string]any {
	t.Helper()
	var function struct {
		Environment struct{ Variables map[string]any }
	}
	Properties(t, template, "AWS::Lambda::Function", &function)
	return function.Environment.Variables
}

// Statements returns the statements of the only role of a function, in order.
func Statements(t *testing.T, template assertions.Template) []map[string]any {
	t.Helper()
	roles := *template.FindResources(jsii.String("AWS::IAM::Role"), map[string]any{"Properties": map[string]any{
		"AssumeRolePolicyDocument": map[string]any{"Statement": []any{map[string]any{"Principal": map[string]any{"Service": "lambda.amazonaws.com"}}}},
	}})
	if len(roles) != 1 {
		t.Fatalf("%d roles of functions", len(roles))
	}
	for _, role := range roles {
		return StatementsOf(t, (*role)["Properties"])
	}
	return nil
}

// StatementsOf returns the statements of a role, given by its properties.
func StatementsOf(t *testing.T, properties any) (all []map[string]any) {
	t.Helper()
	var role struct {
		Policies []struct {
			PolicyDocument struct{ Statement []map[string]any }
		}
	}
	Decode(t, properties, &role)
	for _, policy := range role.Policies {
		all = append(all, policy.PolicyDocument.Statement...)
	}
	return all
}

// List returns a policy's value or list of values as texts.
func List(value any) []string {
	values, ok := value.([]any)
	if !ok {
		values = []any{value}
	}
	var texts []string
	for _, value := range values {
		text, isText := value.(string)
		if !isText {
			data, err := json.Marshal(value)
			if err != nil {
				panic(err)
			}
			text = string(data)
		}
		texts = append(texts, text)
	}
	return texts
}

// Output returns an output's value as flat text: see Flat.
func Output(t *testing.T, template assertions.Template, name string) string {
	t.Helper()
	output, found := (*template.FindOutputs(jsii.String(name), nil))[name]
	if !found {
		t.Fatalf("no output %s", name)
	}
	return Flat(t, (*output)["Value"])
}

// Flat returns a template's value as text, with references as ‹reference›.
func Flat(t *testing.T, value any) string {
	t.Helper()
	switch v := value.(type) {
	case string:
		return v
	case map[string]any:
		if reference, ok := v["Ref"]; ok {
			return "‹" + Flat(t, reference) + "›"
		}
		if attribute, ok := v["Fn::GetAtt"].([]any); ok {
			return "‹" + Flat(t, attribute[0]) + "." + Flat(t, attribute[1]) + "›"
		}
		if join, ok := v["Fn::Join"].([]any); ok {
			var texts []string
			for _, part := range join[1].([]any) {
				texts = append(texts, Flat(t, part))
			}
			return strings.Join(texts, Flat(t, join[0]))
		}
	}
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	t.Fatalf("not text: %s", data)
	return ""
}

// Like matches an object that has at least these members.
func Like(members map[string]any) assertions.Matcher { return assertions.Match_ObjectLike(&members) }

// Ref returns a reference to a resource.
func Ref(id string) map[string]any { return map[string]any{"Ref": id} }
