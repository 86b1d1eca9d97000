// Package secret reads the connection from AWS Secrets Manager.
package secret

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"defog-cdk/config/connection"
)

// Read returns the connection in the secret that id, a name or an ARN, names.
// An error names the secret and holds nothing of its content.
func Read(ctx context.Context, client *secretsmanager.Client, id string) (connection.Connection, error) {
	secret, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
	if err != nil {
		return connection.Connection{}, fmt.Errorf("read secret %s: %w", id, err)
	}
	conn, err := connection.Parse([]byte(aws.ToString(secret.SecretString)))
	if err != nil {
		return conn, fmt.Errorf("secret %s: %w", id, err)
	}
	return conn, nil
}
