package stacks_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/config"
	"defog-cdk/internal/environ"
	"defog-cdk/stacks"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

// kinds counts a stack's resources by type.
func kinds(template assertions.Template) map[string]int {
	kinds := map[string]int{}
	for _, resource := range resources(template) {
		kinds[resource.(map[string]any)["Type"].(string)]++
	}
	return kinds
}

func resources(template assertions.Template) map[string]any {
	return (*template.ToJSON())["Resources"].(map[string]any)
}

// localWarning returns the text of the warning with the skipped parts, "" for none.
func localWarning(stack awscdk.Stack) string {
	about := assertions.Match_StringLikeRegexp(jsii.String("defog:local-aws"))
	for _, message := range *assertions.Annotations_FromStack(stack).FindWarning(jsii.String("*"), about) {
		return message.Entry.Data.(string)
	}
	return ""
}

// checkReferences reports references to resources that the template lacks:
// CloudFormation rejects them.
func checkReferences(t *testing.T, template assertions.Template) {
	t.Helper()
	all := resources(template)
	var walk func(value any)
	walk = func(value any) {
		switch v := value.(type) {
		case []any:
			for _, element := range v {
				walk(element)
			}
		case map[string]any:
			id, _ := v["Ref"].(string)
			if attribute, isAttribute := v["Fn::GetAtt"].([]any); isAttribute {
				id, _ = attribute[0].(string)
			}
			parameters, _ := (*template.ToJSON())["Parameters"].(map[string]any)
			if _, found := all[id]; id != "" && !strings.HasPrefix(id, "AWS::") && !found && parameters[id] == nil {
				t.Errorf("a reference to %s, which the template lacks", id)
			}
			for _, element := range v {
				walk(element)
			}
		}
	}
	walk(*template.ToJSON())
	for id, resource := range all {
		dependencies, _ := resource.(map[string]any)["DependsOn"].([]any)
		for _, dependency := range dependencies {
			if _, found := all[dependency.(string)]; !found {
				t.Errorf("%s depends on %s, which the template lacks", id, dependency)
			}
		}
	}
}

