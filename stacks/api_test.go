package stacks

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
)

// with returns settings that are the given ones together.
func with(settings ...map[string]any) map[string]any {
	all := map[string]any{}
	for _, some := range settings {
		maps.Copy(all, some)
	}
	return all
}

// byJWT are the settings of an API that wants tokens.
func byJWT() map[string]any {
	return map[string]any{"api_auth": "jwt", "jwt_issuer": "https://issuer.example.com", "jwt_audience": "defog,reports"}
}

func TestTheAPIAsksForTokens(t *testing.T) {
	stack := template(t, byJWT())
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
	command := outputOf(t, stack, "CurlCommand")
	if !strings.Contains(command, `-H "authorization: Bearer $TOKEN"`) || strings.Contains(command, "sigv4") {
		t.Errorf("CurlCommand: %s", command)
	}
}

func TestOnlyAllowedOriginsMayAsk(t *testing.T) {
	var api struct {
		CorsConfiguration *struct {
			AllowOrigins, AllowMethods, AllowHeaders []string
			AllowCredentials                         bool
		}
	}
	properties(t, template(t, nil), "AWS::ApiGatewayV2::Api", &api)
	if api.CorsConfiguration != nil {
		t.Errorf("CORS without origins: %+v", api.CorsConfiguration)
	}
	properties(t, template(t, map[string]any{"cors_allow_origins": "https://app.example.com", "cors_allow_credentials": "true"}), "AWS::ApiGatewayV2::Api", &api)
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

func TestANamedStageIsInTheURL(t *testing.T) {
	for _, test := range []struct {
		changes     map[string]any
		stage, path string
	}{
		{nil, "$default", "/"},
		{map[string]any{"api_gateway_stage": "v1"}, "v1", "/v1/"},
	} {
		got := template(t, test.changes)
		got.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Stage"), map[string]any{"StageName": test.stage})
		if url := outputOf(t, got, "QueryUrl"); !strings.HasSuffix(url, ".‹AWS::URLSuffix›"+test.path) {
			t.Errorf("stage %s: %s", test.stage, url)
		}
	}
}

func TestTheAPIIsNamedAndTaggedAsTold(t *testing.T) {
	stack := template(t, map[string]any{
		"function_api_name": "questions", "function_api_description": "Ask here", "function_api_version": "2026-11", "function_api_tags.team": "data",
	})
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{
		"Name": "questions", "Description": "Ask here", "Version": "2026-11", "Tags": map[string]any{"team": "data"},
	})
	stack.HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{"Tags": assertions.Match_Absent()})
}

// outputOf is an output's value as flat text: see flat.
func outputOf(t *testing.T, stack assertions.Template, name string) string {
	t.Helper()
	output, found := (*stack.FindOutputs(jsii.String(name), nil))[name]
	if !found {
		t.Fatalf("no output %s", name)
	}
	return flat(t, (*output)["Value"])
}

// flat writes a value of a template as text, with a reference to something as
// ‹something›.
func flat(t *testing.T, value any) string {
	t.Helper()
	switch v := value.(type) {
	case string:
		return v
	case map[string]any:
		if reference, ok := v["Ref"]; ok {
			return "‹" + flat(t, reference) + "›"
		}
		if attribute, ok := v["Fn::GetAtt"].([]any); ok {
			return "‹" + flat(t, attribute[0]) + "." + flat(t, attribute[1]) + "›"
		}
		if join, ok := v["Fn::Join"].([]any); ok {
			var texts []string
			for _, part := range join[1].([]any) {
				texts = append(texts, flat(t, part))
			}
			return strings.Join(texts, flat(t, join[0]))
		}
	}
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	t.Fatalf("not text: %s", data)
	return ""
}
