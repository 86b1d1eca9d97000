package test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"defog-cdk/config/connection"
	"defog-cdk/local"
)

// Local AWS has no CodePipeline. What the pipeline does for a stage is done in
// its order by hand here: the secret, the synth, the nested assembly's deploy,
// and the smoke test by the step's role, with IAM enforced.

// smokeCaller is the role of the pipeline's smoke step.
const smokeCaller = "endtoend-pipeline-dev-smoke"

func TestPipelineStage(t *testing.T) {
	w := newWorld(t, local.EnforceIAM())
	settings := w.pipelineSettings(t)
	t.Run("the secret", func(t *testing.T) { testSecretCommands(t, w, settings) })
	w.deployNested(t, settings)
	t.Run("the review", func(t *testing.T) { testApproval(t, w, settings) })
	t.Run("the smoke test", func(t *testing.T) { testSmoke(t, w) })
}

// pipelineSettings writes a settings file with a pipeline of one stage, and
// returns the arguments that name it.
func (w *world) pipelineSettings(t *testing.T) []string {
	t.Helper()
	data, err := json.Marshal(map[string]any{
		"app_name":        "endtoend",
		"connection_file": w.connectionFile, // which a pipeline's synth does not read
		"pipeline_source": map[string]any{"repository": "defog-cdk"},
		"pipeline_stages": []any{map[string]any{"stage": "dev", "account": "000000000000", "region": region}},
		"stages": map[string]any{"dev": map[string]any{
			"credentials_secret": secretName, "db_type": "postgres", "architecture": local.Architecture(),
			"smoke_question": "How many?", "smoke_expect": "3",
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"-c", "settings_file=" + path}
}

func testSecretCommands(t *testing.T, w *world, settings []string) {
	defog := func(args ...string) (string, int) {
		output, code := command(t, w.aws.Environ(os.Environ()), "go", append([]string{"run", "./cmd/defog", "secret"}, append(args, settings...)...)...)
		if strings.Contains(output, w.postgres.Creds().Text("password")) || strings.Contains(output, "key-of-the-test") {
			t.Errorf("secret %s printed a credential:\n%s", args[0], output)
		}
		return output, code
	}
	if output, code := defog("check"); code != 1 || !strings.Contains(output, "ResourceNotFoundException") {
		t.Errorf("a secret that is not there: exit code %d:\n%s", code, output)
	}
	if output, code := defog("put", "--stage", "dev"); code != 0 || !strings.HasPrefix(output, "arn:aws:secretsmanager:us-east-1:000000000000:secret:"+secretName+"-") || !strings.Contains(output, "go run ./cmd/defog secret check -c settings_file=") {
		t.Fatalf("put: exit code %d:\n%s", code, output)
	}
	stored := w.storedSecret(t)
	if conn, err := connection.Parse([]byte(stored)); err != nil || conn.DBCreds.Text("password") != w.postgres.Creds().Text("password") {
		t.Errorf("put stored something else: %v", err)
	}
	if output, code := defog("check"); code != 0 || !strings.Contains(output, secretName) {
		t.Errorf("check: exit code %d:\n%s", code, output)
	}

	other := writeConnection(t, connection.Connection{APIKey: "another", DBType: "postgres", DBCreds: connection.Creds{}})
	if output, code := defog("put", "--connection", other); code != 1 || !strings.Contains(output, "--yes") || w.storedSecret(t) != stored {
		t.Errorf("put over another, with nobody to say yes: exit code %d:\n%s", code, output)
	}
	if output, code := defog("put", "--connection", other, "--yes"); code != 0 || !strings.Contains(w.storedSecret(t), "another") {
		t.Errorf("put --yes: exit code %d:\n%s", code, output)
	}
	mysql := writeConnection(t, connection.Connection{APIKey: "another", DBType: "mysql", DBCreds: connection.Creds{}})
	if output, code := defog("put", "--connection", mysql, "--yes"); code != 1 || !strings.Contains(output, "db_type: is mysql") {
		t.Errorf("put of another db_type: exit code %d:\n%s", code, output)
	}
	for content, want := range map[string]string{
		`{"api_key": "key-of-the-test", "db_type": "mysql", "db_creds": {}}`: "db_type: is mysql in the secret; want postgres",
		`{"api_key": "key-of-the-test"`:                                      "bad JSON",
	} {
		w.storeSecret(t, content)
		if output, code := defog("check"); code != 1 || !strings.Contains(output, "stage dev: "+secretName) || !strings.Contains(output, want) {
			t.Errorf("check of %s: exit code %d:\n%s", want, code, output)
		}
	}
	w.storeSecret(t, stored)
}

func (w *world) storedSecret(t *testing.T) string {
	t.Helper()
	stored, err := secretsmanager.NewFromConfig(w.config(root())).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(secretName)})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(stored.SecretString)
}

func (w *world) storeSecret(t *testing.T, content string) {
	t.Helper()
	if _, err := secretsmanager.NewFromConfig(w.config(root())).PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: aws.String(secretName), SecretString: &content,
	}); err != nil {
		t.Fatal(err)
	}
}

// synthPipeline returns the folder of the pipeline's assembly.
func (w *world) synthPipeline(t *testing.T, settings []string) string {
	t.Helper()
	assembly := filepath.Join(t.TempDir(), "cdk.out")
	args := append([]string{"cdk", "synth", "--quiet", "-o", assembly, "-c", "pipeline=true"}, settings...)
	if output, code := command(t, w.aws.Environ(os.Environ()), "npx", args...); code != 0 {
		t.Fatal(output)
	}
	return assembly
}

