package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// MetadataPath is the path of the metadata of a protected resource (RFC 9728). A
// client inserts it before the resource's path: MetadataPath + Path has the same.
const MetadataPath = "/.well-known/oauth-protected-resource"

// Metadata handles the API's events for MetadataPath: where a client gets a token.
type Metadata struct {
	Issuer string // of accepted tokens
}

// Invoke implements lambda.Handler. The resource's URL has the host and the path, as
// far as the API shows them, that the client used.
func (m Metadata) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	var given event
	if err := json.Unmarshal(payload, &given); err != nil {
		return nil, fmt.Errorf("decode the event: %w", err)
	}
	before, _, _ := strings.Cut(given.RawPath, MetadataPath)
	answer := response{header: http.Header{"Content-Type": {"application/json"}}}
	err := json.NewEncoder(&answer).Encode(map[string]any{
		"resource":                 "https://" + given.RequestContext.DomainName + before + Path,
		"authorization_servers":    []string{m.Issuer},
		"bearer_methods_supported": []string{"header"},
		"resource_name":            "Questions about a database, by the Model Context Protocol",
	})
	if err != nil {
		return nil, fmt.Errorf("encode the metadata: %w", err)
	}
	return answer.encode()
}
