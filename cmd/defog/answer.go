package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/terminal"
)

// answerCommand holds the flags of answer.
type answerCommand struct {
	*deployment
	url, auth    string
	json, cancel bool
	timeout      time.Duration
}

func newAnswer(d *deployment) *cobra.Command {
	a := answerCommand{deployment: d}
	command := &cobra.Command{
		Use:   "answer ID",
		Short: "Print the answer to a long question",
		Long: `Answer waits for the answer to a question of ask --async, and prints the SQL and the
rows. Ctrl-C leaves the question running; --cancel ends it, in the database too.

Only the caller that asked can read the answer, and for a day.

The exit code is 0 if the function answered the question, otherwise 1.`,
		Example: `  defog answer -c app_name=defog QCBWWVTTEZTSSK5TRUTTPSF6XR
  defog answer --cancel QCBWWVTTEZTSSK5TRUTTPSF6XR`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	addAPIFlags(flags, &a.url, &a.auth)
	flags.BoolVar(&a.json, "json", false, "print the answer as JSON, on one line")
	flags.BoolVar(&a.cancel, "cancel", false, "cancel the question")
	flags.DurationVar(&a.timeout, "timeout", 0, "the timeout for the answer (default: none)")
	return command
}

func (a *answerCommand) run(ctx context.Context, id string, stdout, stderr io.Writer) error {
	cfg, err := a.session(ctx)
	if err != nil {
		return err
	}
	api, err := a.api(ctx, cfg, a.url, a.auth)
	if err != nil {
		return err
	}
	long := client.Long(cfg, api, id)
	if a.cancel {
		return cancelLong(ctx, long, stderr)
	}
	answer, err := follow(ctx, long, a.timeout, stderr)
	if err != nil {
		return err
	}
	return answer.Print(stdout, a.json)
}

// cancelLong cancels a question. A question that has an answer already is an error.
func cancelLong(ctx context.Context, long client.LongQuestion, stderr io.Writer) error {
	answer, err := long.Cancel(ctx)
	switch {
	case err != nil:
		return err
	case answer == nil || answer.State == "cancelled":
		fmt.Fprintln(stderr, "cancelled")
		return nil
	case answer.State != "":
		return fmt.Errorf("the question has ended before: %s", answer.State)
	default:
		return errors.New(answer.Error)
	}
}

// follow waits for the answer and shows the progress. A timeout of 0 is none.
func follow(ctx context.Context, long client.LongQuestion, timeout time.Duration, stderr io.Writer) (*client.Answer, error) {
	limited, cancel := ctx, func() {}
	if timeout > 0 {
		limited, cancel = context.WithTimeout(ctx, timeout)
	}
	defer cancel()
	last := client.Pending{}
	answer, err := long.Follow(limited, func(pending client.Pending) {
		if pending.Status != last.Status || pending.SQL != last.SQL {
			fmt.Fprintf(stderr, "%5.1f s  %s\n", pending.Seconds, terminal.Text(pending.Description()))
		}
		last = pending
	})
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("interrupted; the question runs on: defog answer %s", long.ID)
	case limited.Err() != nil:
		return nil, fmt.Errorf("no answer within %s (--timeout); the question runs on: defog answer %s", timeout, long.ID)
	}
	return answer, err
}
