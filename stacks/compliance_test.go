package stacks_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"go.yaml.in/yaml/v4"

	"defog-cdk/stacks"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

// acceptance is an entry of .ci/nag.yaml.
type acceptance struct {
	Rules  []string
	Type   string
	Paths  string // a regular expression
	Reason string
}

func (a acceptance) accepts(rule, resourceType, path string) bool {
	return slices.Contains(a.Rules, rule) && a.Type == resourceType && regexp.MustCompile(a.Paths).MatchString(path)
}

// TestNagPacksAcceptVariants runs cdk-nag's packs over the stacks of .ci/variants.
func TestNagPacksAcceptVariants(t *testing.T) {
	t.Chdir("..") // files in settings are relative to the checkout
	accepted := readAcceptances(t, ".ci/nag.yaml")
	used := make([]bool, len(accepted))
	for _, line := range readVariants(t, ".ci/variants") {
		t.Run(line, func(t *testing.T) {
			app := variantApp(t, line)
			types := resourceTypes(app)
			for _, finding := range stacktest.PackFindings(t, app) {
				i := slices.IndexFunc(accepted, func(a acceptance) bool { return a.accepts(finding.Rule, types[finding.Path], finding.Path) })
				if i < 0 || finding.Pack == "AwsSolutions" {
					t.Errorf("%s-%s on %s (%s): is not accepted", finding.Pack, finding.Rule, finding.Path, types[finding.Path])
					continue
				}
				used[i] = true
			}
			checkNoFullAccess(t, app)
		})
	}
	for i, a := range accepted {
		if !used[i] && !t.Failed() {
			t.Errorf(".ci/nag.yaml: %v on %s: accepts no finding", a.Rules, a.Type)
		}
	}
}

func readAcceptances(t *testing.T, path string) (accepted []acceptance) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &accepted); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, a := range accepted {
		if len(a.Rules) == 0 || a.Type == "" || a.Reason == "" {
			t.Fatalf("%s: %+v: want rules, a type and a reason", path, a)
		}
	}
	return accepted
}

// readVariants returns the lines of settings.
func readVariants(t *testing.T, path string) (lines []string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if len(lines) < 5 {
		t.Fatalf("%s: %d variants", path, len(lines))
	}
	return lines
}

// variantApp makes the app of a line of settings.
func variantApp(t *testing.T, line string) awscdk.App {
	t.Helper()
	context := map[string]any{"app_name": "ci"}
	for setting := range strings.FieldsSeq(line) {
		key, value, _ := strings.Cut(setting, "=")
		context[key] = value
	}
	app := stacktest.App(t, nil)
	artifacts := stacktest.Artifacts(t, settings.Load(t, context), artifact.Environment{})
	if err := stacks.New(t.Context(), app, artifacts, stacks.Options{}); err != nil {
		t.Fatal(err)
	}
	return app
}

// resourceTypes returns the types of an app's resources by the paths of their
// constructs.
func resourceTypes(app awscdk.App) map[string]string {
	types := map[string]string{}
	for _, node := range *app.Node().FindAll(constructs.ConstructOrder_PREORDER) {
		if *awscdk.CfnResource_IsCfnResource(node) {
			var resource awscdk.CfnResource
			jsii.UnsafeCast(node, &resource)
			types[*node.Node().Path()] = *resource.CfnResourceType()
		}
	}
	return types
}

// checkNoFullAccess reports policies with a statement that allows every action, of
// one service or of all.
func checkNoFullAccess(t *testing.T, app awscdk.App) {
	t.Helper()
	checked := 0
	for _, resource := range construct.Resources(app, "AWS::IAM::Policy") {
		var policy awsiam.CfnPolicy
		jsii.UnsafeCast(resource, &policy)
		var document struct{ Statement []map[string]any }
		stacktest.Decode(t, awscdk.Stack_Of(policy).Resolve(policy.PolicyDocument()), &document)
		for _, statement := range document.Statement {
			checked++
			for _, action := range stacktest.List(statement["Action"]) {
				if statement["Effect"] == "Allow" && (action == "*" || strings.HasSuffix(action, ":*")) {
					t.Errorf("%s allows %s", *policy.Node().Path(), action)
				}
			}
		}
	}
	if len(construct.Resources(app, "AWS::IAM::Policy")) > 0 && checked == 0 {
		t.Error("no statement was checked")
	}
}
