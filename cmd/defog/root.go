package main

import (
	"github.com/spf13/cobra"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "defog",
		Short:         "Work with a query function on AWS",
		SilenceErrors: true, // main prints them
		SilenceUsage:  true,
	}
	var common common
	common.addFlags(root.PersistentFlags())
	root.AddCommand(newAsk(&common), newDoctor(&common), newSettings(&common), newMigrate(), newSchema(&common),
		newDescribe(&common), newLogs(&common), newEval(&common), newDelete(&common), newDiff(), newReview(&common), newRunApp(),
		newSecret(&common), newSmoke(&common))
	root.AddCommand(newPack(), newUpload(&common))
	return root
}
