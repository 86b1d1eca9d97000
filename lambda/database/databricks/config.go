package databricks

import (
	"cmp"
	"errors"
	"net/url"
	"strings"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/database"
)

// config is the server and the token.
type config struct {
	url             string
	token           string
	catalog, schema string // defaults of table names; empty for the server's
}

// newConfig reads db_creds with server_hostname, http_path and access_token,
// and optionally catalog, schema and endpoint, which replaces the host.
func newConfig(creds connection.Creds) (config, error) {
	c := config{token: creds.Text("access_token"), catalog: creds.Text("catalog"), schema: creds.Text("schema")}
	for _, key := range []string{"server_hostname", "http_path", "access_token"} {
		if creds.Text(key) == "" {
			return c, database.MissingError(key)
		}
	}
	host := strings.TrimPrefix(creds.Text("server_hostname"), "https://")
	base := strings.TrimSuffix(cmp.Or(creds.Text("endpoint"), "https://"+host), "/")
	c.url = base + "/" + strings.TrimPrefix(creds.Text("http_path"), "/")
	if _, err := url.Parse(c.url); err != nil {
		return c, errors.New("db_creds.server_hostname and http_path: not a URL; want dbc-….cloud.databricks.com and /sql/1.0/warehouses/…")
	}
	return c, nil
}

// schemaName returns the default schema as a GRANT names it.
func (c config) schemaName() string {
	switch {
	case c.schema == "":
		return "…"
	case c.catalog == "":
		return quoteName(c.schema)
	default:
		return quoteName(c.catalog) + "." + quoteName(c.schema)
	}
}

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
