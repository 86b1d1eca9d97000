package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/spf13/cobra"

	"defog-cdk/config"
	"defog-cdk/config/connection"
)

func newSecret(common *common) *cobra.Command {
	command := &cobra.Command{
		Use:   "secret",
		Short: "Keep a stage's credentials in Secrets Manager",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	command.AddCommand(newSecretPut(common), newSecretCheck(common))
	return command
}

// stageOf is a stage's entry in pipeline_stages, empty when it has none.
func stageOf(settings config.Settings) config.PipelineStage {
	i := slices.IndexFunc(settings.PipelineStages, func(s config.PipelineStage) bool { return s.Stage == settings.Stage })
	if i < 0 {
		return config.PipelineStage{}
	}
	return settings.PipelineStages[i]
}

// secretName is the name or ARN of the stage's secret: ‹app_name›/‹stage› when
// credentials_secret does not say.
func secretName(settings config.Settings) string {
	if settings.CredentialsSecret != "" {
		return settings.CredentialsSecret
	}
	return settings.AppName + "/" + settings.Stage
}

// checkSecretCommand is the subcommand's flags.
type checkSecretCommand struct {
	*common
	stage string
}

func newSecretCheck(common *common) *cobra.Command {
	c := checkSecretCommand{common: common}
	command := &cobra.Command{
		Use:   "check",
		Short: "Check whether the secrets hold what the function needs",
		Long: `Check reads the secret of a stage, or of every stage of the pipeline in each of its
regions, with your AWS credentials, and says whether it holds a connection with
the stage's db_type. It prints nothing of the content.

The exit code is 0 only if every secret does.`,
		Example: `  defog secret check
  defog secret check --stage prod --profile prod`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	command.Flags().StringVar(&c.stage, "stage", "", "the stage (default: all of pipeline_stages, or the chosen one)")
	return command
}

func (c *checkSecretCommand) run(ctx context.Context, stdout io.Writer) error {
	first, err := c.stageSettings(c.stage)
	if err != nil && (c.stage != "" || len(first.PipelineStages) == 0) {
		return err
	}
	stages := []string{first.Stage}
	if c.stage == "" && len(first.PipelineStages) > 0 {
		stages = nil
		for _, s := range first.PipelineStages {
			stages = append(stages, s.Stage)
		}
	}
	var problems []error
	for _, stage := range stages {
		if err := c.checkStage(ctx, stage, stdout); err != nil {
			for _, problem := range unjoin(err) {
				problems = append(problems, fmt.Errorf("stage %s: %w", stage, problem))
			}
		}
	}
	return errors.Join(problems...)
}

func (c *checkSecretCommand) checkStage(ctx context.Context, stage string, stdout io.Writer) error {
	settings, err := c.stageSettings(stage)
	if err != nil {
		return err
	}
	cfg, err := c.aws(ctx)
	if err != nil {
		return err
	}
	entry := stageOf(settings)
	regions := entry.Regions
	if c.region != "" || len(regions) == 0 {
		regions = []string{cfg.Region}
	}
	var problems []error
	for _, region := range regions {
		cfg.Region = region
		found, err := checkSecret(ctx, cfg, settings, entry.Account)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s in %s: %w", secretName(settings), region, err))
			continue
		}
		fmt.Fprintf(stdout, "%s\t%s\t%s\n", stage, found, settings.DBType)
	}
	return errors.Join(problems...)
}

// checkSecret reads the stage's secret and returns its ARN.
func checkSecret(ctx context.Context, cfg aws.Config, settings config.Settings, account string) (id string, err error) {
	name := secretName(settings)
	stored, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return "", refusal("read the secret", err)
	}
	id = aws.ToString(stored.ARN)
	conn, err := connection.Parse([]byte(aws.ToString(stored.SecretString)))
	problems := unjoin(err)
	if err == nil {
		problems = nil
	}
	if err == nil && conn.DBType != settings.DBType {
		problems = append(problems, fmt.Errorf("db_type: the secret says %s, and the stage's settings %q; they must be the same", conn.DBType, settings.DBType))
	}
	if err == nil && conn.APIKey == "" && settings.Generator == "defog" {
		problems = append(problems, errors.New("api_key: missing; generator defog needs it"))
	}
	if owner := accountOf(id); account != "" && owner != account && !strings.HasPrefix(name, "arn:") {
		problems = append(problems, fmt.Errorf("this is account %s's, and the stage is in %s: look with that account's credentials (--profile), "+
			"or have credentials_secret give the ARN", owner, account))
	}
	return id, errors.Join(problems...)
}

func accountOf(id string) string {
	parsed, err := arn.Parse(id)
	if err != nil {
		return ""
	}
	return parsed.AccountID
}

// unjoin returns the errors that [errors.Join] made one of.
func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
