package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/spf13/pflag"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/session"
	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config"
)

// deployment holds the flags that select a deployment and the AWS session.
type deployment struct {
	context []string
	profile string
	region  string
}

func (d *deployment) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&d.context, "context", "c", nil, "a setting as for cdk deploy, `key=value`: app_name, stage (repeatable)")
	flags.StringVar(&d.profile, "profile", "", "the AWS profile (default: AWS_PROFILE)")
	flags.StringVar(&d.region, "region", "", "the AWS region of the deployment (default: AWS_REGION, or the profile's)")
}

// again returns the start of a command for the same deployment, to paste into a shell.
func (d *deployment) again(command string) string {
	words := []string{"defog", command}
	for _, setting := range d.context {
		words = append(words, "-c", setting)
	}
	for _, flag := range []struct{ name, value string }{{"--profile", d.profile}, {"--region", d.region}} {
		if flag.value != "" {
			words = append(words, flag.name, flag.value)
		}
	}
	for i, word := range words {
		words[i] = terminal.ShellWord(word)
	}
	return strings.Join(words, " ")
}

// addAPIFlags adds the flags that select an API in place of the deployed stack's.
func addAPIFlags(flags *pflag.FlagSet, url, auth *string) {
	flags.StringVar(url, "url", "", "the API's `URL` (default: the deployed stack's)")
	flags.StringVar(auth, "auth", "", authUsage)
}

// authUsage describes the flag --auth.
const authUsage = "the authorization of the API at --url: iam (signs requests), jwt (sends the token in DEFOG_TOKEN) or none (default: iam for a URL of AWS)"

// values returns the settings as the CDK CLI passes them to the app.
func (d *deployment) values() (map[string]any, error) {
	if err := checkFolder(); err != nil {
		return nil, err
	}
	return config.ContextFile(d.context)
}

// checkFolder returns an error in a folder below a checkout: the CDK CLI reads
// cdk.json from the current folder alone, and so does this program.
func checkFolder() error {
	folder, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the current folder: %w", err)
	}
	if exists(filepath.Join(folder, "cdk.json")) {
		return nil
	}
	for parent := filepath.Dir(folder); parent != folder; folder, parent = parent, filepath.Dir(parent) {
		if exists(filepath.Join(parent, "cdk.json")) && exists(filepath.Join(parent, "cdk.out.gitignore")) {
			return fmt.Errorf("the current folder is below the checkout; want the folder of cdk.json: cd %s", parent)
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// settings parses the settings, without the files that they name.
func (d *deployment) settings() (config.Settings, error) {
	values, err := d.values()
	if err != nil {
		return config.Settings{}, err
	}
	return config.Parse(values)
}

// stageSettings parses the settings of one stage, "" for the chosen one, as the
// stage's deployment has them in a pipeline and without one.
func (d *deployment) stageSettings(stage string) (config.Settings, error) {
	values, err := d.values()
	if err != nil {
		return config.Settings{}, err
	}
	if stage != "" {
		values["stage"] = stage
	}
	values["pipeline"] = "false"
	return config.Parse(values)
}

// session loads the caller's AWS configuration.
func (d *deployment) session(ctx context.Context) (aws.Config, error) {
	return session.Load(ctx, d.profile, d.region)
}

// regional loads the caller's AWS configuration, which must have a region.
func (d *deployment) regional(ctx context.Context) (aws.Config, error) {
	cfg, err := d.session(ctx)
	if err != nil {
		return cfg, err
	}
	return cfg, session.RequireRegion(cfg)
}

// databaseToken returns a token for a database that authenticates users by IAM.
func (d *deployment) databaseToken(ctx context.Context, endpoint, user string) (string, error) {
	cfg, err := d.regional(ctx)
	if err != nil {
		return "", err
	}
	return auth.BuildAuthToken(ctx, endpoint, cfg.Region, user, cfg.Credentials)
}

// stack reads the deployed stack that the settings name.
func (d *deployment) stack(ctx context.Context) (aws.Config, client.Stack, error) {
	var none client.Stack
	cfg, err := d.session(ctx)
	if err != nil {
		return cfg, none, err
	}
	settings, err := d.settings()
	if err != nil {
		return cfg, none, err
	}
	stack, err := client.FindStack(ctx, cfg, settings.StackName())
	if _, ok := errors.AsType[*client.NotDeployedError](err); ok {
		err = fmt.Errorf("%w; select another by -c app_name=… -c stage=…", err)
	}
	return cfg, stack, err
}

// api finds the HTTP API of a query function: the one at a URL, or without a URL
// the deployed stack's. A token comes from the environment.
func (d *deployment) api(ctx context.Context, cfg aws.Config, url, auth string) (client.API, error) {
	api, err := d.findAPI(ctx, cfg, url, auth)
	if api.Auth == "jwt" {
		api.Token = os.Getenv(client.TokenVariable)
	}
	return api, err
}

// target finds the HTTP API as api does, or returns a function that is invoked
// without it.
func (d *deployment) target(ctx context.Context, cfg aws.Config, url, auth, function string) (client.API, error) {
	switch {
	case function == "":
		return d.api(ctx, cfg, url, auth)
	case url != "" || auth != "":
		return client.API{}, errors.New("--function: has no effect with --url or --auth; want one of them")
	}
	return client.Direct(function, cfg.Region), session.RequireRegion(cfg)
}

func (d *deployment) findAPI(ctx context.Context, cfg aws.Config, url, auth string) (client.API, error) {
	var none client.API
	if auth != "" && auth != "iam" && auth != "jwt" && auth != "none" {
		return none, fmt.Errorf("--auth: %q is unknown; want iam, jwt or none", auth)
	}
	if url != "" {
		return client.At(url, auth, cfg.Region)
	}
	if auth != "" {
		return none, errors.New("--auth: has no effect without --url; want both flags, or neither: a stack's outputs name the API's authorization")
	}
	settings, err := d.settings()
	if err != nil {
		return none, err
	}
	api, err := client.Find(ctx, cfg, settings.StackName())
	if _, ok := errors.AsType[*client.NotDeployedError](err); ok {
		return none, fmt.Errorf("%w; deploy it with npx cdk deploy -c app_name=%s -c stage=%s, or select another by -c app_name=… -c stage=…",
			err, settings.AppName, settings.Stage)
	}
	return api, err
}
