package local_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"defog-cdk/local"
)

// answering creates the function of testdata/answers.py. It returns the client, the
// function's ARN and the file of its notes.
func answering(t *testing.T, aws *local.AWS) (client *lambda.Client, arn, notes string) {
	t.Helper()
	script, err := os.ReadFile("testdata/answers.py")
	if err != nil {
		t.Fatal(err)
	}
	client, notes = lambda.NewFromConfig(aws.Config()), filepath.Join(t.TempDir(), "notes")
	return client, createFunction(t, client, "answers", string(script), map[string]string{"NOTES": notes}), notes
}

// createFunction creates a function with this bootstrap, and returns its ARN.
func createFunction(t *testing.T, client *lambda.Client, name, bootstrap string, environment map[string]string) (arn string) {
	t.Helper()
	var code bytes.Buffer
	archive := zip.NewWriter(&code)
	file, err := archive.Create("bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte(bootstrap)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	created, err := client.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: &name,
		Runtime:      types.RuntimeProvidedal2023,
		Handler:      awssdk.String("bootstrap"),
		Role:         awssdk.String("arn:aws:iam::000000000000:role/" + name),
		Code:         &types.FunctionCode{ZipFile: code.Bytes()},
		Environment:  &types.Environment{Variables: environment},
		Timeout:      awssdk.Int32(300),
	})
	if err != nil {
		t.Fatal(err)
	}
	return *created.FunctionArn
}

func invoke(t *testing.T, client *lambda.Client, answer []byte) *lambda.InvokeOutput {
	t.Helper()
	event, err := json.Marshal(map[string][]byte{"answer": answer})
	if err != nil {
		t.Fatal(err)
	}
	output, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: awssdk.String("answers"), Payload: event})
	if err != nil {
		t.Fatal(err)
	}
	return output
}

func TestBinaryAnswersPassAsTheyAre(t *testing.T) {
	client, _, _ := answering(t, start(t))
	for name, test := range map[string]struct{ answer, want string }{
		"not UTF-8":       {"\x89HDF\r\n\x1a\n\x00\xff\xfe", "\x89HDF\r\n\x1a\n\x00\xff\xfe"},
		"UTF-16":          {"1\x00", "1\x00"},
		"UTF-8, not JSON": {"a,b\n1,2\n", "a,b\n1,2\n"},
		"empty":           {"", ""},
		"JSON":            {`{"b": [1, NaN], "a": "ä"}`, `{"b": [1, NaN], "a": "ä"}`},
		"JSON string":     {`"{\"a\": 1}"`, `"{\"a\": 1}"`},
	} {
		t.Run(name, func(t *testing.T) {
			output := invoke(t, client, []byte(test.answer))
			if output.FunctionError != nil || string(output.Payload) != test.want {
				t.Errorf("answer %q, function error %q; want %q", output.Payload, awssdk.ToString(output.FunctionError), test.want)
			}
		})
	}
}

func TestBinaryAnswerToS3Event(t *testing.T) {
	aws := start(t)
	client, arn, notes := answering(t, aws)
	bucket, storage := awssdk.String("inputs"), s3.NewFromConfig(aws.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := storage.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: &arn, StatementId: awssdk.String("s3"), Action: awssdk.String("lambda:InvokeFunction"), Principal: awssdk.String("s3.amazonaws.com"),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := storage.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: bucket,
		NotificationConfiguration: &s3types.NotificationConfiguration{LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{
			{LambdaFunctionArn: &arn, Events: []s3types.Event{"s3:ObjectCreated:*"}},
		}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := storage.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: awssdk.String("a"), Body: strings.NewReader("a")}); err != nil {
		t.Fatal(err)
	}
	var noted []byte
	waitFor(t, "the function's answer", func() bool {
		noted, _ = os.ReadFile(notes) // missing before the answer
		return len(noted) > 0
	})
	if string(noted) != "202\n" {
		t.Errorf("the Runtime API's responses are %q, want 202", noted)
	}
}

// createRoute creates an HTTP API with a route to a function, and returns the API's id.
func createRoute(t *testing.T, aws *local.AWS, key string) (api string) {
	t.Helper()
	_, function, _ := answering(t, aws)
	template, err := json.Marshal(map[string]any{
		"Resources": map[string]any{
			"Api":   map[string]any{"Type": "AWS::ApiGatewayV2::Api", "Properties": map[string]any{"Name": "routes", "ProtocolType": "HTTP"}},
			"Stage": map[string]any{"Type": "AWS::ApiGatewayV2::Stage", "Properties": map[string]any{"ApiId": map[string]any{"Ref": "Api"}, "StageName": "prod", "AutoDeploy": true}},
			"Integration": map[string]any{"Type": "AWS::ApiGatewayV2::Integration", "Properties": map[string]any{
				"ApiId": map[string]any{"Ref": "Api"}, "IntegrationType": "AWS_PROXY", "IntegrationUri": function, "PayloadFormatVersion": "1.0",
			}},
			"Route": map[string]any{"Type": "AWS::ApiGatewayV2::Route", "Properties": map[string]any{
				"ApiId": map[string]any{"Ref": "Api"}, "RouteKey": key, "Target": map[string]any{"Fn::Sub": "integrations/${Integration}"},
			}},
		},
		"Outputs": map[string]any{"Api": map[string]any{"Value": map[string]any{"Ref": "Api"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	client, stack := cloudformation.NewFromConfig(aws.Config()), awssdk.String("routes")
	if _, err := client.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: stack, TemplateBody: awssdk.String(string(template))}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the API", func() bool {
		described, err := client.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: stack})
		if err != nil {
			t.Fatal(err)
		}
		for _, output := range described.Stacks[0].Outputs {
			api = awssdk.ToString(output.OutputValue)
		}
		return api != ""
	})
	return api
}