// holdsNoSecret looks for the credentials in every file of an assembly.
func (w *world) holdsNoSecret(t *testing.T, assembly string) {
	t.Helper()
	err := filepath.WalkDir(assembly, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), w.postgres.Creds().Text("password")) || strings.Contains(string(data), "key-of-the-test") {
			t.Errorf("%s holds a credential", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// testApproval says what a change would do, as the approval shows it.
func testApproval(t *testing.T, w *world, settings []string) {
	program := filepath.Join(t.TempDir(), "defog")
	if output, code := command(t, nil, "go", "build", "-o", program, "./cmd/defog"); code != 0 {
		t.Fatal(output)
	}
	for name, test := range map[string]struct {
		change []string
		want   string
	}{
		"nothing":  {nil, "Stack endtoend-dev: no changes\n"},
		"the auth": {[]string{"-c", "api_auth=none"}, "security-relevant"},
	} {
		assembly := w.synthPipeline(t, slices.Concat(settings, test.change))
		review := exec.CommandContext(t.Context(), "pipeline/review.sh", program, assembly, stackName)
		review.Dir, review.Env = checkout, w.aws.Environ(os.Environ())
		var log strings.Builder
		review.Stderr = &log
		said, err := review.Output()
		if err != nil || !strings.Contains(string(said), test.want) || strings.Count(string(said), "\n") != 1 {
			t.Errorf("%s: %v: %s\n%s", name, err, said, log.String())
		}
		t.Logf("%s: %s", name, said)
	}
}

// deployNested synthesizes the pipeline and deploys the stage's assembly, as the
// pipeline would.
func (w *world) deployNested(t *testing.T, settings []string) {
	t.Helper()
	outputs := filepath.Join(t.TempDir(), "outputs.json")
	assembly := w.synthPipeline(t, settings)
	w.holdsNoSecret(t, assembly)
	nested := filepath.Join(assembly, "assembly-dev")
	var output strings.Builder
	if err := w.aws.Deploy(t.Context(), &output, "--app", nested, "--outputs-file", outputs); err != nil {
		t.Fatalf("%v\n%s", err, output.String())
	}
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

// testSmoke asks with the role of the pipeline's step, which may take the
// stage's role and nothing else.
func testSmoke(t *testing.T, w *world) {
	const role = "arn:aws:iam::000000000000:role/endtoend-dev-smoke"
	w.generator.Teach("How many?", "SELECT 3 AS n")
	w.generator.Teach("How wrong?", "SELECT nothing FROM nowhere")
	w.generator.Teach("How long?", "SELECT count(*) FROM generate_series(1, 10000000000)")
	step := w.assume(t, createRole(t, w, smokeCaller, allow("sts:AssumeRole", role)))
	stranger := w.assume(t, createRole(t, w, "stranger", allow("sts:AssumeRole", role)))

	asks := func(caller aws.Credentials, args ...string) (string, int) {
		environ := append(w.aws.Environ(os.Environ()), "AWS_ACCESS_KEY_ID="+caller.AccessKeyID,
			"AWS_SECRET_ACCESS_KEY="+caller.SecretAccessKey, "AWS_SESSION_TOKEN="+caller.SessionToken)
		return command(t, environ, "go", append([]string{"run", "./cmd/defog", "smoke", "--url", w.url, "--auth", "iam"}, args...)...)
	}
	for name, test := range map[string]struct {
		caller aws.Credentials
		args   []string
		code   int
		want   string
	}{
		"the right answer":         {step, []string{"--role-arn", role, "--question", "How many?", "--expect", "3"}, 0, "answered as expected: 1 row"},
		"any answer":               {step, []string{"--role-arn", role, "--question", "How many?"}, 0, "answered as expected: 1 row"},
		"a wrong answer":           {step, []string{"--role-arn", role, "--question", "How many?", "--expect", "4"}, 1, "wrong answer: none of its cells is 4 (1 row); SQL: SELECT 3 AS n"},
		"no answer":                {step, []string{"--role-arn", role, "--question", "How wrong?"}, 1, "no answer: "},
		"a 403":                    {step, []string{"--question", "How many?", "--expect", "3"}, 1, "403"},
		"a timeout":                {step, []string{"--role-arn", role, "--question", "How long?", "--timeout", "6s"}, 1, "no answer within 6s"},
		"somebody else's role":     {stranger, []string{"--role-arn", role, "--question", "How many?", "--expect", "3"}, 1, "assume the role " + role},
		"a role that is not there": {step, []string{"--role-arn", role + "s", "--question", "How many?"}, 1, "assume the role " + role + "s"},
	} {
		t.Run(name, func(t *testing.T) {
			if output, code := asks(test.caller, test.args...); code != test.code || !strings.Contains(output, test.want) {
				t.Errorf("exit code %d:\n%s", code, output)
			}
		})
	}
}

// createRole makes a role that the account's root user may take, and returns
// its ARN.
func createRole(t *testing.T, w *world, name, policy string) (arn string) {
	t.Helper()
	client := iam.NewFromConfig(w.config(root()))
	made, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: &name, PolicyDocument: &policy}); err != nil {
		t.Fatal(err)
	}
	return aws.ToString(made.Role.Arn)
}

// assume returns the credentials of a role that root takes.
func (w *world) assume(t *testing.T, arn string) aws.Credentials {
	t.Helper()
	taken, err := sts.NewFromConfig(w.config(root())).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: aws.String("test")})
	if err != nil {
		t.Fatal(err)
	}
	return aws.Credentials{
		AccessKeyID:     aws.ToString(taken.Credentials.AccessKeyId),
		SecretAccessKey: aws.ToString(taken.Credentials.SecretAccessKey),
		SessionToken:    aws.ToString(taken.Credentials.SessionToken),
		CanExpire:       true,
		Expires:         time.Now().Add(time.Hour),
	}
}
