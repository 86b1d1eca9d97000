package test

import (
	"encoding/json"
	"errors"
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
	secretsmanagertypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"defog-cdk/config/connection"
	"defog-cdk/internal/localaws"
)

// Local AWS has no CodePipeline. The tests do what the pipeline does for a stage, in
// its order, with IAM enforced. They put the secret, synthesize, deploy the nested
// assembly, and run the smoke test with the role of its step.

func TestPipelineStage(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "staged", enforcingAWS)
	settings := d.pipelineSettings(t)
	t.Run("secret is put and checked", func(t *testing.T) { testSecretCommands(t, d, settings) })
	d.ensureSecret(t)
	d.deployNested(t, settings)
	t.Run("review is one line of the approval", func(t *testing.T) { testApproval(t, d, settings) })
	t.Run("smoke test requires the step's role", func(t *testing.T) { testSmoke(t, d) })
}

// ensureSecret creates the secret if the step that puts it has not run.
func (d *deployment) ensureSecret(t *testing.T) {
	t.Helper()
	_, err := secretsmanager.NewFromConfig(d.config(root())).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(d.secretName())})
	if _, absent := errors.AsType[*secretsmanagertypes.ResourceNotFoundException](err); absent {
		d.createSecret(t)
	} else if err != nil {
		t.Fatal(err)
	}
}

