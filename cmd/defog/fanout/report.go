package fanout

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"golang.org/x/sync/errgroup"

	"defog-cdk/cmd/defog/session"
	"defog-cdk/cmd/defog/terminal"
)

// examinedFailures is how many failed items a report reads: AWS answers some 15 such
// requests a second.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const examinedFailures = 100

// maxMessage is the length of an error's message in a report.
const maxMessage = 300

// Report holds what became of a run's items.
type Report struct {
	Attempt  Attempt
	Outcome  Outcome
	Done     int // items of the run with a done object
	Failed   int // items of the attempt that failed
	Examined int // failed items that Kinds counts
	Kinds    []Kind
}

// Kind is a kind of error with an example.
type Kind struct {
	Error   string
	Count   int
	Index   string // of the example
	Message string
}

// Missing returns the number of items that are not done.
func (r Report) Missing() int { return r.Attempt.Run.Items - r.Done }

// Latest returns the newest attempt of a run and its outcome. The outcome has no status
// if the attempt was not started, or AWS has deleted its execution.
func (c *Client) Latest(ctx context.Context, name string) (Attempt, Outcome, error) {
	run, err := c.ReadRun(ctx, name)
	if err != nil {
		return Attempt{}, Outcome{}, err
	}
	attempt, err := c.latest(ctx, run)
	if err != nil {
		return attempt, Outcome{}, err
	}
	execution, err := c.describe(ctx, attempt)
	if err != nil || execution == nil {
		return attempt, Outcome{}, err
	}
	return attempt, Outcome{execution.Status, aws.ToString(execution.Error), aws.ToString(execution.Cause)}, nil
}

// Report counts what is done, and reads the errors of failed items.
func (c *Client) Report(ctx context.Context, attempt Attempt, outcome Outcome) (Report, error) {
	report := Report{Attempt: attempt, Outcome: outcome}
	done, err := c.done(ctx, attempt.Run)
	if err != nil {
		return report, err
	}
	if report.Done = done.count; report.Missing() == 0 {
		return report, nil
	}
	arn, err := c.mapRun(ctx, attempt)
	if err != nil || arn == "" {
		return report, err
	}
	var progress Progress
	if err := c.count(ctx, arn, &progress); err != nil {
		return report, err
	}
	report.Failed = progress.Failed
	return report, c.readFailures(ctx, arn, &report)
}

// readFailures adds the kinds of errors of the map run's newest failures.
func (c *Client) readFailures(ctx context.Context, arn string, report *Report) error {
	var failed []string
	for _, status := range []types.ExecutionStatus{types.ExecutionStatusFailed, types.ExecutionStatusTimedOut} {
		page, err := c.sfn.ListExecutions(ctx, &sfn.ListExecutionsInput{MapRunArn: &arn, StatusFilter: status, MaxResults: examinedFailures})
		if _, missing := errors.AsType[*types.ResourceNotFound](err); missing {
			return nil
		}
		if err != nil {
			return session.Failure("list the failed items of "+arn, err)
		}
		for _, execution := range page.Executions {
			failed = append(failed, aws.ToString(execution.ExecutionArn))
		}
	}
	failed = failed[:min(len(failed), examinedFailures)]
	kinds := map[string]*Kind{}
	var lock sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, arn := range failed {
		group.Go(func() error {
			execution, err := c.sfn.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
			if err != nil {
				return session.Failure("read the failed item "+arn, err)
			}
			lock.Lock()
			defer lock.Unlock()
			add(kinds, execution)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	report.Examined = len(failed)
	for _, kind := range kinds {
		report.Kinds = append(report.Kinds, *kind)
	}
	slices.SortFunc(report.Kinds, func(a, b Kind) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Error, b.Error))
	})
	return nil
}

// add counts a failed item. The example is the one with the lowest index.
func add(kinds map[string]*Kind, execution *sfn.DescribeExecutionOutput) {
	var it item
	if json.Unmarshal([]byte(aws.ToString(execution.Input)), &it) != nil {
		it.Index = "?"
	}
	name := cmp.Or(aws.ToString(execution.Error), string(execution.Status))
	kind := kinds[name]
	if kind == nil {
		kind = &Kind{Error: name, Index: it.Index}
		kinds[name] = kind
	}
	kind.Count++
	if kind.Message == "" || it.Index < kind.Index {
		kind.Index, kind.Message = it.Index, message(aws.ToString(execution.Cause))
	}
}

// message returns the message in the cause of an error: a function's is JSON with a
// stack trace.
func message(cause string) string {
	var failed struct {
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal([]byte(cause), &failed) == nil && failed.Message != "" {
		cause = failed.Message
	}
	cause = strings.Join(strings.Fields(cause), " ")
	if runes := []rune(cause); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return cause
}

// dataLimit is the error of an answer, or of all failures together, above 256 KiB.
const dataLimit = "States.DataLimitExceeded"

// Write prints the report.
func (r Report) Write(w io.Writer) {
	run := r.Attempt.Run
	noun := run.Noun()
	if r.Missing() == 0 {
		fmt.Fprintf(w, "run %s: all %s %s are done\n", run.Name, number(run.Items), noun)
		return
	}
	fmt.Fprintf(w, "run %s: %s of %s %s are done", run.Name, number(r.Done), number(run.Items), noun)
	switch {
	case r.Outcome.Status == types.ExecutionStatusRunning:
		fmt.Fprint(w, "; it runs")
	case r.Outcome.Status == types.ExecutionStatusAborted:
		fmt.Fprint(w, "; canceled")
	case r.Outcome.Error == "States.ExceedToleratedFailureThreshold":
		fmt.Fprintf(w, "; ended because more than %g%% failed (--tolerate)", run.Tolerate)
	case r.Outcome.Error == dataLimit && len(r.Kinds) > 0: // of all failures' causes together: AWS returns them
	case r.Outcome.Error != "":
		fmt.Fprintf(w, "; the execution failed: %s", terminal.Line(r.Outcome.Error+": "+message(r.Outcome.Cause)))
	}
	fmt.Fprintln(w)
	if len(r.Kinds) > 0 && r.Examined < r.Failed {
		fmt.Fprintf(w, "errors of %s of %s failed %s:\n", number(r.Examined), number(r.Failed), noun)
	}
	for _, kind := range r.Kinds {
		fmt.Fprintf(w, "  %s × %s, such as %s: %s\n", number(kind.Count), terminal.Line(kind.Error), terminal.Line(kind.Index), terminal.Line(kind.Message))
		if kind.Error == dataLimit {
			fmt.Fprintln(w, "    The function's answer exceeds 256 KiB. Write results to the bucket and answer with their names.")
		}
	}
}
