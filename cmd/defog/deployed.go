package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"defog-cdk/cmd/defog/client"
)

// Outputs by which a stack says what its function is and where its objects are.
const (
	functionOutput = "FunctionName"
	aliasOutput    = "FunctionAlias" // the version to call; none is the newest
	bucketOutput   = "BucketName"
	inputOutput    = "InputPrefix"
	outputOutput   = "OutputPrefix"
)

// deployed reads the stack that the settings name.
func (c *common) deployed(ctx context.Context) (aws.Config, client.Stack, error) {
	var none client.Stack
	cfg, err := c.aws(ctx)
	if err != nil {
		return cfg, none, err
	}
	settings, err := c.settings()
	if err != nil {
		return cfg, none, err
	}
	stack, err := client.FindStack(ctx, cfg, settings.StackName())
	if _, ok := errors.AsType[*client.NotDeployedError](err); ok {
		err = fmt.Errorf("%w: name another by -c app_name=… -c stage=…", err)
	}
	return cfg, stack, err
}

// function reads the stack's function as it is configured.
func function(ctx context.Context, cfg aws.Config, stack client.Stack) (*awslambda.GetFunctionConfigurationOutput, error) {
	name, err := stack.Need(functionOutput, "function")
	if err != nil {
		return nil, err
	}
	configuration, err := awslambda.NewFromConfig(cfg).GetFunctionConfiguration(ctx, &awslambda.GetFunctionConfigurationInput{FunctionName: &name})
	return configuration, refusal("read the configuration of function "+name, err)
}

// refusal says in short what an AWS service has refused; nil for no error.
func refusal(what string, err error) error {
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return fmt.Errorf("%s: %s: %s", what, refused.ErrorCode(), refused.ErrorMessage())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// tooLarge says whether a service has refused a request for its size.
func tooLarge(err error) bool {
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && response.HTTPStatusCode() == http.StatusRequestEntityTooLarge
}

// pause waits, or returns what ended the wait.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
