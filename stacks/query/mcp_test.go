package query_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/environ"
	"defog-cdk/stacks/stacktest"
)

// routes returns the authorization of each route.
func routes(stack assertions.Template) map[string]string {
	found := map[string]string{}
	for _, resource := range *stack.FindResources(jsii.String("AWS::ApiGatewayV2::Route"), nil) {
		properties := (*resource)["Properties"].(map[string]any)
		found[properties["RouteKey"].(string)] = properties["AuthorizationType"].(string)
	}
	return found
}

func TestMCPHasAuthorizationOfQuestions(t *testing.T) {
	for auth, want := range map[string]map[string]string{
		"iam":  {"POST /": "AWS_IAM", "POST /mcp": "AWS_IAM", "GET /mcp": "AWS_IAM", "DELETE /mcp": "AWS_IAM"},
		"none": {"POST /": "NONE", "POST /mcp": "NONE", "GET /mcp": "NONE", "DELETE /mcp": "NONE"},
		"jwt": {
			"POST /": "JWT", "POST /mcp": "JWT", "GET /mcp": "JWT", "DELETE /mcp": "JWT",
			"GET /.well-known/oauth-protected-resource": "NONE", "GET /.well-known/oauth-protected-resource/mcp": "NONE",
		},
	} {
		changes := map[string]any{"mcp": "true", "api_auth": auth}
		if auth == "jwt" {
			changes["jwt_issuer"], changes["jwt_audience"] = "https://issuer.example.com", "defog"
		}
		stack := stacktest.Query(t, changes)
		if diff := cmp.Diff(want, routes(stack)); diff != "" {
			t.Errorf("api_auth=%s: -want +got:\n%s", auth, diff)
		}
		variables := stacktest.Variables(t, stack)
		issuer, hasIssuer := variables[environ.MCPIssuer]
		if variables[environ.MCP] != "true" || variables[environ.MCPMaxRows] != "100" || hasIssuer != (auth == "jwt") || variables[environ.MCPSQL] != nil {
			t.Errorf("api_auth=%s: issuer %v in %v", auth, issuer, variables)
		}
		if outputs := *stack.FindOutputs(jsii.String("McpUrl"), nil); len(outputs) != 1 {
			t.Errorf("api_auth=%s: outputs %v", auth, outputs)
		}
	}
}

func TestMCPSettingsReachFunction(t *testing.T) {
	stack := stacktest.Query(t, map[string]any{"mcp": "true", "mcp_sql": "true", "mcp_max_rows": "7", "cors_allow_origins": "https://a.example.com,https://b.example.com"})
	variables := stacktest.Variables(t, stack)
	for name, want := range map[string]any{environ.MCPSQL: "true", environ.MCPMaxRows: "7", environ.MCPOrigins: "https://a.example.com,https://b.example.com"} {
		if variables[name] != want {
			t.Errorf("%s = %v, want %v", name, variables[name], want)
		}
	}
	stack.HasResourceProperties(jsii.String("AWS::ApiGatewayV2::Api"), map[string]any{
		"CorsConfiguration": assertions.Match_ObjectLike(&map[string]any{"AllowHeaders": assertions.Match_ArrayWith(&[]any{"mcp-protocol-version"})}),
	})
}

func TestStackWithoutMCPHasNothingOfIt(t *testing.T) {
	stack := stacktest.Query(t, map[string]any{"mcp_max_rows": "7"})
	if got := routes(stack); len(got) != 1 {
		t.Errorf("routes %v", got)
	}
	for name := range stacktest.Variables(t, stack) {
		if strings.HasPrefix(name, environ.MCP) {
			t.Errorf("variable %s", name)
		}
	}
}
