package config

import (
	"strings"
	"testing"
)

func TestPageRequiresAnAPIThatBrowsersCanCall(t *testing.T) {
	jwt := map[string]any{"api_auth": "jwt", "jwt_issuer": "https://issuer.example.com", "jwt_audience": "defog"}
	for name, test := range map[string]struct {
		base, more map[string]any
		want       []string // none for valid settings
	}{
		"none":     {nil, map[string]any{"api_auth": "none", "page": "true", "page_examples": `["How many, and when?"]`}, nil},
		"jwt":      {jwt, map[string]any{"page": "true", "page_client_id": "c", "page_scopes": "openid email", "page_origins": "https://shop.auth.eu-west-1.amazoncognito.com"}, nil},
		"default":  {nil, map[string]any{"page": "true", "app_name": "shop"}, []string{"page", "not supported with api_auth=iam (default)", "go run ./cmd/defog console -c app_name=shop -c stage=dev"}},
		"iam":      {nil, map[string]any{"page": "true", "api_auth": "iam"}, []string{"want api_auth=jwt or none"}},
		"client":   {jwt, map[string]any{"page": "true"}, []string{"page_client_id", "missing; want the id of the page's client"}},
		"no page":  {jwt, map[string]any{"page_client_id": "c", "page_examples": "x"}, []string{"page_client_id", "page_examples", "want page=true with it"}},
		"open":     {nil, map[string]any{"page": "true", "api_auth": "none", "page_scopes": "openid"}, []string{"page_scopes", "not used with api_auth=none"}},
		"wildcard": {jwt, map[string]any{"page": "true", "page_client_id": "c", "page_origins": "*"}, []string{"page_origins"}},
		"path":     {jwt, map[string]any{"page": "true", "page_client_id": "c", "page_origins": "https://a.example.com/token"}, []string{"page_origins"}},
		"custom":   {nil, map[string]any{"page": "true", "function_source_dist_zip": "x.zip"}, []string{"page", "applies to the query function only"}},
	} {
		t.Run(name, func(t *testing.T) {
			context := map[string]any{"connection_file": connectionFile(t)}
			for _, settings := range []map[string]any{test.base, test.more} {
				for key, value := range settings {
					context[key] = value
				}
			}
			_, err := Load(context)
			if test.want == nil && err != nil {
				t.Fatal(err)
			}
			for _, part := range test.want {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want %s", err, part)
				}
			}
		})
	}
}
