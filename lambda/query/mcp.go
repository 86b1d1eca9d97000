//go:build !onedriver || mcp

package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"defog-cdk/lambda/ask"
	"defog-cdk/lambda/mcp"
)

func init() { optionalPaths = append(optionalPaths, mcpPaths) }

// mcpPaths returns the handlers of the Model Context Protocol, if the setting mcp is
// on. The build tag mcp adds the protocol to a program with one driver.
func mcpPaths(s *service, questions *ask.Handler) map[string]lambda.Handler {
	if !s.mcp {
		return nil
	}
	paths := map[string]lambda.Handler{
		mcp.Path: &mcp.Endpoint{Call: questions.Call, SQL: s.agentSQL, MaxRows: s.toolRows, Origins: s.mcpOrigins, Log: s.log},
	}
	if s.mcpIssuer != "" {
		metadata := mcp.Metadata{Issuer: s.mcpIssuer}
		paths[mcp.MetadataPath], paths[mcp.MetadataPath+mcp.Path] = metadata, metadata
	}
	return paths
}
