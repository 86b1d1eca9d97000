package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"defog-cdk/internal/release"
)

func newVersion() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Long: `Version prints the version, the commit, the Go release and the platform of this
program. A stack's output Version and the field version of its logs name the
version that is deployed.

go run records no commit; go build does.`,
		Example: `  defog version
  defog version --json | jq -r .version`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			return newProvenance(info).print(cmd.OutOrStdout(), asJSON)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print the version as JSON, on one line")
	return command
}

// provenance describes this program. Commit and Time are "" without a record of the
// commit.
type provenance struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"time,omitempty"`     // of the commit
	Modified bool   `json:"modified,omitempty"` // since the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newProvenance(info *debug.BuildInfo) provenance {
	b := provenance{Version: release.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info == nil {
		return b
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.time":
			b.Time = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}

func (b provenance) print(stdout io.Writer, asJSON bool) error {
	if asJSON {
		text, err := json.Marshal(b)
		if err != nil {
			return fmt.Errorf("encode the version: %w", err)
		}
		_, err = fmt.Fprintln(stdout, string(text))
		return err
	}
	commit := "unknown"
	if b.Commit != "" {
		commit = b.Commit + " of " + b.Time
	}
	if b.Modified {
		commit += ", with changes"
	}
	_, err := fmt.Fprintf(stdout, "defog %s\ncommit %s\n%s %s\n", b.Version, commit, b.Go, b.Platform)
	return err
}