// reachesRoute reports whether the API has a route for the path.
func reachesRoute(t *testing.T, aws *local.AWS, api, path string) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+api+".execute-api.us-east-1.amazonaws.com/prod"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := aws.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode != http.StatusNotFound
}

func TestGreedyVariableMatchesTrailingSlash(t *testing.T) {
	aws := start(t)
	api := createRoute(t, aws, "ANY /eval/{proxy+}")
	for path, want := range map[string]bool{"/eval/": true, "/eval/map": true, "/eval/map/1": true, "/eval": false, "/evaluate/": false} {
		if got := reachesRoute(t, aws, api, path); got != want {
			t.Errorf("%s reaches the route: %t, want %t", path, got, want)
		}
	}
}

// alarmsOf reports metric data of one function. It returns the states of two alarms by the
// functions whose metric they look at: that function and another one.
func alarmsOf(t *testing.T, aws *local.AWS) (state, other cloudwatchtypes.StateValue) {
	t.Helper()
	client := cloudwatch.NewFromConfig(aws.Config())
	dimensions := func(function string) []cloudwatchtypes.Dimension {
		return []cloudwatchtypes.Dimension{{Name: awssdk.String("FunctionName"), Value: &function}}
	}
	for _, function := range []string{"failing", "other"} {
		if _, err := client.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
			AlarmName: &function, Namespace: awssdk.String("Test"), MetricName: awssdk.String("Errors"), Dimensions: dimensions(function),
			Statistic: cloudwatchtypes.StatisticSum, Period: awssdk.Int32(300), EvaluationPeriods: awssdk.Int32(1),
			Threshold: awssdk.Float64(1), ComparisonOperator: cloudwatchtypes.ComparisonOperatorGreaterThanOrEqualToThreshold,
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{
		Namespace:  awssdk.String("Test"),
		MetricData: []cloudwatchtypes.MetricDatum{{MetricName: awssdk.String("Errors"), Value: awssdk.Float64(1), Dimensions: dimensions("failing")}},
	}); err != nil {
		t.Fatal(err)
	}
	described, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, alarm := range described.MetricAlarms {
		if awssdk.ToString(alarm.AlarmName) == "failing" {
			state = alarm.StateValue
		} else {
			other = alarm.StateValue
		}
	}
	return state, other
}

func TestAlarmHasItsDimensions(t *testing.T) {
	if state, other := alarmsOf(t, start(t)); state != cloudwatchtypes.StateValueAlarm || other == cloudwatchtypes.StateValueAlarm {
		t.Errorf("the alarm on the failing function is %s, that on the other one %s", state, other)
	}
}

// TestPatchesAreNeeded starts MiniStack without each patch. If a case fails, MiniStack no
// longer has the shortcoming: remove the patch.
func TestPatchesAreNeeded(t *testing.T) {
	needed := map[string]func(*testing.T, *local.AWS) bool{
		"alarm-dimensions": func(t *testing.T, aws *local.AWS) bool {
			_, other := alarmsOf(t, aws)
			return other == cloudwatchtypes.StateValueAlarm
		},
		"binary-answers": func(t *testing.T, aws *local.AWS) bool {
			client, _, _ := answering(t, aws)
			return string(invoke(t, client, []byte("a,b")).Payload) != "a,b"
		},
		"distributed-map": func(t *testing.T, aws *local.AWS) bool {
			m := newStateMachine(t, aws)
			return m.ended(t, m.run(t, limits{Tolerate: 100}, item{Fail: true})).Status != "SUCCEEDED"
		},
		"put-object": func(t *testing.T, aws *local.AWS) bool {
			m := newStateMachine(t, aws)
			return m.ended(t, m.run(t, limits{}, item{})).Status != "SUCCEEDED"
		},
		"throttled-tasks": func(t *testing.T, aws *local.AWS) bool {
			m := newStateMachine(t, aws)
			return m.throttled(t).Error != tooManyRequests
		},
		"trailing-slash": func(t *testing.T, aws *local.AWS) bool {
			return !reachesRoute(t, aws, createRoute(t, aws, "ANY /eval/{proxy+}"), "/eval/")
		},
	}
	files, err := filepath.Glob("patches/*.patch")
	if err != nil || len(files) != len(needed) {
		t.Fatalf("patches %v (%v), want one for each of %d cases", files, err, len(needed))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".patch")
		t.Run(name, func(t *testing.T) {
			if !needed[name](t, start(t, local.WithoutPatch(name))) {
				t.Errorf("MiniStack does not need %s: remove it", file)
			}
		})
	}
}

// A patch that does not fit MiniStack's source ends the start.
func TestStartReportsPatchThatDoesNotFit(t *testing.T) {
	checkout := t.TempDir()
	if err := os.CopyFS(filepath.Join(checkout, "local"), os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	environment, err := filepath.Abs("../.venv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(environment, filepath.Join(checkout, ".venv")); err != nil {
		t.Fatal(err)
	}
	patch := "--- a/ministack/app.py\n+++ b/ministack/app.py\n@@ -1 +1 @@\n-no such line\n+another line\n"
	if err := os.WriteFile(filepath.Join(checkout, "local", "patches", "other.patch"), []byte(patch), 0o600); err != nil {
		t.Fatal(err)
	}
	aws, err := local.Start(t.Context(), checkout)
	if err == nil {
		t.Fatalf("no error, stopped with %v", aws.Stop())
	}
	want := "local/patches/other.patch: these lines occur 0 times in ministack/app.py of MiniStack"
	if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "want once:\nno such line") {
		t.Errorf("error %q, want %q and the lines", err, want)
	}
}
