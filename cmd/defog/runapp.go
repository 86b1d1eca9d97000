package main

import (
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/cdk"
)

func newRunApp() *cobra.Command {
	return &cobra.Command{
		Use:                cdk.RunAppCommand + " socket command",
		Short:              "Run the CDK app for defog diff",
		Hidden:             true,
		DisableFlagParsing: true,
		Args:               cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return cdk.RunApp(cmd.Context(), args[0], args[1])
		},
	}
}
