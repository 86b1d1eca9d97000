package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"defog-cdk/cmd/defog/session"
)

// Outputs of a stack that name its function and its bucket.
const (
	FunctionOutput = "FunctionName"
	AliasOutput    = "FunctionAlias" // without it, callers invoke the newest version
	BucketOutput   = "BucketName"
	InputOutput    = "InputPrefix"
	OutputOutput   = "OutputPrefix"
	TriggersOutput = "FunctionTriggers"
	HistoryOutput  = "HistoryBucket"
	PodpacOutput   = "PodpacSettings"
	LogGroupOutput = "LogGroupName"
)

// NotDeployedError reports that no stack of this name is deployed.
type NotDeployedError struct{ Stack, Region string }

func (e *NotDeployedError) Error() string {
	return fmt.Sprintf("stack %s is not deployed in region %s", e.Stack, e.Region)
}

// Stack is a deployed stack of a query function or a custom function.
type Stack struct {
	Name      string    `json:"name"`
	Status    string    `json:"status"`
	Changed   time.Time `json:"changed"` // the time of the last deployment
	Region    string    `json:"region"`
	Account   string    `json:"account"`
	Protected bool      `json:"termination_protection"`
	Outputs   []Output  `json:"outputs"`
}

// Output is one of a stack's outputs.
type Output struct {
	Key         string `json:"key"`
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
}

// FindStack reads a deployed stack. It returns a [NotDeployedError] if there is
// none.
func FindStack(ctx context.Context, cfg aws.Config, name string) (Stack, error) {
	found, err := describe(ctx, cfg, name)
	if err != nil {
		return Stack{}, err
	}
	stack := Stack{
		Name:      name,
		Status:    string(found.StackStatus),
		Changed:   *cmp.Or(found.LastUpdatedTime, found.CreationTime, new(time.Time)),
		Region:    cfg.Region,
		Account:   account(found),
		Protected: aws.ToBool(found.EnableTerminationProtection),
	}
	for _, o := range found.Outputs {
		stack.Outputs = append(stack.Outputs, Output{
			Key: aws.ToString(o.OutputKey), Value: aws.ToString(o.OutputValue), Description: aws.ToString(o.Description),
		})
	}
	return stack, nil
}

func describe(ctx context.Context, cfg aws.Config, name string) (types.Stack, error) {
	var none types.Stack
	if err := session.RequireRegion(cfg); err != nil {
		return none, err
	}
	if err := session.Check(ctx, cfg); err != nil {
		return none, err
	}
	found, err := cloudformation.NewFromConfig(cfg).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if service, ok := errors.AsType[smithy.APIError](err); ok && strings.Contains(service.ErrorMessage(), "does not exist") {
		return none, &NotDeployedError{Stack: name, Region: cfg.Region}
	}
	if err != nil {
		return none, session.Failure("look up stack "+name, err)
	}
	if len(found.Stacks) == 0 {
		return none, &NotDeployedError{Stack: name, Region: cfg.Region}
	}
	return found.Stacks[0], nil
}

// account returns the stack's account, or "" if its id holds none.
func account(stack types.Stack) string {
	id, err := arn.Parse(aws.ToString(stack.StackId))
	if err != nil {
		return ""
	}
	return id.AccountID
}

// Output returns the value of an output, or "".
func (s Stack) Output(key string) string {
	for _, o := range s.Outputs {
		if o.Key == key {
			return o.Value
		}
	}
	return ""
}

// Need returns the value of an output. The error names the missing feature, such
// as "S3 trigger".
func (s Stack) Need(key, feature string) (string, error) {
	value := s.Output(key)
	if value == "" {
		return "", fmt.Errorf("stack %s (%s) has no output %s: it has no %s, or its deployment did not finish", s.Name, s.Status, key, feature)
	}
	return value, nil
}
