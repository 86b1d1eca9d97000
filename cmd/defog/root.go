package main

import (
	"runtime"

	"github.com/spf13/cobra"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "defog",
		Short:         "Operate a query function or a custom function on AWS",
		SilenceErrors: true, // run prints them
		SilenceUsage:  true,
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(flagError)
	var d deployment
	d.addFlags(root.PersistentFlags())
	root.AddCommand(newAnswer(&d), newAsk(&d), newConsole(&d), newDelete(&d), newDescribe(&d), newDiff(), newDoctor(&d), newDrift(&d), newEval(&d), newEvaluate(&d), newFeedbackCommand(&d), newGolden(&d), newInit(&d), newLogs(&d), newMCP(&d), newMigrate(),
		newPack(), newReview(&d), newRunApp(), newSchema(&d), newSecret(&d), newSettings(&d), newSmoke(&d), newUpload(&d), newVersion())
	requirePOSIX(root, runtime.GOOS)
	explainArguments(root)
	return root
}
