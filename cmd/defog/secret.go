package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/secrets"
	"defog-cdk/cmd/defog/session"
	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config"
)

func newSecret(d *deployment) *cobra.Command {
	command := &cobra.Command{
		Use:     "secret",
		Short:   "Store a stage's connection in Secrets Manager",
		Long:    `Secret stores and checks the connection that a stage reads with credentials_secret.`,
		Example: `  defog secret put --stage prod`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	command.AddCommand(newSecretPut(d), newSecretCheck(d))
	return command
}

// secretSettings parses the settings of a stage. The secret's db_type may be
// missing in them, for the secret holds it.
func (d *deployment) secretSettings(stage string) (config.Settings, error) {
	settings, err := d.stageSettings(stage)
	if err == nil || settings.CredentialsSecret == "" || settings.DBType != "" {
		return settings, err
	}
	complete := *d
	complete.context = append(d.context[:len(d.context):len(d.context)], "db_type=postgres")
	completed, other := complete.stageSettings(stage)
	if other != nil {
		return settings, err
	}
	completed.DBType = ""
	return completed, nil
}

// checkSecretCommand holds the flags of secret check.
type checkSecretCommand struct {
	*deployment
	stage string
}

func newSecretCheck(d *deployment) *cobra.Command {
	c := checkSecretCommand{deployment: d}
	command := &cobra.Command{
		Use:   "check",
		Short: "Check that the secrets hold a valid connection",
		Long: `Check reads the secret of a stage, or of each stage of the pipeline in each of its
regions, with your AWS credentials. It checks that the secret holds a connection
with the stage's db_type. For each valid secret it prints the stage, the ARN and
the db_type, and nothing else of the content.

The exit code is 0 if every secret is valid, otherwise 1.`,
		Example: `  defog secret check
  defog secret check --stage prod --profile prod`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	command.Flags().StringVar(&c.stage, "stage", "", "the stage (default: all of pipeline_stages, or the chosen stage)")
	return command
}

func (c *checkSecretCommand) run(ctx context.Context, stdout io.Writer) error {
	first, err := c.secretSettings(c.stage)
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
		err := c.checkStage(ctx, stage, stdout)
		if _, ok := errors.AsType[*session.Error](err); ok {
			return err // it would be the same for each stage
		}
		problems = append(problems, prefixed("stage "+stage, err))
	}
	return errors.Join(problems...)
}

func (c *checkSecretCommand) checkStage(ctx context.Context, stage string, stdout io.Writer) error {
	settings, err := c.secretSettings(stage)
	if err != nil {
		return err
	}
	cfg, err := c.session(ctx)
	if err != nil {
		return err
	}
	entry := secrets.Entry(settings)
	regions := entry.Regions
	if c.region != "" || len(regions) == 0 {
		if err := session.RequireRegion(cfg); err != nil {
			return err
		}
		regions = []string{cfg.Region}
	}
	var problems []error
	for _, region := range regions {
		cfg.Region = region
		found, err := secrets.Check(ctx, cfg, settings, entry.Account)
		if err != nil {
			problems = append(problems, prefixed(secrets.Name(settings)+" in "+region, err))
			continue
		}
		fmt.Fprintf(stdout, "%s\t%s\t%s\n", stage, found.ARN, found.DBType)
	}
	return errors.Join(problems...)
}

// prefixed puts a prefix before each part of a joined error.
func prefixed(prefix string, err error) error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return fmt.Errorf("%s: %w", prefix, err)
	}
	var problems []error
	for _, problem := range joined.Unwrap() {
		problems = append(problems, prefixed(prefix, problem))
	}
	return errors.Join(problems...)
}

// putSecretCommand holds the flags of secret put.
type putSecretCommand struct {
	*deployment
	stage, file, key string
	yes              bool
}

