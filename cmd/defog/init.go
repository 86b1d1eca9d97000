package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/initialize"
	"defog-cdk/config"
	"defog-cdk/config/connection"
)

// initCommand holds the flags of init.
type initCommand struct {
	*deployment
	options initialize.Options
	creds   []string
}

func newInit(d *deployment) *cobra.Command {
	i := initCommand{deployment: d}
	command := &cobra.Command{
		Use:   "init",
		Short: "Write connection.json and the settings of a new deployment",
		Long: `Init writes a connection file that only you can read, the settings in cdk.json, and
the file that the SQL generator reads: golden.json or schema.json. At a terminal it
asks for what the flags lack. It validates everything before it writes, and prints
the next commands.

Give settings as -c key=value. In --cred and --api-key, @file stands for the content
of a file, and @@ begins a text with @. Other users of this machine can read
a command line, so give passwords as @file or at the prompt.

Without --force, init changes no existing connection file, settings or golden.json.`,
		Example: `  defog init
  defog init -c app_name=shop -c generator=golden --db-type sqlite --cred database=shop.db \
    --question "How many customers are there?" --sql "SELECT count(*) FROM customers"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return i.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&i.options.DBType, "db-type", "", "the database: "+strings.Join(connection.DBTypes(), ", "))
	flags.StringArrayVar(&i.creds, "cred", nil, "an entry of db_creds, `key=value` or key=@file (repeatable)")
	flags.StringVar(&i.options.APIKey, "api-key", "", "the API `key` of the SQL generator, or @file")
	flags.StringVar(&i.options.BaseURL, "base-url", "", "the `URL` of the SQL generator, if it is not Defog's")
	flags.StringVar(&i.options.Question, "question", "", "the first question in golden.json")
	flags.StringVar(&i.options.SQL, "sql", "", "the SQL that answers the question")
	flags.BoolVar(&i.options.Force, "force", false, "replace an existing connection file, settings and golden.json")
	return command
}

func (i *initCommand) run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	if err := checkFolder(); err != nil {
		return err
	}
	var err, invalid error
	i.options.Settings, err = pairs("-c", i.context)
	i.options.Creds, invalid = pairs("--cred", i.creds)
	if err := errors.Join(err, invalid); err != nil {
		return err
	}
	if err := knownSettings(i.options.Settings); err != nil {
		return err
	}
	schema := schemaCommand{deployment: i.deployment}
	i.options.ReadSchema = func(ctx context.Context, conn connection.Connection, folder string) ([]byte, error) {
		content, _, err := schema.read(ctx, conn, folder, stderr)
		return content, err
	}
	return initialize.Run(ctx, i.options, stdin, stdout)
}

// pairs splits texts of the form key=value.
func pairs(flag string, texts []string) (map[string]string, error) {
	values := map[string]string{}
	for _, text := range texts {
		key, value, found := strings.Cut(text, "=")
		if !found {
			return nil, fmt.Errorf("%s %s: no value; want %s key=value", flag, key, flag)
		}
		values[key] = value
	}
	return values, nil
}

// knownSettings rejects keys that are not settings: the CDK ignores unknown context.
func knownSettings(settings map[string]string) error {
	values := map[string]any{}
	for key, value := range settings {
		values[key] = value
	}
	return errors.Join(config.CheckFile("-c", values, "dev")...)
}
