package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/session"
	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config"
	"defog-cdk/config/connection"
	"defog-cdk/internal/rowsecurity"
	"defog-cdk/lambda/doctor"
	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/secret"
)

// defaultDependencies is the folder of the query function's default dependencies.
var defaultDependencies = filepath.Join("lambda", "query", "dependencies")

// doctorCommand holds the flags of doctor.
type doctorCommand struct {
	*deployment
	function string
	json     bool
}

func newDoctor(deployment *deployment) *cobra.Command {
	d := doctorCommand{deployment: deployment}
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Check the connections of the query function",
		Long: `Doctor checks the credentials, dependencies, database, generator and clock of the
query function, and prints a cause and a fix for each failure. It asks the generator
one question, and does not run the SQL. It runs on this
machine with the settings of a deployment. With --function it runs in a deployed
function, which needs lambda:InvokeFunction.

The exit code is 0 if no check fails, otherwise 1.`,
		Example: `  defog doctor
  defog doctor -c credentials_secret=prod/defog -c db_type=postgres
  defog doctor --function shop-prod-QueryFunction`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := command.Flags()
	flags.StringVar(&d.function, "function", "", "the `name` or ARN of a deployed function that runs the checks")
	flags.BoolVar(&d.json, "json", false, "print the report as JSON, on one line")
	return command
}

func (d *doctorCommand) run(ctx context.Context, stdout io.Writer) error {
	examine := d.local
	if d.function != "" {
		examine = d.remote
	}
	report, err := examine(ctx)
	if err != nil {
		return err
	}
	if err := d.print(report, stdout); err != nil {
		return err
	}
	if !report.Healthy {
		return errors.New("the function cannot answer questions: see the failed checks")
	}
	return nil
}

// local runs the checks on this machine.
func (d *doctorCommand) local(ctx context.Context) (doctor.Report, error) {
	values, err := d.values()
	if err != nil {
		return doctor.Report{}, err
	}
	conf, invalid := config.Load(values)
	folder, err := os.MkdirTemp("", "defog-doctor-")
	if err != nil {
		return doctor.Report{}, fmt.Errorf("make a folder for the dependencies: %w", err)
	}
	defer os.RemoveAll(folder)
	target := doctor.Target{
		Credentials: func(context.Context) (connection.Connection, error) { return conf.Connection, invalid },
		Source:      "connection file " + conf.ConnectionFile,
		Files: func(context.Context) (string, error) {
			return folder, gather(folder, defaultDependencies, conf.Dependencies)
		},
		Generator:       conf.Generator,
		GeneratorURL:    conf.GeneratorBaseURL,
		GeneratorRegion: conf.GeneratorRegion,
		Drivers:         drivers(),
		Token:           d.databaseToken,
		PrivilegedLogin: conf.AllowPrivilegedLogin,
		RowSecurity:     rowsecurity.Mode(conf.RowSecurity),
		Roles:           conf.RowSecurityRoles,
		Concurrency:     doctor.AccountConcurrency,
		Samples:         conf.Samples,
		NewGenerator: func(ctx context.Context, conn connection.Connection, folder string) (generate.Generator, error) {
			return d.newGenerator(ctx, conf.Settings, conn, folder, nil)
		},
	}
	if conf.ReservedConcurrency != nil {
		target.Concurrency = *conf.ReservedConcurrency
	}
	if target.GeneratorRegion == "" {
		cfg, err := d.session(ctx)
		if err != nil {
			return doctor.Report{}, err
		}
		target.GeneratorRegion = cfg.Region
	}
	if invalid == nil && conf.CredentialsSecret != "" {
		target.Source = "the secret " + conf.CredentialsSecret
		target.Credentials = func(ctx context.Context) (connection.Connection, error) {
			return d.readSecret(ctx, conf.CredentialsSecret)
		}
	}
	return doctor.Examine(ctx, target), nil
}

// readSecret reads the connection in a secret.
func (d *deployment) readSecret(ctx context.Context, id string) (connection.Connection, error) {
	cfg, err := d.regional(ctx)
	if err != nil {
		return connection.Connection{}, err
	}
	conn, err := secret.Read(ctx, secretsmanager.NewFromConfig(cfg), id)
	return conn, session.Explain(err)
}

// remote runs the checks in the deployed function.
func (d *doctorCommand) remote(ctx context.Context) (report doctor.Report, err error) {
	text, err := d.invokeFunction(ctx, d.function, `{"doctor": true}`)
	if err != nil {
		return report, err
	}
	if err := json.Unmarshal(text, &report); err != nil || report.Findings == nil {
		return report, fmt.Errorf("invoke %s: the answer is not the report of a query function: %s", d.function, text)
	}
	return report, nil
}

// invokeFunction invokes a deployed function with an event, and returns the answer.
func (d *deployment) invokeFunction(ctx context.Context, function, event string) ([]byte, error) {
	cfg, err := d.regional(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := awslambda.NewFromConfig(cfg).Invoke(ctx, &awslambda.InvokeInput{FunctionName: &function, Payload: []byte(event)})
	switch {
	case err != nil:
		return nil, client.InvokeFailure("invoke "+function, err)
	case answer.FunctionError != nil:
		return nil, fmt.Errorf("invoke %s: the function failed: %s", function, answer.Payload)
	}
	return answer.Payload, nil
}

func (d *doctorCommand) print(report doctor.Report, stdout io.Writer) error {
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
		text := strings.ReplaceAll(f.Detail, "\n", "; ") // several problems
		if f.Advice != "" {
			text += " → " + f.Advice
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Status, terminal.Line(f.Check), terminal.Line(text))
	}
	return table.Flush()
}

// gather fills a folder with the dependencies of a deployment: the content of a
// zip, or the defaults overlaid with a folder.
func gather(folder, defaults, source string) error {
	info, err := os.Stat(source)
	switch {
	case source == "":
		return linkEntries(folder, defaults)
	case err != nil:
		return fmt.Errorf("function_source_dependencies_zip: %w", err)
	case info.IsDir():
		return errors.Join(linkEntries(folder, source), linkEntries(folder, defaults))
	}
	archive, err := zip.OpenReader(source)
	if err != nil {
		return fmt.Errorf("function_source_dependencies_zip: %s: %w", source, err)
	}
	defer archive.Close()
	if err := os.CopyFS(folder, archive); err != nil {
		return fmt.Errorf("function_source_dependencies_zip: %w", err)
	}
	return nil
}

// linkEntries links the entries of source into folder, except those whose names
// exist.
func linkEntries(folder, source string) error {
	source, err := filepath.Abs(source)
	if err != nil {
		return fmt.Errorf("find the dependencies: %w", err)
	}
	entries, err := os.ReadDir(source)
	if err != nil {
		return fmt.Errorf("read the dependencies: %w", err)
	}
	for _, entry := range entries {
		err := os.Symlink(filepath.Join(source, entry.Name()), filepath.Join(folder, entry.Name()))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("gather the dependencies: %w", err)
		}
	}
	return nil
}
