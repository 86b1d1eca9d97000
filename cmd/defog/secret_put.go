package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/spf13/cobra"

	"defog-cdk/config"
	"defog-cdk/config/connection"
)

// putSecret is the subcommand's flags.
type putSecret struct {
	*common
	stage, file, key string
	yes              bool
}

func newSecretPut(common *common) *cobra.Command {
	p := putSecret{common: common}
	command := &cobra.Command{
		Use:   "put",
		Short: "Write connection.json into a stage's secret",
		Long: `Put checks a connection file and writes it into the secret that the stage's
credentials_secret names, or into ‹app_name›/‹stage› when nothing is named. A
new secret is made in each of the stage's regions. An old one is changed only
when you say yes.

It prints the secret's ARN, and nothing of the content. What a stage in another
account needs to read it is said on standard error.`,
		Example: `  defog secret put --stage prod
  defog secret put --stage prod --connection prod.json --kms-key arn:aws:kms:…  # for another account`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&p.stage, "stage", "", "the stage (default: that of the settings)")
	flags.StringVar(&p.file, "connection", "", "the connection `file` (default: connection_file)")
	flags.StringVar(&p.key, "kms-key", "", "a KMS key's `ARN` for a new secret (default: AWS's own key, which no other account can use)")
	flags.BoolVar(&p.yes, "yes", false, "change a secret that is there without asking")
	return command
}

func (p *putSecret) run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	settings, err := p.stageSettings(p.stage)
	if err != nil {
		return err
	}
	content, err := p.content(settings)
	if err != nil {
		return err
	}
	cfg, err := p.aws(ctx)
	if err != nil {
		return err
	}
	entry := stageOf(settings)
	if p.region == "" && len(entry.Regions) > 0 {
		cfg.Region = entry.Regions[0]
	}
	put := secretWriter{client: secretsmanager.NewFromConfig(cfg), name: secretName(settings), content: content}
	id, err := put.create(ctx, p.key, entry.Regions)
	if _, exists := errors.AsType[*types.ResourceExistsException](err); exists {
		if !p.yes && !confirm(stdin, stderr, fmt.Sprintf("The secret %s is there already. Change its content?", put.name)) {
			return fmt.Errorf("the secret %s is left as it is; to change it without being asked, say --yes", put.name)
		}
		id, err = put.change(ctx)
	}
	if err != nil {
		return refusal("write the secret "+put.name, err)
	}
	if owner := accountOf(id); entry.Account != "" && owner != entry.Account {
		explainCrossAccount(stderr, id, entry)
	}
	fmt.Fprintln(stdout, id)
	return nil
}

// content is the checked connection, as the secret holds it.
func (p *putSecret) content(settings config.Settings) (string, error) {
	if p.file != "" {
		settings.ConnectionFile = p.file
	}
	path, err := settings.ConnectionPath()
	if err != nil {
		return "", err
	}
	conn, err := connection.Read(path)
	switch {
	case err != nil:
		return "", err
	case settings.DBType != "" && settings.DBType != conn.DBType:
		return "", fmt.Errorf("connection file %s: db_type: is %s, and the settings of stage %s say %s; they must be the same", path, conn.DBType, settings.Stage, settings.DBType)
	case conn.APIKey == "" && settings.Generator == "defog":
		return "", fmt.Errorf("connection file %s: api_key: missing; generator defog needs it", path)
	}
	text, err := json.Marshal(conn)
	if err != nil {
		return "", fmt.Errorf("encode the connection: %w", err)
	}
	return string(text), nil
}

// secretWriter writes one secret.
type secretWriter struct {
	client        *secretsmanager.Client
	name, content string
}

// create makes the secret, and replicas of it in the other regions. A secret
// that is given by its ARN exists.
func (w secretWriter) create(ctx context.Context, key string, regions []string) (id string, err error) {
	if strings.HasPrefix(w.name, "arn:") {
		return "", &types.ResourceExistsException{}
	}
	input := &secretsmanager.CreateSecretInput{Name: &w.name, SecretString: &w.content, Description: aws.String("The connection of a defog-cdk stage")}
	if key != "" {
		input.KmsKeyId = &key
	}
	for i, region := range regions {
		if i > 0 {
			input.AddReplicaRegions = append(input.AddReplicaRegions, types.ReplicaRegionType{Region: &region})
		}
	}
	made, err := w.client.CreateSecret(ctx, input)
	if err != nil {
		return "", err
	}
	return aws.ToString(made.ARN), nil
}

func (w secretWriter) change(ctx context.Context) (id string, err error) {
	changed, err := w.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &w.name, SecretString: &w.content})
	if err != nil {
		return "", err
	}
	return aws.ToString(changed.ARN), nil
}

// confirm asks a person. No answer is no.
func confirm(stdin io.Reader, stderr io.Writer, question string) bool {
	fmt.Fprintf(stderr, "%s [y/N] ", question)
	answer, err := bufio.NewReader(stdin).ReadString('\n')
	if err != nil && answer == "" {
		fmt.Fprintln(stderr)
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

// explainCrossAccount says what it takes that a stage in another account can
// read the secret.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
func explainCrossAccount(stderr io.Writer, id string, stage config.PipelineStage) {
	fmt.Fprintf(stderr, `Stage %[1]s is in account %[2]s, and this secret is not. For it to be read from there:
  - stages.%[1]s.credentials_secret must be this ARN
  - the secret must be under a KMS key of yours (--kms-key), whose policy lets account %[2]s use kms:Decrypt
  - the stage's iam_policy_file must allow kms:Decrypt on that key
  - aws secretsmanager put-resource-policy --secret-id %[3]s --block-public-policy --resource-policy '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%[2]s:root"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}'
`, stage.Stage, stage.Account, id)
}
