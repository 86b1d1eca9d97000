package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
)

// posixCommands run the CDK app or write file modes.
var posixCommands = []string{"delete", "diff", "pack", "review"}

// requirePOSIX makes the subcommands that need a POSIX system fail on Windows, before
// they do anything.
func requirePOSIX(root *cobra.Command, system string) {
	for _, command := range root.Commands() {
		if system == "windows" && slices.Contains(posixCommands, command.Name()) {
			command.RunE = func(cmd *cobra.Command, _ []string) error {
				return fmt.Errorf("%s: is not supported on Windows itself; want defog in WSL 2, where the CDK app runs", cmd.Name())
			}
		}
	}
}
