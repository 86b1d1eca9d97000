// Package invoke evaluates events with a deployed function, directly or through
// the function's bucket.
package invoke

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"golang.org/x/term"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/session"
)

// Evaluation evaluates events with the function of one stack.
type Evaluation struct {
	cfg   aws.Config
	stack client.Stack
}

// New returns an Evaluation of the stack's function.
func New(cfg aws.Config, stack client.Stack) Evaluation { return Evaluation{cfg, stack} }

// Invoke invokes the function once, because a retry would evaluate twice, and returns the
// result.
func (e Evaluation) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	return e.await(ctx, event, 1)
}

// Ask invokes the function with an event that changes nothing, and returns the result. It
// repeats a request for about a minute: a run can use the whole concurrency.
func (e Evaluation) Ask(ctx context.Context, event []byte) ([]byte, error) {
	return e.await(ctx, event, 10)
}

func (e Evaluation) await(ctx context.Context, event []byte, attempts int) ([]byte, error) {
	answer, err := e.invoke(ctx, lambda.InvokeInput{Payload: event}, attempts)
	if err != nil {
		return nil, err
	}
	if answer.FunctionError != nil {
		return nil, functionError(answer.Payload)
	}
	return unwrap(answer.Payload)
}

// Start invokes the function asynchronously and returns the request's id.
func (e Evaluation) Start(ctx context.Context, event []byte) (id string, err error) {
	answer, err := e.invoke(ctx, lambda.InvokeInput{Payload: event, InvocationType: types.InvocationTypeEvent}, 1)
	if err != nil {
		return "", err
	}
	id, _ = middleware.GetRequestIDMetadata(answer.ResultMetadata)
	return id, nil
}

func (e Evaluation) invoke(ctx context.Context, input lambda.InvokeInput, attempts int) (*lambda.InvokeOutput, error) {
	name, err := e.stack.Need(client.FunctionOutput, "function")
	if err != nil {
		return nil, err
	}
	if alias := e.stack.Output(client.AliasOutput); alias != "" {
		name += ":" + alias
	}
	input.FunctionName = &name
	service := lambda.NewFromConfig(e.cfg, func(o *lambda.Options) {
		o.RetryMaxAttempts = attempts
		if sdk, ok := o.HTTPClient.(*awshttp.BuildableClient); ok {
			// A function may run for 15 minutes before it answers.
			o.HTTPClient = sdk.WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = 0 })
		}
	})
	answer, err := service.Invoke(ctx, &input)
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.HTTPStatusCode() == http.StatusRequestEntityTooLarge {
		return nil, fmt.Errorf("the event has %d bytes, more than Lambda accepts; pass it through the bucket with --s3", len(input.Payload))
	}
	return answer, session.Failure("invoke "+name, err)
}

// gatewayAnswer is an answer in API Gateway's format.
type gatewayAnswer struct {
	StatusCode int    `json:"statusCode"`
	Body       string `json:"body"`
	Base64     bool   `json:"isBase64Encoded"`
}

// unwrap returns the result in an answer: the body of an answer in API Gateway's
// format, the content of a JSON text, or the JSON.
func unwrap(payload []byte) ([]byte, error) {
	var answer gatewayAnswer
	if json.Unmarshal(payload, &answer) == nil && answer.StatusCode != 0 {
		if answer.StatusCode >= http.StatusBadRequest {
			return nil, fmt.Errorf("the function answered %d: %s", answer.StatusCode, answer.Body)
		}
		if !answer.Base64 {
			return []byte(answer.Body), nil
		}
		body, err := base64.StdEncoding.DecodeString(answer.Body)
		if err != nil {
			return nil, fmt.Errorf("the function's answer has isBase64Encoded, and its body is not base64: %w", err)
		}
		return body, nil
	}
	var text string
	if json.Unmarshal(payload, &text) == nil && !bytes.Equal(payload, []byte("null")) {
		return []byte(text), nil
	}
	return payload, nil
}

// functionError returns the type and the message of a failed invocation. The
// stack trace stays in the log.
func functionError(payload []byte) error {
	var failed struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &failed) != nil || failed.Type+failed.Message == "" {
		return fmt.Errorf("the function failed: %s", payload)
	}
	return fmt.Errorf("the function failed: %s: %s", cmp.Or(failed.Type, "Error"), failed.Message)
}

// Write writes a result to a file, whole or not at all, or without a path to
// stdout.
func Write(result []byte, path string, stdout io.Writer) error {
	if path == "" {
		if file, ok := stdout.(*os.File); ok && term.IsTerminal(int(file.Fd())) && !isText(result) {
			return fmt.Errorf("the result is binary (%d bytes); want a file (--output) or a pipe", len(result))
		}
		_, err := stdout.Write(result)
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".defog-eval-")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.Write(result)
	if err := errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	fmt.Fprintf(stdout, "%s: %d bytes\n", path, len(result))
	return nil
}

// isText reports whether a terminal may print the result: it is UTF-8 without
// control characters except line breaks and tabs.
func isText(result []byte) bool {
	return utf8.Valid(result) && !bytes.ContainsFunc(result, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r >= 0x7f && r < 0xa0
	})
}
