// Package test holds the end-to-end tests: the real CDK CLI deploys the app to
// a local AWS, and questions go through the deployed HTTP API to a real
// PostgreSQL.
package test

import (
	"bytes"
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
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/local"
)

// checkout is where the app is, seen from this folder.
const checkout = ".."

// region is the local AWS's.
const region = "us-east-1"

// What the tests deploy: the stack, and the secret with its credentials.
const (
	stackName  = "endtoend-dev"
	secretName = "endtoend/defog"
)

// world is what a deployment needs: a local AWS, a database and a generator.
type world struct {
	aws       *local.AWS
	postgres  *postgres.Server
	generator *generator.Server

	connectionFile string
	url            string // the deployed API's, after deploy
}

func newWorld(t *testing.T, options ...local.Option) *world {
	t.Helper()
	w := &world{
		postgres:  postgres.Start(t, postgres.Setting("timezone", "UTC")),
		generator: &generator.Server{SQL: map[string]string{}, Fixes: map[string]string{}, APIKey: "key-of-the-test"},
	}
	stand := httptest.NewServer(w.generator)
	t.Cleanup(stand.Close)
	w.connectionFile = writeConnection(t, connection.Connection{
		APIKey: "key-of-the-test", DBType: "postgres", DBCreds: w.postgres.Creds(), BaseURL: stand.URL,
	})

	w.aws = startAWS(t, options...)
	return w
}

// startAWS starts a local AWS and bootstraps it.
func startAWS(t *testing.T, options ...local.Option) *local.AWS {
	t.Helper()
	started, err := local.Start(t.Context(), checkout, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("local AWS:\n%s", started.Log())
		}
		if err := started.Stop(); err != nil {
			t.Error(err)
		}
	})
	run(t, "cdk bootstrap", func(out io.Writer) error { return started.Bootstrap(t.Context(), out) })
	return started
}

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

// cdk runs the CLI on the stack of the test with more settings, and returns
// what it printed.
func (w *world) cdk(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, "cdk "+args[0], func(out io.Writer) error {
		return w.aws.CDK(t.Context(), out, w.settings(args...)...)
	})
}

func (w *world) settings(args ...string) []string {
	return slices.Concat(args, []string{"-c", "app_name=endtoend", "-c", "connection_file=" + w.connectionFile})
}

// deploy deploys with more settings and notes the API's URL.
func (w *world) deploy(t *testing.T, settings ...string) {
	t.Helper()
	outputs := filepath.Join(t.TempDir(), "outputs.json")
	w.cdk(t, slices.Concat([]string{"deploy", "--require-approval", "never", "--outputs-file", outputs}, settings)...)
	data, err := os.ReadFile(outputs)
	if err != nil {
		t.Fatal(err)
	}
	var stacks map[string]struct{ QueryUrl string }
	if err := json.Unmarshal(data, &stacks); err != nil {
		t.Fatal(err)
	}
	if w.url = stacks[stackName].QueryUrl; w.url == "" {
		t.Fatalf("no QueryUrl in the outputs: %s", data)
	}
}

// run shows what a step printed when it fails.
func run(t *testing.T, what string, step func(io.Writer) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := step(&out); err != nil {
		t.Fatalf("%s: %v\n%s", what, err, out.String())
	}
	return out.String()
}

// answer is what the API says.
type answer struct {
	Columns         []string            `json:"columns"`
	Data            [][]json.RawMessage `json:"data"`
	SQL             string              `json:"query_generated"`
	RanSuccessfully bool                `json:"ran_successfully"`
	ErrorMessage    string              `json:"error_message"`
	Truncated       bool                `json:"truncated"`
	RowCount        int                 `json:"row_count"`
}

// ask asks the deployed function a question with the given SQL behind it.
func (w *world) ask(t *testing.T, sql string) answer {
	t.Helper()
	w.generator.Teach(sql, sql) // a question is its own answer
	body, err := json.Marshal(map[string]any{"question": sql})
	if err != nil {
		t.Fatal(err)
	}
	status, got := w.post(t, string(body))
	if status != http.StatusOK {
		t.Fatalf("%s: status %d: %s", sql, status, got)
	}
	return decode(t, got)
}

// post sends a body to the API, signed as the API wants it, and returns the
// status and the answer.
func (w *world) post(t *testing.T, body string) (status int, answer []byte) {
	t.Helper()
	return w.postAs(t, root(), body)
}

func (w *world) postAs(t *testing.T, caller aws.Credentials, body string) (status int, answer []byte) {
	t.Helper()
	return w.send(t, body, func(request *http.Request) error { return sign(t, caller, request, body) })
}

// sign signs the request as one with that body.
func sign(t *testing.T, caller aws.Credentials, request *http.Request, body string) error {
	t.Helper()
	hash := sha256.Sum256([]byte(body))
	return v4.NewSigner().SignHTTP(t.Context(), caller, request, hex.EncodeToString(hash[:]), "execute-api", region, time.Now())
}

func (w *world) send(t *testing.T, body string, sign func(*http.Request) error) (status int, answer []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	w.aws.Direct(request)
	if err := sign(request); err != nil {
		t.Fatal(err)
	}
	response, err := w.aws.Client().Do(request)
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

// config is an SDK's configuration for the local AWS.
func (w *world) config(caller aws.Credentials) aws.Config {
	return aws.Config{
		BaseEndpoint: aws.String(w.aws.Endpoint()),
		Region:       region,
		HTTPClient:   w.aws.Client(),
		Credentials:  credentials.StaticCredentialsProvider{Value: caller},
	}
}

// createSecret puts the connection into Secrets Manager, and returns the
// settings of a stack that reads it from there.
func (w *world) createSecret(t *testing.T) (settings []string) {
	t.Helper()
	connection, err := os.ReadFile(w.connectionFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := secretsmanager.NewFromConfig(w.config(root())).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String(secretName), SecretString: aws.String(string(connection)),
	}); err != nil {
		t.Fatal(err)
	}
	return []string{"-c", "credentials_secret=" + secretName, "-c", "db_type=postgres"}
}

func decode(t *testing.T, body []byte) answer {
	t.Helper()
	var got answer
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return got
}
