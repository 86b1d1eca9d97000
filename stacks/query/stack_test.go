package query_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func TestGoldenTemplate(t *testing.T) {
	stacktest.Golden(t, "testdata/stack.json", stacktest.Query(t, nil))
}

func TestSecretKeepsCredentialsOutOfTemplate(t *testing.T) {
	for secret, want := range map[string]string{
		"prod/defog": "prod/defog-??????",
		"arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/defog-AbCdEf": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/defog-AbCdEf",
	} {
		stack := stacktest.Query(t, map[string]any{"credentials_secret": secret, "db_type": "postgres"})
		variables := stacktest.Variables(t, stack)
		if _, found := variables[environ.Credentials]; found || variables[environ.CredentialsSecret] != secret {
			t.Errorf("environment %v", variables)
		}
		text, err := json.Marshal(stacktest.Statements(t, stack))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("no statement on %s in %s", want, text)
		}
	}
}

func TestFunctionReceivesCredentialsAndSettings(t *testing.T) {
	conf := settings.Query(t, map[string]any{"max_rows": "7", "environment_variables.TZ": "UTC", "log_questions": "true",
		"allow_privileged_login": "true", "allowed_functions": "[\"public.total\", \"shop.gross\"]"})
	stack, err := stacktest.Stack(t, conf, stacktest.Setup{})
	if err != nil {
		t.Fatal(err)
	}
	variables := stacktest.Variables(t, assertions.Template_FromStack(stack, nil))
	credentials, err := connection.Decode(variables[environ.Credentials].(string))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(conf.Connection, credentials); diff != "" {
		t.Errorf("credentials -want +got:\n%s", diff)
	}
	for name, want := range map[string]any{"TZ": "UTC", environ.MaxRows: "7", environ.LogQuestions: "true", environ.Generator: "defog",
		environ.AllowPrivilegedLogin: "true", environ.AllowedFunctions: "public.total,shop.gross"} {
		if variables[name] != want {
			t.Errorf("%s = %v, want %v", name, variables[name], want)
		}
	}
}

func TestFunctionReceivesRowSecurity(t *testing.T) {
	of := func(changes map[string]any) map[string]any {
		stack, err := stacktest.Stack(t, settings.Query(t, changes), stacktest.Setup{})
		if err != nil {
			t.Fatal(err)
		}
		return stacktest.Variables(t, assertions.Template_FromStack(stack, nil))
	}
	got := of(map[string]any{"row_security": "role", "row_security_roles": `["tenant_a", "tenant_b"]`, "row_security_claims": "tenant", "log_callers": "true"})
	for name, want := range map[string]any{environ.RowSecurity: "role", environ.RowSecurityRoles: "tenant_a,tenant_b",
		environ.RowSecurityClaims: "tenant", environ.RowSecurityRoleClaim: "role", environ.LogCallers: "true"} {
		if got[name] != want {
			t.Errorf("%s = %v, want %v", name, got[name], want)
		}
	}
	for name := range of(nil) {
		if strings.HasPrefix(name, environ.RowSecurity) || name == environ.LogCallers {
			t.Errorf("without the settings: %s", name)
		}
	}
}

func TestAPIHasOneThrottledRoute(t *testing.T) {
	for auth, want := range map[string]string{"iam": "AWS_IAM", "none": "NONE"} {
		stack := stacktest.Query(t, map[string]any{"api_auth": auth, "throttle_rate": 3, "throttle_burst": 4})
		stack.ResourceCountIs(jsii.String("AWS::ApiGatewayV2::Route"), jsii.Number(1))
		stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Route"), map[string]any{"RouteKey": "POST /", "AuthorizationType": want})
		stack.ResourceCountIs(jsii.String("AWS::ApiGatewayV2::Stage"), jsii.Number(1))
		stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Stage"), map[string]any{
			"DefaultRouteSettings": map[string]any{"ThrottlingRateLimit": 3, "ThrottlingBurstLimit": 4},
			"AccessLogSettings":    map[string]any{"DestinationArn": assertions.Match_AnyValue(), "Format": assertions.Match_SerializedJson(assertions.Match_ObjectLike(&map[string]any{"status": "$context.status"}))},
		})
		stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{"CorsConfiguration": assertions.Match_Absent()})
	}
}

