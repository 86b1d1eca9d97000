package test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/local"
)

// TestOwnFunction lives the life of a function of one's own, in Python with a
// package that is extracted before it starts. Each step needs the one before.
func TestOwnFunction(t *testing.T) {
	o := newOwnWorld(t)
	steps := []struct {
		name string
		test func(*testing.T, *ownWorld)
	}{
		{"wrong zips are refused before anything is deployed", testWrongZips},
		{"zips from here: it answers direct invokes", testOwnDirectInvoke},
		{"an object below the input prefix gives one below the output prefix", testOwnS3},
		{"the API gives the query and takes what is binary", testOwnAPI},
		{"a changed package is used after the next deploy", testOwnChangedPackage},
		{"restricted, it refuses what is not named", testOwnRestricted},
		{"zips in a bucket stay there, and so do its notifications", testOwnBucket},
		{"what is wrong with a bucket shows before a deploy", testOwnWrongBucket},
		{"destroy leaves the user's bucket as it was", testOwnDestroy},
	}
	for _, step := range steps {
		if !t.Run(step.name, func(t *testing.T) { step.test(t, o) }) {
			t.FailNow()
		}
	}
}

// TestOwnFunctionsRole proves, on a local AWS that enforces IAM, that the
// function's role lets hydrate read the dependencies, and nothing else does.
func TestOwnFunctionsRole(t *testing.T) {
	o := newOwnWorld(t, local.EnforceIAM())
	o.deploy(t, []string{"function_source_dist_zip=" + o.code, "function_source_dependencies_zip=" + o.packages})
	if answer, failure := o.invoke(t, `{"width": 2, "height": 3}`); failure != "" || answer["area"] != 6.0 {
		t.Errorf("got %v %s", answer, failure)
	}
	// Other dependencies, which are fetched anew, and a role without its policy.
	if err := os.WriteFile(filepath.Join(o.packages, "other.py"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	policy := filepath.Join(files(t, map[string]string{"policy.json": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::elsewhere/*"}]}`}), "policy.json")
	o.deploy(t, []string{"function_source_dist_zip=" + o.code, "function_source_dependencies_zip=" + o.packages, "autogen_policy=false", "iam_policy_file=" + policy})
	if answer, failure := o.invoke(t, `{"width": 2, "height": 3}`); !strings.Contains(failure, "AccessDenied") {
		t.Errorf("got %v %s", answer, failure)
	}
}

const (
	ownCode = `
import base64, json, os, urllib.parse
import boto3
import shapes

def evaluate(figure):
    allowed = os.environ.get("PODPAC_RESTRICT_PIPELINES")
    if allowed and figure.get("hash") not in json.loads(allowed):
        raise ValueError("not allowed here")
    return shapes.area(figure["width"], figure["height"])

def handler(event, context):
    if "Records" in event:
        record = event["Records"][0]["s3"]
        bucket, key = record["bucket"]["name"], urllib.parse.unquote_plus(record["object"]["key"])
        s3 = boto3.client("s3")
        figure = json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
        result = os.environ["FUNCTION_S3_OUTPUT"] + key[len(os.environ["FUNCTION_S3_INPUT"]):]
        s3.put_object(Bucket=json.loads(os.environ["SETTINGS"])["S3_BUCKET_NAME"], Key=result, Body=json.dumps({"area": evaluate(figure)}))
        return None
    if "queryStringParameters" in event:
        figure = {name: float(value) for name, value in event["queryStringParameters"].items()}
        body = base64.b64encode(b"\x89PNG" + str(evaluate(figure)).encode()).decode()
        return {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": body, "isBase64Encoded": True}
    return {"area": evaluate(event), "package": shapes.__file__}
`
	ownPackage = "def area(width, height): return width * height\n"
)

// ownWorld is a local AWS with a function of one's own.
type ownWorld struct {
	aws            *local.AWS
	code, packages string // folders
	outputs        map[string]string
}

const ownStack = "shapes-dev"

func newOwnWorld(t *testing.T, options ...local.Option) *ownWorld {
	t.Helper()
	o := &ownWorld{code: files(t, map[string]string{"handler.py": ownCode}), packages: files(t, map[string]string{"shapes/__init__.py": ownPackage})}
	var err error
	if o.aws, err = local.Start(t.Context(), checkout, options...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("local AWS:\n%s", o.aws.Log())
		}
		if err := o.aws.Stop(); err != nil {
			t.Error(err)
		}
	})
	run(t, "cdk bootstrap", func(out io.Writer) error { return o.aws.Bootstrap(t.Context(), out) })
	return o
}

// files makes a folder.
func files(t *testing.T, contents map[string]string) string {
	t.Helper()
	directory := t.TempDir()
	for name, content := range contents {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// zipped makes a zip of a folder.
func zipped(t *testing.T, folder string) []byte {
	t.Helper()
	var data bytes.Buffer
	archive := zip.NewWriter(&data)
	if err := archive.AddFS(os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

func (o *ownWorld) config() aws.Config {
	return aws.Config{
		BaseEndpoint: aws.String(o.aws.Endpoint()), Region: region, HTTPClient: o.aws.Client(),
		Credentials: credentials.StaticCredentialsProvider{Value: root()},
	}
}

func (o *ownWorld) fromHere(settings ...string) []string {
	return slices.Concat([]string{"function_source_dist_zip=" + o.code, "function_source_dependencies_zip=" + o.packages,
		"function_triggers=eval,S3,APIGateway", "async_retries=0"}, settings)
}

func arguments(command string, settings []string) []string {
	arguments := []string{command, "-c", "app_name=shapes"}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	return arguments
}

// deploy deploys with settings and notes the stack's outputs.
func (o *ownWorld) deploy(t *testing.T, settings []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "outputs.json")
	run(t, "cdk deploy", func(out io.Writer) error {
		return o.aws.CDK(t.Context(), out, append(arguments("deploy", settings), "--require-approval", "never", "--outputs-file", path)...)
	})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var stacks map[string]map[string]string
	if err := json.Unmarshal(data, &stacks); err != nil {
		t.Fatal(err)
	}
	o.outputs = stacks[ownStack]
}

// refuse expects that the app refuses the settings, and says why.
func (o *ownWorld) refuse(t *testing.T, settings []string, want string) {
	t.Helper()
	var out bytes.Buffer
	err := o.aws.CDK(t.Context(), &out, arguments("deploy", settings)...)
	if err == nil || !strings.Contains(out.String(), want) {
		t.Errorf("%v: error %v, want %s in\n%s", settings, err, want, out.String())
	}
}

// invoke calls the function and returns its answer, or what it says went wrong.
func (o *ownWorld) invoke(t *testing.T, event string) (answer map[string]any, failure string) {
	t.Helper()
	said, err := lambda.NewFromConfig(o.config()).Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String(o.outputs["FunctionName"]), Qualifier: aws.String(o.outputs["FunctionAlias"]), Payload: []byte(event),
	})
	if err != nil {
		t.Fatal(err)
	}
	if said.FunctionError != nil {
		return nil, string(said.Payload)
	}
	if err := json.Unmarshal(said.Payload, &answer); err != nil {
		t.Fatalf("%v in %s", err, said.Payload)
	}
	return answer, ""
}

func testWrongZips(t *testing.T, o *ownWorld) {
	broken := filepath.Join(files(t, map[string]string{"broken.zip": "PK"}), "broken.zip")
	wrong := files(t, map[string]string{"main.py": ownCode})
	o.refuse(t, []string{"function_source_dist_zip=" + broken, "function_source_dependencies_zip=" + broken},
		"defog-cdk: 2 problems:")
	o.refuse(t, []string{"function_source_dist_zip=" + wrong}, "function_source_dist_zip: has not what function_handler=handler.handler names: handler.py or handler/__init__.py")
	functions, err := lambda.NewFromConfig(o.config()).ListFunctions(t.Context(), &lambda.ListFunctionsInput{})
	if err != nil || len(functions.Functions) > 0 {
		t.Errorf("%d functions, %v", len(functions.Functions), err)
	}
}

func testOwnDirectInvoke(t *testing.T, o *ownWorld) {
	o.deploy(t, o.fromHere())
	answer, failure := o.invoke(t, `{"width": 2, "height": 3}`)
	if failure != "" || answer["area"] != 6.0 {
		t.Fatalf("got %v %s", answer, failure)
	}
	if path, _ := answer["package"].(string); !strings.Contains(path, "/hydrate/") {
		t.Errorf("the package is in %s, which hydrate did not make", path)
	}
}

// put puts an object into the function's bucket, and returns the result that
// appears.
func (o *ownWorld) put(t *testing.T, name, content string) string {
	t.Helper()
	client := s3.NewFromConfig(o.config(), func(options *s3.Options) { options.UsePathStyle = true })
	bucket := aws.String(o.outputs["BucketName"])
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String(o.outputs["InputPrefix"] + name), Body: strings.NewReader(content)}); err != nil {
		t.Fatal(err)
	}
	var result string
	eventually(t, "a result of "+name, func() bool {
		got, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String(o.outputs["OutputPrefix"] + name)})
		if err != nil {
			return false
		}
		defer got.Body.Close()
		data, err := io.ReadAll(got.Body)
		result = string(data)
		return err == nil
	})
	return result
}

// eventually waits until something is so; the test's own time is the limit.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for !is() {
		select {
		case <-t.Context().Done():
			t.Fatalf("no %s", what)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func testOwnS3(t *testing.T, o *ownWorld) {
	if got := o.put(t, "a figure ü.json", `{"width": 4, "height": 5}`); got != `{"area": 20}` {
		t.Errorf("got %s", got)
	}
}

func testOwnAPI(t *testing.T, o *ownWorld) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.outputs["EvalUrl"]+"?width=6&height=7", nil)
	if err != nil {
		t.Fatal(err)
	}
	o.aws.Direct(request)
	if err := sign(t, root(), request, ""); err != nil {
		t.Fatal(err)
	}
	response, err := o.aws.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "image/png" || string(body) != "\x89PNG42.0" {
		t.Errorf("status %d, %s: %q", response.StatusCode, response.Header.Get("Content-Type"), body)
	}
}

func testOwnChangedPackage(t *testing.T, o *ownWorld) {
	const triangle = "def area(width, height): return width * height / 2\n"
	if err := os.WriteFile(filepath.Join(o.packages, "shapes", "__init__.py"), []byte(triangle), 0o644); err != nil {
		t.Fatal(err)
	}
	o.deploy(t, o.fromHere())
	if answer, failure := o.invoke(t, `{"width": 2, "height": 3}`); failure != "" || answer["area"] != 3.0 {
		t.Errorf("got %v %s", answer, failure)
	}
}

func testOwnRestricted(t *testing.T, o *ownWorld) {
	o.deploy(t, o.fromHere("function_restrict_pipelines=0123456789abcdef"))
	if answer, failure := o.invoke(t, `{"width": 2, "height": 3, "hash": "0123456789abcdef"}`); failure != "" || answer["area"] != 3.0 {
		t.Errorf("got %v %s", answer, failure)
	}
	if _, failure := o.invoke(t, `{"width": 2, "height": 3}`); !strings.Contains(failure, "not allowed here") {
		t.Errorf("got %s", failure)
	}
}

// The user's bucket, and what is in it.
const (
	ownBucket       = "geo-data"
	codeKey         = "v1/code.zip"
	dependenciesKey = "v1/deps.zip"
)

func fromBucket(settings ...string) []string {
	return append([]string{"function_source_bucket=" + ownBucket, "function_source_dist_key=" + codeKey,
		"function_source_dependencies_key=" + dependenciesKey, "function_triggers=S3,eval", "function_s3_bucket=" + ownBucket}, settings...)
}

func testOwnBucket(t *testing.T, o *ownWorld) {
	client := s3.NewFromConfig(o.config(), func(options *s3.Options) { options.UsePathStyle = true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(ownBucket)}); err != nil {
		t.Fatal(err)
	}
	for key, folder := range map[string]string{codeKey: o.code, dependenciesKey: o.packages} {
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(ownBucket), Key: aws.String(key), Body: bytes.NewReader(zipped(t, folder))}); err != nil {
			t.Fatal(err)
		}
	}
	o.notify(t, client)
	o.deploy(t, fromBucket())
	if got := o.outputs["Dependencies"]; got != "s3://"+ownBucket+"/"+dependenciesKey {
		t.Errorf("the dependencies are at %s", got)
	}
	if answer, failure := o.invoke(t, `{"width": 2, "height": 3}`); failure != "" || answer["area"] != 3.0 {
		t.Errorf("got %v %s", answer, failure)
	}
	if got := o.put(t, "figure.json", `{"width": 4, "height": 5}`); got != `{"area": 10.0}` {
		t.Errorf("got %s", got)
	}
	if queues, functions := notifications(t, client); queues != 1 || functions != 1 {
		t.Errorf("notifications of %d queues and %d functions", queues, functions)
	}
}

// notify gives the bucket a notification of the user's own.
func (o *ownWorld) notify(t *testing.T, client *s3.Client) {
	t.Helper()
	queues := sqs.NewFromConfig(o.config())
	queue, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("others")})
	if err != nil {
		t.Fatal(err)
	}
	got, err := queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: queue.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: aws.String(ownBucket),
		NotificationConfiguration: &s3types.NotificationConfiguration{QueueConfigurations: []s3types.QueueConfiguration{{
			QueueArn: aws.String(got.Attributes["QueueArn"]), Events: []s3types.Event{"s3:ObjectRemoved:*"},
		}}},
	}); err != nil {
		t.Fatal(err)
	}
}

func notifications(t *testing.T, client *s3.Client) (queues, functions int) {
	t.Helper()
	got, err := client.GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String(ownBucket)})
	if err != nil {
		t.Fatal(err)
	}
	return len(got.QueueConfigurations), len(got.LambdaFunctionConfigurations)
}

func testOwnWrongBucket(t *testing.T, o *ownWorld) {
	o.refuse(t, []string{"function_source_bucket=" + ownBucket, "function_source_dist_key=v2/code.zip"},
		"function_source_dist_key: there is no v2/code.zip in the bucket "+ownBucket)
	o.refuse(t, []string{"function_source_bucket=nobodys-bucket", "function_source_dist_key=" + codeKey}, "there is no bucket nobodys-bucket")
	o.refuse(t, []string{"function_source_bucket=" + ownBucket, "function_source_dist_key=" + dependenciesKey}, "has not what function_handler=handler.handler names")
}

func testOwnDestroy(t *testing.T, o *ownWorld) {
	run(t, "cdk destroy", func(out io.Writer) error {
		return o.aws.CDK(t.Context(), out, append(arguments("destroy", fromBucket()), "--force")...)
	})
	client := s3.NewFromConfig(o.config(), func(options *s3.Options) { options.UsePathStyle = true })
	if queues, functions := notifications(t, client); queues != 1 || functions != 0 {
		t.Errorf("notifications of %d queues and %d functions", queues, functions)
	}
	objects, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(ownBucket)})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, object := range objects.Contents {
		keys = append(keys, aws.ToString(object.Key))
	}
	if diff := cmp.Diff([]string{"input/figure.json", "output/figure.json", codeKey, dependenciesKey}, keys); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
