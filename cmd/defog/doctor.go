package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config"
	"defog-cdk/config/connection"
	"defog-cdk/lambda/doctor"
	"defog-cdk/lambda/secret"
)

// doctorCommand is the subcommand's flags.
type doctorCommand struct {
	*common
	function string
	json     bool
}

func newDoctor(common *common) *cobra.Command {
	d := doctorCommand{common: common}
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Examine what the query function depends on",
		Long: `Doctor examines credentials, dependencies, database, generator and clock, and
says of each what is wrong and what to do. It looks from this machine with the
settings that a deployment would have; --function has a deployed function look
from where it is, which needs lambda:InvokeFunction.

The exit code is 0 only if nothing has failed.`,
		Example: `  defog doctor
  defog doctor -c credentials_secret=prod/defog -c db_type=postgres
  defog doctor --function shop-prod-QueryFunction`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := command.Flags()
	flags.StringVar(&d.function, "function", "", "the `name` or ARN of a deployed function that is to examine itself")
	flags.BoolVar(&d.json, "json", false, "print the report as JSON, on one line")
	return command
}

func (d *doctorCommand) run(ctx context.Context, stdout io.Writer) error {
	examine := d.here
	if d.function != "" {
		examine = d.there
	}
	report, err := examine(ctx)
	if err != nil {
		return err
	}
	if err := d.show(report, stdout); err != nil {
		return err
	}
	if !report.Healthy {
		return errors.New("questions cannot be answered: see what failed")
	}
	return nil
}

// here examines from this machine.
func (d *doctorCommand) here(ctx context.Context) (doctor.Report, error) {
	values, err := config.ContextFile(d.context)
	if err != nil {
		return doctor.Report{}, err
	}
	conf, wrong := config.Load(values)
	folder, err := os.MkdirTemp("", "defog-doctor-")
	if err != nil {
		return doctor.Report{}, fmt.Errorf("make a folder for the dependencies: %w", err)
	}
	defer os.RemoveAll(folder)
	target := doctor.Target{
		Credentials: func(context.Context) (connection.Connection, error) { return conf.Connection, wrong },
		Source:      "connection file " + conf.ConnectionFile,
		Files: func(context.Context) (string, error) {
			return folder, gather(folder, filepath.Join("lambda", "query", "dependencies"), conf.Dependencies)
		},
		Generator:       conf.Generator,
		GeneratorURL:    conf.GeneratorBaseURL,
		GeneratorRegion: conf.GeneratorRegion,
		Token:           d.databaseToken,
	}
	if target.GeneratorRegion == "" {
		cfg, err := d.aws(ctx)
		if err != nil {
			return doctor.Report{}, err
		}
		target.GeneratorRegion = cfg.Region
	}
	if wrong == nil && conf.CredentialsSecret != "" {
		target.Source = "the secret " + conf.CredentialsSecret
		target.Credentials = func(ctx context.Context) (connection.Connection, error) {
			cfg, err := d.aws(ctx)
			if err != nil {
				return connection.Connection{}, err
			}
			return secret.Read(ctx, secretsmanager.NewFromConfig(cfg), conf.CredentialsSecret)
		}
	}
	return doctor.Examine(ctx, target), nil
}

// there has the deployed function examine itself.
func (d *doctorCommand) there(ctx context.Context) (report doctor.Report, err error) {
	cfg, err := d.aws(ctx)
	if err != nil {
		return report, err
	}
	answer, err := awslambda.NewFromConfig(cfg).Invoke(ctx, &awslambda.InvokeInput{
		FunctionName: &d.function,
		Payload:      []byte(`{"doctor": true}`),
	})
	switch {
	case err != nil:
		return report, fmt.Errorf("invoke %s: %w", d.function, err)
	case answer.FunctionError != nil:
		return report, fmt.Errorf("invoke %s: the function failed: %s", d.function, answer.Payload)
	}
	if err := json.Unmarshal(answer.Payload, &report); err != nil || report.Findings == nil {
		return report, fmt.Errorf("invoke %s: this is no report of a query function: %s", d.function, answer.Payload)
	}
	return report, nil
}

func (d *doctorCommand) show(report doctor.Report, stdout io.Writer) error {
	if d.json {
		text, err := json.Marshal(report)
		if err != nil {
			return fmt.Errorf("encode the report: %w", err)
		}
		_, err = fmt.Fprintln(stdout, terminal.JSON(text))
		return err
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, f := range report.Findings {
		text := f.Detail
		if f.Advice != "" {
			text += " → " + f.Advice
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Status, terminal.Line(f.Check), terminal.Line(text))
	}
	return table.Flush()
}
