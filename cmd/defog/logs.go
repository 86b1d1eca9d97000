package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/spf13/cobra"
)

// logsCommand is the subcommand's flags.
type logsCommand struct {
	*common
	since   time.Duration
	request string
	follow  bool
	raw     bool

	every time.Duration // how often to look for what is new
}

func newLogs(common *common) *cobra.Command {
	l := logsCommand{common: common, every: 2 * time.Second}
	command := &cobra.Command{
		Use:   "logs",
		Short: "Show the function's log",
		Long: `Logs shows what the deployed function has logged, one line an event: the time,
and of JSON the level, the message and the other fields.

With --request it shows all lines of one request, by the id that answers and
errors carry.`,
		Example: `  defog logs -c app_name=podpac --since 1h
  defog logs --follow
  defog logs --request 8f507cfc-xmpl-4697-b07a-ac58fc914c95`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return l.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := command.Flags()
	flags.DurationVar(&l.since, "since", 10*time.Minute, "how far back to look; with --request, a day")
	flags.StringVar(&l.request, "request", "", "show the lines of the request with this `id`")
	flags.BoolVarP(&l.follow, "follow", "f", false, "go on showing what is logged, until interrupted")
	flags.BoolVar(&l.raw, "raw", false, "print events as they were logged")
	command.MarkFlagsMutuallyExclusive("request", "follow")
	command.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if l.request != "" && !cmd.Flags().Changed("since") {
			l.since = 24 * time.Hour
		}
		if l.since <= 0 {
			return fmt.Errorf("--since: %s is not a time that has passed; valid: as 30m, 24h", l.since)
		}
		return nil
	}
	return command
}

func (l *logsCommand) run(ctx context.Context, stdout io.Writer) error {
	cfg, stack, err := l.deployed(ctx)
	if err != nil {
		return err
	}
	configuration, err := function(ctx, cfg, stack)
	if err != nil {
		return err
	}
	log := functionLog{client: cloudwatchlogs.NewFromConfig(cfg), group: logGroup(configuration)}
	since := time.Now().Add(-l.since)
	switch {
	case l.request != "":
		return l.showRequest(ctx, log, since, stdout)
	case l.follow:
		return l.showAll(ctx, log, since, stdout)
	}
	events, err := log.read(ctx, since, time.Time{}, nil)
	if err != nil {
		return err
	}
	l.print(stdout, events)
	if len(events) == 0 {
		fmt.Fprintf(stdout, "Nothing was logged in the last %s (--since).\n", l.since)
	}
	return nil
}

func (l *logsCommand) showRequest(ctx context.Context, log functionLog, since time.Time, stdout io.Writer) error {
	events, err := log.request(ctx, l.request, since)
	if err != nil {
		return err
	}
	if len(events) == 0 {
		return fmt.Errorf("--request: there is no request %s in log group %s within %s (--since); lines take some seconds to get there",
			l.request, log.group, l.since)
	}
	l.print(stdout, events)
	return nil
}

// showAll prints events as they come. Events can come late, so it looks back a
// little and leaves out what it has shown.
func (l *logsCommand) showAll(ctx context.Context, log functionLog, since time.Time, stdout io.Writer) error {
	const late = 30 * time.Second
	shown := map[string]time.Time{}
	for {
		events, err := log.read(ctx, since, time.Time{}, nil)
		if err == nil {
			events = slices.DeleteFunc(events, func(e types.FilteredLogEvent) bool { return !shown[identity(e)].IsZero() })
			l.print(stdout, events)
			for _, e := range events {
				shown[identity(e)] = moment(e)
				if begin := moment(e).Add(-late); begin.After(since) {
					since = begin
				}
			}
			for id, at := range shown {
				if at.Before(since) {
					delete(shown, id)
				}
			}
			err = pause(ctx, l.every)
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil // as asked for
		}
		if err != nil {
			return err
		}
	}
}

func (l *logsCommand) print(stdout io.Writer, events []types.FilteredLogEvent) {
	for _, e := range events {
		fmt.Fprintln(stdout, logLine(e, l.raw))
	}
}

// identity tells an event from others.
func identity(e types.FilteredLogEvent) string {
	if id := aws.ToString(e.EventId); id != "" {
		return id
	}
	return fmt.Sprint(aws.ToString(e.LogStreamName), aws.ToInt64(e.Timestamp), aws.ToInt64(e.IngestionTime), aws.ToString(e.Message))
}

func moment(e types.FilteredLogEvent) time.Time { return time.UnixMilli(aws.ToInt64(e.Timestamp)) }

// functionLog reads a function's log group.
type functionLog struct {
	client *cloudwatchlogs.Client
	group  string
}

// read returns the events from since to until (the zero time is now), the
// oldest first; of all streams if none is named. A function that has not logged
// yet may have no group.
func (f functionLog) read(ctx context.Context, since, until time.Time, pattern *string, streams ...string) ([]types.FilteredLogEvent, error) {
	query := cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &f.group, StartTime: aws.Int64(since.UnixMilli()), FilterPattern: pattern, LogStreamNames: streams,
	}
	if !until.IsZero() {
		query.EndTime = aws.Int64(until.UnixMilli())
	}
	var events []types.FilteredLogEvent
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(f.client, &query)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if _, ok := errors.AsType[*types.ResourceNotFoundException](err); ok {
			return nil, fmt.Errorf("there is no log group %s: it was deleted, or the function has never run", f.group)
		}
		if err != nil {
			return nil, refusal("read log group "+f.group, err)
		}
		events = append(events, page.Events...)
	}
	slices.SortStableFunc(events, func(a, b types.FilteredLogEvent) int { return moment(a).Compare(moment(b)) })
	return events, nil
}

// request returns the events of one request. Not every line carries its id,
// but a sandbox, which has one stream, does one request at a time: all between
// the first and the last line with the id belong to it.
func (f functionLog) request(ctx context.Context, id string, since time.Time) ([]types.FilteredLogEvent, error) {
	marked, err := f.read(ctx, since, time.Time{}, aws.String(`"`+id+`"`))
	if err != nil || len(marked) == 0 {
		return nil, err
	}
	var streams []string
	for _, e := range marked {
		if name := aws.ToString(e.LogStreamName); !slices.Contains(streams, name) {
			streams = append(streams, name)
		}
	}
	var events []types.FilteredLogEvent
	for _, stream := range streams { // more than one after a retry
		of := slices.DeleteFunc(slices.Clone(marked), func(e types.FilteredLogEvent) bool { return aws.ToString(e.LogStreamName) != stream })
		between, err := f.read(ctx, moment(of[0]), moment(of[len(of)-1]).Add(time.Millisecond), nil, stream)
		if err != nil {
			return nil, err
		}
		events = append(events, between...)
	}
	return events, nil
}
