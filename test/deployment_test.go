package test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/local"
)

// apiKey is the key that the generator requires.
const apiKey = "key-of-the-test"

// deployment is a query function on a shared local AWS, with the shared database
// and a generator of its own.
type deployment struct {
	app       string // the setting app_name
	aws       *local.AWS
	postgres  *postgres.Server
	generator *generator.Server

	connectionFile string
	url            string // of the API, after deploy
}

func newDeployment(t *testing.T, app string, source *shared[*local.AWS]) *deployment {
	t.Helper()
	d := &deployment{
		app: app, aws: sharedAWS(t, source), postgres: database.get(t),
		generator: &generator.Server{SQL: map[string]string{}, Fixes: map[string]string{}, APIKey: apiKey},
	}
	server := httptest.NewServer(d.generator)
	t.Cleanup(server.Close)
	d.connectionFile = writeConnection(t, connection.Connection{
		APIKey: apiKey, DBType: "postgres", DBCreds: d.postgres.ReaderCreds(), BaseURL: server.URL,
	})
	return d
}

func (d *deployment) stack() string      { return d.app + "-dev" }
func (d *deployment) secretName() string { return d.app + "/defog" }

func writeConnection(t *testing.T, conn connection.Connection) string {
	t.Helper()
	data, err := json.Marshal(conn)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "connection.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// cdk runs the CLI on the test's stack with more settings, and returns its output.
func (d *deployment) cdk(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, "cdk "+args[0], func(out io.Writer) error {
		return d.aws.CDK(t.Context(), out, d.settings(args...)...)
	})
}

func (d *deployment) settings(args ...string) []string {
	return slices.Concat(args, []string{"-c", "app_name=" + d.app, "-c", "connection_file=" + d.connectionFile})
}

// deploy deploys with more settings and keeps the API's URL.
func (d *deployment) deploy(t *testing.T, settings ...string) {
	t.Helper()
	d.deployFrom(t, d.settings(settings...)...)
}

// deployFrom deploys with these arguments and keeps the API's URL.
func (d *deployment) deployFrom(t *testing.T, args ...string) {
	t.Helper()
	d.url = deploy(t, d.aws, d.stack(), args...)["QueryUrl"]
	if d.url == "" {
		t.Fatal("the stack has no output QueryUrl")
	}
}

// deploy deploys with these arguments and returns the stack's outputs.
func deploy(t *testing.T, cloud *local.AWS, stack string, args ...string) map[string]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "outputs.json")
	run(t, "cdk deploy", func(out io.Writer) error {
		return cloud.Deploy(t.Context(), out, slices.Concat(args, []string{"--outputs-file", path})...)
	})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var stacks map[string]map[string]string
	if err := json.Unmarshal(data, &stacks); err != nil {
		t.Fatal(err)
	}
	return stacks[stack]
}

// resources returns the physical ids of the stack's resources of a type.
func (d *deployment) resources(t *testing.T, kind string) (ids []string) {
	t.Helper()
	described, err := cloudformation.NewFromConfig(d.config(root())).DescribeStackResources(t.Context(),
		&cloudformation.DescribeStackResourcesInput{StackName: aws.String(d.stack())})
	if err != nil {
		t.Fatal(err)
	}
	for _, resource := range described.StackResources {
		if aws.ToString(resource.ResourceType) == kind && resource.ResourceStatus != cfntypes.ResourceStatusDeleteComplete {
			ids = append(ids, aws.ToString(resource.PhysicalResourceId))
		}
	}
	if len(ids) == 0 {
		t.Fatalf("the stack has no %s", kind)
	}
	return ids
}

// answer is an answer of the API.
type answer struct {
	Columns         []string            `json:"columns"`
	Data            [][]json.RawMessage `json:"data"`
	SQL             string              `json:"query_generated"`
	RanSuccessfully bool                `json:"ran_successfully"`
	ErrorMessage    string              `json:"error_message"`
	Truncated       bool                `json:"truncated"`
	RowCount        int                 `json:"row_count"`
}

// ask sends a question whose generated SQL is the given one.
func (d *deployment) ask(t *testing.T, sql string) answer {
	t.Helper()
	d.generator.Teach(sql, sql) // the question is the SQL
	body, err := json.Marshal(map[string]any{"question": sql})
	if err != nil {
		t.Fatal(err)
	}
	status, got := d.post(t, string(body))
	if status != http.StatusOK {
		t.Fatalf("%s: status %d: %s", sql, status, got)
	}
	return decode(t, got)
}

// post sends a body to the API, signed by the root user, and returns the status
// and the answer.
func (d *deployment) post(t *testing.T, body string) (status int, answer []byte) {
	t.Helper()
	return d.postAs(t, root(), body)
}

func (d *deployment) postAs(t *testing.T, caller aws.Credentials, body string) (status int, answer []byte) {
	t.Helper()
	return d.send(t, body, func(request *http.Request) error { return sign(t, caller, request, body) })
}

// sign signs the request as one with that body.
func sign(t *testing.T, caller aws.Credentials, request *http.Request, body string) error {
	t.Helper()
	return signRequest(t.Context(), caller, request, body)
}

func signRequest(ctx context.Context, caller aws.Credentials, request *http.Request, body string) error {
	hash := sha256.Sum256([]byte(body))
	return v4.NewSigner().SignHTTP(ctx, caller, request, hex.EncodeToString(hash[:]), "execute-api", region, time.Now())
}

func (d *deployment) send(t *testing.T, body string, sign func(*http.Request) error) (status int, answer []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	d.aws.Direct(request)
	if err := sign(request); err != nil {
		t.Fatal(err)
	}
	response, err := d.aws.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

// root is the local account's root user.
func root() aws.Credentials {
	return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}
}

func (d *deployment) config(caller aws.Credentials) aws.Config { return sdkConfig(d.aws, caller) }

// sdkConfig is the configuration of an SDK for the local AWS.
func sdkConfig(cloud *local.AWS, caller aws.Credentials) aws.Config {
	return aws.Config{
		BaseEndpoint: aws.String(cloud.Endpoint()),
		Region:       region,
		AppID:        "tests", // for the check of requests: see models_test.go
		HTTPClient:   cloud.Client(),
		Credentials:  credentials.StaticCredentialsProvider{Value: caller},
	}
}

// createSecret stores the connection in Secrets Manager, and returns the settings
// of a stack that reads it from there.
func (d *deployment) createSecret(t *testing.T) (settings []string) {
	t.Helper()
	connection, err := os.ReadFile(d.connectionFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := secretsmanager.NewFromConfig(d.config(root())).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String(d.secretName()), SecretString: aws.String(string(connection)),
	}); err != nil {
		t.Fatal(err)
	}
	return []string{"-c", "credentials_secret=" + d.secretName(), "-c", "db_type=postgres"}
}

func decode(t *testing.T, body []byte) answer {
	t.Helper()
	var got answer
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return got
}
