package session

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
)

// isolate gives the test an environment without credentials.
func isolate(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ENDPOINT_URL",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", home)
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(home, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(home, "credentials"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	return home
}

// call reads a secret, as commands do, and returns the explained error.
func call(t *testing.T) error {
	t.Helper()
	cfg, err := Load(t.Context(), "", "")
	if err != nil {
		return Explain(err)
	}
	if err := RequireRegion(cfg); err != nil {
		return err
	}
	id := "x"
	_, err = secretsmanager.NewFromConfig(cfg).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
	return Explain(err)
}

func TestSessionErrorsAreOneLine(t *testing.T) {
	const ssoConfig = "[default]\nregion = eu-central-1\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n" +
		"[sso-session s]\nsso_region = eu-central-1\nsso_start_url = https://example.com/start\n"
	tests := map[string]struct {
		env    map[string]string
		config string
		answer string // of the service
		want   string
	}{
		"no credentials":  {env: map[string]string{"AWS_REGION": "eu-central-1"}, want: "no AWS credentials: sign in with aws login"},
		"no region":       {env: map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}, want: "no AWS region: set AWS_REGION"},
		"no profile":      {env: map[string]string{"AWS_PROFILE": "absent"}, want: "AWS profile: "},
		"no SSO session":  {config: ssoConfig, want: "no AWS credentials: sign in with aws login or aws sso login"},
		"expired token":   {answer: "ExpiredTokenException", want: "the AWS credentials have expired: sign in with aws login or aws sso login"},
		"expired request": {answer: "ExpiredToken", want: "the AWS credentials have expired"},
		"unknown key":     {answer: "UnrecognizedClientException", want: "AWS rejects the credentials (UnrecognizedClientException): sign in"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			home := isolate(t)
			for key, value := range test.env {
				t.Setenv(key, value)
			}
			if test.config != "" {
				if err := os.WriteFile(filepath.Join(home, "config"), []byte(test.config), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if test.answer != "" {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(http.StatusBadRequest)
					fmt.Fprintf(w, `{"__type":"%s","message":"The security token included in the request is refused"}`, test.answer)
				}))
				defer server.Close()
				t.Setenv("AWS_ENDPOINT_URL", server.URL)
				t.Setenv("AWS_ACCESS_KEY_ID", "a")
				t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
				t.Setenv("AWS_REGION", "eu-central-1")
			}
			err := call(t)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "operation error") || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("got a %T", err)
			}
		})
	}
}

// An SSO token in the cache that is past its time is expired, not missing.
func TestExpiredSSOTokenIsExpired(t *testing.T) {
	home := isolate(t)
	const config = "[default]\nregion = eu-central-1\nsso_start_url = https://example.com/start\nsso_region = eu-central-1\nsso_account_id = 123456789012\nsso_role_name = r\n"
	token := fmt.Sprintf(`{"accessToken":"t","expiresAt":%q,"region":"eu-central-1","startUrl":"https://example.com/start"}`,
		time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	// The file's name is the SHA-1 of the start URL.
	cache := filepath.Join(home, ".aws", "sso", "cache", "b343494cf15ba6b81449840ea93161cf3b27e5e3.json")
	if err := os.MkdirAll(filepath.Dir(cache), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{filepath.Join(home, "config"): config, cache: token} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := call(t)
	if err == nil || !strings.HasPrefix(err.Error(), "the AWS credentials have expired") {
		t.Errorf("got %v", err)
	}
}

func TestExplainKeepsOtherErrors(t *testing.T) {
	plain := errors.New("disk full")
	if got := Explain(plain); !errors.Is(got, plain) {
		t.Errorf("got %v", got)
	}
	denied := &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
	if got := Explain(denied); !errors.Is(got, denied) {
		t.Errorf("got %v", got)
	}
	if got := Failure("read x", denied); got.Error() != "read x: AccessDenied: no" {
		t.Errorf("got %v", got)
	}
	expired := &smithy.GenericAPIError{Code: "ExpiredToken", Message: "old"}
	got := Explain(errors.Join(fmt.Errorf("stage a: %w", expired), plain, fmt.Errorf("stage b: %w", expired)))
	if want := "the AWS credentials have expired: " + signIn + "\ndisk full"; got.Error() != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
