// Package secrets stores a stage's connection in Secrets Manager, and checks the
// stored connection.
package secrets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"defog-cdk/cmd/defog/session"
	"defog-cdk/config"
	"defog-cdk/config/connection"
)

// Entry returns the stage's entry in pipeline_stages, or an empty one.
func Entry(settings config.Settings) config.PipelineStage {
	i := slices.IndexFunc(settings.PipelineStages, func(s config.PipelineStage) bool { return s.Stage == settings.Stage })
	if i < 0 {
		return config.PipelineStage{}
	}
	return settings.PipelineStages[i]
}

// Name returns the name or ARN of the stage's secret: credentials_secret, or by
// default ‹app_name›/‹stage›.
func Name(settings config.Settings) string {
	if settings.CredentialsSecret != "" {
		return settings.CredentialsSecret
	}
	return settings.AppName + "/" + settings.Stage
}

// Account returns the account in an ARN, or "".
func Account(id string) string {
	parsed, err := arn.Parse(id)
	if err != nil {
		return ""
	}
	return parsed.AccountID
}

// Checked is a secret that holds a valid connection.
type Checked struct {
	ARN    string
	DBType string
}

// Check reads the stage's secret and checks its connection. Settings without a
// db_type match every db_type. The account is the stage's, or "" if unknown.
func Check(ctx context.Context, cfg aws.Config, settings config.Settings, account string) (Checked, error) {
	name := Name(settings)
	stored, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		return Checked{}, errors.New("the secret does not exist or has no content; want a connection; to write it, run: defog secret put")
	}
	if err != nil {
		return Checked{}, session.Failure("read the secret", err)
	}
	found := Checked{ARN: aws.ToString(stored.ARN)}
	conn, err := connection.Parse([]byte(aws.ToString(stored.SecretString)))
	problems := []error{err}
	if err == nil {
		found.DBType = conn.DBType
		problems = check(conn, settings, "the secret")
	}
	if owner := Account(found.ARN); account != "" && owner != account && !strings.HasPrefix(name, "arn:") {
		problems = append(problems, fmt.Errorf("is in account %s; want account %s, which is the stage's: use its credentials (--profile), "+
			"or the secret's ARN as credentials_secret", owner, account))
	}
	return found, errors.Join(problems...)
}

// check compares a connection with the stage's settings.
func check(conn connection.Connection, settings config.Settings, source string) (problems []error) {
	if settings.DBType != "" && conn.DBType != settings.DBType {
		problems = append(problems, fmt.Errorf("db_type: is %s in %s; want %s, as in the settings of stage %s", conn.DBType, source, settings.DBType, settings.Stage))
	}
	if conn.APIKey == "" && cmp.Or(settings.Generator, connection.SecretGenerator) == "defog" {
		problems = append(problems, fmt.Errorf("api_key: is missing in %s; want a key for generator defog, or the setting generator=bedrock", source))
	}
	return problems
}

// ReadFile reads a connection file that suits the stage.
func ReadFile(path string, settings config.Settings) (connection.Connection, error) {
	conn, err := connection.Read(path)
	if err != nil {
		return conn, err
	}
	return conn, errors.Join(check(conn, settings, "connection file "+path)...)
}

// Writer writes one secret.
type Writer struct {
	client *secretsmanager.Client
	name   string
}

// NewWriter returns a Writer for a secret's name or ARN.
func NewWriter(cfg aws.Config, name string) Writer {
	return Writer{secretsmanager.NewFromConfig(cfg), name}
}

// ErrExists is the error of Create for an existing secret.
var ErrExists = errors.New("the secret exists")

// Create creates the secret under a KMS key, "" for the default one, with
// replicas in the regions after the first. It returns the ARN. A name that is an
// ARN belongs to an existing secret.
func (w Writer) Create(ctx context.Context, content, key string, regions []string) (id string, err error) {
	if strings.HasPrefix(w.name, "arn:") {
		return "", ErrExists
	}
	input := &secretsmanager.CreateSecretInput{Name: &w.name, SecretString: &content, Description: aws.String("The connection of a defog-cdk stage")}
	if key != "" {
		input.KmsKeyId = &key
	}
	for i, region := range regions {
		if i > 0 {
			input.AddReplicaRegions = append(input.AddReplicaRegions, types.ReplicaRegionType{Region: &region})
		}
	}
	created, err := w.client.CreateSecret(ctx, input)
	if _, exists := errors.AsType[*types.ResourceExistsException](err); exists {
		return "", ErrExists
	}
	if err != nil {
		return "", session.Failure("write the secret "+w.name, err)
	}
	return aws.ToString(created.ARN), nil
}

// Replace replaces the content of an existing secret, and returns its ARN.
func (w Writer) Replace(ctx context.Context, content string) (id string, err error) {
	changed, err := w.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &w.name, SecretString: &content})
	if err != nil {
		return "", session.Failure("write the secret "+w.name, err)
	}
	return aws.ToString(changed.ARN), nil
}

// ExplainCrossAccount prints the steps by which a stage in another account can
// read the secret.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
func ExplainCrossAccount(out io.Writer, id string, stage config.PipelineStage) {
	fmt.Fprintf(out, `Stage %[1]s is in account %[2]s, and this secret is not. To let the stage read it:
  - set stages.%[1]s.credentials_secret to this ARN
  - encrypt the secret with a KMS key of yours (--kms-key), whose policy allows account %[2]s to use kms:Decrypt
  - allow kms:Decrypt on that key in the stage's iam_policy_file
  - aws secretsmanager put-resource-policy --secret-id %[3]s --block-public-policy --resource-policy '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%[2]s:root"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}'
`, stage.Stage, stage.Account, id)
}
