package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/terminal"
)

// describeCommand holds the flags of describe.
type describeCommand struct {
	*deployment
	json, podpac bool
}

func newDescribe(d *deployment) *cobra.Command {
	c := describeCommand{deployment: d}
	command := &cobra.Command{
		Use:   "describe",
		Short: "Describe the deployed stack and its function",
		Long: `Describe prints the deployed stack, its function and its outputs. Of the
function's environment it prints the names of the variables, because their values
can be secret.

With --podpac, it prints the settings by which PODPAC's client finds the function: lines of
Python, or with --json an object for the client's settings.json. They contain the hash that
permits code, if the function runs code of callers.`,
		Example: `  defog describe -c app_name=podpac
  defog describe --json | jq -r .function.log_group
  defog describe -c app_name=podpac --podpac
  defog describe -c app_name=podpac --podpac --json > settings.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.podpac {
				return c.runPodpac(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			return c.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	command.Flags().BoolVar(&c.json, "json", false, "print JSON, on one line")
	command.Flags().BoolVar(&c.podpac, "podpac", false, "print the settings of PODPAC's client")
	return command
}

// description is the output of describe.
type description struct {
	Stack    client.Stack    `json:"stack"`
	Function client.Function `json:"function"`
}

func (c *describeCommand) run(ctx context.Context, stdout io.Writer) error {
	cfg, stack, err := c.stack(ctx)
	if err != nil {
		return err
	}
	function, err := client.ReadFunction(ctx, cfg, stack)
	if err != nil {
		return err
	}
	if function.Aliases, err = client.Aliases(ctx, cfg, function.Name); err != nil {
		return err
	}
	described := description{Stack: stack, Function: function}
	if c.json {
		text, err := json.Marshal(described)
		if err != nil {
			return fmt.Errorf("encode the description: %w", err)
		}
		_, err = fmt.Fprintln(stdout, terminal.JSON(text))
		return err
	}
	return described.print(stdout)
}

func (d description) print(stdout io.Writer) error {
	f := d.Function
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	line := func(key, value string) { fmt.Fprintf(table, "%s\t%s\n", terminal.Line(key), terminal.Line(value)) }
	line("stack", fmt.Sprintf("%s (%s, deployed %s)", d.Stack.Name, d.Stack.Status, d.Stack.Changed.Local().Format(time.DateTime)))
	line("account", fmt.Sprintf("%s, region %s", d.Stack.Account, d.Stack.Region))
	line("function", f.Name)
	line("state", strings.TrimSpace(f.State+" "+f.Reason))
	line("runtime", fmt.Sprintf("%s on %s, %s", f.Handler, f.Runtime, f.Architecture))
	line("limits", fmt.Sprintf("%d MB of memory, %d s, %d MB of /tmp", f.MemoryMB, f.TimeoutS, f.StorageMB))
	line("code", fmt.Sprintf("%.1f MB, SHA-256 %s", float64(f.CodeBytes)/1e6, f.CodeSHA256))
	line("snapshots", f.SnapStart)
	line("aliases", strings.Join(f.Aliases, " "))
	line("role", f.Role)
	line("log group", f.LogGroup)
	line("environment", strings.Join(f.Environment, " "))
	for _, output := range d.Stack.Outputs {
		line(output.Key, output.Value)
	}
	return table.Flush()
}
