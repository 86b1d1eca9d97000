package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/internal/history"
)

// feedbackCommand holds the flags of feedback.
type feedbackCommand struct {
	*deployment
	url, auth    string
	right, wrong bool
	sql, comment string
}

func newFeedbackCommand(d *deployment) *cobra.Command {
	f := feedbackCommand{deployment: d}
	command := &cobra.Command{
		Use:   "feedback REQUEST-ID",
		Short: "Judge an answer of yours",
		Long: `Feedback stores whether an answer is right, and for a wrong one the SQL that answers
the question. The request id is request_id in the answer (ask --json).

The stack needs the setting history=true. Only the caller that asked can judge the
answer, for 7 days. The last verdict counts.`,
		Example: `  defog feedback -c app_name=defog --right QCBWWVTTEZTSSK5TRUTTPSF6XR
  defog feedback --wrong --sql "SELECT count(*) FROM customers" QCBWWVTTEZTSSK5TRUTTPSF6XR`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], cmd.OutOrStdout())
		},
	}
	flags := command.Flags()
	addAPIFlags(flags, &f.url, &f.auth)
	flags.BoolVar(&f.right, "right", false, "the answer is right")
	flags.BoolVar(&f.wrong, "wrong", false, "the answer is wrong")
	flags.StringVar(&f.sql, "sql", "", "with --wrong: the `SQL` that answers the question")
	flags.StringVar(&f.comment, "comment", "", "a `text` for the operator")
	command.MarkFlagsOneRequired("right", "wrong")
	command.MarkFlagsMutuallyExclusive("right", "wrong")
	command.MarkFlagsMutuallyExclusive("right", "sql")
	return command
}

func (f *feedbackCommand) run(ctx context.Context, id string, stdout io.Writer) error {
	if !f.right && !f.wrong {
		return errors.New("--right, --wrong: both are false; want one of them")
	}
	if !history.IsID(id) {
		return errors.New("REQUEST-ID: invalid; want the request_id of an answer")
	}
	cfg, err := f.session(ctx)
	if err != nil {
		return err
	}
	api, err := f.api(ctx, cfg, f.url, f.auth)
	if err != nil {
		return err
	}
	feedback := client.Feedback{RequestID: id, Verdict: history.Wrong, SQL: f.sql, Comment: f.comment}
	if f.right {
		feedback.Verdict = history.Right
	}
	if err := client.Rate(ctx, cfg, api, feedback); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "stored: %s\n", feedback.Verdict)
	return nil
}
