package test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/local"
)

// TestCustomFunction deploys a custom function, in Python with a package that is
// extracted before it starts. Each step sets up what it needs; in order, they
// share deployments.
func TestCustomFunction(t *testing.T) {
	t.Parallel()
	c := newCustomDeployment(t, "shapes", plainAWS)
	for _, step := range []struct {
		name string
		test func(*testing.T, *customDeployment)
	}{
		{"invalid zips are rejected before a deploy", testInvalidZips},
		{"invoke of a function from local zips returns its result", testCustomInvoke},
		{"S3 object under the input prefix leads to one under the output prefix", testCustomS3},
		{"API passes the query and returns binary content", testCustomAPI},
		{"PODPAC's client finds the function, and misses dependencies in the bucket", testPodpacClientOfUpload},
		{"package that changed is used after the next deploy", testChangedPackage},
		{"restriction to pipelines rejects others", testRestrictedPipelines},
		{"bucket with the zips keeps them and its notifications", testCustomBucket},
		{"PODPAC's client validates a function with all in one bucket", testPodpacClientOfBucket},
		{"invalid bucket settings are rejected before a deploy", testInvalidBucket},
		{"destroy leaves the user's bucket as it was", testCustomDestroy},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.test(t, c) }) {
			t.FailNow()
		}
	}
}

