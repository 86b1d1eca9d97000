package stacks

import (
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
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/config"
	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
)

var update = flag.Bool("update", false, "rewrite the golden templates")

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// settings are the defaults on a Postgres database, with changes.
func settings(t *testing.T, changes map[string]any) config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "connection.json")
	text := `{"api_key": "key", "db_type": "postgres", "db_creds": {"host": "db", "port": 5432, "database": "shop", "user": "reader", "password": "secret"}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	context := map[string]any{"app_name": "defog", "connection_file": file}
	for key, value := range changes {
		context[key] = value
	}
	conf, err := config.Load(context)
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

// newInputs are the stack's, with a stand-in for the compiled program.
func newInputs(t *testing.T, conf config.Config) *Inputs {
	t.Helper()
	inputs := &Inputs{Config: conf, Code: &Code{directory: t.TempDir(), done: make(chan struct{})}}
	close(inputs.Code.done)
	if err := os.WriteFile(filepath.Join(inputs.Code.directory, "bootstrap"), []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	inputs.Dependencies = packed(t, "../lambda/query/dependencies", conf.Dependencies)
	var err error
	if inputs.Environment, err = environment(conf, inputs.Dependencies.Hash); err != nil {
		t.Fatal(err)
	}
	if inputs.Policies, err = readPolicies(conf); err != nil {
		t.Fatal(err)
	}
	return inputs
}

// newStack makes the stack in an app of its own, with the feature flags of
// cdk.json.
func newStack(t *testing.T, inputs *Inputs) (awscdk.Stack, error) {
	t.Helper()
	return newStackIn(t, inputs, nil)
}

// newStackIn is newStack with more in the CDK context.
func newStackIn(t *testing.T, inputs *Inputs, context map[string]any) (awscdk.Stack, error) {
	t.Helper()
	return NewStageStack(newApp(t, context), inputs)
}

// newApp makes an app with the feature flags of cdk.json, and more in its
// context.
func newApp(t *testing.T, context map[string]any) awscdk.App {
	t.Helper()
	data, err := os.ReadFile("../cdk.json")
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

func template(t *testing.T, changes map[string]any) assertions.Template {
	t.Helper()
	stack, err := newStack(t, newInputs(t, settings(t, changes)))
	if err != nil {
		t.Fatal(err)
	}
	return assertions.Template_FromStack(stack, nil)
}

func TestGoldenTemplate(t *testing.T) {
	goldenTemplate(t, "testdata/query_stack.json", template(t, nil))
}

// goldenTemplate compares a template with the one in a file, or writes it there.
func goldenTemplate(t *testing.T, path string, stack assertions.Template) {
	t.Helper()
	got, err := json.MarshalIndent(stack.ToJSON(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = regexp.MustCompile(`[0-9a-f]{64}|[0-9a-f]{32}\b`).ReplaceAll(append(got, '\n'), []byte("‹hash›"))
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("run go test ./stacks -update when this is meant\n-want +got:\n%s", diff)
	}
}

func TestASecretKeepsCredentialsOutOfTheTemplate(t *testing.T) {
	for secret, want := range map[string]string{
		"prod/defog": "prod/defog-??????",
		"arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/defog-AbCdEf": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/defog-AbCdEf",
	} {
		stack := template(t, map[string]any{"credentials_secret": secret, "db_type": "postgres"})
		variables := environmentOf(t, stack)
		if _, found := variables[environ.Credentials]; found || variables[environ.CredentialsSecret] != secret {
			t.Errorf("environment %v", variables)
		}
		text, err := json.Marshal(statements(t, stack))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("no statement on %s in %s", want, text)
		}
	}
}

func TestTheFunctionGetsItsCredentialsAndSettings(t *testing.T) {
	conf := settings(t, map[string]any{"max_rows": "7", "environment_variables.TZ": "UTC", "log_questions": "true"})
	stack, err := newStack(t, newInputs(t, conf))
	if err != nil {
		t.Fatal(err)
	}
	variables := environmentOf(t, assertions.Template_FromStack(stack, nil))
	credentials, err := connection.Decode(variables[environ.Credentials].(string))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(conf.Connection, credentials); diff != "" {
		t.Errorf("credentials -want +got:\n%s", diff)
	}
	for name, want := range map[string]any{"TZ": "UTC", environ.MaxRows: "7", environ.LogQuestions: "true", environ.Generator: "defog"} {
		if variables[name] != want {
			t.Errorf("%s = %v, want %v", name, variables[name], want)
		}
	}
}

func TestTheAPIHasOneRouteAndNoSurprises(t *testing.T) {
	for auth, want := range map[string]string{"iam": "AWS_IAM", "none": "NONE"} {
		stack := template(t, map[string]any{"api_auth": auth, "throttle_rate": 3, "throttle_burst": 4})
		stack.ResourceCountIs(jsii.String("AWS::ApiGatewayV2::Route"), jsii.Number(1))
		stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Route"), map[string]any{"RouteKey": "POST /", "AuthorizationType": want})
		stack.ResourceCountIs(jsii.String("AWS::ApiGatewayV2::Stage"), jsii.Number(1))
		stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Stage"), map[string]any{
			"DefaultRouteSettings": map[string]any{"ThrottlingRateLimit": 3, "ThrottlingBurstLimit": 4},
			"AccessLogSettings":    map[string]any{"DestinationArn": assertions.Match_AnyValue(), "Format": assertions.Match_SerializedJson(assertions.Match_ObjectLike(&map[string]any{"status": "$context.status"}))},
		})
		stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{"CorsConfiguration": assertions.Match_Absent()})
	}
}

func TestTheCurlCommandSignsWhenTheAPIWantsIt(t *testing.T) {
	for auth, want := range map[string]bool{"iam": true, "none": false} {
		text, err := json.Marshal(template(t, map[string]any{"api_auth": auth}).FindOutputs(jsii.String("CurlCommand"), nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(text), "--aws-sigv4"); got != want {
			t.Errorf("api_auth %s: %s", auth, text)
		}
	}
}

func TestLogsAreKeptInProductionOrAsTold(t *testing.T) {
	for _, test := range []struct{ stage, policy, want string }{
		{"dev", "", "Delete"}, {"prod", "", "Retain"}, {"dev", "retain", "Retain"}, {"prod", "destroy", "Delete"},
	} {
		changes := map[string]any{"stage": test.stage, "log_retention_in_days": 90}
		if test.policy != "" {
			changes["removal_policy"] = test.policy
		}
		template(t, changes).AllResources(jsii.String("AWS::Logs::LogGroup"), map[string]any{
			"DeletionPolicy": test.want, "Properties": map[string]any{"RetentionInDays": 90},
		})
	}
}

func TestTagsReachTheResources(t *testing.T) {
	template(t, map[string]any{"tags.team": "data"}).HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{
		"Tags": []any{map[string]any{"Key": "team", "Value": "data"}},
	})
}

func TestSynthWarnsOfWhatAReviewerShouldKnow(t *testing.T) {
	tests := []struct {
		changes map[string]any
		want    []string
	}{
		{nil, []string{"defog:credentials-in-template"}},
		{map[string]any{"api_auth": "none"}, []string{"defog:credentials-in-template", "defog:open-api"}},
		{map[string]any{"credentials_secret": "x", "db_type": "postgres"}, nil},
	}
	for _, test := range tests {
		stack, err := newStack(t, newInputs(t, settings(t, test.changes)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, warnings(stack)); diff != "" {
			t.Errorf("%v: -want +got:\n%s", test.changes, diff)
		}
	}
}

// warnings are the ids of what synth warns of.
func warnings(stack awscdk.Stack) (ids []string) {
	for _, message := range *assertions.Annotations_FromStack(stack).FindWarning(jsii.String("*"), assertions.Match_AnyValue()) {
		id := regexp.MustCompile(`\[ack: (.*)\]`).FindStringSubmatch(message.Entry.Data.(string))
		ids = append(ids, id[1])
	}
	return ids
}

func TestCDKNagFindsNothing(t *testing.T) {
	secret := map[string]any{"credentials_secret": "prod/defog", "db_type": "postgres"}
	canary := map[string]any{"canary": "linear"}
	variants := map[string]map[string]any{
		"defaults":                    nil,
		"production":                  {"architecture": "x86_64", "stage": "prod"},
		"open":                        {"api_auth": "none"},
		"open, network, on call":      with(inSubnets(), onCall(), map[string]any{"api_auth": "none"}),
		"secret":                      secret,
		"secret, network, canary":     with(secret, inSubnets(), canary),
		"tokens, domain":              with(byJWT(), atDomain(nil)),
		"tokens, secret, canary":      with(byJWT(), secret, canary, onCall()),
		"domain, network":             with(atDomain(nil), inSubnets()),
		"everything":                  with(byJWT(), atDomain(nil), secret, inSubnets(), canary, onCall(), map[string]any{"xray": true, "kms_key_arn": ownKey, "results_bucket": "our-results"}),
		"the operator's policies":     {"iam_policy_file": policyFile(t, "s3:*", "*"), "function_role_policy_arns": "arn:aws:iam::aws:policy/ReadOnlyAccess", "xray": true},
		"the operator's role, traced": {"manage_iam_role": false, "iam_role_arn": ownRole, "xray": true},
	}
	variants["a model behind a profile"] = map[string]any{
		"generator": "bedrock", "generator_model": "eu.anthropic.claude-sonnet-4-v1:0",
		"function_source_dependencies_zip": folder(t, map[string]string{"schema.json": "{}"}),
	}
	for name, changes := range variants {
		t.Run(name, func(t *testing.T) { checkNag(t, newInputs(t, settings(t, changes))) })
	}
}

// checkNag has cdk-nag look at the stack.
func checkNag(t *testing.T, inputs *Inputs) {
	t.Helper()
	stack, err := newStack(t, inputs)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { // a finding of the level error makes the synthesis itself fail
		if thrown := recover(); thrown != nil {
			t.Errorf("%v", thrown)
		}
	}()
	awscdk.Aspects_Of(stack).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true)}), nil)
	finding := assertions.Match_StringLikeRegexp(jsii.String("AwsSolutions-.*"))
	for _, message := range *assertions.Annotations_FromStack(stack).FindWarning(jsii.String("*"), finding) {
		t.Errorf("%s: %v", *message.Id, message.Entry.Data)
	}
}

// statements are those of the policies of the function's role, in order.
func statements(t *testing.T, stack assertions.Template) []map[string]any {
	t.Helper()
	roles := *stack.FindResources(jsii.String("AWS::IAM::Role"), map[string]any{"Properties": map[string]any{
		"AssumeRolePolicyDocument": map[string]any{"Statement": []any{map[string]any{"Principal": map[string]any{"Service": "lambda.amazonaws.com"}}}},
	}})
	if len(roles) != 1 {
		t.Fatalf("%d roles of functions", len(roles))
	}
	var all []map[string]any
	for _, resource := range roles {
		var role struct {
			Policies []struct {
				PolicyDocument struct{ Statement []map[string]any }
			}
		}
		decode(t, (*resource)["Properties"], &role)
		for _, policy := range role.Policies {
			all = append(all, policy.PolicyDocument.Statement...)
		}
	}
	return all
}

func environmentOf(t *testing.T, stack assertions.Template) map[string]any {
	t.Helper()
	var function struct {
		Environment struct{ Variables map[string]any }
	}
	properties(t, stack, "AWS::Lambda::Function", &function)
	return function.Environment.Variables
}

// properties decodes those of the only resource of a type.
func properties(t *testing.T, stack assertions.Template, resourceType string, into any) {
	t.Helper()
	resources := *stack.FindResources(jsii.String(resourceType), nil)
	if len(resources) != 1 {
		t.Fatalf("%d resources of type %s", len(resources), resourceType)
	}
	for _, resource := range resources {
		data, err := json.Marshal((*resource)["Properties"])
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// list returns what a policy writes as one value or several, as text.
func list(value any) []string {
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
