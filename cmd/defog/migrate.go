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

// defaultConnection is the default of connection_file.
const defaultConnection = "~/.defog/connection.json"

func newMigrate() *cobra.Command {
	var connectionFile string
	command := &cobra.Command{
		Use:   "migrate path",
		Short: "Convert a Chalice or PODPAC configuration to settings",
		Long: `Migrate reads Chalice's .chalice/config.json or PODPAC's settings.json and prints
the settings for the context of cdk.json. On standard error it names each key that
has another name or meaning now, and each key without an equivalent.

It writes the credentials of the old function's environment (DEFOG_CREDS_64) to a
new connection file that only you can read. It never prints them, and never changes
an existing file.`,
		Example: `  defog migrate .chalice/config.json
  defog migrate ~/.config/podpac/settings.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return migrateFile(args[0], connectionFile, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	command.Flags().StringVar(&connectionFile, "connection", defaultConnection, "the connection `file` to create for the credentials")
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

// createConnections writes the connections to files. The first connection gets
// the file's name; each other connection gets a file beside it, named after its
// stage.
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
				return nil, fmt.Errorf("%w; or name another file with --connection", err)
			}
			notes = append(notes, fmt.Sprintf("%s: %s", path, map[bool]string{
				true:  "created, with the credentials of DEFOG_CREDS_64; remove them from the old file",
				false: "exists, with the same credentials",
			}[created]))
		}
		if name != defaultConnection {
			result.Level(stage)["connection_file"] = name
		}
	}
	return notes, nil
}