// Local AWS fails a whole deployment for one unsupported resource, so everything
// else must stay.
func TestLocalAWSReceivesOnlySupportedResources(t *testing.T) {
	everything := map[string]any{
		"function_triggers": "eval,S3,APIGateway", "alarm_email": "ops@example.com", "canary": "all-at-once",
		"function_budget_amount": 10, "function_budget_email": "ops@example.com", "budget_action": true,
	}
	for name, test := range map[string]struct {
		conf    config.Config
		removed map[string]int // resources by type
		skipped []string
	}{
		"query function": {
			settings.Query(t, settings.With(settings.OnCall(), map[string]any{"canary": "linear", "drift_check": "daily"})),
			map[string]int{
				"AWS::Logs::QueryDefinition": 6, "AWS::CloudWatch::Alarm": 3, "AWS::IAM::Role": 2, "AWS::IAM::Policy": 1,
				"AWS::Scheduler::Schedule": 1, "AWS::Events::Rule": 1, "AWS::SQS::Queue": 1, "AWS::SQS::QueuePolicy": 1,
				"AWS::CodeDeploy::Application": 1, "AWS::CodeDeploy::DeploymentGroup": 1,
			},
			[]string{"AWS::CodeDeploy", "AWS::Logs::QueryDefinition", "metric math", "the daily drift check"},
		},
		"custom function": {
			settings.Custom(t, everything),
			map[string]int{
				"AWS::CloudWatch::Alarm": 2, "AWS::CodeDeploy::Application": 1, "AWS::CodeDeploy::DeploymentGroup": 1, "AWS::CodeDeploy::DeploymentConfig": 1,
				"AWS::Budgets::Budget": 1, "AWS::KMS::Key": 1, "AWS::SNS::Topic": 1, "AWS::SNS::TopicPolicy": 1, "AWS::SNS::Subscription": 1,
				"AWS::Logs::LogGroup": 1, "AWS::Lambda::Function": 2, "AWS::Lambda::Permission": 1, "AWS::Lambda::LayerVersion": 1,
				"AWS::IAM::Role": 3, "Custom::S3AutoDeleteObjects": 1,
			},
			[]string{
				"AWS::Budgets", "AWS::CodeDeploy", "DeadLetterConfig", "metric math", "emptying the bucket", "payload format 1.0",
				"links to the dependencies", "Local AWS has no python3.12",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := kinds(assertions.Template_FromStack(stacktest.MustStack(t, test.conf, stacktest.Setup{}), nil))
			stack := stacktest.MustStack(t, test.conf, stacktest.Setup{LocalAWS: true})
			template := assertions.Template_FromStack(stack, nil)
			for kind, count := range test.removed {
				want[kind] -= count
			}
			maps.DeleteFunc(want, func(_ string, count int) bool { return count == 0 })
			if diff := cmp.Diff(want, kinds(template)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			checkReferences(t, template)
			warning := localWarning(stack)
			for _, skipped := range test.skipped {
				if !strings.Contains(warning, skipped) {
					t.Errorf("%q is not in the warning: %s", skipped, warning)
				}
			}
			text, err := json.Marshal(template.ToJSON())
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{"CodeDeployLambdaAliasUpdate", "DeadLetterConfig", construct.CostTag} {
				if strings.Contains(string(text), part) {
					t.Errorf("the template contains %s", part)
				}
			}
		})
	}
}

// The CDK CLI prints no information beside warnings, such as that about the
// credentials.
func TestSkippedPartsReachOperatorBesideOtherWarnings(t *testing.T) {
	stack := stacktest.MustStack(t, settings.Query(t, nil), stacktest.Setup{LocalAWS: true})
	ids := stacktest.Warnings(stack)
	slices.Sort(ids)
	if diff := cmp.Diff([]string{"defog:credentials-in-template", "defog:local-aws"}, ids); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if warning := localWarning(stack); !strings.HasPrefix(warning, "skipped: not supported by local AWS: saved log queries") {
		t.Errorf("the warning is %s", warning)
	}
	if warning := localWarning(stacktest.MustStack(t, settings.Query(t, nil), stacktest.Setup{})); warning != "" {
		t.Errorf("on AWS: %s", warning)
	}
}

func TestLocalAWSHydratesByBootstrap(t *testing.T) {
	layer := "arn:aws:lambda:eu-west-1:123456789012:layer:ours:3"
	for name, test := range map[string]struct {
		changes   map[string]any
		runtime   string
		variables map[string]any // nil for absent ones
	}{
		"Python": {map[string]any{"layers": layer}, "provided.al2023", map[string]any{
			environ.FunctionCommand: `["python3","-m","awslambdaric","handler.handler"]`, artifact.ExecWrapper: nil, environ.DependenciesMaxMB: "512",
		}},
		"Node": {map[string]any{
			"layers": layer, "function_runtime": "nodejs24.x", "function_source_dist_zip": settings.Folder(t, map[string]string{"handler.js": ""}),
		}, "nodejs24.x", map[string]any{environ.FunctionCommand: nil, artifact.ExecWrapper: nil, environ.DependenciesMaxMB: nil}},
	} {
		t.Run(name, func(t *testing.T) {
			template := assertions.Template_FromStack(stacktest.MustStack(t, settings.Custom(t, test.changes), stacktest.Setup{LocalAWS: true}), nil)
			var function struct {
				Runtime     string
				Layers      []string
				Environment struct{ Variables map[string]any }
			}
			stacktest.Properties(t, template, "AWS::Lambda::Function", &function)
			if diff := cmp.Diff([]string{layer}, function.Layers); diff != "" || function.Runtime != test.runtime {
				t.Errorf("runtime %s, layers -want +got:\n%s", function.Runtime, diff)
			}
			test.variables[environ.DependenciesLinks] = nil
			for name, want := range test.variables {
				if got := function.Environment.Variables[name]; got != want {
					t.Errorf("%s = %v, want %v", name, got, want)
				}
			}
			checkReferences(t, template)
		})
	}
}

// Local AWS compares the ARN of the session with the condition.
func TestLocalSmokeRoleAcceptsSessions(t *testing.T) {
	artifacts := stacktest.Artifacts(t, settings.Query(t, nil), artifact.Environment{})
	smoke := &construct.SmokeRoleProps{Name: "smoke", CallerAccount: "111111111111", Caller: "caller"}
	stack, err := stacks.NewStage(t.Context(), stacktest.App(t, nil), artifacts.Stage, smoke, stacks.Options{LocalAWS: true})
	if err != nil {
		t.Fatal(err)
	}
	callers := func(service, resource string) any {
		return map[string]any{"Fn::Join": []any{"", []any{"arn:", stacktest.Ref("AWS::Partition"), ":" + service + "::111111111111:" + resource}}}
	}
	assertions.Template_FromStack(stack, nil).HasResourceProperties(jsii.String("AWS::IAM::Role"), map[string]any{
		"RoleName": "smoke",
		"AssumeRolePolicyDocument": stacktest.Like(map[string]any{"Statement": []any{stacktest.Like(map[string]any{
			"Condition": map[string]any{"ArnLike": map[string]any{"aws:PrincipalArn": []any{callers("iam", "role/caller"), callers("sts", "assumed-role/caller/*")}}},
		})}}),
	})
}

func TestPipelineStackWarnsOnLocalAWS(t *testing.T) {
	conf := settings.Load(t, map[string]any{
		"app_name": "defog", "pipeline": "true", "pipeline_stages": `[{"stage": "test"}]`, "pipeline_source": `{"repository": "defog-cdk"}`,
		"credentials_secret": "defog/credentials", "db_type": "postgres",
	})
	app := stacktest.App(t, nil)
	if err := stacks.New(t.Context(), app, stacktest.Artifacts(t, conf, artifact.Environment{}), stacks.Options{LocalAWS: true}); err != nil {
		t.Fatal(err)
	}
	var stack awscdk.Stack
	jsii.UnsafeCast(app.Node().FindChild(jsii.String(conf.PipelineName())), &stack)
	if warning := localWarning(stack); !strings.Contains(warning, "AWS::CodePipeline") || !strings.Contains(warning, "cdk.out/assembly-") {
		t.Errorf("the warning is %q", warning)
	}
}
