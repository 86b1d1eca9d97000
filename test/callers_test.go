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

// testCallers asks as callers who may and who may not. What they may is what
// `defog ask` tells a caller who is refused to ask for.
func testCallers(t *testing.T, w *world) {
	u, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(u.Hostname(), ".")
	invoke := func(api, route string) string {
		return allow("execute-api:Invoke", "arn:aws:execute-api:"+region+":000000000000:"+api+"/*/"+route)
	}
	may := createUser(t, w, "may", invoke(id, "POST/*"))
	wrong := may
	wrong.SecretAccessKey = strings.Repeat("x", len(may.SecretAccessKey))
	const question = `{"question": "How many?"}`
	signed := func(caller aws.Credentials) func() (int, []byte) {
		return func() (int, []byte) { return w.postAs(t, caller, question) }
	}

	asked := len(w.generator.Requests(generator.GeneratePath))
	for name, ask := range map[string]func() (status int, body []byte){
		"not signed":                 func() (int, []byte) { return w.send(t, question, func(*http.Request) error { return nil }) },
		"with a key that nobody has": signed(aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: wrong.SecretAccessKey}),
		"with the wrong secret":      signed(wrong),
		"who may nothing":            signed(createUser(t, w, "nothing", allow("sts:GetCallerIdentity", "*"))),
		"who may call another API":   signed(createUser(t, w, "other", invoke("abcdefghij", "POST/*"))),
		"who may call another route": signed(createUser(t, w, "route", invoke(id, "GET/*"))),
		"with another's signed question": func() (int, []byte) {
			return w.send(t, question, func(request *http.Request) error { return sign(t, may, request, `{"question": "How few?"}`) })
		},
	} {
		if status, body := ask(); status != http.StatusForbidden {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
	}
	if now := len(w.generator.Requests(generator.GeneratePath)); now != asked {
		t.Errorf("the function was asked %d questions by callers who may not", now-asked)
	}
	if status, body := w.postAs(t, may, question); status != http.StatusOK || !decode(t, body).RanSuccessfully {
		t.Errorf("who may call this API alone: status %d: %s", status, body)
	}

	for _, test := range []struct {
		caller aws.Credentials
		code   int
		want   string
	}{{may, 0, "1 row"}, {wrong, 1, "execute-api:Invoke on arn:aws:execute-api:us-east-1:"}} {
		environ := append(w.aws.Environ(os.Environ()), "AWS_ACCESS_KEY_ID="+test.caller.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+test.caller.SecretAccessKey)
		if output, code := command(t, environ, "go", "run", "./cmd/defog", "ask", "--url", w.url, "How many?"); code != test.code || !strings.Contains(output, test.want) {
			t.Errorf("defog ask: exit code %d:\n%s", code, output)
		}
	}
}

// createUser returns the access key of a new user who may do what the policy
// says.
func createUser(t *testing.T, w *world, name, policy string) aws.Credentials {
	t.Helper()
	client := iam.NewFromConfig(w.config(root()))
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
