package fanout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"defog-cdk/cmd/defog/session"
)

// Progress is what one look at a run found. It comes from the map run's counts, so that
// a look costs the same for any number of items.
type Progress struct {
	At      time.Time
	Started time.Time // of the attempt; zero before its first item
	Total   int       // items of the run
	Before  int       // items that were done before the attempt
	Done    int       // items of the attempt that succeeded
	Failed  int
	Stopped int // by a cancel, or because too many failed
	Running int
}

// Left returns the number of items that have not ended.
func (p Progress) Left() int { return max(0, p.Total-p.Before-p.Done-p.Failed-p.Stopped) }

// Outcome is the end of an execution.
type Outcome struct {
	Status       types.ExecutionStatus
	Error, Cause string
}

// Follow observes an attempt until it ends. The run goes on if the context ends.
func (c *Client) Follow(ctx context.Context, attempt Attempt, observe func(Progress)) (Outcome, error) {
	var arn string
	progress := Progress{Total: attempt.Run.Items, Before: attempt.Run.Items - attempt.Items}
	for {
		// The execution comes first: the counts of one that has ended are final.
		execution, err := c.describe(ctx, attempt)
		if err != nil {
			return Outcome{}, err
		}
		if execution == nil {
			return Outcome{}, fmt.Errorf("execution %s does not exist", attempt.name())
		}
		if arn == "" {
			if arn, err = c.mapRun(ctx, attempt); err != nil {
				return Outcome{}, err
			}
		}
		progress.At = time.Now()
		if arn != "" {
			if err := c.count(ctx, arn, &progress); err != nil {
				return Outcome{}, err
			}
		}
		observe(progress)
		if execution.Status != types.ExecutionStatusRunning {
			return Outcome{execution.Status, aws.ToString(execution.Error), aws.ToString(execution.Cause)}, nil
		}
		if err := c.pause(ctx); err != nil {
			return Outcome{}, err
		}
	}
}

// count reads the counts of a map run.
func (c *Client) count(ctx context.Context, arn string, progress *Progress) error {
	found, err := c.sfn.DescribeMapRun(ctx, &sfn.DescribeMapRunInput{MapRunArn: &arn})
	if _, missing := errors.AsType[*types.ResourceNotFound](err); missing {
		return nil
	}
	if err != nil {
		return session.Failure("read map run "+arn, err)
	}
	progress.Started = aws.ToTime(found.StartDate)
	if counts := found.ItemCounts; counts != nil {
		progress.Done, progress.Running = int(counts.Succeeded), int(counts.Running)
		progress.Failed, progress.Stopped = int(counts.Failed+counts.TimedOut), int(counts.Aborted)
	}
	return nil
}