func TestCurlCommandSignsForIAM(t *testing.T) {
	for auth, want := range map[string]bool{"iam": true, "none": false} {
		text, err := json.Marshal(stacktest.Query(t, map[string]any{"api_auth": auth}).FindOutputs(jsii.String("CurlCommand"), nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(text), "--aws-sigv4"); got != want {
			t.Errorf("api_auth %s: %s", auth, text)
		}
	}
}

func TestLogsAreRetainedInProductionOrBySetting(t *testing.T) {
	for _, test := range []struct{ stage, policy, want string }{
		{"dev", "", "Delete"}, {"prod", "", "Retain"}, {"dev", "retain", "Retain"}, {"prod", "destroy", "Delete"},
	} {
		changes := map[string]any{"stage": test.stage, "log_retention_in_days": 90}
		if test.policy != "" {
			changes["removal_policy"] = test.policy
		}
		stacktest.Query(t, changes).AllResources(jsii.String("AWS::Logs::LogGroup"), map[string]any{
			"DeletionPolicy": test.want, "Properties": map[string]any{"RetentionInDays": 90},
		})
	}
}

func TestTagsReachResources(t *testing.T) {
	stacktest.Query(t, map[string]any{"tags.team": "data"}).HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{
		"Tags": []any{map[string]any{"Key": "team", "Value": "data"}},
	})
}

func TestSynthWarnsReviewers(t *testing.T) {
	tests := []struct {
		changes map[string]any
		want    []string
	}{
		{nil, []string{"defog:credentials-in-template"}},
		{map[string]any{"api_auth": "none"}, []string{"defog:credentials-in-template", "defog:open-api"}},
		{map[string]any{"credentials_secret": "x", "db_type": "postgres"}, nil},
		{map[string]any{"credentials_secret": "x", "db_type": "postgres", "allow_privileged_login": "true"}, []string{"defog:privileged-login"}},
	}
	for _, test := range tests {
		stack, err := stacktest.Stack(t, settings.Query(t, test.changes), stacktest.Setup{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, stacktest.Warnings(stack)); diff != "" {
			t.Errorf("%v: -want +got:\n%s", test.changes, diff)
		}
	}
}

func TestSynthWarnsAboutTheConnection(t *testing.T) {
	dependencies := settings.Folder(t, map[string]string{"shop.db": "rows"})
	for text, want := range map[string][]string{
		`{"db_type": "sqlite", "db_creds": {"database": "shop.db"}}`:                      nil,
		`{"db_type": "sqlite", "db_creds": {"database": "shop.db"}, "api_key": "secret"}`: {"defog:credentials-in-template"},
		`{"db_type": "sqlite", "db_creds": {"database": "/opt/shop.db"}}`:                 nil,
		`{"db_type": "sqlite", "db_creds": {"database": "/home/shop.db"}}`:                {"defog:sqlite-path"},
	} {
		conf := settings.Query(t, map[string]any{
			"connection_file": connectionFile(t, text), "generator": "openai", "generator_base_url": "https://models.example.com", "generator_model": "m", "function_source_dependencies_zip": dependencies,
		})
		if diff := cmp.Diff(want, stacktest.Warnings(stacktest.MustStack(t, conf, stacktest.Setup{}))); diff != "" {
			t.Errorf("%s: -want +got:\n%s", text, diff)
		}
		local := stacktest.Warnings(stacktest.MustStack(t, conf, stacktest.Setup{LocalAWS: true}))
		if got := slices.Contains(local, "defog:sqlite-path"); got != slices.Contains(want, "defog:sqlite-path") {
			t.Errorf("%s: on local AWS, got %v", text, local)
		}
	}
}

func connectionFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "connection.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMain(m *testing.M) { stacktest.Main(m) }
