package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/terminal"
)

// askCommand holds the flags of ask.
type askCommand struct {
	*deployment
	url, auth   string
	function    string
	hardFilters string
	json        bool
	async       bool
	detach      bool
	timeout     time.Duration
}

func newAsk(d *deployment) *cobra.Command {
	a := askCommand{deployment: d}
	command := &cobra.Command{
		Use:   "ask question",
		Short: "Ask a deployed query function a question",
		Long: `Ask sends a question to a deployed query function and prints the SQL and the rows.

It finds the function's API by the name of the deployed stack, ‹app_name›-‹stage›.
If the API requires that, it signs the request with your AWS credentials, or sends
the token in DEFOG_TOKEN.

With --async, the question may take longer than the API's 30 s, if the stack has the
setting async_questions. The progress is on standard error. Ctrl-C cancels the
question, in the database too. --detach leaves it and prints its id, for defog answer.

The exit code is 0 if the function answered the question, otherwise 1.`,
		Example: `  defog ask -c app_name=defog "Who are our best customers?"
  defog ask --json "Who are our best customers?" | jq .data
  defog ask --async "What did each customer buy in ten years?"`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			question := strings.Join(args, " ")
			if a.async || a.detach {
				if a.function != "" {
					return errors.New("--function: not used with --async or --detach, which need the API; want one of them")
				}
				if !cmd.Flags().Changed("timeout") {
					a.timeout = 0 // the function ends the question
				}
				return a.runLong(cmd.Context(), question, cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			return a.run(cmd.Context(), question, cmd.OutOrStdout())
		},
	}
	flags := command.Flags()
	addAPIFlags(flags, &a.url, &a.auth)
	flags.StringVar(&a.function, "function", "", functionUsage)
	flags.StringVar(&a.hardFilters, "hard-filters", "", "conditions that the SQL must keep, as text or JSON")
	flags.BoolVar(&a.json, "json", false, "print the answer as JSON, on one line")
	flags.BoolVar(&a.async, "async", false, "ask a long question, and wait for its answer")
	flags.BoolVar(&a.detach, "detach", false, "ask a long question, and print its id only")
	flags.DurationVar(&a.timeout, "timeout", 45*time.Second, "the timeout for the answer; with --async there is none by default")
	return command
}

// functionUsage describes the flag --function.
const functionUsage = "the `name` or ARN of a query function to invoke without its API, which needs lambda:InvokeFunction"

func (a *askCommand) run(ctx context.Context, question string, stdout io.Writer) error {
	answer, err := withTimeout(ctx, a.timeout, func(ctx context.Context) (*client.Answer, error) {
		cfg, err := a.session(ctx)
		if err != nil {
			return nil, err
		}
		api, err := a.target(ctx, cfg, a.url, a.auth, a.function)
		if err != nil {
			return nil, err
		}
		return client.Ask(ctx, cfg, api, client.Question{Question: question, HardFilters: jsonOrText(a.hardFilters)})
	})
	if err != nil {
		return err
	}
	return answer.Print(stdout, a.json)
}

// cancelTime is the timeout for cancelling a question after an interrupt.
const cancelTime = 10 * time.Second

// runLong asks a long question. An interrupt cancels it.
func (a *askCommand) runLong(ctx context.Context, question string, stdout, stderr io.Writer) error {
	cfg, err := a.session(ctx)
	if err != nil {
		return err
	}
	api, err := a.api(ctx, cfg, a.url, a.auth)
	if err != nil {
		return err
	}
	content, err := json.Marshal(client.Question{Question: question, HardFilters: jsonOrText(a.hardFilters)})
	if err != nil {
		return fmt.Errorf("encode the question: %w", err)
	}
	long, answer, err := client.AskLong(ctx, cfg, api, content)
	switch {
	case err != nil:
		return err
	case answer != nil:
		return answer.Print(stdout, a.json)
	case a.detach:
		fmt.Fprintln(stdout, long.ID)
		return nil
	}
	fmt.Fprintf(stderr, "Question %s; Ctrl-C cancels it.\n", long.ID)
	answer, err = follow(ctx, long, a.timeout, stderr)
	if ctx.Err() != nil {
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
		defer stop()
		if err := cancelLong(ctx, long, stderr); err != nil {
			return fmt.Errorf("interrupted, and the question may run on: %w", err)
		}
		return errors.New("interrupted")
	}
	if err != nil {
		return err
	}
	return answer.Print(stdout, a.json)
}

// withTimeout runs ask within a time, and replaces the errors of an end that
// came too early.
func withTimeout(ctx context.Context, timeout time.Duration, ask func(context.Context) (*client.Answer, error)) (*client.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answer, err := ask(ctx)
	switch {
	case err == nil:
		return answer, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("no answer within %s (--timeout)", timeout)
	case ctx.Err() != nil:
		return nil, errors.New("interrupted")
	}
	return nil, err
}

// jsonOrText returns text as JSON: valid JSON unchanged, other text as a JSON
// string, and nil for no text.
func jsonOrText(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return terminal.Quote(text)
}
