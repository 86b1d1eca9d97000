package connection

import (
	"maps"
	"slices"
)

// addresses are the keys of db_creds that say where the database is and as whom
// it is asked. Every other key counts as secret, whatever it is.
var addresses = []string{
	"host", "port", "database", "user", "schema", "sslmode", "sslrootcert",
	"account", "warehouse", "server", "server_hostname", "http_path", "auth",
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