func newSecretPut(d *deployment) *cobra.Command {
	p := putSecretCommand{deployment: d}
	command := &cobra.Command{
		Use:   "put",
		Short: "Write a connection file to a stage's secret",
		Long: `Put checks a connection file and writes it to the secret that the stage's
credentials_secret names, or by default to ‹app_name›/‹stage›. It creates a new
secret in each of the stage's regions. It replaces an existing secret only after
your confirmation.

Put prints the secret's ARN, and nothing of the content. On standard error it
prints the next commands, and the steps that a stage in another account needs.`,
		Example: `  defog secret put --stage prod
  defog secret put --stage prod --connection prod.json --kms-key arn:aws:kms:…  # for another account`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&p.stage, "stage", "", "the stage (default: the chosen stage)")
	flags.StringVar(&p.file, "connection", "", "the connection `file` (default: connection_file)")
	flags.StringVar(&p.key, "kms-key", "", "the `ARN` of a KMS key for a new secret (default: AWS's key, which other accounts cannot use)")
	flags.BoolVar(&p.yes, "yes", false, "replace an existing secret without asking for confirmation")
	return command
}

func (p *putSecretCommand) run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	settings, err := p.secretSettings(p.stage)
	if err != nil {
		return err
	}
	if p.file != "" {
		settings.ConnectionFile = p.file
	}
	path, err := settings.ConnectionPath()
	if err != nil {
		return err
	}
	conn, err := secrets.ReadFile(path, settings)
	if err != nil {
		return err
	}
	content, err := json.Marshal(conn)
	if err != nil {
		return fmt.Errorf("encode the connection: %w", err)
	}
	cfg, err := p.session(ctx)
	if err != nil {
		return err
	}
	entry := secrets.Entry(settings)
	if p.region == "" && len(entry.Regions) > 0 {
		cfg.Region = entry.Regions[0]
	}
	if err := session.RequireRegion(cfg); err != nil {
		return err
	}
	name := secrets.Name(settings)
	writer := secrets.NewWriter(cfg, name)
	id, err := writer.Create(ctx, string(content), p.key, entry.Regions)
	if errors.Is(err, secrets.ErrExists) {
		if !p.yes && !confirm(stdin, stderr, fmt.Sprintf("The secret %s exists. Replace its content?", name)) {
			return fmt.Errorf("the secret %s is unchanged; to replace it without confirmation, use --yes", name)
		}
		id, err = writer.Replace(ctx, string(content))
	}
	if err != nil {
		return err
	}
	if entry.Account != "" && secrets.Account(id) != entry.Account {
		secrets.ExplainCrossAccount(stderr, id, entry)
		name = id
	}
	fmt.Fprintln(stdout, id)
	p.printNext(stderr, settings, name, conn.DBType)
	return nil
}

// printNext prints the commands that check and deploy the secret, with the
// settings of this command line and those that are still missing.
func (p *putSecretCommand) printNext(stderr io.Writer, settings config.Settings, name, dbType string) {
	args := p.context
	given := map[string]bool{}
	for _, pair := range args {
		key, _, _ := strings.Cut(pair, "=")
		given[key] = true
	}
	add := func(key, value string) {
		if !given[key] {
			args = append(args[:len(args):len(args)], key+"="+value)
		}
	}
	if p.stage != "" {
		add("stage", p.stage)
	}
	if settings.CredentialsSecret == "" {
		add("credentials_secret", name)
	}
	if settings.DBType == "" {
		add("db_type", dbType)
	}
	line := ""
	for _, pair := range args {
		line += " -c " + terminal.ShellWord(pair)
	}
	fmt.Fprintf(stderr, "Check the secret:\n  go run ./cmd/defog secret check%s\n", line)
	if secrets.Entry(settings).Stage == "" {
		fmt.Fprintf(stderr, "Deploy with it:\n  npx cdk deploy%s\n", line)
		return
	}
	missing := map[string]string{}
	if settings.CredentialsSecret == "" {
		missing["credentials_secret"] = name
	}
	if settings.DBType == "" {
		missing["db_type"] = dbType
	}
	for _, key := range slices.Sorted(maps.Keys(missing)) {
		fmt.Fprintf(stderr, "Set in cdk.json: stages.%s.%s = %q\n", settings.Stage, key, missing[key])
	}
}

// confirm asks a yes-or-no question. An empty answer means no.
func confirm(stdin io.Reader, stderr io.Writer, question string) bool {
	fmt.Fprintf(stderr, "%s [y/N] ", question)
	answer, err := bufio.NewReader(stdin).ReadString('\n')
	if err != nil && answer == "" {
		fmt.Fprintln(stderr)
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}
