package test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"defog-cdk/internal/testserver/generator"
)

// testCallers sends questions of callers with and without the right to do so. The
// right is the one that the error of `defog ask` names to a rejected caller.
func testCallers(t *testing.T, d *deployment) {
	u, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(u.Hostname(), ".")
	invoke := func(api, route string) string {
		return allow("execute-api:Invoke", "arn:aws:execute-api:"+region+":000000000000:"+api+"/*/"+route)
	}
	may := createUser(t, d, "may", invoke(id, "POST/*"))
	wrong := may
	wrong.SecretAccessKey = strings.Repeat("x", len(may.SecretAccessKey))
	const question = `{"question": "How many?"}`
	signed := func(caller aws.Credentials) func() (int, []byte) {
		return func() (int, []byte) { return d.postAs(t, caller, question) }
	}

	asked := len(d.generator.Requests(generator.GeneratePath))
	for name, ask := range map[string]func() (status int, body []byte){
		"unsigned":                      func() (int, []byte) { return d.send(t, question, func(*http.Request) error { return nil }) },
		"with an unknown key":           signed(aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: wrong.SecretAccessKey}),
		"with the wrong secret":         signed(wrong),
		"without a right to any API":    signed(createUser(t, d, "nothing", allow("sts:GetCallerIdentity", "*"))),
		"with a right to another API":   signed(createUser(t, d, "other", invoke("abcdefghij", "POST/*"))),
		"with a right to another route": signed(createUser(t, d, "route", invoke(id, "GET/*"))),
		"with the signature of another question": func() (int, []byte) {
			return d.send(t, question, func(request *http.Request) error { return sign(t, may, request, `{"question": "How few?"}`) })
		},
	} {
		if status, body := ask(); status != http.StatusForbidden {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
	}
	if now := len(d.generator.Requests(generator.GeneratePath)); now != asked {
		t.Errorf("the function got %d questions of callers without the right", now-asked)
	}
	if status, body := d.postAs(t, may, question); status != http.StatusOK || !decode(t, body).RanSuccessfully {
		t.Errorf("with a right to this API alone: status %d: %s", status, body)
	}

	for _, test := range []struct {
		caller aws.Credentials
		code   int
		want   string
	}{{may, 0, "1 row"}, {wrong, 1, "execute-api:Invoke on arn:aws:execute-api:us-east-1:"}} {
		environ := append(d.aws.Environ(os.Environ()), "AWS_ACCESS_KEY_ID="+test.caller.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+test.caller.SecretAccessKey)
		if output, code := command(t, environ, defog.get(t), "ask", "--url", d.url, "How many?"); code != test.code || !strings.Contains(output, test.want) {
			t.Errorf("defog ask: exit code %d:\n%s", code, output)
		}
	}
}

// createUser creates a user with a policy and returns an access key of it.
func createUser(t *testing.T, d *deployment, name, policy string) aws.Credentials {
	t.Helper()
	client := iam.NewFromConfig(d.config(root()))
	if _, err := client.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: &name, PolicyName: &name, PolicyDocument: &policy}); err != nil {
		t.Fatal(err)
	}
	created, err := client.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return aws.Credentials{AccessKeyID: aws.ToString(created.AccessKey.AccessKeyId), SecretAccessKey: aws.ToString(created.AccessKey.SecretAccessKey)}
}
