package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/logs"
	"defog-cdk/cmd/defog/terminal"
)

// logsCommand holds the flags of logs.
type logsCommand struct {
	*deployment
	since   time.Duration
	request string
	follow  bool
	raw     bool
}

func newLogs(d *deployment) *cobra.Command {
	l := logsCommand{deployment: d}
	command := &cobra.Command{
		Use:   "logs",
		Short: "Print the function's log",
		Long: `Logs prints the log of the deployed function, one line an event: the time and the
text. Of a JSON event it prints the level, the message and the other fields.

With --request it prints all lines of one request. Answers and errors carry the
request's id.`,
		Example: `  defog logs -c app_name=podpac --since 1h
  defog logs --follow
  defog logs --request 8f507cfc-xmpl-4697-b07a-ac58fc914c95`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return l.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := command.Flags()
	flags.DurationVar(&l.since, "since", 10*time.Minute, "the age of the oldest event; with --request, the default is a day")
	flags.StringVar(&l.request, "request", "", "print the lines of the request with this `id`")
	flags.BoolVarP(&l.follow, "follow", "f", false, "print new events until interrupted")
	flags.BoolVar(&l.raw, "raw", false, "print events unchanged")
	command.MarkFlagsMutuallyExclusive("request", "follow")
	command.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if l.request != "" && !cmd.Flags().Changed("since") {
			l.since = 24 * time.Hour
		}
		if l.since <= 0 {
			return fmt.Errorf("--since: %s is not positive; want a duration such as 30m or 24h", l.since)
		}
		return nil
	}
	return command
}

func (l *logsCommand) run(ctx context.Context, stdout io.Writer) error {
	cfg, stack, err := l.stack(ctx)
	if err != nil {
		return err
	}
	function, err := client.ReadFunction(ctx, cfg, stack)
	if err != nil {
		return err
	}
	group := logs.NewGroup(cfg, function.LogGroup)
	since := time.Now().Add(-l.since)
	show := func(events []logs.Event) {
		for _, e := range events {
			fmt.Fprintln(stdout, e.Line(l.raw))
		}
	}
	if l.follow {
		err := group.Follow(ctx, since, show)
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil // Ctrl-C ends --follow
		}
		return err
	}
	var events []logs.Event
	if l.request != "" {
		events, err = group.Request(ctx, l.request, since)
	} else {
		events, err = group.Since(ctx, since)
	}
	if err != nil {
		return err
	}
	show(events)
	switch {
	case len(events) > 0:
		// The query function logs one line a request, unless it does not start.
		if l.request == "" && stack.Output("QueryUrl") != "" && !slices.ContainsFunc(events, logs.Event.FromFunction) {
			if failure := client.StartFailure(ctx, cfg, function.Name, stack.Output(client.AliasOutput)); failure != "" {
				fmt.Fprintln(stdout, "The function does not start: "+terminal.Text(failure))
			}
		}
		return nil
	case l.request != "":
		return fmt.Errorf("--request: log group %s has no request %s of the last %s (--since); CloudWatch delivers lines after some seconds",
			function.LogGroup, l.request, l.since)
	}
	fmt.Fprintf(stdout, "The function logged nothing in the last %s (--since).\n", l.since)
	return nil
}
