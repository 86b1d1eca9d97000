package construct_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

func TestAPIRequiresTokens(t *testing.T) {
	stack := stacktest.Query(t, settings.JWT())
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Authorizer"), map[string]any{
		"AuthorizerType": "JWT",
		"IdentitySource": []string{"$request.header.Authorization"},
		"JwtConfiguration": map[string]any{
			"Issuer": "https://issuer.example.com", "Audience": []string{"defog", "reports"},
		},
	})
	stack.AllResourcesProperties(jsii.String("AWS::ApiGatewayV2::Route"), map[string]any{
		"RouteKey": "POST /", "AuthorizationType": "JWT", "AuthorizerId": assertions.Match_AnyValue(),
	})
	command := stacktest.Output(t, stack, "CurlCommand")
	if !strings.Contains(command, `-H "authorization: Bearer $TOKEN"`) || strings.Contains(command, "sigv4") {
		t.Errorf("CurlCommand: %s", command)
	}
}

func TestAccessLogHoldsSubjectOfToken(t *testing.T) {
	for _, changes := range []map[string]any{nil, settings.JWT()} {
		var stage struct{ AccessLogSettings struct{ Format string } }
		stacktest.Properties(t, stacktest.Query(t, changes), "AWS::ApiGatewayV2::Stage", &stage)
		if got := strings.Contains(stage.AccessLogSettings.Format, `"subject":"$context.authorizer.claims.sub"`); got != (changes != nil) {
			t.Errorf("%v: %s", changes, stage.AccessLogSettings.Format)
		}
	}
}

func TestCORSAllowsOnlyNamedOrigins(t *testing.T) {
	var api struct {
		CorsConfiguration *struct {
			AllowOrigins, AllowMethods, AllowHeaders []string
			AllowCredentials                         bool
		}
	}
	stacktest.Properties(t, stacktest.Query(t, nil), "AWS::ApiGatewayV2::Api", &api)
	if api.CorsConfiguration != nil {
		t.Errorf("CORS without origins: %+v", api.CorsConfiguration)
	}
	stacktest.Properties(t, stacktest.Query(t, map[string]any{"cors_allow_origins": "https://app.example.com", "cors_allow_credentials": "true"}), "AWS::ApiGatewayV2::Api", &api)
	cors := api.CorsConfiguration
	if diff := cmp.Diff([]string{"https://app.example.com"}, cors.AllowOrigins); diff != "" {
		t.Errorf("origins -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"POST"}, cors.AllowMethods); diff != "" {
		t.Errorf("methods -want +got:\n%s", diff)
	}
	if !cors.AllowCredentials {
		t.Error("the browser may not send credentials")
	}
	for _, header := range []string{"authorization", "content-type", "x-amz-date", "x-amz-security-token"} {
		if !strings.Contains(strings.Join(cors.AllowHeaders, " "), header) {
			t.Errorf("the browser may not send %s", header)
		}
	}
}

func TestURLContainsNamedStage(t *testing.T) {
	for _, test := range []struct {
		changes     map[string]any
		stage, path string
	}{
		{nil, "$default", "/"},
		{map[string]any{"api_gateway_stage": "v1"}, "v1", "/v1/"},
	} {
		got := stacktest.Query(t, test.changes)
		got.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Stage"), map[string]any{"StageName": test.stage})
		if url := stacktest.Output(t, got, "QueryUrl"); !strings.HasSuffix(url, ".‹AWS::URLSuffix›"+test.path) {
			t.Errorf("stage %s: %s", test.stage, url)
		}
	}
}

func TestAPIHasNameAndTagsOfSettings(t *testing.T) {
	stack := stacktest.Query(t, map[string]any{
		"function_api_name": "questions", "function_api_description": "Ask here", "function_api_version": "2026-11", "function_api_tags.team": "data",
	})
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{
		"Name": "questions", "Description": "Ask here", "Version": "2026-11", "Tags": map[string]any{"team": "data"},
	})
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{"Tags": assertions.Match_Absent()})
}

func TestMain(m *testing.M) { stacktest.Main(m) }
