package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config"
)

func newSettings(d *deployment) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "settings",
		Short: "Print the effective value and the source of each setting",
		Long: `Settings prints the effective value of each setting and its source: the default,
cdk.json, a settings file, a stage of those, or -c. It masks values that look like
a secret.

The exit code is 0 if the settings are valid, otherwise 1.`,
		Example: `  defog settings -c stage=prod
  defog settings --json | jq '.[] | select(.origin != "default")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printSettings(d, asJSON, cmd.OutOrStdout())
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print the settings as JSON, on one line")
	return command
}

func printSettings(d *deployment, asJSON bool, stdout io.Writer) error {
	values, err := d.values()
	if err != nil {
		return err
	}
	effective, invalid := config.Effective(values)
	if asJSON {
		text, err := json.Marshal(effective)
		if err != nil {
			return fmt.Errorf("encode the settings: %w", err)
		}
		fmt.Fprintln(stdout, terminal.JSON(text))
		return invalid
	}
	rows := make([][]json.RawMessage, len(effective))
	for i, value := range effective {
		rows[i] = []json.RawMessage{terminal.Quote(value.Key), terminal.Quote(value.String()), terminal.Quote(value.Origin)}
	}
	terminal.Table(stdout, []string{"setting", "value", "from"}, rows)
	return invalid
}
