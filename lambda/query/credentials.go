package main

import (
	"context"
	"slices"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/secret"
)

// credentials returns the connection from the environment, or from the secret
// that the environment names.
func (s settings) credentials(ctx context.Context) (connection.Connection, error) {
	if s.secret == "" {
		return s.connection, nil
	}
	return secret.Read(ctx, s.secretsManager(), s.secret)
}

// secretsOf returns what no log may hold: of the database's credentials, all
// but what is known to be harmless.
func secretsOf(conn connection.Connection) []string {
	secrets := []string{conn.APIKey}
	harmless := []string{
		"host", "port", "database", "user", "schema", "sslmode", "sslrootcert", "account", "warehouse",
		"server", "server_hostname", "http_path", "catalog",
		"project_id", "client_email", "token_uri", "universe_domain", "type", "dataset", "location", "endpoint", "max_bytes_billed",
	}
	for key := range conn.DBCreds {
		if !slices.Contains(harmless, key) {
			secrets = append(secrets, conn.DBCreds.Text(key))
		}
	}
	return secrets
}