// TestCustomRoleAllowsDependenciesOnly deploys to a local AWS that enforces IAM.
// With the function's role, hydrate reads the dependencies; without its policy,
// that fails.
func TestCustomRoleAllowsDependenciesOnly(t *testing.T) {
	t.Parallel()
	c := newCustomDeployment(t, "roles", enforcingAWS)
	fromFolders := []string{"function_source_dist_zip=" + c.code, "function_source_dependencies_zip=" + c.packages}
	c.deploy(t, fromFolders)
	if answer, failure := c.invoke(t, `{"width": 2, "height": 3}`); failure != "" || answer["area"] != 6.0 {
		t.Errorf("got %v %s", answer, failure)
	}
	t.Run("PODPAC's client validates it", func(t *testing.T) { testPodpacClient(t, c, asPython, true) })
	// With another file the dependencies are fetched again.
	if err := os.WriteFile(filepath.Join(c.packages, "other.py"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	policy := filepath.Join(files(t, map[string]string{"policy.json": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::elsewhere/*"}]}`}), "policy.json")
	c.deploy(t, append(fromFolders, "autogen_policy=false", "iam_policy_file="+policy))
	if answer, failure := c.invoke(t, `{"width": 2, "height": 3}`); !strings.Contains(failure, "AccessDenied") {
		t.Errorf("got %v %s", answer, failure)
	}
}

// TestTriggerRoleAllowsPrefixesOnly deploys the S3 trigger to a local AWS that enforces
// IAM. The function evaluates an object. Its role reads below the input prefix, reads
// and writes below the output prefix, and does nothing else in the bucket. It reads the
// secret with credentials for data, and no other.
func TestTriggerRoleAllowsPrefixesOnly(t *testing.T) {
	t.Parallel()
	c := newCustomDeployment(t, "prefixes", enforcingAWS)
	secret, other := c.createSecret(t, "prefixes/data"), c.createSecret(t, "prefixes/data-other")
	c.deploy(t, []string{"function_source_dist_zip=" + c.code, "function_source_dependencies_zip=" + c.packages, "function_triggers=S3", "async_retries=0",
		"data_credentials_secret=" + secret})
	if got := c.put(t, "figure.json", `{"width": 4, "height": 5}`); got != `{"area": 20}` {
		t.Errorf("the function wrote %s", got)
	}

	ctx, bucket := t.Context(), aws.String(c.outputs["BucketName"])
	for _, key := range []string{"secret.json", "inputs.json", "output.json"} {
		if _, err := c.s3().PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	role := sdkConfig(c.aws, c.roleCredentials(t))
	objects, secrets := s3.NewFromConfig(role, func(options *s3.Options) { options.UsePathStyle = true }), secretsmanager.NewFromConfig(role)
	read := func(secret string) error {
		_, err := secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &secret})
		return err
	}
	get := func(key string) error {
		_, err := objects.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key})
		return err
	}
	put := func(key string) error {
		_, err := objects.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader("{}")})
		return err
	}
	remove := func(key string) error {
		_, err := objects.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: &key})
		return err
	}
	if err := errors.Join(get("input/figure.json"), get("output/figure.json"), put("output/run.zarr/0.0"), read(secret)); err != nil {
		t.Fatalf("allowed: %v", err)
	}
	for what, err := range map[string]error{
		"write below the input prefix":   put("input/figure.json"),
		"delete below the input prefix":  remove("input/figure.json"),
		"delete below the output prefix": remove("output/figure.json"),
		"read elsewhere":                 get("secret.json"),
		"read a name like the prefix":    get("inputs.json"),
		"write elsewhere":                put("secret.json"),
		"write a name like the prefix":   put("output.json"),
		"read another secret":            read(other),
		"list the bucket": func() error {
			_, err := objects.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})
			return err
		}(),
		"change the notifications": func() error {
			_, err := objects.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
				Bucket: bucket, NotificationConfiguration: &s3types.NotificationConfiguration{},
			})
			return err
		}(),
	} {
		if refused, ok := errors.AsType[smithy.APIError](err); !ok || !strings.HasPrefix(refused.ErrorCode(), "AccessDenied") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

const (
	customCode = `
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
	rectangle = "def area(width, height): return width * height\n"
	triangle  = "def area(width, height): return width * height / 2\n"
)

// customDeployment is a custom function on a shared local AWS.
type customDeployment struct {
	app            string // the setting app_name
	aws            *local.AWS
	code, packages string // folders
	outputs        map[string]string

	current []string // the settings and the package of the last deploy
	bucket  bool     // the user's bucket has its content
}

func newCustomDeployment(t *testing.T, app string, source *shared[*local.AWS]) *customDeployment {
	t.Helper()
	return &customDeployment{
		app: app, aws: sharedAWS(t, source),
		code: files(t, map[string]string{"handler.py": customCode}), packages: files(t, map[string]string{"shapes/__init__.py": rectangle}),
	}
}

// files creates a folder with these files and returns its path.
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

// zipped returns a zip of a folder.
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

func (c *customDeployment) config() aws.Config { return sdkConfig(c.aws, root()) }

func (c *customDeployment) s3() *s3.Client {
	return s3.NewFromConfig(c.config(), func(options *s3.Options) { options.UsePathStyle = true })
}

func (c *customDeployment) fromFolders(settings ...string) []string {
	return slices.Concat([]string{"function_source_dist_zip=" + c.code, "function_source_dependencies_zip=" + c.packages,
		"function_triggers=eval,S3,APIGateway", "async_retries=0"}, settings)
}

func (c *customDeployment) arguments(settings []string) []string {
	arguments := []string{"-c", "app_name=" + c.app}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	return arguments
}

// deploy deploys with settings and keeps the stack's outputs.
func (c *customDeployment) deploy(t *testing.T, settings []string) {
	t.Helper()
	c.outputs = deploy(t, c.aws, c.app+"-dev", c.arguments(settings)...)
}

// ensure deploys with settings and this source of the package, unless the last
// deploy had both.
func (c *customDeployment) ensure(t *testing.T, shapes string, settings []string) {
	t.Helper()
	wanted := append(slices.Clone(settings), shapes)
	if slices.Equal(c.current, wanted) {
		return
	}
	if err := os.WriteFile(filepath.Join(c.packages, "shapes", "__init__.py"), []byte(shapes), 0o644); err != nil {
		t.Fatal(err)
	}
	c.deploy(t, settings)
	c.current = wanted
}

// reject expects that the app rejects the settings with an error that contains
// want.
func (c *customDeployment) reject(t *testing.T, settings []string, want string) {
	t.Helper()
	var out bytes.Buffer
	err := c.aws.Deploy(t.Context(), &out, c.arguments(settings)...)
	if err == nil || !strings.Contains(out.String(), want) {
		t.Errorf("%v: error %v, want %s in\n%s", settings, err, want, out.String())
	}
}

// invoke calls the function and returns its result or its error.
func (c *customDeployment) invoke(t *testing.T, event string) (answer map[string]any, failure string) {
	t.Helper()
	invoked, err := lambda.NewFromConfig(c.config()).Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String(c.outputs["FunctionName"]), Qualifier: aws.String(c.outputs["FunctionAlias"]), Payload: []byte(event),
	})
	if err != nil {
		t.Fatal(err)
	}
	if invoked.FunctionError != nil {
		return nil, string(invoked.Payload)
	}
	if err := json.Unmarshal(invoked.Payload, &answer); err != nil {
		t.Fatalf("%v in %s", err, invoked.Payload)
	}
	return answer, ""
}

func testInvalidZips(t *testing.T, c *customDeployment) {
	broken := filepath.Join(files(t, map[string]string{"broken.zip": "PK"}), "broken.zip")
	wrong := files(t, map[string]string{"main.py": customCode})
	c.reject(t, []string{"function_source_dist_zip=" + broken, "function_source_dependencies_zip=" + broken},
		"defog-cdk: 2 problems:")
	c.reject(t, []string{"function_source_dist_zip=" + wrong}, "function_source_dist_zip: does not contain what function_handler=handler.handler names; want handler.py or handler/__init__.py")
	if _, err := cloudformation.NewFromConfig(c.config()).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String(c.app + "-dev")}); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("the stack: %v; want no stack", err)
	}
}

func testCustomInvoke(t *testing.T, c *customDeployment) {
	c.ensure(t, rectangle, c.fromFolders())
	answer, failure := c.invoke(t, `{"width": 2, "height": 3}`)
	if failure != "" || answer["area"] != 6.0 {
		t.Fatalf("got %v %s", answer, failure)
	}
	if path, _ := answer["package"].(string); !strings.Contains(path, "/hydrate/") {
		t.Errorf("the package is in %s; want a folder of hydrate", path)
	}
}

// createSecret creates a secret with credentials for data, and returns its ARN.
func (c *customDeployment) createSecret(t *testing.T, name string) string {
	t.Helper()
	created, err := secretsmanager.NewFromConfig(c.config()).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: &name, SecretString: aws.String(`{"username@data.example.com": "user", "password@data.example.com": "password"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(created.ARN)
}

// roleCredentials returns the credentials of the function's role.
func (c *customDeployment) roleCredentials(t *testing.T) aws.Credentials {
	t.Helper()
	functions := lambda.NewFromConfig(c.config())
	configuration, err := functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(c.outputs["FunctionName"])})
	if err != nil {
		t.Fatal(err)
	}
	return roleCredentials(t, functions, c.app, configuration.Role)
}

// put writes an object to the function's bucket and returns the result that
// appears.
func (c *customDeployment) put(t *testing.T, name, content string) string {
	t.Helper()
	if _, err := c.s3().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(c.outputs["BucketName"]), Key: aws.String(c.outputs["InputPrefix"] + name), Body: strings.NewReader(content)}); err != nil {
		t.Fatal(err)
	}
	var result string
	eventually(t, "a result of "+name, func() bool {
		var err error
		result, err = c.object(t, c.outputs["OutputPrefix"]+name)
		return err == nil
	})
	return result
}

// object returns the content of an object in the function's bucket.
func (c *customDeployment) object(t *testing.T, key string) (string, error) {
	t.Helper()
	got, err := c.s3().GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(c.outputs["BucketName"]), Key: &key})
	if err != nil {
		return "", err
	}
	defer got.Body.Close()
	data, err := io.ReadAll(got.Body)
	return string(data), err
}

// eventually waits until a condition holds, at most until the test's deadline.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for !holds() {
		select {
		case <-t.Context().Done():
			t.Fatalf("no %s", what)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func testCustomS3(t *testing.T, c *customDeployment) {
	c.ensure(t, rectangle, c.fromFolders())
	if got := c.put(t, "a figure ü.json", `{"width": 4, "height": 5}`); got != `{"area": 20}` {
		t.Errorf("got %s", got)
	}
}

func testCustomAPI(t *testing.T, c *customDeployment) {
	c.ensure(t, rectangle, c.fromFolders())
	for _, ending := range []string{"", "/", "/map"} { // PODPAC's notebooks call /eval/
		t.Run("path /eval"+ending, func(t *testing.T) { testCustomPath(t, c, c.outputs["EvalUrl"]+ending) })
	}
}

func testCustomPath(t *testing.T, c *customDeployment, url string) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"?width=6&height=7", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.aws.Direct(request)
	if err := sign(t, root(), request, ""); err != nil {
		t.Fatal(err)
	}
	response, err := c.aws.Client().Do(request)
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

func testPodpacClientOfUpload(t *testing.T, c *customDeployment) {
	c.ensure(t, rectangle, c.fromFolders())
	testPodpacClient(t, c, asPython, false)
}

func testPodpacClientOfBucket(t *testing.T, c *customDeployment) {
	c.fillBucket(t)
	c.ensure(t, triangle, fromBucket())
	testPodpacClient(t, c, asJSON, true)
}

func testChangedPackage(t *testing.T, c *customDeployment) {
	c.ensure(t, rectangle, c.fromFolders())
	c.ensure(t, triangle, c.fromFolders())
	if answer, failure := c.invoke(t, `{"width": 2, "height": 3}`); failure != "" || answer["area"] != 3.0 {
		t.Errorf("got %v %s", answer, failure)
	}
}

func testRestrictedPipelines(t *testing.T, c *customDeployment) {
	c.ensure(t, triangle, c.fromFolders("function_restrict_pipelines=0123456789abcdef"))
	if answer, failure := c.invoke(t, `{"width": 2, "height": 3, "hash": "0123456789abcdef"}`); failure != "" || answer["area"] != 3.0 {
		t.Errorf("got %v %s", answer, failure)
	}
	if _, failure := c.invoke(t, `{"width": 2, "height": 3}`); !strings.Contains(failure, "not allowed here") {
		t.Errorf("got %s", failure)
	}
}

// The user's bucket, and the keys of the zips in it.
const (
	userBucket      = "geo-data"
	codeKey         = "v1/code.zip"
	dependenciesKey = "v1/deps.zip"
)

func fromBucket(settings ...string) []string {
	return append([]string{"function_source_bucket=" + userBucket, "function_source_dist_key=" + codeKey,
		"function_source_dependencies_key=" + dependenciesKey, "function_triggers=S3,eval", "function_s3_bucket=" + userBucket}, settings...)
}

// fillBucket creates the user's bucket with the zips and a notification, unless an
// earlier step has.
func (c *customDeployment) fillBucket(t *testing.T) {
	t.Helper()
	if c.bucket {
		return
	}
	if err := os.WriteFile(filepath.Join(c.packages, "shapes", "__init__.py"), []byte(triangle), 0o644); err != nil {
		t.Fatal(err)
	}
	client := c.s3()
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(userBucket)}); err != nil {
		t.Fatal(err)
	}
	for key, folder := range map[string]string{codeKey: c.code, dependenciesKey: c.packages} {
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(userBucket), Key: aws.String(key), Body: bytes.NewReader(zipped(t, folder))}); err != nil {
			t.Fatal(err)
		}
	}
	c.notify(t, client)
	c.bucket = true
}

func testCustomBucket(t *testing.T, c *customDeployment) {
	c.fillBucket(t)
	c.ensure(t, triangle, fromBucket())
	if got := c.outputs["Dependencies"]; got != "s3://"+userBucket+"/"+dependenciesKey {
		t.Errorf("the dependencies are at %s", got)
	}
	if answer, failure := c.invoke(t, `{"width": 2, "height": 3}`); failure != "" || answer["area"] != 3.0 {
		t.Errorf("got %v %s", answer, failure)
	}
	if got := c.put(t, "figure.json", `{"width": 4, "height": 5}`); got != `{"area": 10.0}` {
		t.Errorf("got %s", got)
	}
	if queues, functions := notifications(t, c.s3()); queues != 1 || functions != 1 {
		t.Errorf("notifications of %d queues and %d functions", queues, functions)
	}
}

// notify adds a notification to the bucket that is not the stack's.
func (c *customDeployment) notify(t *testing.T, client *s3.Client) {
	t.Helper()
	queues := sqs.NewFromConfig(c.config())
	queue, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("others")})
	if err != nil {
		t.Fatal(err)
	}
	got, err := queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: queue.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: aws.String(userBucket),
		NotificationConfiguration: &s3types.NotificationConfiguration{QueueConfigurations: []s3types.QueueConfiguration{{
			QueueArn: aws.String(got.Attributes["QueueArn"]), Events: []s3types.Event{"s3:ObjectRemoved:*"},
		}}},
	}); err != nil {
		t.Fatal(err)
	}
}

func notifications(t *testing.T, client *s3.Client) (queues, functions int) {
	t.Helper()
	got, err := client.GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String(userBucket)})
	if err != nil {
		t.Fatal(err)
	}
	return len(got.QueueConfigurations), len(got.LambdaFunctionConfigurations)
}

func testInvalidBucket(t *testing.T, c *customDeployment) {
	c.fillBucket(t)
	c.reject(t, []string{"function_source_bucket=" + userBucket, "function_source_dist_key=v2/code.zip"},
		"function_source_dist_key: the bucket "+userBucket+" has no object v2/code.zip")
	c.reject(t, []string{"function_source_bucket=absent-bucket", "function_source_dist_key=" + codeKey}, "the bucket absent-bucket does not exist")
	c.reject(t, []string{"function_source_bucket=" + userBucket, "function_source_dist_key=" + dependenciesKey}, "does not contain what function_handler=handler.handler names")
}

func testCustomDestroy(t *testing.T, c *customDeployment) {
	c.fillBucket(t)
	c.ensure(t, triangle, fromBucket())
	c.put(t, "figure.json", `{"width": 4, "height": 5}`)
	run(t, "cdk destroy", func(out io.Writer) error {
		return c.aws.CDK(t.Context(), out, slices.Concat([]string{"destroy", "--force"}, c.arguments(fromBucket()))...)
	})
	client := c.s3()
	if queues, functions := notifications(t, client); queues != 1 || functions != 0 {
		t.Errorf("notifications of %d queues and %d functions", queues, functions)
	}
	objects, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(userBucket)})
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
