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

// States that a resume finds a run in.
const (
	Running   = "running"   // its execution goes on
	Restarted = "restarted" // a new execution has the items that were missing
	Complete  = "complete"  // every item is done
)

// Resume takes a run up again: it starts what is not done, unless an execution goes on.
// change sets new options; a running execution keeps its own. check returns an error for
// a run that may not start again. Several clients that resume a run at once start one
// execution.
func (c *Client) Resume(ctx context.Context, name string, change func(*Options), check func(context.Context, Run) error) (attempt Attempt, state string, err error) {
	run, err := c.ReadRun(ctx, name)
	if err != nil {
		return Attempt{}, "", err
	}
	change(&run.Options)
	if err := run.Validate(); err != nil {
		return Attempt{}, "", err
	}
	for {
		attempt, state, err = c.resumeLatest(ctx, run, check)
		if !errors.Is(err, errExists) {
			return attempt, state, err
		}
		// Another client has written the items of a newer attempt.
	}
}

// resumeLatest starts or follows the newest attempt, or makes the next one. It returns
// errExists if another client has made that.
func (c *Client) resumeLatest(ctx context.Context, run Run, check func(context.Context, Run) error) (Attempt, string, error) {
	attempt, err := c.latest(ctx, run)
	if err != nil {
		return attempt, "", err
	}
	execution, err := c.describe(ctx, attempt)
	if err != nil {
		return attempt, "", err
	}
	if execution != nil && execution.Status == types.ExecutionStatusRunning {
		return attempt, Running, nil
	}
	if execution != nil {
		if err := c.settle(ctx, attempt); err != nil {
			return attempt, "", err
		}
	}
	if err := check(ctx, run); err != nil {
		return attempt, "", err
	}
	done, err := c.done(ctx, run)
	if err != nil {
		return attempt, "", err
	}
	if done.count == run.Items {
		return attempt, Complete, nil
	}
	// Without an execution, the client ended before its start, or AWS has deleted it.
	// In the first case, nothing of the attempt is done.
	if execution == nil && attempt.Items == run.Items-done.count {
		return attempt, Restarted, c.Start(ctx, attempt)
	}
	if execution == nil {
		// Another client may have started it since, and its items are being done.
		if execution, err = c.describe(ctx, attempt); err != nil {
			return attempt, "", err
		}
		if execution != nil {
			return attempt, "", errExists
		}
	}
	next := Attempt{Run: run, Number: attempt.Number + 1}
	if err := c.writeMissing(ctx, &next, done); err != nil {
		return next, "", err
	}
	return next, Restarted, c.Start(ctx, next)
}

// settleTime limits how long items of an ended execution may take to end.
const settleTime = 2 * time.Minute

// settle waits until no item of an ended execution runs any more: AWS stops them after
// the execution itself.
func (c *Client) settle(ctx context.Context, attempt Attempt) error {
	arn, err := c.mapRun(ctx, attempt)
	if err != nil || arn == "" {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, settleTime, fmt.Errorf("run %s: items of attempt %d still run after its end; try again later", attempt.Run.Name, attempt.Number))
	defer cancel()
	for {
		found, err := c.sfn.DescribeMapRun(ctx, &sfn.DescribeMapRunInput{MapRunArn: &arn})
		if _, missing := errors.AsType[*types.ResourceNotFound](err); missing {
			return nil
		}
		if err != nil {
			return session.Failure("read map run "+arn, err)
		}
		if found.Status != types.MapRunStatusRunning {
			return nil
		}
		if err := c.pause(ctx); err != nil {
			return err
		}
	}
}

// pause waits for the next look at an execution.
func (c *Client) pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(c.interval):
		return nil
	}
}

// Cancel stops the run's execution. It reports false if none goes on.
func (c *Client) Cancel(ctx context.Context, name string) (Attempt, bool, error) {
	run, err := c.ReadRun(ctx, name)
	if err != nil {
		return Attempt{}, false, err
	}
	attempt, err := c.latest(ctx, run)
	if err != nil {
		return attempt, false, err
	}
	execution, err := c.describe(ctx, attempt)
	if err != nil || execution == nil || execution.Status != types.ExecutionStatusRunning {
		return attempt, false, err
	}
	_, err = c.sfn.StopExecution(ctx, &sfn.StopExecutionInput{
		ExecutionArn: aws.String(c.execution(attempt)), Error: aws.String("Canceled"), Cause: aws.String("defog eval --cancel"),
	})
	if err != nil {
		return attempt, false, session.Failure("stop execution "+attempt.name(), err)
	}
	return attempt, true, nil
}
