package connection

import (
	"maps"
	"slices"
)

// addresses are the keys of db_creds that say where the database is and as whom
// it is asked, among them those of a Google service account's key. Every other
// key counts as secret, whatever it is.
var addresses = []string{
	"host", "port", "database", "user", "schema", "sslmode", "sslrootcert",
	"account", "warehouse", "server", "server_hostname", "http_path", "auth",
	"type", "project_id", "client_email", "client_id", "private_key_id", "auth_uri", "token_uri", "auth_provider_x509_cert_url",
	"client_x509_cert_url", "universe_domain", "dataset", "location", "max_bytes_billed", "endpoint",
}

// Secrets returns what of the connection nobody may see, by its key: "api_key",
// "db_creds.password", ….
func (c Connection) Secrets() map[string]string {
	secrets := map[string]string{}
	if c.APIKey != "" {
		secrets["api_key"] = c.APIKey
	}
	for _, key := range slices.Sorted(maps.Keys(c.DBCreds)) {
		if text := c.DBCreds.Text(key); text != "" && !slices.Contains(addresses, key) {
			secrets["db_creds."+key] = text
		}
	}
	return secrets
}
