package main

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"defog-cdk/config/connection"
	"defog-cdk/lambda/secret"
)

// secretLine is the minimum length of a line that is redacted by itself.
const secretLine = 20

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

// secretsOf returns the values in db_creds to redact: those whose key is not known
// to be harmless. It skips a value that a harmless key also has, such as a password
// that is equal to the user's name.
func secretsOf(conn connection.Connection) []string {
	var secrets []string
	harmless := []string{
		"host", "port", "database", "user", "schema", "sslmode", "sslrootcert", "account", "warehouse",
		"server", "server_hostname", "http_path", "catalog",
		"project_id", "client_email", "token_uri", "universe_domain", "type", "dataset", "location", "endpoint", "max_bytes_billed",
	}
	public := []string{conn.DBType}
	for _, key := range harmless {
		public = append(public, conn.DBCreds.Text(key))
	}
	for key := range conn.DBCreds {
		value := conn.DBCreds.Text(key)
		if slices.Contains(harmless, key) || slices.Contains(public, value) {
			continue
		}
		secrets = append(secrets, value)
		for line := range strings.Lines(value) {
			if line = strings.TrimSpace(line); line != value && len(line) >= secretLine {
				secrets = append(secrets, line) // of a private key
			}
		}
	}
	return secrets
}
