package custom_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/stacktest"
)

func TestCacheHasItsPrefixAlone(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{"fan_out": true, "cache_prefix": "kept/cache", "cache_expiration_in_days": 5, "function_source_dependencies_zip": nil})
	stack.HasResourceProperties(jsii.String("AWS::S3::Bucket"), map[string]any{
		"LifecycleConfiguration": map[string]any{"Rules": assertions.Match_ArrayWith(&[]any{
			map[string]any{"Id": "cache", "Prefix": "kept/cache/", "ExpirationInDays": 5, "Status": "Enabled"},
		})},
	})
	allowed := strings.Join(statementsOf(t, stack, "OwnRole"), "\n")
	if !strings.Contains(allowed, "s3:PutObject ‹OwnBucket19FD743D.Arn›/kept/cache/*") || strings.Contains(allowed, "ListBucket") || strings.Contains(allowed, "DeleteObject") {
		t.Errorf("the role allows:\n%s", allowed)
	}
	text, err := json.Marshal(functionOf(t, stack).Environment.Variables[artifact.PodpacSettings])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`\"S3_CACHE_DIR\":\"kept/cache\"`, `\"DEFAULT_CACHE\":[\"ram\",\"s3\"]`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("SETTINGS %s lacks %s", text, part)
		}
	}
}

func TestGoldenTemplateOfFanOut(t *testing.T) {
	stacktest.Golden(t, "testdata/fan_out.json", stacktest.Custom(t, map[string]any{"fan_out": true}))
}

func TestFanOutRoleAllowsOnlyRuns(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{"fan_out": true, "function_s3_bucket": "geo-data"})
	const (
		runs    = "arn:‹AWS::Partition›:s3:::geo-data/runs/*"
		machine = "arn:‹AWS::Partition›:states:‹AWS::Region›:‹AWS::AccountId›:stateMachine:‹OwnFunctionB7CE6F28›-fan-out"
	)
	executions := strings.Replace(machine, ":stateMachine:", ":execution:", 1)
	want := []string{
		"lambda:InvokeFunction ‹OwnLive08BE43AA›", "s3:GetObject " + runs, "s3:PutObject " + runs + "/done/*", "states:StartExecution " + machine,
		"states:DescribeExecution " + executions + "/*", "states:DescribeExecution " + executions + ":*",
		"states:StopExecution " + executions + "/*", "states:StopExecution " + executions + ":*",
	}
	if diff := cmp.Diff(want, statementsOf(t, stack, "OwnFanOutRole")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFunctionReadsItsRunsAndWritesResults(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{"fan_out": true, "function_s3_bucket": "geo-data", "function_source_dependencies_zip": nil})
	const bucket = "arn:‹AWS::Partition›:s3:::geo-data/"
	for _, want := range []string{"s3:GetObject " + bucket + "runs/*/grid.json", "s3:GetObject " + bucket + "output/*", "s3:PutObject " + bucket + "output/*"} {
		if got := roleStatements(t, stack); !slices.Contains(got, want) {
			t.Errorf("no %s in %q", want, got)
		}
	}
	if got := roleStatements(t, stack); slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "geo-data/input/") }) {
		t.Errorf("the function may read events that nothing triggers: %q", got)
	}
	if variables := functionOf(t, stack).Environment.Variables; variables["S3_BUCKET_NAME"] != "geo-data" || variables["FUNCTION_S3_OUTPUT"] != "output/" {
		t.Errorf("variables %v", variables)
	}
}

func TestOnlyStateMachineAssumesItsRole(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{"fan_out": true})
	stack.HasResourceProperties(jsii.String("AWS::IAM::Role"), map[string]any{"AssumeRolePolicyDocument": stacktest.Like(map[string]any{
		"Statement": []any{map[string]any{
			"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": map[string]any{"Service": "states.amazonaws.com"},
			"Condition": map[string]any{
				"StringEquals": map[string]any{"aws:SourceAccount": map[string]any{"Ref": "AWS::AccountId"}},
				"ArnLike":      map[string]any{"aws:SourceArn": assertions.Match_AnyValue()},
			},
		}},
	})})
}

func TestFanOutAddsNoTrigger(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{"fan_out": true})
	stack.ResourceCountIs(jsii.String("AWS::S3::Bucket"), jsii.Number(1))
	stack.ResourceCountIs(jsii.String("Custom::S3BucketNotifications"), jsii.Number(0))
	if stacktest.Output(t, stack, "FanOutArn") == "" {
		t.Error("no output FanOutArn")
	}
	without := stacktest.Custom(t, nil)
	without.ResourceCountIs(jsii.String("AWS::StepFunctions::StateMachine"), jsii.Number(0))
	without.ResourceCountIs(jsii.String("AWS::S3::Bucket"), jsii.Number(0))
}

