// Package logs reads and formats a function's log in CloudWatch.
package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"defog-cdk/cmd/defog/session"
)

const (
	// pollInterval is the time between two reads of Follow.
	pollInterval = 2 * time.Second

	// lateness is how far Follow reads back, because CloudWatch can deliver events
	// out of order.
	lateness = 30 * time.Second
)

// Event is one event of a log.
type Event struct {
	id      string
	stream  string
	time    time.Time
	message string
}

// Group reads one log group.
type Group struct {
	client *cloudwatchlogs.Client
	name   string
	every  time.Duration
}

// NewGroup returns the log group of a name.
func NewGroup(cfg aws.Config, name string) Group {
	return Group{client: cloudwatchlogs.NewFromConfig(cfg), name: name, every: pollInterval}
}

// Since returns the events since a time, the oldest first.
func (g Group) Since(ctx context.Context, since time.Time) ([]Event, error) {
	return g.read(ctx, since, time.Time{}, nil)
}

// Containing returns the messages with a text since a time, the oldest first. The text
// has neither quotes nor backslashes.
func (g Group) Containing(ctx context.Context, text string, since time.Time) ([]string, error) {
	events, err := g.read(ctx, since, time.Time{}, aws.String(`"`+text+`"`))
	messages := make([]string, len(events))
	for i, e := range events {
		messages[i] = e.message
	}
	return messages, err
}

// read returns the events from since to until (the zero time is now), the oldest
// first, of all streams if none is named. A function that has not logged may have
// no group.
func (g Group) read(ctx context.Context, since, until time.Time, pattern *string, streams ...string) ([]Event, error) {
	query := cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &g.name, StartTime: aws.Int64(since.UnixMilli()), FilterPattern: pattern, LogStreamNames: streams,
	}
	if !until.IsZero() {
		query.EndTime = aws.Int64(until.UnixMilli())
	}
	var events []Event
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(g.client, &query)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if _, ok := errors.AsType[*types.ResourceNotFoundException](err); ok {
			return nil, fmt.Errorf("log group %s does not exist; the function has never run, or the group was deleted", g.name)
		}
		if err != nil {
			return nil, session.Failure("read log group "+g.name, err)
		}
		for _, e := range page.Events {
			events = append(events, newEvent(e))
		}
	}
	slices.SortStableFunc(events, func(a, b Event) int { return a.time.Compare(b.time) })
	return events, nil
}

func newEvent(e types.FilteredLogEvent) Event {
	event := Event{
		id: aws.ToString(e.EventId), stream: aws.ToString(e.LogStreamName),
		time: time.UnixMilli(aws.ToInt64(e.Timestamp)), message: aws.ToString(e.Message),
	}
	if event.id == "" {
		event.id = fmt.Sprint(event.stream, event.time.UnixMilli(), aws.ToInt64(e.IngestionTime), event.message)
	}
	return event
}

// Request returns the events of one request. Not every line carries the request's
// id. A sandbox has one stream and handles one request at a time. So all lines between
// the first and the last one with the id belong to the request.
func (g Group) Request(ctx context.Context, id string, since time.Time) ([]Event, error) {
	marked, err := g.read(ctx, since, time.Time{}, aws.String(`"`+id+`"`))
	if err != nil {
		return nil, err
	}
	type span struct{ first, last time.Time }
	spans := map[string]span{}
	var streams []string // more than one after a retry
	for _, e := range marked {
		known, ok := spans[e.stream]
		if !ok {
			streams = append(streams, e.stream)
			known.first = e.time
		}
		known.last = e.time
		spans[e.stream] = known
	}
	var events []Event
	for _, stream := range streams {
		between, err := g.read(ctx, spans[stream].first, spans[stream].last.Add(time.Millisecond), nil, stream)
		if err != nil {
			return nil, err
		}
		events = append(events, between...)
	}
	return events, nil
}

// Follow passes events to show as they arrive, each once, until ctx ends.
func (g Group) Follow(ctx context.Context, since time.Time, show func([]Event)) error {
	shown := map[string]time.Time{}
	for {
		events, err := g.Since(ctx, since)
		if err != nil {
			return err
		}
		events = slices.DeleteFunc(events, func(e Event) bool { return !shown[e.id].IsZero() })
		show(events)
		for _, e := range events {
			shown[e.id] = e.time
			if begin := e.time.Add(-lateness); begin.After(since) {
				since = begin
			}
		}
		for id, at := range shown {
			if at.Before(since) {
				delete(shown, id)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(g.every):
		}
	}
}
