package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// secretAnswer is Secrets Manager's answer to all its calls.
func secretAnswer(t *testing.T, connection string) string {
	t.Helper()
	answer, err := json.Marshal(map[string]string{"ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/prod-abc", "SecretString": connection})
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func TestSecretPutPrintsTheNextCommands(t *testing.T) {
	fake := newAWS(t)
	file, _ := writeConnection(t, "https://example.com")
	fake.answer = secretAnswer(t, "")
	code, stdout, stderr := defog(t, "secret", "put", "--connection", file, "-c", "app_name=shop", "--stage", "prod")
	if code != 0 || stdout != "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/prod-abc\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	const settings = " -c app_name=shop -c stage=prod -c credentials_secret=shop/prod -c db_type=postgres\n"
	want := "Check the secret:\n  go run ./cmd/defog secret check" + settings + "Deploy with it:\n  npx cdk deploy" + settings
	if stderr != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
	if strings.Contains(stdout+stderr, dbPassword) {
		t.Errorf("printed a secret: %s%s", stdout, stderr)
	}
}

func TestSecretCheckTakesTheSecretsDBType(t *testing.T) {
	fake := newAWS(t)
	_, connection := writeConnection(t, "https://example.com")
	fake.answer = secretAnswer(t, connection)
	const want = "dev\tarn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/prod-abc\tpostgres\n"
	for _, args := range [][]string{
		{"-c", "credentials_secret=shop/prod"},
		{"-c", "credentials_secret=shop/prod", "-c", "db_type=postgres"},
		{},
	} {
		if code, stdout, stderr := defog(t, append([]string{"secret", "check"}, args...)...); code != 0 || stdout != want {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
	code, _, stderr := defog(t, "secret", "check", "-c", "credentials_secret=shop/prod", "-c", "db_type=mysql")
	if want := "defog: stage dev: shop/prod in eu-central-1: db_type: is postgres in the secret; want mysql, as in the settings of stage dev\n"; code != 1 || stderr != want {
		t.Errorf("another db_type: exit code %d, stderr %q, want %q", code, stderr, want)
	}
	code, _, stderr = defog(t, "secret", "check", "-c", "credentials_secret=shop/prod", "-c", "max_rows=none")
	if code != 1 || !strings.Contains(stderr, "max_rows") {
		t.Errorf("an invalid setting: exit code %d, stderr %q", code, stderr)
	}
}

func TestSecretCheckNamesTheCommandForAMissingSecret(t *testing.T) {
	fake := newAWS(t)
	fake.status, fake.answer = http.StatusBadRequest, `{"__type":"ResourceNotFoundException","message":"Secrets Manager can't find the specified secret."}`
	code, _, stderr := defog(t, "secret", "check", "-c", "credentials_secret=shop/prod")
	want := "defog: stage dev: shop/prod in eu-central-1: the secret does not exist or has no content; want a connection; to write it, run: defog secret put\n"
	if code != 1 || stderr != want {
		t.Errorf("exit code %d, stderr %q, want %q", code, stderr, want)
	}
}

// TestSessionErrorsAreFriendly runs each command that calls AWS without
// credentials, with expired ones, and without a region.
func TestSessionErrorsAreFriendly(t *testing.T) {
	file, _ := writeConnection(t, "https://example.com")
	commands := map[string][]string{
		"ask":          {"ask", "q"},
		"delete":       {"delete", "--yes"},
		"describe":     {"describe"},
		"doctor":       {"doctor", "--function", "f"},
		"drift":        {"drift"},
		"eval":         {"eval", "event.json"},
		"logs":         {"logs"},
		"review":       {"review", "--app", "cdk.out"},
		"schema":       {"schema", "-c", "credentials_secret=x", "-c", "db_type=postgres"},
		"secret check": {"secret", "check"},
		"secret put":   {"secret", "put", "--connection", file},
		"smoke":        {"smoke", "--question", "q"},
		"upload":       {"upload", "--bucket", "b"},
	}
	for name, args := range commands {
		t.Run(name, func(t *testing.T) {
			fake := newAWS(t)
			writeFile(t, "event.json", "{}")
			writeFile(t, "dist/function_dist.zip", "")
			writeFile(t, "cdk.out/manifest.json", `{"artifacts": {"s": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "s.json"}}}}`)
			writeFile(t, "cdk.out/s.json", "{}")
			check := func(problem, want string) {
				t.Helper()
				code, _, stderr := defog(t, args...)
				if code != 1 || !strings.HasPrefix(stderr, "defog: "+want) || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "operation error") {
					t.Errorf("%s: exit code %d, stderr %q, want %q", problem, code, stderr, want)
				}
			}
			t.Setenv("AWS_REGION", "")
			check("no region", "no AWS region: set AWS_REGION, or pass --region")
			t.Setenv("AWS_REGION", "eu-central-1")
			fake.expired = true
			fake.status, fake.answer = http.StatusBadRequest, `{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}`
			check("expired credentials", "the AWS credentials have expired: sign in with aws login or aws sso login")
			t.Setenv("AWS_ACCESS_KEY_ID", "")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "")
			check("no credentials", "no AWS credentials: sign in with aws login or aws sso login, or set AWS_PROFILE")
		})
	}
}

// TestFolderBelowTheCheckoutIsAnError runs commands below the folder of cdk.json.
func TestFolderBelowTheCheckoutIsAnError(t *testing.T) {
	newAWS(t)
	writeFile(t, "cdk.json", `{"app": "x", "context": {"app_name": "sales"}}`)
	writeFile(t, "cdk.out.gitignore", "")
	writeFile(t, "lambda/query/main.go", "")
	t.Chdir("lambda/query")
	for _, args := range [][]string{{"ask", "q"}, {"settings"}, {"diff"}, {"review"}, {"drift"}, {"doctor"}, {"secret", "check"}} {
		if code, _, stderr := defog(t, args...); code != 1 || !strings.Contains(stderr, "is below the checkout; want the folder of cdk.json: cd ") {
			t.Errorf("%v: exit code %d, stderr %q", args, code, stderr)
		}
	}
}