// pipelineSettings writes a settings file with a pipeline of one stage, and
// returns the arguments that name it.
func (d *deployment) pipelineSettings(t *testing.T) []string {
	t.Helper()
	data, err := json.Marshal(map[string]any{
		"app_name":        d.app,
		"connection_file": d.connectionFile, // the synth of a pipeline does not read it
		"pipeline_source": map[string]any{"repository": "defog-cdk"},
		"pipeline_stages": []any{map[string]any{"stage": "dev", "account": "000000000000", "region": region}},
		"stages": map[string]any{"dev": map[string]any{
			"credentials_secret": d.secretName(), "db_type": "postgres", "architecture": localaws.Architecture(),
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

func testSecretCommands(t *testing.T, d *deployment, settings []string) {
	program := defog.get(t)
	defog := func(args ...string) (string, int) {
		output, code := command(t, d.aws.Environ(os.Environ()), program, slices.Concat([]string{"secret"}, args, settings)...)
		if strings.Contains(output, d.postgres.Creds().Text("password")) || strings.Contains(output, apiKey) {
			t.Errorf("secret %s printed a credential:\n%s", args[0], output)
		}
		return output, code
	}
	if output, code := defog("check"); code != 1 || !strings.Contains(output, "the secret does not exist") {
		t.Errorf("an absent secret: exit code %d:\n%s", code, output)
	}
	if output, code := defog("put", "--stage", "dev"); code != 0 || !strings.HasPrefix(output, "arn:aws:secretsmanager:us-east-1:000000000000:secret:"+d.secretName()+"-") || !strings.Contains(output, "go run ./cmd/defog secret check -c settings_file=") {
		t.Fatalf("put: exit code %d:\n%s", code, output)
	}
	stored := d.storedSecret(t)
	if conn, err := connection.Parse([]byte(stored)); err != nil || conn.DBCreds.Text("password") != d.postgres.Creds().Text("password") {
		t.Errorf("put stored other content: %v", err)
	}
	if output, code := defog("check"); code != 0 || !strings.Contains(output, d.secretName()) {
		t.Errorf("check: exit code %d:\n%s", code, output)
	}

	other := writeConnection(t, connection.Connection{APIKey: "another", DBType: "postgres", DBCreds: connection.Creds{}})
	if output, code := defog("put", "--connection", other); code != 1 || !strings.Contains(output, "--yes") || d.storedSecret(t) != stored {
		t.Errorf("put over another without confirmation: exit code %d:\n%s", code, output)
	}
	if output, code := defog("put", "--connection", other, "--yes"); code != 0 || !strings.Contains(d.storedSecret(t), "another") {
		t.Errorf("put --yes: exit code %d:\n%s", code, output)
	}
	mysql := writeConnection(t, connection.Connection{APIKey: "another", DBType: "mysql", DBCreds: connection.Creds{}})
	if output, code := defog("put", "--connection", mysql, "--yes"); code != 1 || !strings.Contains(output, "db_type: is mysql") {
		t.Errorf("put of another db_type: exit code %d:\n%s", code, output)
	}
	for content, want := range map[string]string{
		`{"api_key": "` + apiKey + `", "db_type": "mysql", "db_creds": {}}`: "db_type: is mysql in the secret; want postgres",
		`{"api_key": "` + apiKey + `"`:                                      "invalid JSON",
	} {
		d.storeSecret(t, content)
		if output, code := defog("check"); code != 1 || !strings.Contains(output, "stage dev: "+d.secretName()) || !strings.Contains(output, want) {
			t.Errorf("check of %s: exit code %d:\n%s", want, code, output)
		}
	}
	d.storeSecret(t, stored)
}

func (d *deployment) storedSecret(t *testing.T) string {
	t.Helper()
	stored, err := secretsmanager.NewFromConfig(d.config(root())).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(d.secretName())})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(stored.SecretString)
}

func (d *deployment) storeSecret(t *testing.T, content string) {
	t.Helper()
	if _, err := secretsmanager.NewFromConfig(d.config(root())).PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: aws.String(d.secretName()), SecretString: &content,
	}); err != nil {
		t.Fatal(err)
	}
}

// synthPipeline returns the folder of the pipeline's assembly.
func (d *deployment) synthPipeline(t *testing.T, settings []string) string {
	t.Helper()
	assembly := filepath.Join(t.TempDir(), "cdk.out")
	args := append([]string{"cdk", "synth", "--quiet", "-o", assembly, "-c", "pipeline=true"}, settings...)
	if output, code := command(t, d.aws.Environ(os.Environ()), "npx", args...); code != 0 {
		t.Fatal(output)
	}
	return assembly
}

// holdsNoSecret searches every file of an assembly for the credentials.
func (d *deployment) holdsNoSecret(t *testing.T, assembly string) {
	t.Helper()
	err := filepath.WalkDir(assembly, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), d.postgres.Creds().Text("password")) || strings.Contains(string(data), apiKey) {
			t.Errorf("%s holds a credential", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// testApproval runs the review whose output the approval shows.
func testApproval(t *testing.T, d *deployment, settings []string) {
	program := defog.get(t)
	for name, test := range map[string]struct {
		change []string
		want   string
	}{
		"nothing":  {nil, "Stack " + d.stack() + ": no changes\n"},
		"the auth": {[]string{"-c", "api_auth=none"}, "security-relevant"},
	} {
		assembly := d.synthPipeline(t, slices.Concat(settings, test.change))
		review := exec.CommandContext(t.Context(), "pipeline/review.sh", program, assembly, d.stack())
		review.Dir, review.Env = checkout, d.aws.Environ(os.Environ())
		var log strings.Builder
		review.Stderr = &log
		printed, err := review.Output()
		if err != nil || !strings.Contains(string(printed), test.want) || strings.Count(string(printed), "\n") != 1 {
			t.Errorf("%s: %v: %s\n%s", name, err, printed, log.String())
		}
		t.Logf("%s: %s", name, printed)
	}
}

// deployNested synthesizes the pipeline and deploys the stage's assembly, as the
// pipeline would.
func (d *deployment) deployNested(t *testing.T, settings []string) {
	t.Helper()
	assembly := d.synthPipeline(t, settings)
	d.holdsNoSecret(t, assembly)
	d.deployFrom(t, "--app", filepath.Join(assembly, "assembly-dev"))
}

// testSmoke runs the smoke test with the role of the pipeline's step. That role may
// assume the stage's role and nothing else.
func testSmoke(t *testing.T, d *deployment) {
	role := "arn:aws:iam::000000000000:role/" + d.app + "-dev-smoke"
	d.generator.Teach("How many?", "SELECT 3 AS n")
	d.generator.Teach("How wrong?", "SELECT nothing FROM nowhere")
	d.generator.Teach("How long?", "SELECT count(*) FROM generate_series(1, 10000000000)")
	step := d.assume(t, createRole(t, d, d.app+"-pipeline-dev-smoke", allow("sts:AssumeRole", role)))
	stranger := d.assume(t, createRole(t, d, "stranger", allow("sts:AssumeRole", role)))

	smoke := func(caller aws.Credentials, args ...string) (string, int) {
		environ := append(d.aws.Environ(os.Environ()), "AWS_ACCESS_KEY_ID="+caller.AccessKeyID,
			"AWS_SECRET_ACCESS_KEY="+caller.SecretAccessKey, "AWS_SESSION_TOKEN="+caller.SessionToken)
		return command(t, environ, defog.get(t), append([]string{"smoke", "--url", d.url, "--auth", "iam"}, args...)...)
	}
	for name, test := range map[string]struct {
		caller aws.Credentials
		args   []string
		code   int
		want   string
	}{
		"the right answer":    {step, []string{"--role-arn", role, "--question", "How many?", "--expect", "3"}, 0, "answered as expected: 1 row"},
		"any answer":          {step, []string{"--role-arn", role, "--question", "How many?"}, 0, "answered as expected: 1 row"},
		"a wrong answer":      {step, []string{"--role-arn", role, "--question", "How many?", "--expect", "4"}, 1, "wrong answer: none of its cells is 4 (1 row); SQL: SELECT 3 AS n"},
		"no answer":           {step, []string{"--role-arn", role, "--question", "How wrong?"}, 1, "no answer: "},
		"a 403":               {step, []string{"--question", "How many?", "--expect", "3"}, 1, "403"},
		"a timeout":           {step, []string{"--role-arn", role, "--question", "How long?", "--timeout", "6s"}, 1, "no answer within 6s"},
		"another step's role": {stranger, []string{"--role-arn", role, "--question", "How many?", "--expect", "3"}, 1, "assume the role " + role},
		"an absent role":      {step, []string{"--role-arn", role + "s", "--question", "How many?"}, 1, "assume the role " + role + "s"},
	} {
		t.Run(name, func(t *testing.T) {
			if output, code := smoke(test.caller, test.args...); code != test.code || !strings.Contains(output, test.want) {
				t.Errorf("exit code %d:\n%s", code, output)
			}
		})
	}
}

// createRole creates a role that the account's root user may assume, and returns
// its ARN.
func createRole(t *testing.T, d *deployment, name, policy string) (arn string) {
	t.Helper()
	client := iam.NewFromConfig(d.config(root()))
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

// assume returns credentials of a role, as the root user gets them.
func (d *deployment) assume(t *testing.T, arn string) aws.Credentials {
	t.Helper()
	taken, err := sts.NewFromConfig(d.config(root())).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: aws.String("test")})
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
