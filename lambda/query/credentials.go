package main

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/secret"
)

// credentials returns the connection from the environment, or from the secret
// that the environment names.
func (s settings) credentials(ctx context.Context) (connection.Connection, error) {
	if s.secret == "" {
		return s.connection, nil
	}
	client := secretsmanager.New(secretsmanager.Options{
		Region:       s.aws.Region,
		Credentials:  s.aws.Credentials(),
		BaseEndpoint: s.aws.BaseEndpoint(),
	})
	return secret.Read(ctx, client, s.secret)
}

// databaseToken returns a login token that RDS accepts instead of a password. It
// is computed without a request to AWS and expires after 15 minutes.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
func (s settings) databaseToken(ctx context.Context, endpoint, user string) (string, error) {
	return auth.BuildAuthToken(ctx, endpoint, s.aws.Region, user, s.aws.Credentials())
}

// secretsOf returns the values to redact: the API key, and each value in
// db_creds whose key is not known to be harmless.
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