func TestFailedRunsFireAlarm(t *testing.T) {
	stack := stacktest.Custom(t, map[string]any{"fan_out": true, "alarm_email": "ops@example.com"})
	stack.HasResourceProperties(jsii.String("AWS::CloudWatch::Alarm"), map[string]any{
		"Namespace": "AWS/States", "MetricName": "ExecutionsFailed", "Threshold": 1, "AlarmActions": assertions.Match_AnyValue(),
		"Dimensions": []any{map[string]any{"Name": "StateMachineArn", "Value": map[string]any{"Ref": assertions.Match_StringLikeRegexp(jsii.String("OwnFanOut.*"))}}},
	})
}

// definition returns the state machine of a stack, with ARNs in place of references.
func definition(t *testing.T) string {
	t.Helper()
	stack := stacktest.Custom(t, map[string]any{"fan_out": true})
	for _, resource := range *stack.FindResources(jsii.String("AWS::StepFunctions::StateMachine"), nil) {
		text := stacktest.Flat(t, (*resource)["Properties"].(map[string]any)["DefinitionString"])
		text = strings.NewReplacer("‹AWS::Partition›", "aws", "‹OwnLive08BE43AA›", "arn:aws:lambda:eu-west-1:123456789012:function:fn:live").Replace(text)
		if strings.Contains(text, "${") || strings.Contains(text, "‹") {
			t.Errorf("a placeholder is left in %s", text)
		}
		return text
	}
	t.Fatal("no state machine")
	return ""
}

func TestDefinitionIsValidStatesLanguage(t *testing.T) {
	validator, err := filepath.Abs("../../node_modules/.bin/asl-validator")
	if err != nil {
		t.Fatal(err)
	}
	// asl-validator 4.0.0 requires a bucket in ResultWriter; AWS does not.
	// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
	const writer = `"ResultWriter":{"WriterConfig":{"Transformation":"FLATTEN","OutputType":"JSON"}},`
	valid := strings.Replace(definition(t), writer, "", 1)
	path := filepath.Join(t.TempDir(), "definition.json")
	for _, test := range []struct {
		name, definition string
		valid            bool
	}{
		{"the stack's", valid, true},
		{"a state without a successor", strings.Replace(valid, `"Next":"Done"`, `"Next":"Nowhere"`, 1), false},
	} {
		if err := os.WriteFile(path, []byte(test.definition), 0o600); err != nil {
			t.Fatal(err)
		}
		if output, err := exec.CommandContext(t.Context(), validator, "--json-path", path).CombinedOutput(); (err == nil) != test.valid {
			t.Errorf("%s: %v\n%s", test.name, err, output)
		}
	}
}

// AWS fails a map whose output exceeds 256 KiB, and its output grows with the items
// unless each returns an empty list that FLATTEN joins.
func TestMapHasNoOutput(t *testing.T) {
	var machine struct {
		States map[string]struct {
			ResultWriter struct {
				WriterConfig struct{ Transformation string }
			}
			ItemProcessor struct {
				States map[string]struct {
					End            bool
					ResultSelector map[string]string
					OutputPath     string
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(definition(t)), &machine); err != nil {
		t.Fatal(err)
	}
	items := machine.States["Items"]
	if items.ResultWriter.WriterConfig.Transformation != "FLATTEN" {
		t.Errorf("got %+v", items.ResultWriter)
	}
	for name, state := range items.ItemProcessor.States {
		if state.End && (state.ResultSelector["nothing.$"] != "States.Array()" || state.OutputPath != "$.nothing") {
			t.Errorf("%s returns more than an empty list: %+v", name, state)
		}
	}
}

func TestFanOutWithTriggerSharesBucket(t *testing.T) {
	stack := stacktest.Custom(t, everyTrigger(map[string]any{"fan_out": true}))
	stack.ResourceCountIs(jsii.String("AWS::S3::Bucket"), jsii.Number(1))
	stack.ResourceCountIs(jsii.String("Custom::S3BucketNotifications"), jsii.Number(1))
	stack.ResourceCountIs(jsii.String("AWS::StepFunctions::StateMachine"), jsii.Number(1))
}
