package fanout

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"defog-cdk/cmd/defog/session"
)

// Listed is the newest attempt of a run.
type Listed struct {
	Run, Attempt, Status string
	Started              time.Time
}

// List returns the runs of the newest 100 executions, newest first. AWS keeps executions
// for 90 days.
func (c *Client) List(ctx context.Context) ([]Listed, error) {
	page, err := c.sfn.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: &c.machine, MaxResults: 100})
	if err != nil {
		return nil, session.Failure("list the executions of "+c.machine, err)
	}
	var runs []Listed
	seen := map[string]bool{}
	for _, execution := range page.Executions {
		name := aws.ToString(execution.Name)
		end := strings.LastIndex(name, "-")
		if end < 1 || seen[name[:end]] {
			continue
		}
		seen[name[:end]] = true
		runs = append(runs, Listed{name[:end], name[end+1:], strings.ToLower(string(execution.Status)), aws.ToTime(execution.StartDate)})
	}
	return runs, nil
}
