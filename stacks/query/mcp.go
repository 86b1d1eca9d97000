package query

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"defog-cdk/stacks/construct"
)

// The paths of the Model Context Protocol, as in lambda/mcp.
const (
	mcpPath      = "/mcp"
	metadataPath = "/.well-known/oauth-protected-resource"
)

// mcpRoutes returns the routes of the Model Context Protocol. The function refuses
// GET and DELETE of mcpPath with 405, as the protocol requires of a server without
// sessions. The API's 404 would mean an old version of the protocol.
func (p StackProps) mcpRoutes(function awslambda.IFunction) []construct.Route {
	routes := []construct.Route{{
		Path: mcpPath, Function: function, Integration: integration,
		Methods: []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_POST, awsapigatewayv2.HttpMethod_GET, awsapigatewayv2.HttpMethod_DELETE},
		Headers: []string{"mcp-protocol-version", "mcp-session-id", "mcp-method", "mcp-name"},
	}}
	if p.API.Auth != "jwt" {
		return routes
	}
	for _, path := range []string{metadataPath, metadataPath + mcpPath} {
		routes = append(routes, construct.Route{
			Path: path, Function: function, Integration: integration,
			Methods: []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_GET},
			Public:  "a client without a token reads there where to get one (RFC 9728); the answer holds the API's URL and the issuer alone",
		})
	}
	return routes
}
