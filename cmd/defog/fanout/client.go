package fanout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/session"
)

// MachineOutput is the stack's output with the ARN of the state machine.
const MachineOutput = "FanOutArn"

// Client starts and follows the runs of one stack.
type Client struct {
	s3  *s3.Client
	sfn *sfn.Client

	stack, bucket, machine string

	interval time.Duration // between two looks at an execution
}

// attempts is how often a request is sent until it succeeds. They take about a minute:
// the network of a machine that wakes up needs some seconds.
const attempts = 10

// Open returns the Client of a stack with the setting fan_out.
func Open(cfg aws.Config, stack client.Stack) (*Client, error) {
	c := &Client{stack: stack.Name, interval: 2 * time.Second}
	c.s3 = s3.NewFromConfig(cfg, func(o *s3.Options) { o.RetryMaxAttempts = attempts })
	c.sfn = sfn.NewFromConfig(cfg, func(o *sfn.Options) { o.RetryMaxAttempts = attempts })
	var err error
	if c.machine, err = stack.Need(MachineOutput, "state machine (fan_out=true)"); err != nil {
		return nil, err
	}
	c.bucket, err = stack.Need(client.BucketOutput, "bucket (fan_out=true)")
	return c, err
}

// URL returns the place of an object in the bucket.
func (c *Client) URL(key string) string { return "s3://" + c.bucket + "/" + key }

// Create writes the items and then run.json. It sets Stack, Items and Created. The name
// of a run is used once.
func (c *Client) Create(ctx context.Context, run Run, events iter.Seq2[json.RawMessage, error]) (Attempt, error) {
	run.Stack = c.stack
	attempt := Attempt{Run: run, Number: 1}
	if err := errors.Join(ValidateName("--name", run.Name), run.Validate()); err != nil {
		return attempt, err
	}
	err := c.writeItems(ctx, &attempt, func(items *spool) error { return items.addEvents(events) })
	if err == nil {
		attempt.Run.Items, attempt.Run.Created = attempt.Items, time.Now().UTC().Truncate(time.Second)
		err = c.writeRun(ctx, attempt.Run)
	}
	if errors.Is(err, errExists) {
		err = c.explainName(ctx, run.Name)
	}
	return attempt, err
}

// CheckName returns an error for a name that is used. Two clients can pass it at once;
// one of them creates the run.
func (c *Client) CheckName(ctx context.Context, name string) error {
	found, err := c.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &c.bucket, Prefix: aws.String(Run{Name: name}.folder()), MaxKeys: aws.Int32(1)})
	if err != nil {
		return session.Failure("list "+c.URL(Run{Name: name}.folder()), err)
	}
	if len(found.Contents) > 0 {
		return c.explainName(ctx, name)
	}
	return nil
}

// explainName returns the error for a name that is used.
func (c *Client) explainName(ctx context.Context, name string) error {
	_, err := c.ReadRun(ctx, name)
	if _, unfinished := errors.AsType[*NoRunError](err); unfinished {
		return fmt.Errorf("run %s: another client starts it, or was interrupted before its start; want another --name", name)
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("run %s exists; want another --name, or --resume %s", name, name)
}

// input is the input of an execution.
type input struct {
	Bucket string `json:"bucket"`
	Items  string `json:"items"`
	Run    string `json:"run"`
	Options
}

// Start starts an attempt. It has no effect if the attempt was started before: its
// name belongs to one execution.
func (c *Client) Start(ctx context.Context, attempt Attempt) error {
	if err := attempt.Run.Validate(); err != nil {
		return err
	}
	content, err := json.Marshal(input{c.bucket, attempt.Run.itemsKey(attempt.Number), attempt.Run.Name, attempt.Run.Options})
	if err != nil {
		return fmt.Errorf("encode the input: %w", err)
	}
	_, err = c.sfn.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: &c.machine, Name: aws.String(attempt.name()), Input: aws.String(string(content)),
	})
	if _, exists := errors.AsType[*types.ExecutionAlreadyExists](err); exists {
		return nil
	}
	return session.Failure("start execution "+attempt.name(), err)
}

// execution returns the ARN of an attempt's execution.
func (c *Client) execution(attempt Attempt) string {
	return strings.Replace(c.machine, ":stateMachine:", ":execution:", 1) + ":" + attempt.name()
}

// describe returns the attempt's execution, or nil if it was never started, or AWS has
// deleted it.
func (c *Client) describe(ctx context.Context, attempt Attempt) (*sfn.DescribeExecutionOutput, error) {
	found, err := c.sfn.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(c.execution(attempt))})
	if _, missing := errors.AsType[*types.ExecutionDoesNotExist](err); missing {
		return nil, nil
	}
	return found, session.Failure("read execution "+attempt.name(), err)
}

// mapRun returns the ARN of the execution's map run, or "" before it exists.
func (c *Client) mapRun(ctx context.Context, attempt Attempt) (string, error) {
	found, err := c.sfn.ListMapRuns(ctx, &sfn.ListMapRunsInput{ExecutionArn: aws.String(c.execution(attempt))})
	if _, missing := errors.AsType[*types.ExecutionDoesNotExist](err); missing {
		return "", nil
	}
	if err != nil {
		return "", session.Failure("list the map runs of "+attempt.name(), err)
	}
	if len(found.MapRuns) == 0 {
		return "", nil
	}
	return aws.ToString(found.MapRuns[0].MapRunArn), nil
}
