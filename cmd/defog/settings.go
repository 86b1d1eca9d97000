package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config"
)

func newSettings(common *common) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "settings",
		Short: "Show every setting's value and where it comes from",
		Long: `Settings shows what a deployment would be made with: every setting's effective
value, and whether it is the default, from cdk.json, from a settings file, from
a stage there, or from -c. What looks like a secret is masked.

The exit code is 0 only if the settings are right.`,
		Example: `  defog settings -c stage=prod
  defog settings --json | jq '.[] | select(.origin != "default")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showSettings(common.context, asJSON, cmd.OutOrStdout())
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print the settings as JSON, on one line")
	return command
}

func showSettings(pairs []string, asJSON bool, stdout io.Writer) error {
	context, err := config.ContextFile(pairs)
	if err != nil {
		return err
	}
	values, wrong := config.Effective(context)
	if asJSON {
		text, err := json.Marshal(values)
		if err != nil {
			return fmt.Errorf("encode the settings: %w", err)
		}
		fmt.Fprintln(stdout, terminal.JSON(text))
		return wrong
	}
	rows := make([][]json.RawMessage, len(values))
	for i, value := range values {
		rows[i] = []json.RawMessage{quote(value.Key), quote(value.String()), quote(value.Origin)}
	}
	terminal.Table(stdout, []string{"setting", "value", "from"}, rows)
	return wrong
}
