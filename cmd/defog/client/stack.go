package client

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Stack is a deployed stack of this app, whichever function is in it.
type Stack struct {
	Name      string    `json:"name"`
	Status    string    `json:"status"`
	Changed   time.Time `json:"changed"` // when it was last deployed
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

// FindStack reads a deployed stack.
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

// account is that of the stack, or empty.
func account(stack types.Stack) string {
	id, err := arn.Parse(aws.ToString(stack.StackId))
	if err != nil {
		return ""
	}
	return id.AccountID
}

// Output returns the value of an output, or nothing.
func (s Stack) Output(key string) string {
	for _, o := range s.Outputs {
		if o.Key == key {
			return o.Value
		}
	}
	return ""
}

// Need returns the value of an output that every stack has that can do what is
// asked; what names that.
func (s Stack) Need(key, what string) (string, error) {
	value := s.Output(key)
	if value == "" {
		return "", fmt.Errorf("stack %s (%s) has no output %s: it has no %s, or its deployment did not finish", s.Name, s.Status, key, what)
	}
	return value, nil
}
