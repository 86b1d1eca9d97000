package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/config/migrate"
)

// defaultConnection is where connection_file is looked for by default.
const defaultConnection = "~/.defog/connection.json"

func newMigrate() *cobra.Command {
	var connectionFile string
	command := &cobra.Command{
		Use:   "migrate path",
		Short: "Turn a Chalice or PODPAC configuration into settings",
		Long: `Migrate reads Chalice's .chalice/config.json or PODPAC's settings.json and prints
what to put into the context of cdk.json. Each key that moved, changed its
meaning or has no equivalent is named on standard error.

The credentials that an old function's environment held (DEFOG_CREDS_64) go into
a new connection file that only you may read. They are never printed, and a
file that is there already is never changed.`,
		Example: `  defog migrate .chalice/config.json
  defog migrate ~/.config/podpac/settings.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return migrateFile(args[0], connectionFile, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	command.Flags().StringVar(&connectionFile, "connection", defaultConnection, "the connection `file` to create for credentials that are found")
	return command
}

func migrateFile(path, connectionFile string, stdout, stderr io.Writer) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the old configuration: %w", err)
	}
	result, err := migrate.Read(path, data)
	if err != nil {
		return err
	}
	notes, err := createConnections(result, connectionFile)
	if err != nil {
		return err
	}
	for _, note := range append(result.Notes, notes...) {
		fmt.Fprintln(stderr, terminal.Line(note))
	}
	text, err := json.MarshalIndent(map[string]any{"defog": result.Settings}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the settings: %w", err)
	}
	fmt.Fprintln(stdout, terminal.Text(string(text)))
	return nil
}

// createConnections writes the connections that were found. The first gets the
// file itself; that of another stage, if it is another, one beside it.
func createConnections(result migrate.Result, file string) (notes []string, err error) {
	home, err := os.UserHomeDir()
	if err != nil && strings.HasPrefix(file, "~/") {
		return nil, fmt.Errorf("find the home directory for %s: %w", file, err)
	}
	written := map[string]string{} // by content
	for _, stage := range slices.Sorted(maps.Keys(result.Connections)) {
		conn := result.Connections[stage]
		content, err := conn.Encode()
		if err != nil {
			return nil, err
		}
		name, known := written[content]
		if !known {
			name = file
			if len(written) > 0 {
				name = strings.TrimSuffix(file, filepath.Ext(file)) + "-" + stage + filepath.Ext(file)
			}
			written[content] = name
			path := strings.Replace(name, "~", home, 1)
			created, err := conn.Create(path)
			if err != nil {
				return nil, fmt.Errorf("%w; name another with --connection", err)
			}
			notes = append(notes, fmt.Sprintf("%s: %s", path, map[bool]string{
				true:  "created, with the credentials that were in DEFOG_CREDS_64; remove them from the old file",
				false: "is there already, with the same credentials",
			}[created]))
		}
		if name != defaultConnection {
			result.Level(stage)["connection_file"] = name
		}
	}
	return notes, nil
}
