//go:build !onedriver || databricks

package database

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"defog-cdk/config/connection"
)

// databricksConfig says where to ask, and with which token.
type databricksConfig struct {
	url             string
	token           string
	catalog, schema string // where tables are looked up; "" for the server's own
}

// newDatabricksConfig takes db_creds with server_hostname, http_path and
// access_token, and perhaps catalog, schema and an endpoint in the host's place.
func newDatabricksConfig(creds connection.Creds) (databricksConfig, error) {
	config := databricksConfig{token: creds.Text("access_token"), catalog: creds.Text("catalog"), schema: creds.Text("schema")}
	for _, key := range []string{"server_hostname", "http_path", "access_token"} {
		if creds.Text(key) == "" {
			return config, fmt.Errorf("db_creds has no %s", key)
		}
	}
	host := strings.TrimPrefix(creds.Text("server_hostname"), "https://")
	base := strings.TrimSuffix(cmp.Or(creds.Text("endpoint"), "https://"+host), "/")
	config.url = base + "/" + strings.TrimPrefix(creds.Text("http_path"), "/")
	if _, err := url.Parse(config.url); err != nil {
		return config, fmt.Errorf("db_creds.server_hostname and http_path make no URL")
	}
	return config, nil
}
