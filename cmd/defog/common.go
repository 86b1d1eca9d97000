package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/spf13/pflag"

	"defog-cdk/config"
)

// common holds what every subcommand is told: which deployment, and as whom.
type common struct {
	context []string
	profile string
	region  string
}

func (c *common) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&c.context, "context", "c", nil, "a setting as for cdk deploy, `key=value`: app_name, stage")
	flags.StringVar(&c.profile, "profile", "", "the AWS profile to use (default: AWS_PROFILE)")
	flags.StringVar(&c.region, "region", "", "the AWS region of the deployment (default: AWS_REGION, or the profile's)")
}

// settings reads the settings from where the CDK reads them.
func (c *common) settings() (config.Settings, error) {
	values, err := config.ContextFile(c.context)
	if err != nil {
		return config.Settings{}, err
	}
	return config.Parse(values)
}

// stageSettings reads the settings of one stage, "" for the chosen one, as its
// own deployment has them, pipeline or not.
func (c *common) stageSettings(stage string) (config.Settings, error) {
	values, err := config.ContextFile(c.context)
	if err != nil {
		return config.Settings{}, err
	}
	if stage != "" {
		values["stage"] = stage
	}
	values["pipeline"] = "false"
	return config.Parse(values)
}

// aws loads the caller's AWS configuration as every SDK does.
func (c *common) aws(ctx context.Context) (aws.Config, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithSharedConfigProfile(c.profile), awsconfig.WithRegion(c.region))
	if err != nil {
		return cfg, fmt.Errorf("read the AWS configuration: %w", err)
	}
	return cfg, nil
}

// databaseToken lets the caller into a database that knows its users by IAM.
func (c *common) databaseToken(ctx context.Context, endpoint, user string) (string, error) {
	cfg, err := c.aws(ctx)
	if err != nil {
		return "", err
	}
	return auth.BuildAuthToken(ctx, endpoint, cfg.Region, user, cfg.Credentials)
}
