package artifact

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"defog-cdk/config"
)

// secretServer replaces Secrets Manager and STS. Secrets have a state by region/id.
type secretServer struct {
	account string            // of the credentials
	secrets map[string]string // to the members of the description
	refused bool
	calls   []string
}

// ServeHTTP implements http.Handler.
func (s *secretServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	var input struct{ SecretId string }
	scope := strings.Split(r.Header.Get("Authorization"), "/")
	if scope[3] == "sts" {
		s.calls = append(s.calls, "GetCallerIdentity")
		fmt.Fprintf(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>", s.account)
		return
	}
	if err := json.Unmarshal(body, &input); err != nil {
		panic(err)
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	s.calls = append(s.calls, operation+" "+scope[2]+"/"+input.SecretId)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	description, found := s.secrets[scope[2]+"/"+input.SecretId]
	switch {
	case s.refused:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type": "AccessDeniedException"}`)
	case !found:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type": "ResourceNotFoundException"}`)
	default:
		fmt.Fprintf(w, `{"ARN": "x"%s}`, description)
	}
}

const withContent = `, "VersionIdsToStages": {"1": ["AWSCURRENT"]}`

func startSecrets(t *testing.T, server http.Handler) {
	t.Helper()
	stand := httptest.NewServer(server)
	t.Cleanup(stand.Close)
	setCredentials(t, stand.URL)
}

func setCredentials(t *testing.T, endpoint string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
}

// lookUp checks the secret of shop-prod in eu-west-1 of the tools account.
func lookUp(t *testing.T, secret, account string) error {
	t.Helper()
	lookup := secretLookup{account: account}
	conf := config.Config{Settings: config.Settings{AppName: "shop", Stage: "prod", CredentialsSecret: secret}}
	return lookup.start(t.Context(), conf, Environment{toolsAccount, "eu-west-1"}, "eu-west-1")()
}

func TestSynthFindsUnusableSecrets(t *testing.T) {
	const (
		put    = "go run ./cmd/defog secret put -c app_name=shop -c stage=prod -c credentials_secret=prod/shop --region eu-west-1"
		prefix = "arn:aws:secretsmanager:us-east-1:"
		remote = prefix + toolsAccount + ":secret:shop-AbCdEf"
		other  = prefix + testAccount + ":secret:shop-AbCdEf"
	)
	good := map[string]string{"eu-west-1/prod/shop": withContent}
	for name, test := range map[string]struct {
		secret      string
		server      secretServer
		account     string // of the CDK CLI's credentials
		want, calls string
	}{
		"exists":                         {"prod/shop", secretServer{secrets: good}, toolsAccount, "", "DescribeSecret eu-west-1/prod/shop"},
		"missing":                        {"prod/shop", secretServer{account: toolsAccount}, toolsAccount, "credentials_secret: prod/shop does not exist in eu-west-1 of account " + toolsAccount + "; want an existing secret; to create it: " + put, "DescribeSecret eu-west-1/prod/shop GetCallerIdentity"},
		"missing with other profile":     {"prod/shop", secretServer{account: testAccount}, toolsAccount, "", "DescribeSecret eu-west-1/prod/shop GetCallerIdentity"},
		"refused":                        {"prod/shop", secretServer{refused: true}, toolsAccount, "", "DescribeSecret eu-west-1/prod/shop"},
		"without credentials":            {"prod/shop", secretServer{}, "", "", ""},
		"stage in another account":       {"prod/shop", secretServer{account: testAccount}, testAccount, "", ""},
		"no secret":                      {"", secretServer{}, toolsAccount, "", ""},
		"scheduled for deletion":         {"prod/shop", secretServer{secrets: map[string]string{"eu-west-1/prod/shop": `, "DeletedDate": 1.7e9` + withContent}}, toolsAccount, "credentials_secret: prod/shop is scheduled for deletion; want an existing secret; to restore it: aws secretsmanager restore-secret --region eu-west-1 --secret-id prod/shop", "DescribeSecret eu-west-1/prod/shop"},
		"without content":                {"prod/shop", secretServer{secrets: map[string]string{"eu-west-1/prod/shop": ""}}, toolsAccount, "credentials_secret: prod/shop has no content; want a connection; to write it: " + put, "DescribeSecret eu-west-1/prod/shop"},
		"ARN in another region":          {remote, secretServer{secrets: map[string]string{"us-east-1/" + remote: withContent}}, toolsAccount, "", "DescribeSecret us-east-1/" + remote},
		"missing ARN":                    {remote, secretServer{account: toolsAccount}, toolsAccount, "credentials_secret: " + remote + " does not exist; want an existing secret; to create one: " + strings.Replace(put, "prod/shop", "shop/prod", 1), "DescribeSecret us-east-1/" + remote + " GetCallerIdentity"},
		"ARN of another account":         {other, secretServer{account: toolsAccount}, toolsAccount, "", ""},
		"ARN of the stage's credentials": {other, secretServer{secrets: map[string]string{"us-east-1/" + other: withContent}}, testAccount, "", "DescribeSecret us-east-1/" + other},
	} {
		t.Run(name, func(t *testing.T) {
			startSecrets(t, &test.server)
			err := lookUp(t, test.secret, test.account)
			if got := fmt.Sprint(err); test.want == "" && err != nil || test.want != "" && got != test.want {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
			if (err != nil) != OnlyUnusableSecrets(err) {
				t.Errorf("%v is not the error of a secret", err)
			}
			if got := strings.Join(test.server.calls, " "); got != test.calls {
				t.Errorf("called %s; want %s", got, test.calls)
			}
		})
	}
}

// TestUnreachableSecretsDelaySynthOnce looks up two secrets at an endpoint that does
// not answer.
func TestUnreachableSecretsDelaySynthOnce(t *testing.T) {
	calls := 0
	release := make(chan struct{})
	startSecrets(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++; <-release }))
	defer close(release)
	lookup := secretLookup{account: toolsAccount}
	for _, stage := range []string{"test", "prod"} {
		conf := config.Config{Settings: config.Settings{AppName: "shop", Stage: stage, CredentialsSecret: stage}}
		if err := lookup.start(t.Context(), conf, Environment{toolsAccount, "eu-west-1"}, "eu-west-1")(); err != nil {
			t.Error(err)
		}
	}
	if calls != 1 {
		t.Errorf("%d calls; want 1", calls)
	}
}

func TestMissingSecretsOfAPipelineNameTheirStages(t *testing.T) {
	startSecrets(t, &secretServer{account: toolsAccount, secrets: map[string]string{"eu-west-1/defog/credentials": withContent}})
	stages := `[{"stage": "a", "account": "` + testAccount + `"}, {"stage": "b"}, {"stage": "c", "regions": ["eu-west-1", "us-east-1"]}]`
	conf := pipelineSettings(t, stages, nil)
	conf.Stages[1].Config.CredentialsSecret = "b"
	p := newPreparer(defaults)
	p.secrets.account = toolsAccount
	p.programs[querySource(conf.Architecture, "postgres")] = ProgramIn(t.TempDir()) // the program does not matter here
	_, err := p.pipeline(t.Context(), conf, Environment{toolsAccount, "eu-west-1"})
	want := []string{
		"stage b: credentials_secret: b does not exist in eu-west-1 of account " + toolsAccount + "; want an existing secret; to create it: " +
			"go run ./cmd/defog secret put -c app_name=defog -c stage=b -c credentials_secret=b --region eu-west-1",
		"stage c: credentials_secret: defog/credentials does not exist in us-east-1; want a replica there; to create it: " +
			"aws secretsmanager replicate-secret-to-regions --region eu-west-1 --secret-id defog/credentials --add-replica-regions Region=us-east-1",
	}
	if err == nil || err.Error() != strings.Join(want, "\n") || !OnlyUnusableSecrets(err) {
		t.Errorf("got %v\nwant %s", err, strings.Join(want, "\n"))
	}
	if OnlyUnusableSecrets(fmt.Errorf("other: %w", os.ErrNotExist)) {
		t.Error("another error counts as one of a secret")
	}
}
