package stacks_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/cmd/defog/review"
	"defog-cdk/config"
	"defog-cdk/internal/release"
	"defog-cdk/stacks"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

var keep = flag.String("keep", "", "write the templates of this `release` to test/releases")

// releases is the folder with a folder for each release, relative to the checkout.
const releases = "test/releases"

// TestUpgradeKeepsData compares the templates of each release with the present
// ones. An upgrade replaces or removes no resource that holds data, an address or a key.
func TestUpgradeKeepsData(t *testing.T) {
	t.Chdir("..") // files in settings are relative to the checkout
	compared := map[string]bool{}
	for _, line := range readVariants(t, releases+"/settings") {
		name, values, _ := strings.Cut(line, " ")
		present := presentTemplate(t, values, false)
		if *keep != "" {
			keepTemplate(t, name, present)
			if deployed[name] {
				keepTemplate(t, name+".local", presentTemplate(t, values, true))
			}
		}
		paths, err := filepath.Glob(filepath.Join(releases, "*", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			t.Run(strings.TrimPrefix(path, releases+"/"), func(t *testing.T) { checkUpgrade(t, readTemplate(t, path), present) })
			compared[path] = true
		}
	}
	kept := keptTemplates(t)
	for _, path := range kept {
		if !compared[path] {
			t.Errorf("%s: %s/settings has no line for it", path, releases)
		}
	}
	folder := filepath.Join(releases, "v"+release.Version)
	if !slices.ContainsFunc(kept, func(path string) bool { return filepath.Dir(path) == folder }) {
		t.Errorf("%s has no templates; want those of the present version, by -keep v%s", folder, release.Version)
	}
}

// keptTemplates returns the files of all releases, without those for local AWS.
func keptTemplates(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(releases + "/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(paths, func(path string) bool { return strings.HasSuffix(path, ".local.json") })
}

// TestUpgradeThatLosesDataIsReported gives each resource that holds something another
// id, in all kept templates. Then the upgrade makes a new resource without data, also
// if the deletion policy retains the old one.
func TestUpgradeThatLosesDataIsReported(t *testing.T) {
	t.Chdir("..")
	seen, moved := map[string]bool{}, map[string][]string{}
	var upgrades []review.Stack
	for _, path := range keptTemplates(t) {
		before, after := readTemplate(t, path), readTemplate(t, path)
		resources := after["Resources"].(map[string]any)
		for id, resource := range before["Resources"].(map[string]any) {
			resource := resource.(map[string]any)
			kind := resource["Type"].(string)
			if !slices.Contains([]string{"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::SQS::Queue", "AWS::KMS::Key", "AWS::ApiGatewayV2::Api"}, kind) {
				continue
			}
			delete(resources, id)
			resources["Another"+id] = resource
			moved[path] = append(moved[path], id)
			seen[fmt.Sprint(kind, " ", resource["DeletionPolicy"])] = true
		}
		slices.Sort(moved[path])
		upgrades = append(upgrades, review.Stack{Name: path, Deployed: before, Proposed: after})
	}
	for i, changes := range losses(t, upgrades...) {
		var lost []string
		for _, change := range changes {
			lost = append(lost, change.Resource)
		}
		slices.Sort(lost)
		path := upgrades[i].Name
		if diff := cmp.Diff(moved[path], lost); diff != "" {
			t.Errorf("%s: -want +got:\n%s", path, diff)
		}
	}
	for _, kind := range []string{"AWS::S3::Bucket Retain", "AWS::S3::Bucket Delete", "AWS::DynamoDB::Table Delete", "AWS::Logs::LogGroup Retain"} {
		if !seen[kind] {
			t.Errorf("the templates have no %s", kind)
		}
	}
}

// deployed are the stacks that the end-to-end tests deploy: see test/upgrade_test.go.
var deployed = map[string]bool{"query": true, "long-questions": true, "custom": true}

// checkUpgrade logs the replacements, and reports those that lose data.
func checkUpgrade(t *testing.T, before, after map[string]any) {
	t.Helper()
	replaced, err := review.Replacements(t.Context(), before, after, review.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range replaced {
		t.Logf("%s (%s): %s by %s", r.ID, r.Type, map[bool]string{true: "replaced", false: "may be replaced"}[r.Certain], strings.Join(r.Causes, ", "))
	}
	for _, change := range losses(t, review.Stack{Name: "upgrade", Deployed: before, Proposed: after})[0] {
		t.Errorf("%s (%s): %s %s", change.Resource, change.Type, change.What, change.Path)
	}
}

// losses returns the changes of each stack that lose data, an address or a key.
func losses(t *testing.T, upgrades ...review.Stack) [][]review.Change {
	t.Helper()
	reports, err := review.Compare(t.Context(), upgrades, review.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lost := make([][]review.Change, len(reports))
	for i, report := range reports {
		lost[i] = slices.DeleteFunc(report.Changes, func(change review.Change) bool { return change.Kind != review.Loss })
	}
	return lost
}

// presentTemplate synthesizes the stack of settings, and masks it.
func presentTemplate(t *testing.T, values string, localAWS bool) map[string]any {
	t.Helper()
	context := map[string]any{}
	for setting := range strings.FieldsSeq(values) {
		key, value, _ := strings.Cut(setting, "=")
		context[key] = value
	}
	conf := settings.Load(t, context)
	if localAWS {
		conf.SetDefaultArchitecture("x86_64")
	}
	app := stacktest.App(t, nil)
	if err := stacks.New(t.Context(), app, stacktest.Artifacts(t, conf, artifact.Environment{}), stacks.Options{LocalAWS: localAWS}); err != nil {
		t.Fatal(err)
	}
	var stack awscdk.Stack
	jsii.UnsafeCast(app.Node().FindChild(jsii.String(stackName(conf))), &stack)
	return masked(t, assertions.Template_FromStack(stack, nil))
}

func stackName(conf config.Config) string {
	if conf.Pipeline {
		return conf.PipelineName()
	}
	return conf.StackName()
}

// masked returns a template without hashes and credentials.
func masked(t *testing.T, template assertions.Template) (masked map[string]any) {
	t.Helper()
	text, err := json.Marshal(template.ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`[0-9a-f]{64}|[0-9a-f]{32}\b`).ReplaceAll(text, []byte("‹hash›"))
	text = regexp.MustCompile(`"DEFOG_CREDS_64":"[^"]*"`).ReplaceAll(text, []byte(`"DEFOG_CREDS_64":"‹credentials›"`))
	if err := json.Unmarshal(text, &masked); err != nil {
		t.Fatal(err)
	}
	return masked
}

func readTemplate(t *testing.T, path string) (template map[string]any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &template); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return template
}

// keepTemplate writes a template to the folder of the release in -keep.
func keepTemplate(t *testing.T, name string, template map[string]any) {
	t.Helper()
	path := filepath.Join(releases, *keep, name+".json")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	encoder := json.NewEncoder(file)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(template); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("wrote", path)
}
