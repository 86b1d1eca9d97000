package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"defog-cdk/config/connection"
)

// credentials returns the connection from the environment, or from the secret
// that the environment names.
func (s settings) credentials(ctx context.Context) (connection.Connection, error) {
	if s.secret == "" {
		return s.connection, nil
	}
	secret, err := s.secretsManager().GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.secret})
	if err != nil {
		return connection.Connection{}, fmt.Errorf("read the secret %s: %w", s.secret, err)
	}
	conn, err := connection.Parse([]byte(aws.ToString(secret.SecretString)))
	if err != nil {
		return conn, fmt.Errorf("the secret %s: %w", s.secret, err)
	}
	return conn, nil
}

// secretsOf returns what no log may hold: of the database's credentials, all
// but what is known to be harmless.
func secretsOf(conn connection.Connection) []string {
	secrets := []string{conn.APIKey}
	harmless := []string{
		"host", "port", "database", "user", "schema", "sslmode", "sslrootcert", "account", "warehouse",
		"server", "server_hostname", "http_path",
	}
	for key := range conn.DBCreds {
		if !slices.Contains(harmless, key) {
			secrets = append(secrets, conn.DBCreds.Text(key))
		}
	}
	return secrets
}
